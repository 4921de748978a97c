//! The best file of a locked package for a target.

use std::cmp::Reverse;
use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use layerlock_export::{LockedPackage, PackageSource};
use layerlock_target::{
    Architecture, Misfit, RUNTIMES, Runtime, Support, Target, WheelName, WheelRank,
};

use crate::Error;

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
    for (index, wheel) in wheels(&package) {
        if let Ok(rank) = target.rank(&wheel)
            && best.as_ref().is_none_or(|(other, ..)| rank > *other)
        {
            best = Some((rank, index, wheel));
        }
    }
    let Some((_, index, wheel)) = best else {
        return Err(Error::NoWheel(Box::new(NoWheel::new(package, target))));
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

/// The wheels among the files of a package, by their index. What is no wheel is
/// a source distribution, or an egg of old.
fn wheels(package: &LockedPackage) -> impl Iterator<Item = (usize, WheelName)> + '_ {
    let files = package.files.iter().enumerate();
    files.filter_map(|(index, file)| Some((index, file.name.parse().ok()?)))
}

/// No file of a package fits the target.
#[derive(Debug, Clone)]
pub struct NoWheel {
    /// The package, as it is locked.
    pub package: LockedPackage,
    /// What was looked for.
    pub target: Target,
    /// The wheel that comes nearest, and by what it misses.
    pub nearest: Option<(WheelName, Misfit)>,
    /// The runtimes of the target's architecture that could load a locked wheel,
    /// of those that functions can still be created on.
    pub runtimes: Vec<Runtime>,
    /// The architectures on which the target's runtime could.
    pub architectures: Vec<Architecture>,
}

impl NoWheel {
    /// Looks for the wheel that comes nearest, and for what would take one.
    fn new(package: LockedPackage, target: &Target) -> Self {
        let wheels: Vec<WheelName> = wheels(&package).map(|(_, wheel)| wheel).collect();
        let distance = |(wheel, misfit): &(WheelName, Misfit)| {
            (*misfit, Reverse(wheel.glibc(target.architecture)))
        };
        let mut nearest: Option<(WheelName, Misfit)> = None;
        for wheel in &wheels {
            if let Err(misfit) = target.rank(wheel) {
                let found = (wheel.clone(), misfit);
                if nearest
                    .as_ref()
                    .is_none_or(|other| distance(&found) > distance(other))
                {
                    nearest = Some(found);
                }
            }
        }
        let fits = |target: Target| wheels.iter().any(|wheel| target.rank(wheel).is_ok());
        let runtimes = RUNTIMES.iter().copied().filter(|&runtime| {
            matches!(runtime.support(), Support::Until(_)) && fits(Target { runtime, ..*target })
        });
        let architectures = Architecture::ALL.into_iter().filter(|&architecture| {
            fits(Target {
                architecture,
                ..*target
            })
        });
        Self {
            target: *target,
            nearest,
            runtimes: runtimes.collect(),
            architectures: architectures.collect(),
            package,
        }
    }

    /// What the user can do about it.
    pub(crate) fn hint(&self) -> String {
        let name = &self.package.name;
        let mut ways = Vec::new();
        let runtimes: Vec<String> = self.runtimes.iter().map(ToString::to_string).collect();
        if let Some((last, others)) = runtimes.split_last() {
            ways.push(match others {
                [] => format!("build for {last}"),
                _ => format!("build for {} or {last}", others.join(", ")),
            });
        }
        for architecture in &self.architectures {
            ways.push(format!("build for {architecture}"));
        }
        ways.push(format!("lock another version of {name}"));
        ways.join(", or ")
    }
}

impl fmt::Display for NoWheel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            package, target, ..
        } = self;
        let runtime = target.runtime;
        let (major, minor) = runtime.glibc();
        write!(
            f,
            "{} {} has no wheel for {target} (CPython {}, {} with glibc {major}.{minor})",
            package.name,
            package.version,
            runtime.python_version(),
            runtime.operating_system(),
        )?;
        let Some((wheel, misfit)) = &self.nearest else {
            return f.write_str(if package.files.is_empty() {
                ": the lock has no files for it"
            } else {
                ": the lock has only a source distribution"
            });
        };
        write!(f, ": the nearest, {wheel}, ")?;
        match (misfit, wheel.glibc(target.architecture)) {
            (Misfit::Python, _) => f.write_str("is for another Python"),
            (Misfit::Abi, _) => f.write_str("is for another ABI"),
            (Misfit::Glibc, Some((major, minor))) => write!(f, "needs glibc {major}.{minor}"),
            (Misfit::Glibc | Misfit::Platform, _) => f.write_str("is for another platform"),
        }
    }
}
