//! The zip of one published version, to look into.

use std::path::Path;

use layerlock_install::Reporter;

use super::report::{VersionOutcome, VersionReport};
use super::{UpkeepSettings, ground};
use crate::Error;

/// Downloads a version of the one layer that is asked for, the newest for its target
/// without a number, from the first place where it is published. Gives its name.
pub(crate) fn download_published(
    upkeep: &UpkeepSettings,
    number: Option<u64>,
    to: &Path,
    reporter: &dyn Reporter,
) -> Result<String, Error> {
    let (ground, places) = ground::read(upkeep, reporter)?;
    let [layer] = &ground.layers[..] else {
        return Err(Error::WhichLayer {
            known: ground.names(),
        });
    };
    let Some(place) = places.first() else {
        return Err(Error::NotPublished {
            what: "no version".to_owned(),
            place: layer.name.clone(),
        });
    };
    let versions = place.publisher.list(&layer.name)?;
    let found = match (number, layer.target) {
        (Some(number), _) => versions.iter().find(|one| one.version == number),
        (None, Some(target)) => {
            let runtimes = target.declared_runtimes();
            let architectures = [target.architecture.to_string()];
            versions
                .iter()
                .find(|one| one.is_for(&runtimes, &architectures))
        }
        (None, None) => versions.first(),
    };
    let listed = VersionOutcome::Listed;
    let Some(version) = found else {
        let what = match (number, layer.target) {
            (Some(number), _) => format!("no version {number}"),
            (None, Some(target)) => format!("no version for {target}"),
            (None, None) => "no version".to_owned(),
        };
        return Err(Error::NotPublished {
            what,
            place: VersionReport::of_layer(place, &layer.name, listed).layer_and_place(),
        });
    };
    let version = place.publisher.detail(version)?;
    place.publisher.download(&version, to)?;
    Ok(VersionReport::of_version(place, &version, listed).what())
}
