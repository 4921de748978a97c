//! The best file of a locked package for a target.

use layerlock_diagnostic::Place;
use layerlock_digest::{Algorithm, Digest};
use layerlock_lock::{LockedFile, LockedPackage, PackageSource};
use layerlock_target::{Target, WheelName, WheelRank};

use crate::{Error, NoWheel};

/// A locked package with the wheel that was chosen for the target.
#[derive(Debug, Clone)]
pub struct ChosenWheel {
    /// The package.
    pub package: LockedPackage,
    /// The wheel's file name.
    pub wheel: WheelName,
    /// The wheel's SHA-256, as the lock says.
    pub digest: Digest,
}

/// How a package comes into a layer.
#[derive(Debug, Clone)]
pub enum WheelOrSource {
    /// By a wheel that the lock lists.
    Wheel(ChosenWheel),
    /// By what [`build`](crate::build()) makes of its source, or takes from this
    /// machine or a URL.
    Source(LockedPackage),
}

/// Takes the wheel whose tags the target prefers most. A package
/// of an index is left to be built only where it has no compiled wheel for Linux:
/// where it has, a build on this machine would hardly fit either, and take long.
pub fn choose(package: LockedPackage, target: &Target) -> Result<WheelOrSource, Error> {
    if !matches!(package.source, PackageSource::Registry { .. }) {
        return Ok(WheelOrSource::Source(package));
    }
    let mut best: Option<(WheelRank, usize, WheelName)> = None;
    for (index, wheel) in wheels_that(&package, |name| target.may_fit(name)) {
        if let Ok(rank) = target.rank(&wheel)
            && best.as_ref().is_none_or(|(other, ..)| rank > *other)
        {
            best = Some((rank, index, wheel));
        }
    }
    let Some((_, index, wheel)) = best else {
        refuse_other_files(&package)?;
        let wheels: Vec<WheelName> = wheels(&package).map(|(_, wheel)| wheel).collect();
        if sdist(&package).is_some() && !wheels.iter().any(WheelName::is_for_linux) {
            return Ok(WheelOrSource::Source(package));
        }
        let no_wheel = NoWheel::new(package, target, &wheels);
        return Err(Error::NoWheel(Box::new(no_wheel)));
    };
    Ok(WheelOrSource::Wheel(ChosenWheel {
        digest: locked_sha256(&package.files[index], &package.place)?,
        package,
        wheel,
    }))
}

/// The hash of a file in the lock, which has to be SHA-256.
pub(crate) fn locked_sha256(file: &LockedFile, place: &Place) -> Result<Digest, Error> {
    file.digest(Algorithm::Sha256)
        .ok_or_else(|| match &file.weak_hash {
            Some(weak) => Error::WeakHash {
                file: file.name.clone(),
                hash: weak.text.clone(),
                place: weak.place.clone(),
            },
            None => Error::WeakHash {
                file: file.name.clone(),
                hash: file.digests.iter().map(ToString::to_string).collect(),
                place: place.clone(),
            },
        })
}

/// The endings of source distributions, the one of today first (PEP 625).
pub(crate) const SDISTS: [&str; 4] = [".tar.gz", ".zip", ".tar.bz2", ".tar.xz"];

/// What a package that is no wheel of an index is built from or taken as, where the lock
/// lists it: its source distribution, or the archive that it is.
pub fn source_file(package: &LockedPackage) -> Option<&LockedFile> {
    match package.source {
        PackageSource::Registry { .. } => sdist(package),
        _ => package.files.first(),
    }
}

/// The source distribution among the files of a package.
pub(crate) fn sdist(package: &LockedPackage) -> Option<&LockedFile> {
    SDISTS.into_iter().find_map(|ending| {
        let mut files = package.files.iter();
        files.find(|file| file.name.ends_with(ending))
    })
}

/// The wheels of a package among its files, by their index. What is no wheel is
/// a source distribution, or an egg of old.
fn wheels(package: &LockedPackage) -> impl Iterator<Item = (usize, WheelName)> + '_ {
    wheels_that(package, |_| true)
}

/// Those of them whose file names are wanted.
fn wheels_that(
    package: &LockedPackage,
    is_wanted: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (usize, WheelName)> {
    all_wheels(package, is_wanted).filter(|(_, wheel)| is_of(wheel, package))
}

fn all_wheels(
    package: &LockedPackage,
    is_wanted: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (usize, WheelName)> {
    let files = package.files.iter().enumerate();
    let wanted = files.filter(move |(_, file)| is_wanted(&file.name));
    wanted.filter_map(|(index, file)| Some((index, file.name.parse().ok()?)))
}

fn is_of(wheel: &WheelName, package: &LockedPackage) -> bool {
    package.name == wheel.name() && wheel.is_version(&package.version)
}

/// A merge of two locks can leave the version of one side and the files of the other,
/// which no hash of the lock sees. An installer finds no file that it knows then.
fn refuse_other_files(package: &LockedPackage) -> Result<(), Error> {
    let mut others = all_wheels(package, |_| true).filter(|(_, wheel)| !is_of(wheel, package));
    let Some((index, _)) = others.next() else {
        return Ok(());
    };
    if sdist(package).is_some() || wheels(package).next().is_some() {
        return Ok(());
    }
    Err(Error::OtherFiles {
        package: package.name.to_string(),
        version: package.version.clone(),
        file: package.files[index].name.clone(),
        place: package.place.clone(),
    })
}
