/*!
Layers in AWS Lambda, through the AWS SDK.

The SDK is async; this backend has a small runtime of its own and blocks. The
credentials must allow these actions:

- `lambda:ListLayerVersions` and `lambda:GetLayerVersion`, to see whether the newest
  version already is the artifact (the list contains no hashes);
- `lambda:PublishLayerVersion`;
- where they are used, `lambda:DeleteLayerVersion` and
  `lambda:AddLayerVersionPermission`.

The zip is part of the request. The SDK retries (`AWS_MAX_ATTEMPTS`, 3 by default).
If a publish succeeds but its response is lost, the retry makes a second version of
the same bytes. This is harmless: the next run reuses the newest version.
*/

mod blocking;
mod connect;
mod failure;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::Config;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    Architecture, LayerVersionContentInput, LayerVersionContentOutput, LayerVersionsListItem,
    Runtime,
};
use fs_err as fs;
use layerlock_digest::Digest;
use layerlock_target::Provider;

use crate::{
    Artifact, Error, Grant, LayerVersion, PublishPlan, Published, Publisher, grant, rules,
};
use blocking::Blocking;
use failure::failure;

pub use settings::AwsSettings;

const PROVIDER: &str = "aws";

/// For establishing a connection. The SDK's default of 3.1 s is short for a busy proxy.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// From the first byte of the request to the first of the response.
const READ_TIMEOUT: Duration = Duration::from_mins(1);
/// The same for a publish: 70 MB at 1 Mbit/s take ten minutes.
const PUBLISH_TIMEOUT: Duration = Duration::from_mins(15);

/// AWS Lambda in one region.
#[derive(Debug)]
pub struct AwsLambda {
    blocking: Blocking,
    client: Client,
    region: String,
}

impl AwsLambda {
    /// Reads the settings and their defaults; sends no request.
    ///
    /// The endpoint is that of the region, or the one that `AWS_ENDPOINT_URL` or
    /// `AWS_ENDPOINT_URL_LAMBDA` names.
    /// Certificates are the machine's (`SSL_CERT_FILE` and `SSL_CERT_DIR`
    /// replace them), or those of `AWS_CA_BUNDLE` alone where that is set.
    /// Proxies are those of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
    pub fn connect(settings: &AwsSettings) -> Result<Self, Error> {
        let blocking = Blocking::new()?;
        let config = connect::load(&blocking, settings)?;
        Self::new(blocking, &config)
    }

    fn new(blocking: Blocking, config: &SdkConfig) -> Result<Self, Error> {
        let region = config.region().ok_or(Error::NoRegion)?.to_string();
        let config = aws_sdk_lambda::config::Builder::from(config)
            .timeout_config(timeouts(READ_TIMEOUT))
            .build();
        Ok(Self {
            blocking,
            client: Client::from_conf(config),
            region,
        })
    }

    async fn plan_async(&self, artifact: &Artifact) -> Result<PublishPlan, Error> {
        let Some(newest) = self.newest_for_targets(artifact).await? else {
            return Ok(PublishPlan::Create { newest: None });
        };
        let create = PublishPlan::Create {
            newest: Some(newest.version),
        };
        let Some(content) = self.content(&newest).await? else {
            return Ok(create);
        };
        if content.code_sha256() != Some(&artifact.code_sha256()) {
            return Ok(create);
        }
        Ok(PublishPlan::Reuse(LayerVersion {
            code_sha256: content.code_sha256,
            size: u64::try_from(content.code_size).ok(),
            ..newest
        }))
    }

    /// The newest version for the artifact's targets. AWS filters by one runtime and
    /// one architecture and lists the newest first, so that it is on the first page.
    async fn newest_for_targets(&self, artifact: &Artifact) -> Result<Option<LayerVersion>, Error> {
        const ACTION: &str = "lambda:ListLayerVersions";
        let first = |list: &[String]| list.first().cloned();
        let answer = self
            .client
            .list_layer_versions()
            .layer_name(&artifact.layer)
            .set_compatible_runtime(first(&artifact.runtimes).map(|name| Runtime::from(&*name)))
            .set_compatible_architecture(
                first(&artifact.architectures).map(|name| Architecture::from(&*name)),
            )
            .send()
            .await
            .map_err(|error| failure(ACTION, &error))?;
        let layer = &artifact.layer;
        let versions = to_versions(ACTION, layer, answer.layer_versions.unwrap_or_default())?;
        Ok(versions
            .into_iter()
            .filter(|version| artifact.has_targets_of(version))
            .max_by_key(|version| version.version))
    }

    /// Hash and size of the version's zip; `None` if it was deleted after it was listed.
    async fn content(
        &self,
        version: &LayerVersion,
    ) -> Result<Option<LayerVersionContentOutput>, Error> {
        const ACTION: &str = "lambda:GetLayerVersion";
        let answer = self
            .client
            .get_layer_version()
            .layer_name(&version.layer)
            .version_number(to_number(version.version)?)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.content),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(failure(ACTION, &error)),
        }
    }

    async fn publish_async(&self, artifact: &Artifact) -> Result<Published, Error> {
        const ACTION: &str = "lambda:PublishLayerVersion";
        let zip = read_zip(artifact)?;
        // Empty lists are not sent.
        let some = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
        let runtimes = some(&artifact.runtimes)
            .map(|list| list.iter().map(|name| Runtime::from(&**name)).collect());
        let architectures = some(&artifact.architectures).map(|list| {
            list.iter()
                .map(|name| Architecture::from(&**name))
                .collect()
        });
        let answer = self
            .client
            .publish_layer_version()
            .layer_name(&artifact.layer)
            .set_description(artifact.description.clone())
            .set_license_info(artifact.license.clone())
            .set_compatible_runtimes(runtimes)
            .set_compatible_architectures(architectures)
            .content(
                LayerVersionContentInput::builder()
                    .zip_file(Blob::new(zip))
                    .build(),
            )
            .customize()
            .config_override(Config::builder().timeout_config(timeouts(PUBLISH_TIMEOUT)))
            .send()
            .await
            .map_err(|error| failure(ACTION, &error))?;

        let (Some(arn), Ok(version), Some(found)) = (
            answer.layer_version_arn,
            u64::try_from(answer.version),
            answer.content.and_then(|content| content.code_sha256),
        ) else {
            return Err(Error::Answer {
                action: ACTION,
                reason: "it has no ARN, version or CodeSha256".to_owned(),
            });
        };
        let expected = artifact.code_sha256();
        if found != expected {
            return Err(Error::Mismatch {
                arn,
                expected,
                found,
            });
        }
        Ok(Published {
            provider: PROVIDER,
            region: Some(self.region.clone()),
            layer: artifact.layer.clone(),
            runtimes: artifact.runtimes.clone(),
            architectures: artifact.architectures.clone(),
            arn,
            version,
            reused: false,
            code_sha256: expected,
        })
    }

    async fn list_async(&self, layer: &str) -> Result<Vec<LayerVersion>, Error> {
        const ACTION: &str = "lambda:ListLayerVersions";
        let mut pages = self
            .client
            .list_layer_versions()
            .layer_name(layer)
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|error| failure(ACTION, &error))?);
        }
        let mut versions = to_versions(ACTION, layer, items)?;
        versions.sort_by_key(|version| std::cmp::Reverse(version.version));
        Ok(versions)
    }

    async fn delete_async(&self, layer: &str, version: u64) -> Result<(), Error> {
        self.client
            .delete_layer_version()
            .layer_name(layer)
            .version_number(to_number(version)?)
            .send()
            .await
            .map_err(|error| failure("lambda:DeleteLayerVersion", &error))?;
        Ok(())
    }

    async fn grant_async(&self, layer: &str, version: u64, grant: &Grant) -> Result<(), Error> {
        let answer = self
            .client
            .add_layer_version_permission()
            .layer_name(layer)
            .version_number(to_number(version)?)
            .statement_id(statement_id(grant))
            .action("lambda:GetLayerVersion")
            .principal(grant.principal())
            .set_organization_id(grant.organization().map(str::to_owned))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            // The statement's ID contains the whole grant: the same grant exists.
            Err(error) if error.code() == Some("ResourceConflictException") => Ok(()),
            Err(error) => Err(failure("lambda:AddLayerVersionPermission", &error)),
        }
    }
}

impl Publisher for AwsLambda {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn region(&self) -> Option<&str> {
        Some(&self.region)
    }

    fn plan(&self, artifact: &Artifact) -> Result<PublishPlan, Error> {
        rules::check(artifact)?;
        let plan = self.blocking.run(self.plan_async(artifact))?;
        // Checked last: a version that is reused needs no upload.
        let limit = Provider::Aws.limits().zip_in_request;
        if matches!(plan, PublishPlan::Create { .. }) && artifact.size > limit {
            return Err(Error::TooLarge {
                size: artifact.size,
                limit,
            });
        }
        Ok(plan)
    }

    fn publish(&self, artifact: &Artifact) -> Result<Published, Error> {
        match self.plan(artifact)? {
            PublishPlan::Reuse(version) => Ok(artifact.reused(PROVIDER, self.region(), version)),
            PublishPlan::Create { .. } => self.blocking.run(self.publish_async(artifact)),
        }
    }

    fn list(&self, layer: &str) -> Result<Vec<LayerVersion>, Error> {
        rules::check_name(layer)?;
        self.blocking.run(self.list_async(layer))
    }

    fn delete(&self, layer: &str, version: u64) -> Result<(), Error> {
        rules::check_name(layer)?;
        self.blocking.run(self.delete_async(layer, version))
    }

    fn grant(&self, layer: &str, version: u64, grant: &Grant) -> Result<(), Error> {
        rules::check_name(layer)?;
        self.blocking.run(self.grant_async(layer, version, grant))
    }
}

fn timeouts(read: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(read)
        .build()
}

/// The zip's bytes, which must have the artifact's digest.
fn read_zip(artifact: &Artifact) -> Result<Vec<u8>, Error> {
    let zip = fs::read(&artifact.zip)?;
    let found = Digest::sha256_of(&zip);
    if found != artifact.digest {
        return Err(Error::ZipChanged {
            path: artifact.zip.clone(),
            expected: artifact.code_sha256(),
            found: found.base64(),
        });
    }
    Ok(zip)
}

fn to_versions(
    action: &'static str,
    layer: &str,
    items: Vec<LayerVersionsListItem>,
) -> Result<Vec<LayerVersion>, Error> {
    let to_version = |item: LayerVersionsListItem| {
        let (Some(arn), Ok(version)) = (item.layer_version_arn, u64::try_from(item.version)) else {
            return Err(Error::Answer {
                action,
                reason: "a version has no ARN or number".to_owned(),
            });
        };
        let names = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let runtimes = item.compatible_runtimes.unwrap_or_default();
        let architectures = item.compatible_architectures.unwrap_or_default();
        Ok(LayerVersion {
            layer: layer.to_owned(),
            version,
            arn,
            code_sha256: None,
            size: None,
            created: item.created_date,
            description: item.description,
            license: item.license_info,
            runtimes: names(runtimes.iter().map(Runtime::as_str).collect()),
            architectures: names(architectures.iter().map(Architecture::as_str).collect()),
        })
    };
    items.into_iter().map(to_version).collect()
}

/// AWS numbers versions in `i64`.
fn to_number(version: u64) -> Result<i64, Error> {
    i64::try_from(version).map_err(|_| Error::Settings {
        reason: format!("no version can have the number {version}"),
    })
}

/// Contains the whole grant, so that the same grant has the same ID:
/// `layerlock-all`, `layerlock-123456789012`, `layerlock-o-abcdefghij`.
fn statement_id(grant: &Grant) -> String {
    let who = match (grant.principal(), grant.organization()) {
        (_, Some(organization)) => organization,
        ("*", None) => "all",
        (principal, None) => grant::account_of_root(principal).unwrap_or(principal),
    };
    format!("layerlock-{who}")
}
