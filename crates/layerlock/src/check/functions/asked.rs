//! What the provider says of layers of others, where this machine may ask it.
//!
//! The zip of a version is downloaded once for a target, and what it holds kept in the cache:
//! a version never changes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fs_err as fs;
use layerlock_check::{Inventory, Layer, NothingKnown};
use layerlock_digest::{seal, unseal};
use layerlock_install::Cache;
use layerlock_layer::archive::{self, ArchiveRules, FileReader};
use layerlock_layer::{PlannedFile, Scratch, write_file};
use layerlock_target::{Language, Target};
use serde::{Deserialize, Serialize};

use crate::error_text::with_causes;
use crate::publish::destination::{self, has_aws_credentials};
use crate::publish::{AwsDestination, Publishing};
use crate::publish_configuration::PublishConfiguration;
use crate::{Error, Settings};

/// What was found out of layers, by their ARNs, or why it was not.
pub(super) type Asked = BTreeMap<String, Result<Known, String>>;

/// What is known of a version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Known {
    /// Bytes of its files.
    pub(super) unzipped: u64,
    pub(super) runtimes: Vec<String>,
    pub(super) architectures: Vec<String>,
    /// What it has for functions on a target, by the target's name.
    inventories: BTreeMap<String, Inventory>,
}

impl Known {
    pub(super) fn inventory(&self, target: Target) -> Option<&Inventory> {
        self.inventories.get(&target.to_string())
    }

    fn has_all(&self, targets: &[Target]) -> bool {
        targets
            .iter()
            .all(|target| self.inventory(*target).is_some())
    }
}

/// Asks for layers of AWS, each once, by ARN. Other providers' are not asked for.
pub(super) fn ask<'a>(
    arns: impl Iterator<Item = &'a str>,
    targets: &[Target],
    configuration: &PublishConfiguration,
    settings: &Settings,
    cache: &Cache,
) -> Asked {
    let targets: Vec<Target> = targets
        .iter()
        .copied()
        .filter(|target| target.runtime.language() == Language::Python)
        .collect();
    let mut asked = Asked::new();
    for arn in arns {
        let Some(region) = region(arn) else { continue };
        if asked.contains_key(arn) {
            continue;
        }
        let kept = read(cache, arn);
        let answer = match kept {
            Some(known) if known.has_all(&targets) => Ok(known),
            kept => {
                let found = if has_aws_credentials() {
                    found(arn, region, &targets, configuration, settings)
                        .map_err(|error| with_causes(&error))
                } else {
                    Err("there are no credentials for AWS to ask for it".to_owned())
                };
                if let Ok(known) = &found {
                    keep(cache, arn, known);
                }
                found.or_else(|reason| kept.ok_or(reason))
            }
        };
        asked.insert(arn.to_owned(), answer);
    }
    asked
}

/// The region of `arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION`.
fn region(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", partition, "lambda", region, _, "layer", _, version] = parts[..] else {
        return None;
    };
    let is_version = version.parse::<u64>().is_ok();
    (partition.starts_with("aws") && is_version).then_some(region)
}

fn found(
    arn: &str,
    region: &str,
    targets: &[Target],
    configuration: &PublishConfiguration,
    settings: &Settings,
) -> Result<Known, Error> {
    let there = AwsDestination {
        regions: vec![region.to_owned()],
        ..AwsDestination::default()
    };
    let places = destination::places(&Publishing::Aws(there), settings, configuration, &[])?;
    let mut refused = None;
    for place in &places {
        match place.publisher.by_arn(arn) {
            Ok(version) => {
                let scratch = Scratch::create()?;
                let zip = scratch.path().join("layer.zip");
                place.publisher.download(&version, &zip)?;
                return read_zip(zip, targets, version.runtimes, version.architectures);
            }
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        Some(error) => Err(error.into()),
        None => Err(Error::NotPublished {
            what: arn.to_owned(),
            place: region.to_owned(),
        }),
    }
}

fn read_zip(
    path: PathBuf,
    targets: &[Target],
    runtimes: Vec<String>,
    architectures: Vec<String>,
) -> Result<Known, Error> {
    let size = PlannedFile::read(&path)?.size();
    let file = fs::File::open(&path).map_err(layerlock_layer::Error::io("read", &path))?;
    let reader = FileReader::from(file.into_file());
    let rules = ArchiveRules {
        max_unpacked: u64::MAX,
        links_are_files: true,
    };
    let unreadable = |problem| Error::PrebuiltZip { path, problem };
    let members = match archive::read(&reader, size, rules) {
        Ok(members) => members,
        Err(problem) => return Err(unreadable(problem)),
    };
    let layer = Layer::of_members(members);
    let mut inventories = BTreeMap::new();
    for target in targets {
        let inventory = Inventory::read(&layer, target, &NothingKnown);
        inventories.insert(target.to_string(), inventory.unwrap_or_default());
    }
    Ok(Known {
        unzipped: layer.unzipped_size(),
        runtimes,
        architectures,
        inventories,
    })
}

/// Where it is kept.
fn note(cache: &Cache, arn: &str) -> PathBuf {
    cache.check_of_layer(arn)
}

fn read(cache: &Cache, arn: &str) -> Option<Known> {
    let sealed = fs::read(note(cache, arn)).ok()?;
    let bytes = unseal(&sealed, arn.as_bytes())?;
    postcard::from_bytes(bytes).ok()
}

/// Where that fails, the next check asks again.
fn keep(cache: &Cache, arn: &str, known: &Known) {
    if let Ok(bytes) = postcard::to_stdvec(known) {
        let _ = write_file(&note(cache, arn), &seal(bytes, arn.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_tells_its_region() {
        for (arn, expected) in [
            (
                "arn:aws:lambda:eu-west-1:123456789012:layer:tools:4",
                Some("eu-west-1"),
            ),
            (
                "arn:aws-cn:lambda:cn-north-1:123456789012:layer:tools:4",
                Some("cn-north-1"),
            ),
            ("arn:aws:lambda:eu-west-1:123456789012:layer:tools", None),
            (
                "arn:aws:lambda:eu-west-1:123456789012:function:tools:4",
                None,
            ),
            ("acs:fc:cn-hangzhou:official:layers/tools/versions/4", None),
            ("arn:b", None),
        ] {
            assert_eq!(region(arn), expected, "{arn}");
        }
    }
}
