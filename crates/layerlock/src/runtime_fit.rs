//! Which runtimes the locked files of a layer fit. The names of files in the lock tell;
//! nothing is fetched.

use layerlock_export::Project;
use layerlock_install::{FindLinks, WheelOrSource};
use layerlock_lock::{Choice, LockReader, LockedPackage, PackageName, PackageSource};
use layerlock_target::{Runtime, Target};

/// Which packages a layer has, whatever its target.
pub(crate) struct LayerQuery<'q> {
    pub(crate) choice: &'q Choice,
    pub(crate) exclude: &'q [PackageName],
    /// Where wheels may be that no lock lists.
    pub(crate) find_links: &'q [FindLinks],
}

impl LayerQuery<'_> {
    /// Whether there is a wheel of a package that fits a target and that no lock lists.
    pub(crate) fn is_supplied(&self, package: &LockedPackage, target: &Target) -> bool {
        layerlock_install::is_supplied(package, target, self.find_links)
    }
}

/// How well a package, or all of a layer, fits a target: the best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// There is neither a wheel nor a source to build.
    Nothing,
    /// It has to be built.
    Build,
    /// It has a wheel.
    Wheels,
}

/// How well each package of a layer fits a target; `None` where nothing can be selected
/// for it.
pub(crate) fn fits(
    lock: &dyn LockReader,
    query: &LayerQuery<'_>,
    target: &Target,
) -> Option<Vec<(PackageName, Fit)>> {
    let selected = lock
        .select(query.choice, &target.marker_environment())
        .ok()?;
    let remaining = selected.exclude(query.exclude).selected;
    let fits = remaining.into_packages().into_iter().map(|package| {
        let name = package.name.clone();
        (name, fit(package, target, query))
    });
    Some(fits.collect())
}

fn fit(package: LockedPackage, target: &Target, query: &LayerQuery<'_>) -> Fit {
    // What is no index's is built for whichever runtime it is.
    if !matches!(package.source, PackageSource::Registry { .. }) {
        return Fit::Wheels;
    }
    let is_supplied = |package: &LockedPackage| query.is_supplied(package, target);
    match layerlock_install::choose(package, target) {
        Ok(WheelOrSource::Source(package)) if !is_supplied(&package) => Fit::Build,
        Err(layerlock_install::Error::NoWheel(misfit)) if !is_supplied(&misfit.package) => {
            Fit::Nothing
        }
        // Other errors are the same for every runtime.
        Ok(_) | Err(_) => Fit::Wheels,
    }
}

/// Whether the project's Python allows a runtime.
pub(crate) fn is_allowed(runtime: Runtime, project: &Project) -> bool {
    let (major, minor) = runtime.python();
    project.python().allows_minor(major.into(), minor.into())
}

/// Whether functions can still be created on a runtime that the project allows, and it
/// is neither a preview nor a custom one.
pub(crate) fn is_supported_and_allowed(runtime: Runtime, project: &Project) -> bool {
    runtime.support().is_current() && is_allowed(runtime, project)
}
