/*!
Making a version, once.

`CreateLayerVersion` makes a version at each call, as on AWS, and so it is treated in the
same way: where its end is unclear, the versions that are newer than those of the plan are
looked at before it is sent again, and of versions of the same bytes the first is the one.
*/

use std::sync::Arc;

use super::AliyunFc;
use super::api::{FROM_BUCKET, Version};
use super::http::UPLOAD_TIMEOUT;
use super::oss::Object;
use super::{RULES, zip_body};
use crate::failed::{Class, Failed};
use crate::lock::PublishLock;
use crate::moving::{Moved, Progress, watch};
use crate::patience::Patience;
use crate::plan::is_artifact;
use crate::{Artifact, Error, FcError, LayerVersion, Publication, Publisher as _};

const ACTION: &str = "fc:CreateLayerVersion";

/// How Function Compute gets the zip.
enum Zip {
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
        self.blocking.run(self.create_async(artifact, newest, sent))
    }

    async fn create_async(
        &self,
        artifact: &Artifact,
        newest: Option<u64>,
        sent: &(dyn Fn(u64) + Sync),
    ) -> Result<Publication, Error> {
        // Another run may have published it since the plan.
        if let Some(found) = self.look(artifact, newest).await? {
            return Ok(Publication::reused(found));
        }
        let progress = Progress::new(sent);
        let zip = self.zip(artifact, &progress).await?;
        let mut patience = Patience::new(self.policy);
        let mut is_ours = false;
        loop {
            let failed = match self.send(artifact, &zip, &progress).await {
                Ok(made) => return self.heal(artifact, newest, &made, is_ours).await,
                Err(failed) => failed,
            };
            let goes_on = patience.wait(&failed).await;
            if matches!(
                failed.class,
                Class::Server | Class::Network | Class::TimedOut
            ) {
                is_ours = true;
                if let Ok(Some(found)) = self.look(artifact, newest).await {
                    return Ok(Publication {
                        reused: false,
                        ..Publication::reused(found)
                    });
                }
            }
            if !goes_on {
                return Err(failed.error);
            }
        }
    }

    /// The first version that is the artifact, of those newer than `newest`. A list has the
    /// checksum of each.
    async fn look(
        &self,
        artifact: &Artifact,
        newest: Option<u64>,
    ) -> Result<Option<LayerVersion>, Error> {
        let newest = newest.unwrap_or(0);
        let mut versions = self
            .versions_until(&artifact.layer, |versions| {
                versions.iter().any(|version| version.version <= newest)
            })
            .await?;
        versions.retain(|version| version.version > newest && is_artifact(version, artifact));
        Ok(versions.pop())
    }

    /// Makes the zip ready for Function Compute to get it.
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
    ) -> Result<Version, Failed> {
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
        Ok(made)
    }

    /// Where another run, or an earlier attempt of this one, made the same version before
    /// this one, that is the one, and this one is deleted.
    pub(super) async fn heal(
        &self,
        artifact: &Artifact,
        newest: Option<u64>,
        made: &Version,
        is_ours: bool,
    ) -> Result<Publication, Error> {
        let arn = made.arn().to_owned();
        // What was made is made, whatever becomes of this look. Where the number follows on
        // the newest, there is nothing between them.
        let is_next = made.number() == newest.unwrap_or(0) + 1;
        let first = if is_next && !is_ours {
            None
        } else {
            self.look(artifact, newest).await.ok().flatten()
        };
        let Some(first) = first.filter(|first| first.version < made.number()) else {
            return Ok(Publication {
                arn,
                version: made.number(),
                reused: false,
                duplicate: None,
            });
        };
        let ask = || self.api.delete(&artifact.layer, made.number());
        let deleted = crate::patience::patiently(self.policy, ask).await;
        Ok(Publication {
            reused: !is_ours,
            duplicate: deleted.err().map(|_| arn),
            ..Publication::reused(first)
        })
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
