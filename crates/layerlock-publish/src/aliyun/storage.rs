/*!
Zips in OSS: what is too large for a request goes through a bucket of one's own, or the
account's temporary one.

In a bucket of one's own the object's key is made of the zip's hash, and what is there with
the same checksum is not sent again.
*/

use std::io::Write as _;
use std::path::Path;

use fs_err as fs;

use super::api::Api;
use super::credentials::Key;
use super::endpoint::Endpoint;
use super::oss::{Object, Oss};
use super::sts::{Sts, StsPlace};
use super::{http, temporary_bucket, zip_body};
use crate::failed::{Class, Failed};
use crate::moving::{Moved, Progress, watch};
use crate::patience::{Patience, Policy, patiently};
use crate::{Artifact, Error, FcError, StoredObject};

const PUT: &str = "oss:PutObject";

/// Where zips are put.
#[derive(Debug)]
pub(super) struct Storage {
    /// The bucket of one's own.
    pub(super) bucket: Option<String>,
    pub(super) endpoint: Endpoint,
    /// The endpoint of Function Compute that somebody configured, which then is asked for the
    /// temporary bucket too.
    pub(super) fc_endpoint: Option<Endpoint>,
    pub(super) sts: StsPlace,
}

impl Storage {
    fn oss<'a>(&'a self, api: &'a Api, credentials: &'a Key) -> Oss<'a> {
        Oss {
            http: &api.http,
            credentials,
            region: &api.region,
            endpoint: &self.endpoint,
        }
    }

    /// Puts the zip where Function Compute can read it.
    pub(super) async fn store(
        &self,
        api: &Api,
        policy: Policy,
        account: Option<&str>,
        artifact: &Artifact,
        progress: &Progress<'_>,
    ) -> Result<Object, Error> {
        if let Some(StoredObject { bucket, key }) = &artifact.object {
            return Ok(Object {
                bucket: bucket.clone(),
                key: key.clone(),
            });
        }
        if let Some(bucket) = &self.bucket {
            let object = Object {
                bucket: bucket.clone(),
                key: format!("layerlock/{}.zip", artifact.digest.hex()),
            };
            let oss = self.oss(api, &api.key);
            if !is_there(&oss, policy, &object, artifact).await? {
                put(&oss, policy, &object, artifact, true, progress).await?;
            }
            return Ok(object);
        }
        let account = match account {
            Some(account) => account.to_owned(),
            None => self.account(api, policy).await?,
        };
        let (object, key) = self.temporary(api, policy, &account).await?;
        let oss = self.oss(api, &key);
        put(&oss, policy, &object, artifact, false, progress).await?;
        Ok(object)
    }

    /// A place in the account's temporary bucket.
    async fn temporary(
        &self,
        api: &Api,
        policy: Policy,
        account: &str,
    ) -> Result<(Object, Key), Error> {
        let endpoint = match &self.fc_endpoint {
            Some(endpoint) => endpoint.clone(),
            None => Endpoint::of_account(account, &api.region),
        };
        let ask = || temporary_bucket::ask(&api.http, &endpoint, &api.key, account, &api.region);
        patiently(policy, ask).await
    }

    async fn account(&self, api: &Api, policy: Policy) -> Result<String, Error> {
        let sts = Sts::of(&self.sts, &api.http, policy);
        let account = sts.account(&api.key).await;
        account.map_err(|error| match error {
            Error::Fc(error @ FcError::Signature { .. }) => error.into(),
            other => FcError::NoAccount {
                reason: other.to_string(),
            }
            .into(),
        })
    }

    /// Writes an object into a file, and tells its checksum.
    pub(super) async fn fetch(
        &self,
        api: &Api,
        policy: Policy,
        object: &StoredObject,
        to: &Path,
    ) -> Result<Option<u64>, Error> {
        let object = Object {
            bucket: object.bucket.clone(),
            key: object.key.clone(),
        };
        let oss = self.oss(api, &api.key);
        let head = patiently(policy, || oss.head(&object)).await?;
        let head = head.ok_or_else(|| FcError::Bucket {
            bucket: object.bucket.clone(),
            reason: format!("there is no object {}", object.key),
        })?;
        patiently(policy, || async {
            let mut answer = oss.open(&object).await?;
            let written = write(&mut answer, to, head.size).await?;
            match head.crc64 {
                Some(expected) if expected != written => Err(Failed {
                    error: FcError::Answer {
                        action: "oss:GetObject",
                        reason: format!("expected crc64 {expected}, found {written}"),
                    }
                    .into(),
                    class: Class::Network,
                    retry_after: None,
                }),
                _ => Ok(()),
            }
        })
        .await?;
        Ok(head.crc64)
    }
}

/// Whether the object is there with the artifact's bytes.
async fn is_there(
    oss: &Oss<'_>,
    policy: Policy,
    object: &Object,
    artifact: &Artifact,
) -> Result<bool, Error> {
    let head = patiently(policy, || oss.head(object)).await?;
    let Some(head) = head else { return Ok(false) };
    if head.crc64.is_some() && head.crc64 == artifact.crc64 {
        return Ok(true);
    }
    Err(FcError::Bucket {
        bucket: object.bucket.clone(),
        reason: format!(
            "the object {} has other bytes than its name says",
            object.key
        ),
    }
    .into())
}

/// Sends the zip. An unclear end is no matter: the same object is written again.
async fn put(
    oss: &Oss<'_>,
    policy: Policy,
    object: &Object,
    artifact: &Artifact,
    is_new: bool,
    progress: &Progress<'_>,
) -> Result<(), Error> {
    let mut patience = Patience::new(policy);
    loop {
        let moved = Moved::new(artifact.size, artifact.size);
        let body = zip_body::zip(artifact, &moved)?;
        let sending = oss.put(object, body, is_new);
        let failed = match watch(PUT, sending, &moved, policy.stall, progress).await {
            Ok(Ok(Some(found))) => return check(object, artifact, found),
            // Another run was faster, or an earlier attempt of this one.
            Ok(Ok(None)) => {
                return is_there(oss, policy, object, artifact).await.map(drop);
            }
            Ok(Err(failed)) | Err(failed) => failed,
        };
        if !patience.wait(&failed).await {
            return Err(failed.error);
        }
    }
}

fn check(object: &Object, artifact: &Artifact, found: Option<u64>) -> Result<(), Error> {
    let text = |crc64: Option<u64>| crc64.map_or_else(|| "none".to_owned(), |it| it.to_string());
    match found {
        Some(_) if found != artifact.crc64 => Err(FcError::Mismatch {
            arn: format!("oss://{}/{}", object.bucket, object.key),
            expected: text(artifact.crc64),
            found: text(found),
        }
        .into()),
        _ => Ok(()),
    }
}

/// Writes what comes into a file, no more than was promised, and tells its checksum.
pub(super) async fn write(
    answer: &mut reqwest::Response,
    to: &Path,
    size: Option<u64>,
) -> Result<u64, Failed> {
    const DOWNLOAD: &str = "the download of a zip";
    let failed = |error: std::io::Error| Failed::finally(error.into());
    let mut file = fs::File::create(to).map_err(failed)?;
    let mut digest = crc64fast::Digest::new();
    let mut written: u64 = 0;
    loop {
        let piece = answer.chunk().await;
        let Some(piece) = piece.map_err(|error| http::no_answer(DOWNLOAD, &error))? else {
            return Ok(digest.sum64());
        };
        written += piece.len() as u64;
        if size.is_some_and(|size| written > size) {
            return Ok(digest.sum64());
        }
        digest.write(&piece);
        file.write_all(&piece).map_err(failed)?;
    }
}
