//! Making a version on AWS: `PublishLayerVersion`, with the zip in the request or in a bucket.

use aws_sdk_lambda::config::{Config, StalledStreamProtectionConfig};
use aws_sdk_lambda::operation::publish_layer_version::PublishLayerVersionOutput;
use aws_sdk_lambda::types::{Architecture, LayerVersionContentInput, Runtime, S3ObjectStorageMode};
use layerlock_digest::Digest;

use super::AwsLambda;
use super::bucket::Stored;
use super::timeouts::{COPY_TIMEOUT, UPLOAD_TIMEOUT, timeouts};
use super::upload::{Content, Sending};
use crate::failed::{Class, Failed};
use crate::lock::PublishLock;
use crate::moving::{Progress, watch};
use crate::once::{self, Made, Maker};
use crate::patience::Policy;
use crate::{Artifact, Error, LayerVersion, Publication};

const ACTION: &str = "lambda:PublishLayerVersion";

/// Where Lambda gets the zip.
pub(crate) enum Zip {
    /// In the request, which is signed by the content's hash.
    Sent {
        content: Box<Content>,
        digest: Digest,
    },
    /// From a bucket.
    Stored { bucket: String, at: Stored },
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
        self.blocking
            .run(once::create(self, artifact, newest, sent))
    }
}

impl Maker for AwsLambda {
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

    /// A list shows the artifact's mark alone. It is enough where nothing tells more, as
    /// without the right to ask.
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

    async fn zip(&self, artifact: &Artifact, progress: &Progress<'_>) -> Result<Zip, Error> {
        if let Some(bucket) = self.bucket() {
            let at = bucket.store(artifact, progress).await?;
            let bucket = bucket.name.to_owned();
            return Ok(Zip::Stored { bucket, at });
        }
        let content = Box::new(Content::request(artifact));
        let digest = content.hash()?;
        Ok(Zip::Sent { content, digest })
    }

    async fn send(
        &self,
        artifact: &Artifact,
        zip: &Zip,
        progress: &Progress<'_>,
    ) -> Result<Made, Failed> {
        let answer = match zip {
            Zip::Sent { content, digest } => {
                self.send_zip(artifact, content, *digest, progress).await
            }
            Zip::Stored { bucket, at } => {
                let answer = self.send_place(artifact, bucket, at).await;
                answer.map_err(|failed| self.bucket_of(bucket).told_by_lambda(at, failed))
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
        self.remember_account(std::iter::once(arn.as_str()));
        check_hash(artifact, &arn, found).map_err(Failed::finally)?;
        Ok(Made { arn, version })
    }

    async fn delete(&self, layer: &str, version: u64) -> Result<(), Error> {
        self.delete_async(layer, version).await
    }
}

impl AwsLambda {
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
