//! Wheels that the user made for packages without one, as in a container of the
//! target's system, and put into a directory that `--find-links` names.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use layerlock_digest::Digest;
use layerlock_layer::PlannedFile;
use layerlock_lock::LockedPackage;
use layerlock_target::{Misfit as TagMisfit, Target, WheelName, WheelRank};

use super::file_names::file_name;
use super::fit;
use crate::problem::WheelMisfit;
use crate::wheel::MAX_UNPACKED;
use crate::{Error, FetchOptions, FindLinks};

/// A wheel that the lock does not list.
pub(super) struct Supplied {
    pub(super) path: PathBuf,
    pub(super) wheel: WheelName,
    pub(super) digest: Digest,
}

/// Whether there is a wheel of a package, made by the user, that fits the target, in one
/// of these directories.
pub fn is_supplied(package: &LockedPackage, target: &Target, find_links: &[FindLinks]) -> bool {
    let candidates = candidates(package, target, find_links);
    candidates.iter().any(|one| one.rank.is_ok())
}

/// The wheel of this package and version that suits the target best, of those that
/// are held to what a build on this machine is held to. What does not fit is told
/// to `refuse`: each wheel that its name lets fit, or else the nearest.
pub(super) fn find(
    package: &LockedPackage,
    target: &Target,
    options: &FetchOptions<'_>,
    mut refuse: impl FnMut(&Path, WheelMisfit),
) -> Result<Option<Supplied>, Error> {
    for (index, one) in candidates(package, target, &options.find_links)
        .into_iter()
        .enumerate()
    {
        let Candidate { rank, wheel, path } = one;
        match rank {
            Ok(_) => {}
            Err(misfit) if index == 0 => {
                refuse(&path, WheelMisfit::Tags(misfit));
                break;
            }
            Err(_) => break,
        }
        // First: it has to be a regular file.
        let digest = PlannedFile::read(&path)?.digest();
        let fits = fs_err::File::open(&path)
            .and_then(|file| fit::check_archive(&wheel, &file, target))
            .map_err(Error::io("read", &path))?
            .map_err(|problem| Error::Wheel {
                file: path.display().to_string(),
                problem,
            })?;
        match fits {
            Ok(()) => {
                return Ok(Some(Supplied {
                    path,
                    wheel,
                    digest,
                }));
            }
            Err(misfit) => refuse(&path, misfit),
        }
    }
    Ok(None)
}

/// A wheel of the package and version that are wanted.
struct Candidate {
    /// Whether its name lets it fit, and how well.
    rank: Result<WheelRank, TagMisfit>,
    wheel: WheelName,
    path: PathBuf,
}

/// The wheels of a package, the best first and then the nearest.
fn candidates(
    package: &LockedPackage,
    target: &Target,
    find_links: &[FindLinks],
) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for directory in find_links.iter().filter_map(FindLinks::directory) {
        let entries = fs_err::read_dir(directory).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let Ok(wheel) = file_name(&path).parse::<WheelName>() else {
                continue;
            };
            let is_too_large =
                |path| fs_err::metadata(path).is_ok_and(|file| file.len() > MAX_UNPACKED);
            if package.name == wheel.name()
                && (package.version.is_empty() || wheel.is_version(&package.version))
                && !is_too_large(&path)
            {
                candidates.push(Candidate {
                    rank: target.rank(&wheel),
                    wheel,
                    path,
                });
            }
        }
    }
    candidates.sort_by(|one, other| match (&one.rank, &other.rank) {
        (Ok(one), Ok(other)) => other.cmp(one),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(misfit), Err(others)) => others.cmp(misfit).then_with(|| one.path.cmp(&other.path)),
    });
    candidates
}
