//! What else there is, where no locked wheel fits.

use std::time::Duration;

use futures::future::join_all;
use layerlock_lock::{LockedPackage, PackageSource};
use layerlock_target::{Target, WheelName};
use pep440_rs::{Version, VersionSpecifiers};

use crate::build::container_command;
use crate::choose::sdist;
use crate::index::{IndexFile, ProjectPage};
use crate::pages::fetch_project;
use crate::problem::{Advice, BuildProblem};
use crate::{Error, FetchOptions, NoWheel};

/// How long an error may wait for its advice.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Adds to an error about a package of an index what the index has by now, where it
/// tells soon. Says nothing of its own failures.
pub fn advise(error: &mut Error, options: &FetchOptions<'_>) {
    match error {
        Error::NoWheel(no_wheel) => {
            advise_all(std::slice::from_mut(&mut **no_wheel), options);
        }
        Error::Build(build)
            if matches!(
                build.problem,
                BuildProblem::Failed { .. }
                    | BuildProblem::NoFrontend { .. }
                    | BuildProblem::Misfit { .. }
            ) =>
        {
            let found = look(&[(&build.package, &build.target)], options);
            build.advice = found.into_iter().next().unwrap_or_default();
        }
        Error::Supplied { error, .. } => advise(error, options),
        _ => {}
    }
}

/// The same for all packages of a layer that have no file for its target.
pub fn advise_all(packages: &mut [NoWheel], options: &FetchOptions<'_>) {
    let wanted: Vec<_> = packages
        .iter()
        .map(|one| (&one.package, &one.target))
        .collect();
    let found = look(&wanted, options);
    for (one, advice) in packages.iter_mut().zip(found) {
        one.advice = advice;
    }
    for one in packages {
        let has_wheel = one.advice.same_version.is_some();
        one.container_command = (has_wheel || sdist(&one.package).is_some())
            .then(|| container_command(&one.package, &one.target));
    }
}

/// What the indexes have of packages; nothing where one is not reached.
fn look(wanted: &[(&LockedPackage, &Target)], options: &FetchOptions<'_>) -> Vec<Advice> {
    if options.offline {
        return Vec::new();
    }
    let look = options.sources.session.block_on(|| async move {
        let look = wanted.iter().map(|(package, target)| async move {
            let look = tokio::time::timeout(TIMEOUT, advice(package, target, options));
            look.await.ok().flatten().unwrap_or_default()
        });
        Ok::<_, Error>(join_all(look).await)
    });
    look.unwrap_or_default()
}

async fn advice(
    package: &LockedPackage,
    target: &Target,
    options: &FetchOptions<'_>,
) -> Option<Advice> {
    let PackageSource::Registry { .. } = package.source else {
        return None;
    };
    let name = package.name.as_str();
    let page = page(package, name, options).await?;
    let mut advice = Advice {
        same_version: of_version(&page, &package.version, target),
        // The newest may be the locked one, or older.
        newest: newest_fitting(&page, target)
            .filter(|wheel| !wheel.is_version(&package.version))
            .map(|wheel| wheel.version()),
        sibling: None,
    };
    if advice.same_version.is_none() && advice.newest.is_none() {
        let sibling = format!("{name}-binary");
        let page = self::page(package, &sibling, options).await;
        let fits = page.is_some_and(|page| newest_fitting(&page, target).is_some());
        advice.sibling = fits.then_some(sibling);
    }
    Some(advice)
}

/// The files that a package's index has of a project.
async fn page(
    package: &LockedPackage,
    project: &str,
    options: &FetchOptions<'_>,
) -> Option<ProjectPage> {
    let client = options.sources.session.client().ok()?;
    for index in &options.sources.indexes_for(package).ok()? {
        if let Ok(page) = fetch_project(client, index, project).await {
            return Some(page.links);
        }
    }
    None
}

/// The wheels for the target; nothing that was yanked (PEP 592) or is for other Pythons.
fn fitting<'p>(page: &'p ProjectPage, target: &Target) -> impl Iterator<Item = WheelName> + 'p {
    let target = *target;
    page.files
        .iter()
        .filter(move |file| file.yanked.is_none() && is_for_python(file, &target))
        .filter_map(|file| file.name.parse::<WheelName>().ok())
        .filter(move |wheel| target.rank(wheel).is_ok())
}

/// The best wheel of a version.
fn of_version(page: &ProjectPage, version: &str, target: &Target) -> Option<String> {
    fitting(page, target)
        .filter(|wheel| wheel.is_version(version))
        .max_by_key(|wheel| target.rank(wheel).ok())
        .map(|wheel| wheel.to_string())
}

/// The newest release with a wheel for the target; no pre-release.
fn newest_fitting(page: &ProjectPage, target: &Target) -> Option<WheelName> {
    fitting(page, target)
        .filter(|wheel| !wheel.is_prerelease())
        .max_by(WheelName::cmp_version)
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
