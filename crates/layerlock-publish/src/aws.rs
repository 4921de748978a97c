/*!
Layers in AWS Lambda, through the AWS SDK.

The SDK is async; this backend has a small runtime of its own and blocks. The
credentials must allow these actions:

- `lambda:ListLayerVersions`, to see what is there;
- `lambda:GetLayerVersion`, for the hash of a version that layerlock did not publish, or
  whose answer was lost, and for layers of others that functions have;
- `lambda:PublishLayerVersion`;
- where they are used, `lambda:DeleteLayerVersion` and
  `lambda:AddLayerVersionPermission`. The first also removes a duplicate that two runs
  made at the same time;
- with a bucket, `s3:GetObject` and `s3:PutObject`, and where Lambda reads the zip there,
  `s3:GetObjectVersion` and `s3:GetBucketVersioning`;
- with a parameter, `ssm:GetParameter` and `ssm:PutParameter`.

The zip is part of the request, or goes through a bucket (`bucket`). How a version is made once, whatever becomes of the
answer, stands in `create`.
*/

mod bucket;
mod by_arn;
mod connect;
mod create;
mod download;
mod endpoint;
mod failure;
mod parameter;
mod policy;
mod profile;
mod quota;
mod settings;
mod signed;
#[cfg(test)]
mod tests;
mod timeouts;
mod upload;
mod uses;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::types::{
    Architecture, LayerVersionContentOutput, LayerVersionsListItem, Runtime,
};
use layerlock_target::Provider;

use crate::blocking::Blocking;
use crate::failed::Failed;
use crate::model::account_of_arn;
use crate::patience::{Policy, patiently};
use crate::{
    Artifact, Error, Grant, LayerVersion, Publication, PublishPlan, Publisher, Storage, Use, plan,
    rules,
};
use bucket::Bucket;
use connect::{Connected, Identity};
use signed::Signed;
use timeouts::{READ_TIMEOUT, timeouts};

pub use settings::{AwsRole, AwsSettings};

const PROVIDER: &str = "aws";

/// How often the SDK tries where nobody chose.
const SDK_ATTEMPTS: u32 = 3;
/// AWS Lambda in one region.
#[derive(Debug)]
pub struct AwsLambda {
    blocking: Arc<Blocking>,
    client: Client,
    signed: Signed,
    region: String,
    /// The credentials' account, or that of a version that was seen.
    account: Mutex<Option<String>>,
    key: String,
    policy: Policy,
    locks: Option<PathBuf>,
    bucket: Option<String>,
    storage: Storage,
}

impl AwsLambda {
    /// Reads the settings and their defaults, and gets credentials; sends no request to
    /// Lambda. There is one publisher for each region.
    ///
    /// The endpoint is that of the region, or the one that `AWS_ENDPOINT_URL` or
    /// `AWS_ENDPOINT_URL_LAMBDA` names.
    /// Certificates are the machine's (`SSL_CERT_FILE` and `SSL_CERT_DIR`
    /// replace them), or those of `AWS_CA_BUNDLE` alone where that is set.
    /// Proxies are those of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
    pub fn connect(settings: &AwsSettings) -> Result<Vec<Self>, Error> {
        let mut regions: Vec<&str> = Vec::new();
        for region in settings.regions.iter().map(|region| region.trim()) {
            check_region(region)?;
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        let blocking = Arc::new(Blocking::new()?);
        let Connected { config, identity } = connect::load(&blocking, settings)?;
        let mut policy = Policy::default();
        let attempts = config.retry_config().map(RetryConfig::max_attempts);
        if let Some(attempts) = attempts.filter(|attempts| *attempts != SDK_ATTEMPTS) {
            policy.attempts = attempts;
        }
        let publisher = |config: &SdkConfig| -> Result<Self, Error> {
            let mut publisher = Self::new(Arc::clone(&blocking), config, &identity, policy)?;
            publisher.locks.clone_from(&settings.locks);
            Ok(publisher)
        };
        if regions.is_empty() {
            return Ok(vec![publisher(&config)?]);
        }
        let regions = regions.into_iter().map(|region| {
            let region = Region::new(region.to_owned());
            publisher(&config.to_builder().region(region).build())
        });
        regions.collect()
    }

    fn new(
        blocking: Arc<Blocking>,
        config: &SdkConfig,
        identity: &Identity,
        policy: Policy,
    ) -> Result<Self, Error> {
        let region = config.region().ok_or(Error::NoRegion)?.to_string();
        check_region(&region)?;
        let signed = Signed {
            config: config.clone(),
            region: region.clone(),
        };
        let config = aws_sdk_lambda::config::Builder::from(config)
            .timeout_config(timeouts(READ_TIMEOUT))
            .retry_config(RetryConfig::disabled())
            .build();
        Ok(Self {
            blocking,
            client: Client::from_conf(config),
            signed,
            region,
            account: Mutex::new(identity.account.clone()),
            key: identity.key.clone(),
            policy,
            locks: None,
            bucket: None,
            storage: Storage::Copy,
        })
    }

    /// The same, with a bucket through which zips go.
    #[must_use]
    pub fn with_bucket(mut self, bucket: Option<String>, storage: Storage) -> Self {
        self.bucket = bucket;
        self.storage = storage;
        self
    }

    fn bucket(&self) -> Option<Bucket<'_>> {
        self.bucket.as_deref().map(|name| self.bucket_of(name))
    }

    fn bucket_of<'b>(&'b self, name: &'b str) -> Bucket<'b> {
        Bucket::new(name, self.storage, &self.signed, self.policy)
    }

    /// What a lock goes by: the account, or the access key's ID until one is known.
    fn account_or_key(&self) -> String {
        self.account().unwrap_or_else(|| self.key.clone())
    }

    fn remember_account<'v>(&self, mut arns: impl Iterator<Item = &'v str>) {
        if let Some(found) = arns.find_map(account_of_arn) {
            let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
            account.get_or_insert_with(|| found.to_owned());
        }
    }

    async fn survey_async(
        &self,
        layer: &str,
        artifacts: &[Artifact],
    ) -> Result<Vec<LayerVersion>, Error> {
        // Most runs change nothing, and see that on the first page.
        let is_enough = |versions: &[LayerVersion]| {
            let is_newest = |artifact: &Artifact| {
                let mut versions = versions.iter().filter(|it| artifact.has_targets_of(it));
                versions
                    .next()
                    .is_some_and(|newest| plan::is_artifact(newest, artifact))
            };
            artifacts.iter().all(is_newest)
        };
        let mut versions = self.versions_until(layer, is_enough).await?;
        // A version that is not ours tells its bytes for another request.
        for artifact in artifacts {
            let mut newest = versions.iter_mut().filter(|it| artifact.has_targets_of(it));
            if let Some(newest) = newest.next()
                && newest.mark().is_none()
                && newest.code_sha256.is_none()
                && let Some(content) = self.content(newest).await?
            {
                newest.code_sha256 = content.code_sha256;
                newest.size = u64::try_from(content.code_size).ok();
            }
        }
        Ok(versions)
    }

    /// The layer's versions, newest first, up to the page on which they are enough. No
    /// filter for a runtime: one request has the versions for all of them.
    async fn versions_until(
        &self,
        layer: &str,
        is_enough: impl Fn(&[LayerVersion]) -> bool,
    ) -> Result<Vec<LayerVersion>, Error> {
        const ACTION: &str = "lambda:ListLayerVersions";
        let mut versions = Vec::new();
        let mut marker = None;
        loop {
            let page = patiently(self.policy, || async {
                let request = self.client.list_layer_versions().layer_name(layer);
                let answer = request.set_marker(marker.clone()).send().await;
                answer.map_err(|error| Failed::new(ACTION, &error))
            });
            let page = page.await?;
            let items = page.layer_versions.unwrap_or_default();
            versions.extend(to_versions(ACTION, layer, items)?);
            versions.sort_by_key(|version| std::cmp::Reverse(version.version));
            let next = page.next_marker.filter(|next| !next.is_empty());
            if next.is_none() || next == marker || is_enough(&versions) {
                self.remember_account(versions.iter().map(|version| version.arn.as_str()));
                return Ok(versions);
            }
            marker = next;
        }
    }

    /// Hash and size of the version's zip; `None` if it was deleted after it was listed.
    async fn content(
        &self,
        version: &LayerVersion,
    ) -> Result<Option<LayerVersionContentOutput>, Error> {
        const ACTION: &str = "lambda:GetLayerVersion";
        let number = to_number(version.version)?;
        let ask = || async {
            let request = self.client.get_layer_version().layer_name(&version.layer);
            match request.version_number(number).send().await {
                Ok(answer) => Ok(answer.content),
                Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
                Err(error) => Err(Failed::new(ACTION, &error)),
            }
        };
        patiently(self.policy, ask).await
    }

    async fn delete_async(&self, layer: &str, version: u64) -> Result<(), Error> {
        const ACTION: &str = "lambda:DeleteLayerVersion";
        let number = to_number(version)?;
        let ask = || async {
            let request = self.client.delete_layer_version().layer_name(layer);
            let answer = request.version_number(number).send().await;
            answer.map_err(|error| Failed::new(ACTION, &error))
        };
        patiently(self.policy, ask).await?;
        Ok(())
    }
}

impl Publisher for AwsLambda {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn region(&self) -> Option<&str> {
        Some(&self.region)
    }

    fn account(&self) -> Option<String> {
        let account = self.account.lock();
        account.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn zip_limit(&self) -> Option<u64> {
        // How large a zip from a bucket may be, Lambda knows: its files count, not its bytes.
        let limit = Provider::Aws.limits().zip_in_request;
        self.bucket.is_none().then_some(limit)
    }

    fn survey(&self, layer: &str, artifacts: &[Artifact]) -> Result<Vec<LayerVersion>, Error> {
        rules::check_name(Provider::Aws, layer)?;
        self.blocking.run(self.survey_async(layer, artifacts))
    }

    fn plan(&self, artifact: &Artifact, versions: &[LayerVersion]) -> Result<PublishPlan, Error> {
        let plan = plan::of(Provider::Aws, artifact, versions, self.zip_limit())?;
        if let (PublishPlan::Create { .. }, Some(bucket)) = (&plan, self.bucket()) {
            self.blocking.run(bucket.check(artifact))?;
        }
        Ok(plan)
    }

    fn carry_out(
        &self,
        artifact: &Artifact,
        plan: &PublishPlan,
        sent: &(dyn Fn(u64) + Sync),
    ) -> Result<Publication, Error> {
        rules::check(Provider::Aws, artifact)?;
        match plan {
            PublishPlan::Reuse(version) => Ok(Publication::reused(version.clone())),
            PublishPlan::Create { newest, .. } => self
                .create(artifact, *newest, sent)
                .map_err(|error| self.with_quota(error)),
        }
    }

    fn list(&self, layer: &str) -> Result<Vec<LayerVersion>, Error> {
        rules::check_name(Provider::Aws, layer)?;
        self.blocking.run(self.versions_until(layer, |_| false))
    }

    fn detail(&self, version: &LayerVersion) -> Result<LayerVersion, Error> {
        self.blocking.run(self.detail_async(version))
    }

    fn by_arn(&self, arn: &str) -> Result<LayerVersion, Error> {
        self.blocking.run(self.by_arn_async(arn))
    }

    fn download(&self, version: &LayerVersion, to: &Path) -> Result<(), Error> {
        self.blocking.run(self.download_async(version, to))
    }

    fn delete(&self, layer: &str, version: u64) -> Result<(), Error> {
        rules::check_name(Provider::Aws, layer)?;
        self.blocking.run(self.delete_async(layer, version))
    }

    fn grant(&self, layer: &str, version: u64, grant: &Grant) -> Result<(), Error> {
        rules::check_name(Provider::Aws, layer)?;
        self.blocking.run(self.grant_async(layer, version, grant))
    }

    fn grants(&self, layer: &str, version: u64) -> Result<Vec<Grant>, Error> {
        rules::check_name(Provider::Aws, layer)?;
        self.blocking.run(self.grants_async(layer, version))
    }

    fn parameter(&self, name: &str) -> Result<Option<String>, Error> {
        self.blocking.run(self.parameter_async(name))
    }

    fn set_parameter(&self, name: &str, value: &str) -> Result<(), Error> {
        self.blocking.run(self.set_parameter_async(name, value))
    }

    fn uses(&self) -> Result<Vec<Use>, Error> {
        self.blocking.run(self.uses_async())
    }
}

/// A region's name is a part of a host's. Which ones there are, only AWS knows.
fn check_region(region: &str) -> Result<(), Error> {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !region.is_empty() && region.bytes().all(is_allowed) {
        return Ok(());
    }
    Err(Error::Settings {
        reason: format!("{region:?} is not the name of a region, such as eu-central-1"),
    })
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
        let (runtimes, architectures) =
            names_of(item.compatible_runtimes, item.compatible_architectures);
        Ok(LayerVersion {
            crc64: None,
            layer: layer.to_owned(),
            version,
            arn,
            code_sha256: None,
            size: None,
            created: item.created_date,
            description: item.description,
            license: item.license_info,
            runtimes,
            architectures,
        })
    };
    items.into_iter().map(to_version).collect()
}

/// What a version is for, in AWS's names.
fn names_of(
    runtimes: Option<Vec<Runtime>>,
    architectures: Option<Vec<Architecture>>,
) -> (Vec<String>, Vec<String>) {
    let runtimes = runtimes.unwrap_or_default();
    let architectures = architectures.unwrap_or_default();
    let runtimes = runtimes.iter().map(|one| one.as_str().to_owned());
    let architectures = architectures.iter().map(|one| one.as_str().to_owned());
    (runtimes.collect(), architectures.collect())
}

/// AWS numbers versions in `i64`.
fn to_number(version: u64) -> Result<i64, Error> {
    i64::try_from(version).map_err(|_| Error::Settings {
        reason: format!("no version can have the number {version}"),
    })
}
