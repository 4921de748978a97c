//! The patch release of a target's Python, which the provider chooses.
//!
//! A project may allow some patch releases alone: `python = "3.11.3"`, `^3.12.11`. The
//! lock was made for those; what runs is whatever the provider has. Since no build can
//! change that, ranges are compared by minor version, and markers settled for the
//! nearest patch release that the project allows.

use pep440_rs::Version;
use pep508_rs::MarkerEnvironment;

use crate::constraint::LAST_PATCH;
use crate::error::Warning;
use crate::project::Project;

/// The environment with a patch release that the project allows, where there is one.
pub(crate) fn allowed(project: &Project, environment: &MarkerEnvironment) -> MarkerEnvironment {
    let [major, minor, patch] = release(environment);
    match project.python().nearest_patch(major, minor, patch) {
        Some(nearest) if nearest != patch => {
            let version = Version::new([major, minor, nearest]);
            let full = pep508_rs::StringVersion::from(version);
            environment
                .clone()
                .with_implementation_version(full.clone())
                .with_python_full_version(full)
        }
        _ => environment.clone(),
    }
}

/// What to tell where the project does not allow what runs now, or may soon.
pub(crate) fn warning(project: &Project, environment: &MarkerEnvironment) -> Option<Warning> {
    let [major, minor, patch] = release(environment);
    let python = project.python();
    let taken = python.nearest_patch(major, minor, patch)?;
    let is_allowed = |patch: u64| python.allows(&Version::new([major, minor, patch]));
    if is_allowed(patch) && is_allowed(LAST_PATCH) {
        return None;
    }
    Some(Warning::PatchRelease {
        constraint: python.text().to_owned(),
        place: project.python_place().clone(),
        python: format!("{major}.{minor}"),
        taken: format!("{major}.{minor}.{taken}"),
    })
}

fn release(environment: &MarkerEnvironment) -> [u64; 3] {
    let full = environment.python_full_version();
    let release = full.version.release();
    let part = |at: usize| release.get(at).copied().unwrap_or_default();
    [part(0), part(1), part(2)]
}
