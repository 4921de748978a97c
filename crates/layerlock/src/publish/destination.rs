//! Where layers are published.

use std::path::PathBuf;

use layerlock_install::Reporter;
use layerlock_publish::{LocalDirectory, Storage};
use layerlock_target::Provider;

use super::aliyun;
#[cfg(feature = "aws")]
use super::locks;
pub(crate) use super::place::Place;
pub use super::place::{AwsDestination, Publishing};
use super::unreachable::Unreachable;
use crate::dist;
use crate::publish_configuration::{AwsAccount, PublishConfiguration};
use crate::{CacheLocation, Error, Settings};

/// All places, each once. `needed` are the providers of the layers, as far as they are known.
pub(crate) fn places(
    to: &Publishing,
    settings: &Settings,
    configuration: &PublishConfiguration,
    needed: &[Provider],
) -> Result<Vec<Place>, Error> {
    let providers = providers(to, configuration, needed);
    let destination = match to {
        Publishing::Local(directory) => return Ok(vec![local(settings, directory.clone())]),
        Publishing::Aws(options)
        | Publishing::Aliyun(options)
        | Publishing::Configured(options) => options,
    };
    match (&providers[..], destination.first_option()) {
        ([], Some(option)) => return Err(Error::NotAws { option }),
        ([], None) => return Ok(vec![local(settings, None)]),
        ([_, _, ..], Some(option)) => {
            return Err(Error::PublishOption {
                option,
                message: "layers go to several providers here: name one by --provider".to_owned(),
            });
        }
        _ => {}
    }
    let mut places = Vec::new();
    let mut failed = Vec::new();
    for provider in &providers {
        match enter_provider(*provider, configuration, destination, &settings.cache) {
            Ok(entered) => places.extend(entered),
            Err((error, unreachable)) => {
                failed.push(error);
                places.extend(unreachable);
            }
        }
    }
    // What cannot be entered stops no other, unless there is no other.
    if failed.len() == providers.len()
        && let Some(first) = failed.into_iter().next()
    {
        return Err(first);
    }
    Ok(places)
}

/// The places of a provider, or why there are none, and those where all fails.
fn enter_provider(
    provider: Provider,
    configuration: &PublishConfiguration,
    destination: &AwsDestination,
    cache: &CacheLocation,
) -> Result<Vec<Place>, (Error, Vec<Place>)> {
    let alone = |error| (error, Vec::new());
    if provider == Provider::Aliyun {
        let account = aliyun::account(&configuration.aliyun, destination).map_err(alone)?;
        return aliyun::connect(&account, cache).map_err(|error| {
            let places = aliyun::unreachable(&account, &error);
            (error, places)
        });
    }
    let accounts = accounts(configuration, destination).map_err(alone)?;
    enter(&accounts, cache).map_err(|error| {
        let places = accounts.iter().flat_map(|one| unreachable(one, &error));
        let places = places.collect();
        (error, places)
    })
}

/// The providers that layers go to; none where they go to a directory. `needed` are those
/// of the layers.
fn providers(
    to: &Publishing,
    configuration: &PublishConfiguration,
    needed: &[Provider],
) -> Vec<Provider> {
    match to {
        Publishing::Local(_) => Vec::new(),
        Publishing::Aws(_) => vec![Provider::Aws],
        Publishing::Aliyun(_) => vec![Provider::Aliyun],
        Publishing::Configured(_) if configuration.providers.is_empty() => Vec::new(),
        Publishing::Configured(_) if needed.is_empty() => configuration.providers.clone(),
        Publishing::Configured(_) => needed.to_vec(),
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
    if !configuration.providers.is_empty() || !matches!(to, Publishing::Configured(_)) {
        return;
    }
    if has_aws_credentials() {
        reporter.warned(&format!(
            "no provider is named, so layers are {doing} the directory {}; for AWS, use --provider \
             aws or set `provider = \"aws\"` in [tool.layerlock]",
            dist::PUBLISHED
        ));
    }
}

/// Whether there seem to be credentials for AWS: nobody is asked for them.
pub(crate) fn has_aws_credentials() -> bool {
    const VARIABLES: [&str; 5] = [
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    VARIABLES.into_iter().any(is_set) || has_aws_files()
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
    let place = |region| Place {
        provider: Some(Provider::Aws),
        ..Place::of(Unreachable::new("aws", region, &name, error))
    };
    regions.into_iter().map(place).collect()
}

/// The accounts of AWS that layers go to; none where they go to a directory.
pub(crate) fn configured_accounts(
    to: &Publishing,
    configuration: &PublishConfiguration,
) -> Result<Vec<AwsAccount>, Error> {
    Ok(accounts_of(to, configuration)?.unwrap_or_default())
}

/// The regions of Alibaba Cloud that layers go to, where there are several.
pub(crate) fn configured_fc_regions(
    to: &Publishing,
    configuration: &PublishConfiguration,
) -> Result<Vec<String>, Error> {
    let options = match to {
        Publishing::Aliyun(options) => options,
        Publishing::Configured(options) if configuration.providers == [Provider::Aliyun] => options,
        _ => return Ok(Vec::new()),
    };
    let account = aliyun::account(&configuration.aliyun, options)?;
    let regions = account.regions.unwrap_or_default();
    Ok(if regions.len() > 1 {
        regions
    } else {
        Vec::new()
    })
}

/// `None` where layers go to a directory.
fn accounts_of(
    to: &Publishing,
    configuration: &PublishConfiguration,
) -> Result<Option<Vec<AwsAccount>>, Error> {
    match to {
        Publishing::Aws(destination) => accounts(configuration, destination).map(Some),
        Publishing::Configured(destination) if configuration.providers.contains(&Provider::Aws) => {
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
    use layerlock_publish::{AwsLambda, AwsRole, AwsSettings, Publisher as _};

    let publishers = AwsLambda::connect(&AwsSettings {
        regions: account.regions.clone().unwrap_or_default(),
        profile: account.profile.clone(),
        role: account.role_arn.clone().map(|arn| AwsRole {
            arn,
            external_id: account.external_id.clone(),
        }),
        locks: Some(locks::directory(cache)),
    })?;
    let place = |publisher: AwsLambda| {
        let bucket = account.bucket.as_ref();
        let bucket = bucket.map(|it| it.in_region(publisher.region().unwrap_or_default()));
        let storage = account.storage.unwrap_or_default();
        Place {
            provider: Some(Provider::Aws),
            publisher: Box::new(publisher.with_bucket(bucket, storage)),
            share: account.share.clone().unwrap_or_default(),
            parameter: account.parameter.clone(),
        }
    };
    Ok(publishers.into_iter().map(place).collect())
}

#[cfg(not(feature = "aws"))]
pub(crate) fn connect(_account: &AwsAccount, _cache: &CacheLocation) -> Result<Vec<Place>, Error> {
    Err(Error::ProviderLeftOut {
        provider: "AWS Lambda",
        feature: "aws",
    })
}
