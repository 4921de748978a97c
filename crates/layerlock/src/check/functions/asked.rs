//! What the provider says of layers of others, where this machine may ask it.
//!
//! The zip of a version is downloaded where something of it is not known yet, and what it
//! holds for each target is kept in the cache: a version never changes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fs_err as fs;
use layerlock_check::{Inventory, LayerFilesError, LayerZip, ReadError};
use layerlock_digest::{seal, unseal};
use layerlock_install::Cache;
use layerlock_layer::{Scratch, note_use, write_file};
use layerlock_publish::LayerVersion;
use layerlock_target::{Language, Provider, Target};
use serde::{Deserialize, Serialize};

use crate::checked::Remembered;
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
    /// What it has for functions on a target, where that is known. A layer of AWS has nothing
    /// for those of others.
    pub(super) fn inventory(&self, target: Target) -> Option<&Inventory> {
        let is_of_aws = target.provider() == Provider::Aws;
        let inventory = self.inventories.get(&target.to_string());
        inventory.filter(|_| is_of_aws)
    }

    /// Looks into the zip of a version.
    fn read(zip: &LayerZip, version: LayerVersion, targets: &[Target]) -> Result<Self, Error> {
        let unreadable = |problem| {
            Error::LayerFiles(LayerFilesError::Archive {
                path: PathBuf::from(&version.arn),
                problem,
            })
        };
        let layer = zip.layer().map_err(unreadable)?;
        // Compiled files are the same for all targets.
        let known = Remembered::default();
        let mut inventories = BTreeMap::new();
        for target in targets {
            let inventory = match Inventory::read(&layer, target, &known) {
                Ok(inventory) => inventory,
                Err(ReadError::Archive(problem)) => return Err(unreadable(problem)),
                Err(ReadError::Layer(error)) => return Err(error.into()),
            };
            inventories.insert(target.to_string(), inventory);
        }
        Ok(Self {
            unzipped: layer.unzipped_size(),
            runtimes: version.runtimes,
            architectures: version.architectures,
            inventories,
        })
    }

    /// The same, with what an earlier run found out for other targets.
    fn with(mut self, earlier: Option<&Self>) -> Self {
        for (target, inventory) in earlier.iter().flat_map(|it| &it.inventories) {
            let known = self.inventories.entry(target.clone());
            known.or_insert_with(|| inventory.clone());
        }
        self
    }
}

/// Who asks for layers of AWS. Other providers' are not asked for.
pub(super) struct Asker<'a> {
    pub(super) configuration: &'a PublishConfiguration,
    pub(super) settings: &'a Settings,
    pub(super) cache: &'a Cache,
}

impl Asker<'_> {
    /// Asks for layers, each once, by ARN.
    pub(super) fn ask<'n>(&self, arns: impl Iterator<Item = &'n str>, targets: &[Target]) -> Asked {
        let mut asked = Asked::new();
        for arn in arns {
            let Some(region) = region(arn) else { continue };
            if !asked.contains_key(arn) {
                asked.insert(arn.to_owned(), self.known(arn, region, targets));
            }
        }
        asked
    }

    fn known(&self, arn: &str, region: &str, targets: &[Target]) -> Result<Known, String> {
        let kept = read(self.cache, arn);
        let is_new = |target: &Target| {
            let is_known = kept
                .as_ref()
                .is_some_and(|it| it.inventory(*target).is_some());
            let is_python = target.runtime.language() == Language::Python;
            is_python && target.provider() == Provider::Aws && !is_known
        };
        let new: Vec<Target> = targets.iter().copied().filter(is_new).collect();
        match kept {
            Some(known) if new.is_empty() => Ok(known),
            // What is known of it still holds.
            kept => match self.find(arn, region, &new) {
                Ok(found) => {
                    let known = found.with(kept.as_ref());
                    keep(self.cache, arn, &known);
                    Ok(known)
                }
                Err(reason) => kept.ok_or(reason),
            },
        }
    }

    fn find(&self, arn: &str, region: &str, targets: &[Target]) -> Result<Known, String> {
        if !has_aws_credentials() {
            return Err("there are no credentials for AWS to ask for it".to_owned());
        }
        let found = self.download(arn, region, targets);
        found.map_err(|error| with_causes(&error))
    }

    fn download(&self, arn: &str, region: &str, targets: &[Target]) -> Result<Known, Error> {
        let there = AwsDestination {
            regions: vec![region.to_owned()],
            ..AwsDestination::default()
        };
        let to = Publishing::Aws(there);
        let places = destination::places(&to, self.settings, self.configuration, &[])?;
        let mut refused = None;
        for place in &places {
            match place.publisher.by_arn(arn) {
                Ok(version) => {
                    let scratch = Scratch::create()?;
                    let zip = scratch.path().join("layer.zip");
                    place.publisher.download(&version, &zip)?;
                    return Known::read(&LayerZip::open(&zip)?, version, targets);
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

fn read(cache: &Cache, arn: &str) -> Option<Known> {
    let path = cache.check_of_layer(arn);
    let sealed = fs::read(&path).ok()?;
    let known = postcard::from_bytes(unseal(&sealed, arn.as_bytes())?).ok()?;
    note_use(&path);
    Some(known)
}

/// Where that fails, the next check asks again.
fn keep(cache: &Cache, arn: &str, known: &Known) {
    if let Ok(bytes) = postcard::to_stdvec(known) {
        let _ = write_file(&cache.check_of_layer(arn), &seal(bytes, arn.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::Path;

    use layerlock_testkit::SharedLibrary;
    use zip::write::SimpleFileOptions;

    use super::*;

    const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:layer:tools:4";

    fn target(text: &str) -> Target {
        text.parse().unwrap()
    }

    fn version() -> LayerVersion {
        LayerVersion {
            layer: "tools".to_owned(),
            version: 4,
            arn: ARN.to_owned(),
            code_sha256: None,
            crc64: None,
            size: None,
            created: None,
            description: None,
            license: None,
            runtimes: vec!["python3.12".to_owned()],
            architectures: Vec::new(),
        }
    }

    /// A layer with a compiled file for x86-64, uncompressed.
    fn zip_at(path: &Path) {
        let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
        let stored =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        zip.start_file("python/_x.abi3.so", stored).unwrap();
        zip.write_all(&SharedLibrary::new(62).build()).unwrap();
        zip.finish().unwrap();
    }

    fn known(zip: &Path, targets: &[&str]) -> Result<Known, Error> {
        let targets: Vec<Target> = targets.iter().map(|it| target(it)).collect();
        Known::read(&LayerZip::open(zip).unwrap(), version(), &targets)
    }

    #[test]
    fn what_was_known_for_other_targets_stays_known() {
        let temp = tempfile::tempdir().unwrap();
        let zip = temp.path().join("layer.zip");
        zip_at(&zip);
        let (one, other) = ("aws:python3.12:arm64", "aws:python3.13:x86_64");
        let earlier = known(&zip, &[one]).unwrap();
        assert!(earlier.inventory(target(other)).is_none());
        let cache = Cache::at(temp.path().join("cache"));
        let both = known(&zip, &[other]).unwrap().with(Some(&earlier));
        keep(&cache, ARN, &both);
        let kept = read(&cache, ARN).unwrap();
        for name in [one, other] {
            let inventory = kept.inventory(target(name)).unwrap();
            assert!(inventory.has_file("python/_x.abi3.so"), "{name}");
        }
        // Python 3.12 of another cloud is another system.
        assert!(kept.inventory(target("aliyun:python3.12:arm64")).is_none());
    }

    #[test]
    fn a_layer_that_cannot_be_read_is_not_taken_for_an_empty_one() {
        let temp = tempfile::tempdir().unwrap();
        let zip = temp.path().join("layer.zip");
        zip_at(&zip);
        let mut bytes = fs::read(&zip).unwrap();
        // In the data of its file.
        bytes[100] ^= 1;
        fs::write(&zip, bytes).unwrap();
        let error = known(&zip, &["aws:python3.12"]).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("cannot read {ARN}: ")),
            "{error}"
        );
    }

    #[test]
    fn nobody_is_asked_for_what_is_known() {
        let temp = tempfile::tempdir().unwrap();
        let zip = temp.path().join("layer.zip");
        zip_at(&zip);
        let cache = Cache::at(temp.path().join("cache"));
        let asker = Asker {
            configuration: &PublishConfiguration::default(),
            settings: &Settings::default(),
            cache: &cache,
        };
        let targets = [target("aws:python3.12:arm64"), target("aws:nodejs22.x")];
        keep(
            &cache,
            ARN,
            &known(&zip, &["aws:python3.12:arm64"]).unwrap(),
        );
        let mut asked = asker.ask([ARN, ARN].into_iter(), &targets);
        let found = asked.remove(ARN).unwrap().unwrap();
        assert!(found.inventory(targets[0]).is_some() && found.unzipped > 0);
    }

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
