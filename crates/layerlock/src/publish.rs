//! Publishing what was built.

use std::path::PathBuf;

use layerlock_install::Reporter;
use layerlock_publish::{Artifact, LocalDirectory, PublishPlan, Publisher};

use crate::build::build_layers;
use crate::built::{Built, BuiltLayer};
use crate::report::{Planned, PublishReport};
use crate::report_file::with_report;
use crate::{Error, Settings};

/// What to publish and where.
#[derive(Debug, Clone, Default)]
pub struct PublishSettings {
    /// What to build first.
    pub settings: Settings,
    /// Where to.
    pub to: Publishing,
    /// Whether to say only what would be done.
    pub dry_run: bool,
}

/// Where layers are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publishing {
    /// A directory; `dist/published` of the project where none is given.
    Local(Option<PathBuf>),
    /// AWS Lambda, in each of these regions; in the one that the environment or
    /// the profile names where there are none.
    Aws {
        /// The regions.
        regions: Vec<String>,
    },
}

impl Default for Publishing {
    fn default() -> Self {
        Self::Local(None)
    }
}

/// The local provider's directory below the project, where no other is given.
const LOCAL_DIRECTORY: &str = "dist/published";

/// Builds the layers and publishes those whose newest version is another.
pub fn publish(publish: &PublishSettings, reporter: &dyn Reporter) -> Result<PublishReport, Error> {
    // A region or an account that is missing is known before the work.
    let publishers = publishers(publish)?;
    with_report(&publish.settings, || {
        let built = build_layers(&publish.settings, reporter)?;
        publish_all(&built, &publishers, publish.dry_run)
    })
}

/// Publishes layers that were built already, as [`publish()`] does those that it
/// builds. `publish` has the settings that they were built with.
pub fn publish_built(built: &Built, publish: &PublishSettings) -> Result<PublishReport, Error> {
    let publishers = publishers(publish)?;
    with_report(&publish.settings, || {
        publish_all(built, &publishers, publish.dry_run)
    })
}

fn publish_all(
    built: &Built,
    publishers: &[Box<dyn Publisher>],
    dry_run: bool,
) -> Result<PublishReport, Error> {
    let mut published = Vec::new();
    let mut planned = Vec::new();
    // A layer that cannot work is not published: the report says why.
    if !built.has_errors() {
        for artifact in built.layers.iter().filter_map(artifact) {
            for publisher in publishers {
                if dry_run {
                    planned.push(plan(publisher.as_ref(), &artifact)?);
                } else {
                    match publisher.publish(&artifact) {
                        Ok(version) => published.push(version),
                        Err(error) if published.is_empty() => return Err(error.into()),
                        Err(source) => return Err(Error::PartlyPublished { published, source }),
                    }
                }
            }
        }
    }
    Ok(PublishReport {
        report: built.report(),
        published,
        planned,
    })
}

fn plan(publisher: &dyn Publisher, artifact: &Artifact) -> Result<Planned, Error> {
    let reused = match publisher.plan(artifact)? {
        PublishPlan::Reuse(version) => Some(version.arn),
        PublishPlan::Create { .. } => None,
    };
    Ok(Planned {
        provider: publisher.provider(),
        region: publisher.region().map(str::to_owned),
        layer: artifact.layer.clone(),
        runtimes: artifact.runtimes.clone(),
        architectures: artifact.architectures.clone(),
        reused,
    })
}

/// A layer as it is published; a staging directory alone is not.
fn artifact(layer: &BuiltLayer) -> Option<Artifact> {
    let zip = layer.zip.as_ref()?;
    Some(Artifact {
        layer: layer.name.clone(),
        zip: zip.path.clone(),
        size: zip.size,
        digest: zip.digest,
        description: None,
        license: None,
        runtimes: vec![layer.target.runtime.to_string()],
        architectures: vec![layer.target.architecture.to_string()],
    })
}

fn publishers(publish: &PublishSettings) -> Result<Vec<Box<dyn Publisher>>, Error> {
    match &publish.to {
        Publishing::Local(directory) => {
            let directory = match directory {
                Some(directory) => directory.clone(),
                None => publish.settings.below_project(LOCAL_DIRECTORY),
            };
            Ok(vec![Box::new(LocalDirectory::new(directory))])
        }
        Publishing::Aws { regions } => aws(regions),
    }
}

#[cfg(feature = "aws")]
fn aws(regions: &[String]) -> Result<Vec<Box<dyn Publisher>>, Error> {
    use layerlock_publish::{AwsLambda, AwsSettings};

    let connect = |region: Option<String>| -> Result<Box<dyn Publisher>, Error> {
        let settings = AwsSettings {
            region,
            ..AwsSettings::default()
        };
        Ok(Box::new(AwsLambda::connect(&settings)?))
    };
    if regions.is_empty() {
        return Ok(vec![connect(None)?]);
    }
    regions
        .iter()
        .map(|region| connect(Some(region.clone())))
        .collect()
}

#[cfg(not(feature = "aws"))]
fn aws(_regions: &[String]) -> Result<Vec<Box<dyn Publisher>>, Error> {
    Err(Error::ProviderLeftOut {
        provider: "AWS Lambda",
    })
}
