//! Wheels that the user made for packages without one, as in a container of the
//! target's system, and put into a folder that `--find-links` names.

use std::path::PathBuf;

use layerlock_export::LockedPackage;
use layerlock_target::{Target, WheelName, WheelRank};
use sha2::{Digest, Sha256};

use super::fit;
use crate::{Error, FetchOptions, FindLinks};

/// A wheel that the lock does not list.
pub(super) struct Supplied {
    pub(super) path: PathBuf,
    pub(super) wheel: WheelName,
    pub(super) sha256: [u8; 32],
}

/// Whether there is a wheel of a package, made by the user, that fits the target.
pub fn is_supplied(package: &LockedPackage, target: &Target, options: &FetchOptions<'_>) -> bool {
    best(package, target, options).is_some()
}

/// The wheel of this package and version that suits the target best. It is held to
/// what a build on this machine is held to.
pub(super) fn find(
    package: &LockedPackage,
    target: &Target,
    options: &FetchOptions<'_>,
) -> Result<Option<Supplied>, Error> {
    let Some((wheel, path)) = best(package, target, options) else {
        return Ok(None);
    };
    let bytes = fs_err::read(&path).map_err(Error::io("read", &path))?;
    let unfit = |problem| Error::Wheel {
        file: path.display().to_string(),
        problem,
    };
    let members = crate::wheel::unpack(&bytes).map_err(unfit)?;
    if fit::check(&wheel, &members, target).is_err() {
        return Ok(None);
    }
    Ok(Some(Supplied {
        sha256: Sha256::digest(&bytes).into(),
        wheel,
        path,
    }))
}

fn best(
    package: &LockedPackage,
    target: &Target,
    options: &FetchOptions<'_>,
) -> Option<(WheelName, PathBuf)> {
    let mut best: Option<(WheelRank, WheelName, PathBuf)> = None;
    for folder in options.supplied.iter().filter_map(FindLinks::folder) {
        let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let Ok(wheel) = super::file_name(&path).parse::<WheelName>() else {
                continue;
            };
            if wheel.name() == package.name
                && wheel.is_version(&package.version)
                && let Ok(rank) = target.rank(&wheel)
                && best.as_ref().is_none_or(|(other, ..)| rank > *other)
            {
                best = Some((rank, wheel, path));
            }
        }
    }
    best.map(|(_, wheel, path)| (wheel, path))
}
