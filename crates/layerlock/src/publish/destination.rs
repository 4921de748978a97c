//! Where layers are published.

use std::path::PathBuf;

use layerlock_install::Reporter;
use layerlock_publish::{Grant, LocalDirectory, Publisher, Storage};

use super::unreachable::Unreachable;
use crate::dist;
use crate::name_template::NameTemplate;
use crate::publish_configuration::{
    AwsAccount, BucketTemplate, PublishConfiguration, parse_grant, parse_parameter, parse_role,
    parse_storage,
};
use crate::{CacheLocation, Error, Settings};

/// Where layers are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publishing {
    /// Where the project says: AWS Lambda with `provider = "aws"` or a table
    /// `[tool.layerlock.publish.aws]`, else a directory. Settings of AWS are an error where
    /// the project says a directory.
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

/// Where in AWS. What is not set comes from `[tool.layerlock.publish.aws]`, then from the
/// environment and AWS's configuration files.
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
    fn first_option(&self) -> Option<&'static str> {
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

fn maybe_parsed<T>(
    option: &'static str,
    text: Option<&String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, Error> {
    text.map(|text| parsed(option, text, parse)).transpose()
}

fn parsed<T>(
    option: &'static str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Error> {
    parse(text).map_err(|message| Error::PublishOption { option, message })
}

/// One place: a region of an account, or a directory.
pub(crate) struct Place {
    pub(crate) publisher: Box<dyn Publisher>,
    /// Who may use what is published there.
    pub(crate) share: Vec<Grant>,
    /// The parameter that gets a version's ARN.
    pub(crate) parameter: Option<NameTemplate>,
}

impl Place {
    pub(crate) fn of(publisher: impl Publisher + 'static) -> Self {
        Self {
            publisher: Box::new(publisher),
            share: Vec::new(),
            parameter: None,
        }
    }
}

/// All places, each once.
pub(crate) fn places(
    to: &Publishing,
    settings: &Settings,
    configuration: &PublishConfiguration,
) -> Result<Vec<Place>, Error> {
    if let Publishing::Aliyun(_) = to {
        return Err(Error::ProviderLeftOut {
            provider: "Alibaba Function Compute",
        });
    }
    match accounts_of(to, configuration)? {
        Some(accounts) => enter(&accounts, &settings.cache),
        None => match to {
            Publishing::Local(directory) => Ok(vec![local(settings, directory.clone())]),
            Publishing::Aws(destination)
            | Publishing::Aliyun(destination)
            | Publishing::Configured(destination) => match destination.first_option() {
                Some(option) => Err(Error::NotAws { option }),
                None => Ok(vec![local(settings, None)]),
            },
        },
    }
}

pub(crate) fn local(settings: &Settings, directory: Option<PathBuf>) -> Place {
    let directory = directory.unwrap_or_else(|| settings.below_project(dist::PUBLISHED));
    Place::of(LocalDirectory::new(directory))
}

/// Says where layers go, and how they would go to AWS, where nobody chose and there are
/// credentials for AWS. `doing` is what is done with the directory: `published to`.
pub(crate) fn tell_default(
    doing: &str,
    to: &Publishing,
    configuration: &PublishConfiguration,
    reporter: &(impl Reporter + ?Sized),
) {
    const VARIABLES: [&str; 5] = [
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    if configuration.is_for_aws || !matches!(to, Publishing::Configured(_)) {
        return;
    }
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if VARIABLES.into_iter().any(is_set) || has_aws_files() {
        reporter.warned(&format!(
            "no provider is named, so layers are {doing} the directory {}; for AWS, use --provider \
             aws or set `provider = \"aws\"` in [tool.layerlock]",
            dist::PUBLISHED
        ));
    }
}

/// Whether somebody signs in to AWS on this machine.
fn has_aws_files() -> bool {
    let files = [
        ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
        ("AWS_CONFIG_FILE", ".aws/config"),
    ];
    files.into_iter().any(|(variable, default)| {
        let named = std::env::var_os(variable).filter(|path| !path.is_empty());
        let path = named.map(PathBuf::from);
        let path = path.or_else(|| Some(std::env::home_dir()?.join(default)));
        path.is_some_and(|path| path.is_file())
    })
}

/// The places of these accounts. One that cannot be entered is a place where all fails; an
/// error where that is so of each.
pub(crate) fn enter(accounts: &[AwsAccount], cache: &CacheLocation) -> Result<Vec<Place>, Error> {
    let mut places = Vec::new();
    let mut failed = Vec::new();
    for account in accounts {
        match connect(account, cache) {
            Ok(connected) => places.extend(connected),
            Err(error) => failed.push((account, error)),
        }
    }
    if failed.len() < accounts.len() {
        let others = failed
            .into_iter()
            .flat_map(|(account, error)| unreachable(account, &error));
        places.extend(others);
        return Ok(places);
    }
    match failed.pop() {
        None => Ok(places),
        Some((_, error)) if failed.is_empty() => Err(error),
        Some(last) => {
            failed.push(last);
            let told = |(account, error): (&AwsAccount, _)| (account.to_string(), error);
            let failed = failed.into_iter().map(told).collect();
            Err(Error::Accounts { failed })
        }
    }
}

/// The places of an account that cannot be entered.
fn unreachable(account: &AwsAccount, error: &Error) -> Vec<Place> {
    let regions = account.regions.clone().unwrap_or_default();
    let regions: Vec<Option<String>> = if regions.is_empty() {
        vec![None]
    } else {
        regions.into_iter().map(Some).collect()
    };
    let name = account.to_string();
    let place = |region| Place::of(Unreachable::new("aws", region, &name, error));
    regions.into_iter().map(place).collect()
}

/// The accounts of AWS that layers go to; none where they go to a directory.
pub(crate) fn configured_accounts(
    to: &Publishing,
    configuration: &PublishConfiguration,
) -> Result<Vec<AwsAccount>, Error> {
    Ok(accounts_of(to, configuration)?.unwrap_or_default())
}

/// `None` where layers go to a directory.
fn accounts_of(
    to: &Publishing,
    configuration: &PublishConfiguration,
) -> Result<Option<Vec<AwsAccount>>, Error> {
    match to {
        Publishing::Aws(destination) => accounts(configuration, destination).map(Some),
        Publishing::Configured(destination) if configuration.is_for_aws => {
            accounts(configuration, destination).map(Some)
        }
        Publishing::Configured(_) | Publishing::Aliyun(_) | Publishing::Local(_) => Ok(None),
    }
}

/// All accounts, each once.
fn accounts(
    configuration: &PublishConfiguration,
    destination: &AwsDestination,
) -> Result<Vec<AwsAccount>, Error> {
    let asked = destination.account()?;
    // Who names an account means this one, and none of those that are listed.
    let configured = if asked.names_an_account() {
        std::slice::from_ref(&configuration.aws.common)
    } else {
        &configuration.aws.accounts
    };
    let mut accounts: Vec<AwsAccount> = Vec::new();
    for configured in configured {
        let account = checked(asked.clone().instead_of(configured.clone()))?;
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    Ok(accounts)
}

/// An account with all of its settings, where these fit together.
pub(crate) fn checked(account: AwsAccount) -> Result<AwsAccount, Error> {
    let refuse = |option: &'static str, message: &str| {
        Err(Error::PublishOption {
            option,
            message: message.to_owned(),
        })
    };
    if account.role_arn.is_none() && account.external_id.is_some() {
        return refuse(
            "--external-id",
            "it is for a role, and there is none: name it by --role-arn",
        );
    }
    if account.storage == Some(Storage::Reference) && account.bucket.is_none() {
        return refuse(
            "--storage",
            "`reference` needs a bucket: name it by --bucket, or by `bucket` in \
             [tool.layerlock.publish.aws]",
        );
    }
    Ok(account)
}

#[cfg(feature = "aws")]
pub(crate) fn connect(account: &AwsAccount, cache: &CacheLocation) -> Result<Vec<Place>, Error> {
    use layerlock_publish::{AwsLambda, AwsRole, AwsSettings};

    let publishers = AwsLambda::connect(&AwsSettings {
        regions: account.regions.clone().unwrap_or_default(),
        profile: account.profile.clone(),
        role: account.role_arn.clone().map(|arn| AwsRole {
            arn,
            external_id: account.external_id.clone(),
        }),
        locks: Some(locks(cache)),
    })?;
    let place = |publisher: AwsLambda| {
        let bucket = account.bucket.as_ref();
        let bucket = bucket.map(|it| it.in_region(publisher.region().unwrap_or_default()));
        let storage = account.storage.unwrap_or_default();
        Place {
            publisher: Box::new(publisher.with_bucket(bucket, storage)),
            share: account.share.clone().unwrap_or_default(),
            parameter: account.parameter.clone(),
        }
    };
    Ok(publishers.into_iter().map(place).collect())
}

/// The directory for the locks of this machine's runs: in the cache, where there is one.
#[cfg(feature = "aws")]
fn locks(cache: &CacheLocation) -> PathBuf {
    let kept = crate::cache::lasting_cache(cache).filter(|cache| cache.make().is_ok());
    match kept {
        Some(cache) => cache.publish_locks(),
        None => std::env::temp_dir().join("layerlock-publish-locks"),
    }
}

#[cfg(not(feature = "aws"))]
pub(crate) fn connect(_account: &AwsAccount, _cache: &CacheLocation) -> Result<Vec<Place>, Error> {
    Err(Error::ProviderLeftOut {
        provider: "AWS Lambda",
    })
}
