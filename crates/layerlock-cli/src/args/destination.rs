//! Where layers are published.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use layerlock::Provider;

use super::misuse::Misuse;

pub(super) const PROVIDER: &str = "Provider";

/// Options of every command that asks a provider.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = PROVIDER)]
pub(crate) struct DestinationArgs {
    /// Where to publish [default: as configured, else local]
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: Option<ProviderArg>,
    /// Regions, separated by commas [default: as configured, else from the environment or the
    /// profile]
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    pub(crate) region: Vec<String>,
    /// Profile in the provider's configuration files [default: as configured, else from the
    /// environment]
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// Role to take on, in place of the configured accounts [default: as configured]
    #[arg(long, value_name = "ARN")]
    pub(crate) role_arn: Option<String>,
    /// External ID that the role's trust policy asks for [default: as configured]
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// Directory of the local provider [default: dist/published in the project]
    #[arg(long, value_name = "DIR")]
    pub(crate) local_dir: Option<PathBuf>,
}

/// How versions are stored and shared.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = PROVIDER)]
pub(crate) struct StorageArgs {
    /// Who may use the versions: public, account:123456789012, organization:o-... [default: as
    /// configured]
    #[arg(long, value_name = "WHO", value_delimiter = ',')]
    pub(crate) share: Option<Vec<String>>,
    /// S3 or OSS bucket through which zips go, e.g. layers-{region} [default: as configured, else
    /// in the request, up to 50 MB (aws)]
    #[arg(long, value_name = "BUCKET")]
    pub(crate) bucket: Option<String>,
    /// Whether Lambda copies zips out of the bucket, or reads them there [default: as
    /// configured, else copy]
    #[arg(long, value_name = "HOW", value_parser = ["copy", "reference"])]
    pub(crate) storage: Option<String>,
    /// SSM parameter that gets the ARN, e.g. /layers/{layer}/{architecture} [default: as
    /// configured]
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) ssm_parameter: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProviderArg {
    /// Numbered versions in a directory on this machine
    Local,
    /// AWS Lambda
    Aws,
    /// Alibaba Function Compute
    Aliyun,
}

impl ProviderArg {
    /// Whose functions layers are built for, where they go there.
    pub(crate) fn built_for(self) -> Option<Provider> {
        match self {
            Self::Local => None,
            Self::Aws => Some(Provider::Aws),
            Self::Aliyun => Some(Provider::Aliyun),
        }
    }
}

impl DestinationArgs {
    /// Refuses options of the other provider: with an ignored region, the layer would
    /// not be published where the user thinks.
    pub(super) fn check(&self) -> Result<(), Misuse> {
        let for_aws = [
            ("--region", !self.region.is_empty()),
            ("--profile", self.profile.is_some()),
            ("--role-arn", self.role_arn.is_some()),
            ("--external-id", self.external_id.is_some()),
        ];
        self.refuse_for_aws(&for_aws)?;
        self.refuse_for_aliyun(&[("--external-id", self.external_id.is_some())])?;
        let is_cloud = matches!(self.provider, Some(ProviderArg::Aws | ProviderArg::Aliyun));
        if is_cloud && self.local_dir.is_some() {
            let message = "--local-dir can only be used with --provider local";
            return Err(Misuse::conflict(message));
        }
        Ok(())
    }

    /// Refuses options of AWS alone where layers go to Alibaba Cloud.
    fn refuse_for_aliyun(&self, options: &[(&str, bool)]) -> Result<(), Misuse> {
        match options.iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) if self.provider == Some(ProviderArg::Aliyun) => {
                let message = format!("{option} can only be used with --provider aws");
                Err(Misuse::conflict(message))
            }
            _ => Ok(()),
        }
    }

    /// Refuses options of AWS where layers go to a directory.
    fn refuse_for_aws(&self, options: &[(&str, bool)]) -> Result<(), Misuse> {
        let is_local = self.provider == Some(ProviderArg::Local) || self.local_dir.is_some();
        match options.iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) if is_local => {
                let message = format!("{option} can only be used with --provider aws");
                Err(Misuse::conflict(message))
            }
            _ => Ok(()),
        }
    }
}

impl StorageArgs {
    pub(super) fn check(&self, destination: &DestinationArgs) -> Result<(), Misuse> {
        let for_aws = [
            ("--share", self.share.is_some()),
            ("--bucket", self.bucket.is_some()),
            ("--storage", self.storage.is_some()),
            ("--ssm-parameter", self.ssm_parameter.is_some()),
        ];
        destination.refuse_for_aliyun(&for_aws[2..])?;
        destination.refuse_for_aws(&for_aws)
    }
}
