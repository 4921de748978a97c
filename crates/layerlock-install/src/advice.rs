//! What else there is, where no locked wheel fits.

use std::time::Duration;

use layerlock_target::{Target, WheelName};
use pep440_rs::{Version, VersionSpecifiers};

use crate::fetch_source::files_on_index;
use crate::index::{IndexFile, ProjectPage};
use crate::{FetchOptions, NoWheel};

/// An error does not get better by being late.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Adds to the error the newest version of the package that has a wheel for the
/// target, where its index tells soon. Says nothing of its own failures.
pub fn advise(no_wheel: &mut NoWheel, options: &FetchOptions<'_>) {
    no_wheel.fitting_version = files_on_index(&no_wheel.package, options, TIMEOUT)
        .and_then(|page| newest_fitting(&page, &no_wheel.target));
}

/// The newest release with a wheel for the target; no pre-release, and nothing
/// that was yanked (PEP 592) or is for other Pythons.
fn newest_fitting(page: &ProjectPage, target: &Target) -> Option<String> {
    let newest = page
        .files
        .iter()
        .filter(|file| file.yanked.is_none() && is_for_python(file, target))
        .filter_map(|file| file.name.parse::<WheelName>().ok())
        .filter(|wheel| !wheel.is_prerelease() && target.rank(wheel).is_ok())
        .max_by(WheelName::cmp_version)?;
    Some(newest.version())
}

fn is_for_python(file: &IndexFile, target: &Target) -> bool {
    let Some(allowed) = &file.requires_python else {
        return true;
    };
    let python: Result<Version, _> = target.runtime.python_full_version().parse();
    // As pip has it, what cannot be read forbids nothing.
    match (allowed.parse::<VersionSpecifiers>(), python) {
        (Ok(allowed), Ok(python)) => allowed.contains(&python),
        _ => true,
    }
}
