//! Places in Alibaba Cloud.

use std::path::{Path, PathBuf};

use layerlock_layer::Scratch;
use layerlock_publish::StoredObject;
use layerlock_target::Provider;

use super::place::{AwsDestination, Place, Publishing, maybe_parsed, parsed};
use super::prebuilt::Prebuilt;
use super::unreachable::Unreachable;
use crate::publish_configuration::{
    AliyunAccount, BucketTemplate, PublishConfiguration, parse_ram_role, parse_share,
};
use crate::{CacheLocation, Error};

/// What options ask for in place of what is configured.
pub(crate) fn account(
    configured: &AliyunAccount,
    options: &AwsDestination,
) -> Result<AliyunAccount, Error> {
    for (option, is_set) in [
        ("--external-id", options.external_id.is_some()),
        ("--storage", options.storage.is_some()),
        ("--ssm-parameter", options.ssm_parameter.is_some()),
    ] {
        if is_set {
            return Err(Error::NotAws { option });
        }
    }
    let share = options.share.as_ref().map(|grants| {
        let grants = grants.iter();
        let grants = grants.map(|text| parsed("--share", text, parse_share));
        grants.collect::<Result<Vec<_>, _>>()
    });
    let role_arn = match &options.role_arn {
        // It stands for none.
        Some(arn) if arn.is_empty() => Some(String::new()),
        arn => maybe_parsed("--role-arn", arn.as_ref(), parse_ram_role)?,
    };
    let asked = AliyunAccount {
        regions: (!options.regions.is_empty()).then(|| options.regions.clone()),
        profile: options.profile.clone(),
        role_arn,
        share: share.transpose()?,
        bucket: maybe_parsed("--bucket", options.bucket.as_ref(), BucketTemplate::parse)?,
        ..AliyunAccount::default()
    };
    Ok(asked.instead_of(configured.clone()))
}

/// The regions of an account that cannot be entered, where all fails.
pub(crate) fn unreachable(account: &AliyunAccount, error: &Error) -> Vec<Place> {
    let regions = account.regions.clone().unwrap_or_default();
    let regions: Vec<Option<String>> = if regions.is_empty() {
        vec![None]
    } else {
        regions.into_iter().map(Some).collect()
    };
    let name = account.to_string();
    let provider = Provider::Aliyun;
    let place = |region| Place {
        provider: Some(provider),
        ..Place::of(Unreachable::new(provider.name(), region, &name, error))
    };
    regions.into_iter().map(place).collect()
}

#[cfg(feature = "aliyun")]
pub(crate) fn connect(account: &AliyunAccount, cache: &CacheLocation) -> Result<Vec<Place>, Error> {
    use layerlock_publish::AliyunFc;

    let publishers = AliyunFc::connect(&settings(account, cache))?;
    let place = |publisher| Place {
        provider: Some(Provider::Aliyun),
        share: account.share.clone().unwrap_or_default(),
        ..Place::of(publisher)
    };
    Ok(publishers.into_iter().map(place).collect())
}

/// As the backend takes it.
#[cfg(feature = "aliyun")]
pub(crate) fn settings(
    account: &AliyunAccount,
    cache: &CacheLocation,
) -> layerlock_publish::AliyunSettings {
    layerlock_publish::AliyunSettings {
        regions: account.regions.clone().unwrap_or_default(),
        profile: account.profile.clone(),
        role_arn: account.role_arn.clone(),
        account: account.account.clone(),
        bucket: account.bucket.as_ref().map(|it| it.text().to_owned()),
        endpoint: account.endpoint.clone(),
        oss_endpoint: account.oss_endpoint.clone(),
        locks: Some(super::locks::directory(cache)),
    }
}

/// A zip that is an object of OSS.
pub(super) struct Stored {
    pub(super) object: StoredObject,
    /// The same on this machine: a layer is looked at before it is published.
    pub(super) zip: PathBuf,
    _scratch: Scratch,
}

impl Stored {
    /// The object that `oss://BUCKET/KEY` names, once it is here; `None` for another path.
    pub(super) fn of(
        prebuilt: &Prebuilt,
        to: &Publishing,
        cache: &CacheLocation,
        configuration: &PublishConfiguration,
    ) -> Result<Option<Self>, Error> {
        let path = prebuilt.path.to_str();
        let Some(named) = path.and_then(|path| path.strip_prefix("oss://")) else {
            return Ok(None);
        };
        let refuse = |reason: &str| {
            Err(Error::Prebuilt {
                path: prebuilt.path.clone(),
                reason: reason.to_owned(),
            })
        };
        let options = match to {
            Publishing::Aliyun(options) => options,
            Publishing::Configured(options) if configuration.providers == [Provider::Aliyun] => {
                options
            }
            _ => return refuse("an object of OSS is for --provider aliyun"),
        };
        let (bucket, key) = match named.split_once('/') {
            Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => (bucket, key),
            _ => return refuse("an object is named by oss://BUCKET/KEY"),
        };
        if key.split('/').any(|part| matches!(part, "." | "..")) {
            return refuse("a key with `.` or `..` as a part cannot be asked for");
        }
        let object = StoredObject {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        };
        let scratch = Scratch::create()?;
        let zip = scratch.path().join("object.zip");
        let account = account(&configuration.aliyun, options)?;
        fetch(&account, cache, &object, &zip)?;
        Ok(Some(Self {
            object,
            zip,
            _scratch: scratch,
        }))
    }
}

#[cfg(feature = "aliyun")]
fn fetch(
    account: &AliyunAccount,
    cache: &CacheLocation,
    object: &StoredObject,
    to: &Path,
) -> Result<(), Error> {
    use layerlock_publish::AliyunFc;

    let publishers = AliyunFc::connect(&settings(account, cache))?;
    if let Some(publisher) = publishers.first() {
        publisher.fetch(object, to)?;
    }
    Ok(())
}

#[cfg(not(feature = "aliyun"))]
fn fetch(
    account: &AliyunAccount,
    cache: &CacheLocation,
    _object: &StoredObject,
    _to: &Path,
) -> Result<(), Error> {
    connect(account, cache).map(drop)
}

#[cfg(not(feature = "aliyun"))]
pub(crate) fn connect(
    _account: &AliyunAccount,
    _cache: &CacheLocation,
) -> Result<Vec<Place>, Error> {
    Err(Error::ProviderLeftOut {
        provider: "Alibaba Function Compute",
        feature: "aliyun",
    })
}
