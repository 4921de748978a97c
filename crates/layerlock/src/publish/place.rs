//! What a place is, and what a user says of one.

use std::path::PathBuf;

use layerlock_publish::{Grant, Publisher};
use layerlock_target::Provider;

use crate::Error;
use crate::name_template::NameTemplate;
use crate::publish_configuration::{
    AwsAccount, BucketTemplate, parse_grant, parse_parameter, parse_role, parse_storage,
};

/// Where layers are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publishing {
    /// Where the project says: a provider with `provider = "aws"` or a table such as
    /// `[tool.layerlock.publish.aws]`, else a directory. Settings of a provider are an error
    /// where the project says a directory.
    Configured(AwsDestination),
    /// A directory; `dist/published` of the project where none is given.
    Local(Option<PathBuf>),
    /// AWS Lambda.
    Aws(AwsDestination),
    /// Alibaba Function Compute.
    Aliyun(AwsDestination),
}

impl Default for Publishing {
    fn default() -> Self {
        Self::Configured(AwsDestination::default())
    }
}

/// Where at a provider. What is not set comes from `[tool.layerlock.publish.aws]` or
/// `[tool.layerlock.publish.aliyun]`, then from the environment and the provider's own files.
/// What Alibaba Cloud has not is an error there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsDestination {
    /// The regions, in each of which there will be a version.
    pub regions: Vec<String>,
    /// The profile of AWS's configuration files; an empty one stands for none. Listed
    /// accounts do not count beside it.
    pub profile: Option<String>,
    /// The ARN of a role to take on; an empty one stands for none. Listed accounts do not
    /// count beside it.
    pub role_arn: Option<String>,
    /// What that role's trust policy asks for.
    pub external_id: Option<String>,
    /// Who may use the versions: `public`, `account:123456789012` or
    /// `organization:o-abcdefghij`.
    pub share: Option<Vec<String>>,
    /// The bucket through which zips go; `{region}` in it stands for the region.
    pub bucket: Option<String>,
    /// Whether Lambda copies the zip out of the bucket (`copy`), or reads it there
    /// (`reference`).
    pub storage: Option<String>,
    /// The parameter of AWS Systems Manager that gets a version's ARN, with the placeholders
    /// of names.
    pub ssm_parameter: Option<String>,
}

impl AwsDestination {
    /// The first option that is set, as the command line names it.
    pub(super) fn first_option(&self) -> Option<&'static str> {
        let options = [
            ("--region", !self.regions.is_empty()),
            ("--profile", self.profile.is_some()),
            ("--role-arn", self.role_arn.is_some()),
            ("--external-id", self.external_id.is_some()),
            ("--share", self.share.is_some()),
            ("--bucket", self.bucket.is_some()),
            ("--storage", self.storage.is_some()),
            ("--ssm-parameter", self.ssm_parameter.is_some()),
        ];
        let first = options.into_iter().find(|(_, is_set)| *is_set);
        first.map(|(option, _)| option)
    }

    /// What they ask of an account.
    pub(crate) fn account(&self) -> Result<AwsAccount, Error> {
        let share = self.share.as_ref().map(|grants| {
            let grants = grants
                .iter()
                .map(|text| parsed("--share", text, parse_grant));
            grants.collect::<Result<_, _>>()
        });
        Ok(AwsAccount {
            regions: (!self.regions.is_empty()).then(|| self.regions.clone()),
            profile: self.profile.clone(),
            role_arn: match &self.role_arn {
                // It stands for none.
                Some(arn) if arn.is_empty() => Some(String::new()),
                arn => maybe_parsed("--role-arn", arn.as_ref(), parse_role)?,
            },
            external_id: self.external_id.clone(),
            share: share.transpose()?,
            bucket: maybe_parsed("--bucket", self.bucket.as_ref(), BucketTemplate::parse)?,
            storage: maybe_parsed("--storage", self.storage.as_ref(), parse_storage)?,
            parameter: maybe_parsed(
                "--ssm-parameter",
                self.ssm_parameter.as_ref(),
                parse_parameter,
            )?,
        })
    }
}

pub(super) fn maybe_parsed<T>(
    option: &'static str,
    text: Option<&String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, Error> {
    text.map(|text| parsed(option, text, parse)).transpose()
}

pub(super) fn parsed<T>(
    option: &'static str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Error> {
    parse(text).map_err(|message| Error::PublishOption { option, message })
}

/// One place: a region of an account, or a directory.
pub(crate) struct Place {
    /// Whose functions find layers there; a directory is for all.
    pub(crate) provider: Option<Provider>,
    pub(crate) publisher: Box<dyn Publisher>,
    /// Who may use what is published there.
    pub(crate) share: Vec<Grant>,
    /// The parameter that gets a version's ARN.
    pub(crate) parameter: Option<NameTemplate>,
}

impl Place {
    pub(crate) fn of(publisher: impl Publisher + 'static) -> Self {
        Self {
            provider: None,
            publisher: Box::new(publisher),
            share: Vec::new(),
            parameter: None,
        }
    }

    /// Whether layers for a provider go there. Of one that is not built here nobody knows
    /// which one it is for.
    pub(crate) fn takes(&self, provider: Option<Provider>) -> bool {
        self.provider.is_none() || provider.is_none() || self.provider == provider
    }
}
