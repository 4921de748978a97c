//! The best file of a locked package for a target.

use data_encoding::HEXLOWER_PERMISSIVE;
use layerlock_export::{LockedPackage, PackageSource};
use layerlock_target::{Misfit, Target, WheelName, WheelRank};

use crate::Error;
use crate::error::NoWheel;

/// A locked package with the wheel that was chosen for the target.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The package.
    pub package: LockedPackage,
    /// The wheel's file name.
    pub wheel: WheelName,
    /// The wheel's SHA-256, as the lock says.
    pub sha256: [u8; 32],
}

/// Takes the wheel that stands highest on the target's ladder of tags.
pub fn choose(package: LockedPackage, target: &Target) -> Result<Chosen, Error> {
    if !matches!(package.source, PackageSource::Registry { .. }) {
        return Err(Error::UnsupportedSource {
            kind: package.source.kind(),
            package: package.name,
            place: package.place,
        });
    }
    let mut best: Option<(WheelRank, usize, WheelName)> = None;
    let mut nearest: Option<(Misfit, WheelName)> = None;
    for (index, file) in package.files.iter().enumerate() {
        // What is no wheel is a source distribution, or an egg of old.
        let Ok(wheel) = file.name.parse::<WheelName>() else {
            continue;
        };
        match target.rank(&wheel) {
            Ok(rank) => {
                if best.as_ref().is_none_or(|(other, ..)| rank > *other) {
                    best = Some((rank, index, wheel));
                }
            }
            Err(misfit) => {
                if nearest.as_ref().is_none_or(|(other, _)| misfit > *other) {
                    nearest = Some((misfit, wheel));
                }
            }
        }
    }
    let Some((_, index, wheel)) = best else {
        return Err(Error::NoWheel(Box::new(NoWheel {
            target: *target,
            nearest: nearest.map(|(misfit, wheel)| (wheel.as_str().to_owned(), misfit)),
            files: package.files.len(),
            package: package.name,
            version: package.version,
            place: package.place,
        })));
    };
    let file = &package.files[index];
    let sha256 = file
        .hash
        .strip_prefix("sha256:")
        .and_then(|hex| HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok())
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Error::WeakHash {
            file: file.name.clone(),
            hash: file.hash.clone(),
            place: package.place.clone(),
        })?;
    Ok(Chosen {
        package,
        wheel,
        sha256,
    })
}
