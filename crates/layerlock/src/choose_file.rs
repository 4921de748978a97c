//! The file of a package that suits a target.

use layerlock_export::Project;
use layerlock_install::WheelOrSource;
use layerlock_lock::LockedPackage;
use layerlock_target::{Runtime, Target};

/// The wheel that suits the target best. The error recommends no runtime that
/// the project does not allow.
pub(crate) fn choose_file(
    project: &Project,
    package: LockedPackage,
    target: &Target,
) -> Result<WheelOrSource, layerlock_install::Error> {
    layerlock_install::choose(package, target).map_err(|mut error| {
        if let layerlock_install::Error::NoWheel(no_wheel) = &mut error {
            let is_allowed = |runtime: &Runtime| {
                let (major, minor) = runtime.python();
                project.python().allows_minor(major.into(), minor.into())
            };
            no_wheel.runtimes.retain(is_allowed);
        }
        error
    })
}
