//! Wheels that the user made for packages without one, as in a container of the
//! target's system, and put into a folder that `--find-links` names.

use std::path::{Path, PathBuf};

use layerlock_lock::LockedPackage;
use layerlock_target::{Target, WheelName, WheelRank};
use sha2::{Digest, Sha256};

use super::fit::{self, WheelMisfit};
use crate::{Error, FetchOptions, FindLinks};

/// A wheel that the lock does not list.
pub(super) struct Supplied {
    pub(super) path: PathBuf,
    pub(super) wheel: WheelName,
    pub(super) sha256: [u8; 32],
}

/// Whether there is a wheel of a package, made by the user, that fits the target.
pub fn is_supplied(package: &LockedPackage, target: &Target, options: &FetchOptions<'_>) -> bool {
    !candidates(package, target, options).is_empty()
}

/// The wheel of this package and version that suits the target best, of those that
/// are held to what a build on this machine is held to. What does not fit is told
/// to `refuse`.
pub(super) fn find(
    package: &LockedPackage,
    target: &Target,
    options: &FetchOptions<'_>,
    mut refuse: impl FnMut(&Path, WheelMisfit),
) -> Result<Option<Supplied>, Error> {
    for (_, wheel, path) in candidates(package, target, options) {
        let bytes = fs_err::read(&path).map_err(Error::io("read", &path))?;
        let fits = fit::check_archive(&wheel, &bytes, target).map_err(|problem| Error::Wheel {
            file: path.display().to_string(),
            problem,
        })?;
        match fits {
            Ok(()) => {
                return Ok(Some(Supplied {
                    sha256: Sha256::digest(&bytes).into(),
                    wheel,
                    path,
                }));
            }
            Err(misfit) => refuse(&path, misfit),
        }
    }
    Ok(None)
}

/// The wheels whose names fit, the best first.
fn candidates(
    package: &LockedPackage,
    target: &Target,
    options: &FetchOptions<'_>,
) -> Vec<(WheelRank, WheelName, PathBuf)> {
    let mut candidates = Vec::new();
    for folder in options.find_links.iter().filter_map(FindLinks::folder) {
        let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let Ok(wheel) = super::file_name(&path).parse::<WheelName>() else {
                continue;
            };
            if package.name == wheel.name()
                && (package.version.is_empty() || wheel.is_version(&package.version))
                && let Ok(rank) = target.rank(&wheel)
            {
                candidates.push((rank, wheel, path));
            }
        }
    }
    candidates.sort_by(|(one, ..), (other, ..)| other.cmp(one));
    candidates
}
