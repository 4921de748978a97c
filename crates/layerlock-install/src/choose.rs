//! The best file of a locked package for a target.

use std::cmp::Reverse;
use std::fmt;

use layerlock_diagnostic::Place;
use layerlock_digest::{Algorithm, Digest};
use layerlock_lock::{LockedFile, LockedPackage, PackageSource};
use layerlock_target::{Architecture, Misfit, Runtime, Support, Target, WheelName, WheelRank};

use crate::Error;

/// A locked package with the wheel that was chosen for the target.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The package.
    pub package: LockedPackage,
    /// The wheel's file name.
    pub wheel: WheelName,
    /// The wheel's SHA-256, as the lock says.
    pub digest: Digest,
}

/// How a package comes into a layer.
#[derive(Debug, Clone)]
pub enum Pick {
    /// By a wheel that the lock lists.
    Wheel(Chosen),
    /// By what [`build`](crate::build()) makes of its source, or takes from this
    /// machine or an address.
    Source(LockedPackage),
}

/// Takes the wheel whose tags the target prefers most. A package
/// of an index is left to be built only where it has no compiled wheel for Linux:
/// where it has, a build on this machine would hardly fit either, and take long.
pub fn choose(package: LockedPackage, target: &Target) -> Result<Pick, Error> {
    if !matches!(package.source, PackageSource::Registry { .. }) {
        return Ok(Pick::Source(package));
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
        let wheels: Vec<WheelName> = wheels(&package).map(|(_, wheel)| wheel).collect();
        if sdist(&package).is_some() && !wheels.iter().any(WheelName::is_for_linux) {
            return Ok(Pick::Source(package));
        }
        let no_wheel = NoWheel::new(package, target, &wheels);
        return Err(Error::NoWheel(Box::new(no_wheel)));
    };
    Ok(Pick::Wheel(Chosen {
        digest: locked_sha256(&package.files[index], &package.place)?,
        package,
        wheel,
    }))
}

/// The hash of a file in the lock, which has to be SHA-256.
pub(crate) fn locked_sha256(file: &LockedFile, place: &Place) -> Result<Digest, Error> {
    file.digest(Algorithm::Sha256)
        .ok_or_else(|| Error::WeakHash {
            file: file.name.clone(),
            hash: file.digests.iter().map(ToString::to_string).collect(),
            place: place.clone(),
        })
}

/// The endings of source distributions, the one of today first (PEP 625).
const SDISTS: [&str; 4] = [".tar.gz", ".zip", ".tar.bz2", ".tar.xz"];

/// The source distribution among the files of a package.
pub(crate) fn sdist(package: &LockedPackage) -> Option<&LockedFile> {
    SDISTS.into_iter().find_map(|ending| {
        let mut files = package.files.iter();
        files.find(|file| file.name.ends_with(ending))
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
    /// The newest version with a wheel for the target, where an index was
    /// [asked](crate::advise()).
    pub fitting_version: Option<String>,
}

impl NoWheel {
    /// Looks for the wheel that comes nearest, and for what would take one.
    pub(crate) fn new(package: LockedPackage, target: &Target, wheels: &[WheelName]) -> Self {
        let distance = |(wheel, misfit): &(WheelName, Misfit)| {
            (*misfit, Reverse(wheel.least_glibc(target.architecture)))
        };
        let mut nearest: Option<(WheelName, Misfit)> = None;
        for wheel in wheels {
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
        let runtimes = target.provider().runtimes().filter(|&runtime| {
            matches!(runtime.support(), Support::Until(_)) && fits(Target { runtime, ..*target })
        });
        let architectures = target.provider().architectures().iter().copied();
        let architectures = architectures.filter(|&architecture| {
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
            fitting_version: None,
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
        ways.push(match &self.fitting_version {
            Some(version) if *version == self.package.version => {
                "run `poetry lock`: the index has a wheel for this target now".to_owned()
            }
            Some(version) => {
                format!("lock {name} {version}, the newest version with a wheel for this target")
            }
            None => format!("lock another version of {name}"),
        });
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
            return f.write_str(": the lock has no wheel and no source distribution of it");
        };
        write!(f, ": the nearest, {wheel}, ")?;
        match (misfit, wheel.least_glibc(target.architecture)) {
            (Misfit::Python, _) => f.write_str("is for another Python"),
            (Misfit::Abi, _) => f.write_str("is for another ABI"),
            (Misfit::Glibc, Some((major, minor))) => write!(f, "needs glibc {major}.{minor}"),
            (Misfit::Glibc | Misfit::Platform, _) => f.write_str("is for another platform"),
        }
    }
}
