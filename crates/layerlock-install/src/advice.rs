//! What else there is, where no locked wheel fits.

use std::time::Duration;

use layerlock_lock::LockedPackage;
use layerlock_target::{Target, WheelName};
use pep440_rs::{Version, VersionSpecifiers};

use crate::index::{IndexFile, ProjectPage};
use crate::pages::fetch_project;
use crate::{Error, FetchOptions, NoWheel};

/// How long an error may wait for its advice.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Adds to the error the newest version of the package that has a wheel for the
/// target, where its index tells soon. Says nothing of its own failures.
pub fn advise(no_wheel: &mut NoWheel, options: &FetchOptions<'_>) {
    no_wheel.fitting_version = files_on_index(&no_wheel.package, options)
        .and_then(|page| newest_fitting(&page, &no_wheel.target));
}

/// The files that the package's index has of it.
fn files_on_index(package: &LockedPackage, options: &FetchOptions<'_>) -> Option<ProjectPage> {
    if options.offline {
        return None;
    }
    let session = options.sources.session;
    let look = session.block_on(|| async move {
        let client = session.client()?;
        let indexes = options.sources.indexes_for(package)?;
        let look = async {
            for index in &indexes {
                if let Ok(page) = fetch_project(client, index, package.name.as_str()).await {
                    return Some(page.links);
                }
            }
            None
        };
        Ok::<_, Error>(tokio::time::timeout(TIMEOUT, look).await.ok().flatten())
    });
    look.ok().flatten()
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
    // As in pip, what cannot be read excludes nothing.
    match (allowed.parse::<VersionSpecifiers>(), python) {
        (Ok(allowed), Ok(python)) => allowed.contains(&python),
        _ => true,
    }
}
