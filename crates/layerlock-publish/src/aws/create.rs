/*!
Making a version, once.

`PublishLayerVersion` makes a version at each call and has no token to tell a second call
from the first. So it is not simply sent again where its end is unclear, as where the
connection broke, the answer was cut, or the server failed: the version may be there. The
versions that are newer than those of the plan are looked at first; a mark tells which one
is the artifact.

What two runs on different machines do at the same time nobody can exclude. It is put
right afterwards: of versions of the same bytes, the first is what both runs give, and the
other deletes its own.
*/

use aws_sdk_lambda::config::{Config, StalledStreamProtectionConfig};
use aws_sdk_lambda::operation::publish_layer_version::PublishLayerVersionOutput;
use aws_sdk_lambda::types::{Architecture, LayerVersionContentInput, Runtime, S3ObjectStorageMode};
use layerlock_digest::Digest;

use super::AwsLambda;
use super::bucket::{Bucket, Stored};
use super::timeouts::{COPY_TIMEOUT, UPLOAD_TIMEOUT, timeouts};
use super::upload::{Content, Sending};
use crate::failed::{Class, Failed};
use crate::lock::PublishLock;
use crate::moving::{Progress, watch};
use crate::patience::Patience;
use crate::plan::is_artifact;
use crate::{Artifact, Error, LayerVersion, Publication};

const ACTION: &str = "lambda:PublishLayerVersion";

/// Where Lambda gets the zip.
enum Zip<'a> {
    /// In the request, which is signed by the content's hash.
    Sent {
        content: Box<Content>,
        digest: Digest,
    },
    /// From a bucket.
    Stored { bucket: Bucket<'a>, at: Stored },
}

/// A version that was made just now.
struct Made {
    arn: String,
    version: u64,
}

impl AwsLambda {
    /// Makes a version of the artifact, unless one is there that is newer than `newest`,
    /// the layer's newest version when it was planned.
    pub(super) fn create(
        &self,
        artifact: &Artifact,
        newest: Option<u64>,
        sent: &(dyn Fn(u64) + Sync),
    ) -> Result<Publication, Error> {
        let _lock = self.locks.as_deref().and_then(|directory| {
            let account = self.account_or_key();
            PublishLock::enter(directory, &account, &self.region, &artifact.layer)
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
                Ok(made) => return self.heal(artifact, newest, made, is_ours).await,
                Err(failed) => failed,
            };
            let goes_on = patience.wait(&failed).await;
            if matches!(
                failed.class,
                Class::Server | Class::Network | Class::TimedOut
            ) {
                is_ours = true;
                if let Ok(Some(found)) = self.look(artifact, newest).await
                    && self.has_bytes(artifact, &found).await?
                {
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

    /// The first version that is the artifact, of those newer than `newest`.
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

    /// Whether a version with the artifact's mark is there, and has its bytes. The mark is
    /// enough where nothing tells more, as without the right to ask.
    async fn has_bytes(&self, artifact: &Artifact, version: &LayerVersion) -> Result<bool, Error> {
        match self.content(version).await {
            Ok(Some(content)) => {
                check_hash(artifact, &version.arn, content.code_sha256)?;
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(_) => Ok(true),
        }
    }

    /// Makes the zip ready for Lambda to get it.
    async fn zip(&self, artifact: &Artifact, progress: &Progress<'_>) -> Result<Zip<'_>, Error> {
        if let Some(bucket) = self.bucket() {
            let at = bucket.store(artifact, progress).await?;
            return Ok(Zip::Stored { bucket, at });
        }
        let content = Box::new(Content::request(artifact));
        let digest = content.hash()?;
        Ok(Zip::Sent { content, digest })
    }

    async fn send(
        &self,
        artifact: &Artifact,
        zip: &Zip<'_>,
        progress: &Progress<'_>,
    ) -> Result<Made, Failed> {
        let answer = match zip {
            Zip::Sent { content, digest } => {
                self.send_zip(artifact, content, *digest, progress).await
            }
            Zip::Stored { bucket, at } => {
                let answer = self.send_place(artifact, bucket.name, at).await;
                answer.map_err(|failed| bucket.told_by_lambda(at, failed))
            }
        }?;
        let found = answer.content.and_then(|content| content.code_sha256);
        let (Some(arn), Ok(version)) = (answer.layer_version_arn, u64::try_from(answer.version))
        else {
            return Err(Failed {
                error: Error::Answer {
                    action: ACTION,
                    reason: "it has no ARN or version".to_owned(),
                },
                class: Class::Network,
                retry_after: None,
            });
        };
        check_hash(artifact, &arn, found).map_err(Failed::finally)?;
        Ok(Made { arn, version })
    }

    async fn send_zip(
        &self,
        artifact: &Artifact,
        content: &Content,
        digest: Digest,
        progress: &Progress<'_>,
    ) -> Result<PublishLayerVersionOutput, Failed> {
        let moved = content.moved();
        let sending = self
            .client
            .publish_layer_version()
            .layer_name(&artifact.layer)
            // What is sent below takes its place.
            .content(LayerVersionContentInput::builder().build())
            .customize()
            .interceptor(Sending {
                content: content.clone(),
                digest,
                moved: moved.clone(),
            })
            .config_override(
                Config::builder()
                    .timeout_config(timeouts(UPLOAD_TIMEOUT))
                    // The upload is watched here.
                    .stalled_stream_protection(StalledStreamProtectionConfig::disabled()),
            )
            .send();
        let answer = watch(ACTION, sending, &moved, self.policy.stall, progress).await?;
        answer.map_err(|error| Failed::new(ACTION, &error))
    }

    async fn send_place(
        &self,
        artifact: &Artifact,
        bucket: &str,
        at: &Stored,
    ) -> Result<PublishLayerVersionOutput, Failed> {
        let mut content = LayerVersionContentInput::builder()
            .s3_bucket(bucket)
            .s3_key(&at.key);
        if let Some(version) = &at.version {
            content = content
                .s3_object_version(version)
                .s3_object_storage_mode(S3ObjectStorageMode::Reference);
        }
        let answer = self
            .client
            .publish_layer_version()
            .layer_name(&artifact.layer)
            .content(content.build())
            .description(artifact.marked_description())
            .set_license_info(artifact.license.clone())
            .set_compatible_runtimes(named::<Runtime>(&artifact.runtimes))
            .set_compatible_architectures(named::<Architecture>(&artifact.architectures))
            .customize()
            .config_override(Config::builder().timeout_config(timeouts(COPY_TIMEOUT)))
            .send()
            .await;
        answer.map_err(|error| Failed::new(ACTION, &error))
    }

    /// Where another run, or an earlier attempt of this one, made the same version before
    /// this one, that is the one, and this one is deleted.
    async fn heal(
        &self,
        artifact: &Artifact,
        newest: Option<u64>,
        made: Made,
        is_ours: bool,
    ) -> Result<Publication, Error> {
        // What was made is made, whatever becomes of this look.
        let first = self.look(artifact, newest).await.ok().flatten();
        let Some(first) = first.filter(|first| first.version < made.version) else {
            return Ok(Publication {
                arn: made.arn,
                version: made.version,
                reused: false,
                duplicate: None,
            });
        };
        let deleted = self.delete_async(&artifact.layer, made.version).await;
        Ok(Publication {
            reused: !is_ours,
            duplicate: deleted.err().map(|_| made.arn),
            ..Publication::reused(first)
        })
    }
}

fn named<T: for<'n> From<&'n str>>(names: &[String]) -> Option<Vec<T>> {
    let named = names.iter().map(|name| T::from(name.as_str()));
    (!names.is_empty()).then(|| named.collect())
}

/// The provider's hash, which must be the artifact's.
fn check_hash(artifact: &Artifact, arn: &str, found: Option<String>) -> Result<(), Error> {
    let expected = artifact.code_sha256();
    match found {
        Some(found) if found == expected => Ok(()),
        found => Err(Error::Mismatch {
            arn: arn.to_owned(),
            expected,
            found: found.unwrap_or_else(|| "no hash".to_owned()),
        }),
    }
}
