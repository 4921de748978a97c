//! Making a version on Alibaba Cloud: `CreateLayerVersion`, with the zip in the request or in
//! a bucket.

use std::sync::Arc;

use super::AliyunFc;
use super::api::{FROM_BUCKET, Version};
use super::http::UPLOAD_TIMEOUT;
use super::oss::Object;
use super::{RULES, zip_body};
use crate::failed::Failed;
use crate::lock::PublishLock;
use crate::moving::{Moved, Progress, watch};
use crate::once::{self, Made, Maker};
use crate::patience::{Policy, patiently};
use crate::{Artifact, Error, FcError, LayerVersion, Publication, Publisher as _};

const ACTION: &str = "fc:CreateLayerVersion";

/// How Function Compute gets the zip.
pub(crate) enum Zip {
    /// In the request.
    Sent(bytes::Bytes),
    /// From a bucket.
    Stored(Object),
}

impl AliyunFc {
    /// Makes a version of the artifact, unless one is there that is newer than `newest`,
    /// the layer's newest version when it was planned.
    pub(super) fn create(
        &self,
        artifact: &Artifact,
        newest: Option<u64>,
        sent: &(dyn Fn(u64) + Sync),
    ) -> Result<Publication, Error> {
        let _lock = self.locks.as_deref().and_then(|directory| {
            let account = self.account().unwrap_or_else(|| self.api.key.id.clone());
            PublishLock::enter(directory, &account, &self.api.region, &artifact.layer)
        });
        self.blocking
            .run(once::create(self, artifact, newest, sent))
    }
}

impl Maker for AliyunFc {
    type Zip = Zip;

    fn policy(&self) -> Policy {
        self.policy
    }

    async fn versions_until(
        &self,
        layer: &str,
        is_enough: impl Fn(&[LayerVersion]) -> bool,
    ) -> Result<Vec<LayerVersion>, Error> {
        self.versions_until(layer, is_enough).await
    }

    /// A list has the checksum of each.
    async fn has_bytes(&self, _: &Artifact, _: &LayerVersion) -> Result<bool, Error> {
        Ok(true)
    }

    async fn zip(&self, artifact: &Artifact, progress: &Progress<'_>) -> Result<Zip, Error> {
        if artifact.object.is_none() && artifact.size <= RULES.limits().zip_in_request {
            let crc64 = artifact.crc64.unwrap_or_default();
            return zip_body::request(artifact, crc64).map(Zip::Sent);
        }
        let account = self.account();
        let stored = self
            .storage
            .store(
                &self.api,
                self.policy,
                account.as_deref(),
                artifact,
                progress,
            )
            .await;
        stored.map(Zip::Stored)
    }

    async fn send(
        &self,
        artifact: &Artifact,
        zip: &Zip,
        progress: &Progress<'_>,
    ) -> Result<Made, Failed> {
        let made = match zip {
            Zip::Sent(body) => {
                let moved = Moved::new(body.len() as u64, artifact.size);
                let kept = Arc::clone(&moved);
                let wrap = |bytes| zip_body::counted(bytes, &kept);
                let sending = self
                    .api
                    .create(&artifact.layer, body.clone(), wrap, UPLOAD_TIMEOUT);
                watch(ACTION, sending, &moved, self.policy.stall, progress).await??
            }
            Zip::Stored(object) => {
                let crc64 = artifact.crc64.unwrap_or_default();
                let body = zip_body::stored_request(artifact, &object.bucket, &object.key, crc64);
                let wrap = reqwest::Body::from;
                self.api
                    .create(&artifact.layer, body, wrap, FROM_BUCKET)
                    .await?
            }
        };
        check_sum(artifact, &made).map_err(Failed::finally)?;
        Ok(Made {
            arn: made.arn().to_owned(),
            version: made.number(),
        })
    }

    async fn delete(&self, layer: &str, version: u64) -> Result<(), Error> {
        let ask = || self.api.delete(layer, version);
        patiently(self.policy, ask).await.map(drop)
    }
}

/// The provider's checksum, which must be the artifact's.
fn check_sum(artifact: &Artifact, made: &Version) -> Result<(), Error> {
    let expected = artifact.crc64.unwrap_or_default();
    match made.crc64() {
        Some(found) if found == expected => Ok(()),
        found => Err(FcError::Mismatch {
            arn: made.arn().to_owned(),
            expected: expected.to_string(),
            found: found.map_or_else(|| "none".to_owned(), |found| found.to_string()),
        }
        .into()),
    }
}
