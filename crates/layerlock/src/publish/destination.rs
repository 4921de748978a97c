//! Where layers are published.

use std::path::PathBuf;

use layerlock_install::Reporter;
use layerlock_publish::{LocalDirectory, Publisher};

use crate::publish_configuration::PublishConfiguration;
use crate::{CacheLocation, Error, Settings};

/// Where layers are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publishing {
    /// Where the project says: AWS Lambda with `provider = "aws"` or a table
    /// `[tool.layerlock.publish.aws]`, else a directory.
    Configured {
        /// As for [`Aws`](Self::Aws). An error where the project says a directory.
        regions: Vec<String>,
        /// The same.
        profile: Option<String>,
    },
    /// A directory; `dist/published` of the project where none is given.
    Local(Option<PathBuf>),
    /// AWS Lambda.
    Aws {
        /// In each of these regions; where there are none, in the configured ones, else in
        /// the one that the environment or the profile names.
        regions: Vec<String>,
        /// With this profile of AWS's configuration files, else with the configured one; an
        /// empty one stands for none.
        profile: Option<String>,
    },
}

impl Default for Publishing {
    fn default() -> Self {
        Self::Configured {
            regions: Vec::new(),
            profile: None,
        }
    }
}

/// The local provider's directory below the project, where no other is given.
const LOCAL_DIRECTORY: &str = "dist/published";

/// One publisher for each place.
pub(super) fn publishers(
    to: &Publishing,
    settings: &Settings,
    configuration: &PublishConfiguration,
) -> Result<Vec<Box<dyn Publisher>>, Error> {
    match to {
        Publishing::Local(directory) => Ok(local(settings, directory.clone())),
        Publishing::Aws { regions, profile } => {
            aws(settings, configuration, regions, profile.as_ref())
        }
        Publishing::Configured { regions, profile } if configuration.is_for_aws => {
            aws(settings, configuration, regions, profile.as_ref())
        }
        Publishing::Configured { regions, profile } => {
            let options = [
                ("--region", !regions.is_empty()),
                ("--profile", profile.is_some()),
            ];
            match options.into_iter().find(|(_, is_given)| *is_given) {
                Some((option, _)) => Err(Error::NotAws { option }),
                None => Ok(local(settings, None)),
            }
        }
    }
}

fn local(settings: &Settings, directory: Option<PathBuf>) -> Vec<Box<dyn Publisher>> {
    let directory = directory.unwrap_or_else(|| settings.below_project(LOCAL_DIRECTORY));
    vec![Box::new(LocalDirectory::new(directory))]
}

/// Says where layers go, and how they would go to AWS, where nobody chose and there are
/// credentials for AWS.
pub(super) fn tell_default(
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
    if configuration.is_for_aws || !matches!(to, Publishing::Configured { .. }) {
        return;
    }
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if VARIABLES.into_iter().any(is_set) {
        reporter.warned(&format!(
            "no provider is named, so layers are published to the directory {LOCAL_DIRECTORY}; \
             to publish to AWS, use --provider aws or set `provider = \"aws\"` in \
             [tool.layerlock]"
        ));
    }
}

fn aws(
    settings: &Settings,
    configuration: &PublishConfiguration,
    regions: &[String],
    profile: Option<&String>,
) -> Result<Vec<Box<dyn Publisher>>, Error> {
    let regions = if regions.is_empty() {
        &configuration.regions
    } else {
        regions
    };
    let profile = profile.or(configuration.profile.as_ref());
    let profile = profile.filter(|name| !name.is_empty());
    connect(regions.to_vec(), profile.cloned(), &settings.cache)
}

#[cfg(feature = "aws")]
fn connect(
    regions: Vec<String>,
    profile: Option<String>,
    cache: &CacheLocation,
) -> Result<Vec<Box<dyn Publisher>>, Error> {
    use layerlock_publish::{AwsLambda, AwsSettings};

    let publishers = AwsLambda::connect(&AwsSettings {
        regions,
        profile,
        locks: Some(locks(cache)),
    })?;
    let boxed = |publisher| Box::new(publisher) as Box<dyn Publisher>;
    Ok(publishers.into_iter().map(boxed).collect())
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
fn connect(
    _regions: Vec<String>,
    _profile: Option<String>,
    _cache: &CacheLocation,
) -> Result<Vec<Box<dyn Publisher>>, Error> {
    Err(Error::ProviderLeftOut {
        provider: "AWS Lambda",
    })
}
