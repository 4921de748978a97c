//! The packages of a lock that one target gets, and which needs which.

use std::collections::{BTreeMap, BTreeSet};

use layerlock_digest::Digest;
use layerlock_lock::{
    Choice, LockedFile, LockedPackage, Need, PackageName, PackageSource, Selected, WeakHash,
};
use layerlock_url::shown;
use pep508_rs::MarkerEnvironment;

use crate::Error;
use crate::choice::resolve;
use crate::graph::Graph;
use crate::lock::{File, Lock, Markers, Package};
use crate::patch;
use crate::project::Project;
use crate::selection::{Selection, in_order};
use crate::walk;

/// The packages that a choice of groups and extras selects for one target, and
/// which of them needs which. It is an error when the target's Python is outside of
/// the project's constraint, and when the lock selects one name twice.
pub fn select(
    project: &Project,
    lock: &Lock,
    choice: &Choice,
    environment: &MarkerEnvironment,
) -> Result<Selected, Error> {
    let selection = resolve(choice, project)?;
    check_python(project, environment)?;
    let environment = &patch::allowed(project, environment);
    match lock.graph() {
        Some(graph) => walked(project, lock, graph, &selection, environment),
        None => settled(project, lock, &selection, environment),
    }
}

pub(crate) fn locked_package(
    lock: &Lock,
    package: &Package,
    extras: Vec<String>,
    groups: Vec<String>,
) -> Result<LockedPackage, Error> {
    Ok(LockedPackage {
        name: package.name.clone(),
        version: package.version.to_string(),
        source: package.source.clone(),
        extras,
        groups,
        files: package
            .files
            .iter()
            .map(|file| locked_file(lock, package, file))
            .collect::<Result<_, _>>()?,
        place: lock.place(package.span.clone()),
        requires_python: package.python.text().to_owned(),
    })
}

/// From a lock that says itself what each package is for.
fn settled(
    project: &Project,
    lock: &Lock,
    selection: &Selection,
    environment: &MarkerEnvironment,
) -> Result<Selected, Error> {
    let packages = lock.packages().iter();
    let selected = by_name(
        lock,
        packages.filter(|package| package.is_selected(selection, environment)),
    )?;
    let requested = project.dependencies().extras(selection, environment);
    let roots: Vec<PackageName> = requested
        .keys()
        .filter_map(|name| name.parse().ok())
        .collect();
    let asked = asked(&selected, requested, environment);
    let mut packages = Vec::with_capacity(selected.len());
    let mut needs = Vec::with_capacity(selected.len());
    for (name, package) in selected {
        let extras = asked.extras.get(name).into_iter().flatten();
        let extras = extras.map(|&extra| extra.to_owned()).collect();
        packages.push(locked_package(
            lock,
            package,
            extras,
            in_order(&package.groups),
        )?);
        needs.push((package.name.clone(), asked.needs(name)));
    }
    Ok(Selected::new(packages, roots, needs))
}

/// From an older lock.
fn walked(
    project: &Project,
    lock: &Lock,
    graph: &Graph,
    selection: &Selection,
    environment: &MarkerEnvironment,
) -> Result<Selected, Error> {
    let chosen = walk::choose(project, lock, graph, selection, environment)?;
    by_name(lock, chosen.iter().map(|one| &lock.packages()[one.package]))?;
    let with_extras: Vec<_> = chosen
        .iter()
        .map(|one| (one.package, one.extras.clone()))
        .collect();
    let (roots, needs) = walk::needs(graph, selection, environment, &with_extras);
    let needs = chosen.iter().zip(needs).map(|(one, needed)| {
        let package = &lock.packages()[one.package];
        (package.name.clone(), named(needed))
    });
    let needs: Vec<_> = needs.collect();
    let packages = chosen.into_iter().map(|one| {
        let package = &lock.packages()[one.package];
        let extras = one.extras.into_iter().collect();
        locked_package(lock, package, extras, in_order(&one.groups))
    });
    Ok(Selected::new(
        packages.collect::<Result<_, _>>()?,
        roots.iter().filter_map(|name| name.parse().ok()),
        needs,
    ))
}

/// What is not the name of a package is not locked either.
fn named(needs: impl IntoIterator<Item = (impl AsRef<str>, Need)>) -> Vec<(PackageName, Need)> {
    let needs = needs.into_iter();
    let named = needs.filter_map(|(name, need)| Some((name.as_ref().parse().ok()?, need)));
    named.collect()
}

/// Packages by their names, of which none may turn up twice.
pub(crate) fn by_name<'l>(
    lock: &Lock,
    packages: impl Iterator<Item = &'l Package>,
) -> Result<BTreeMap<&'l str, &'l Package>, Error> {
    let mut by_name: BTreeMap<&str, &Package> = BTreeMap::new();
    for package in packages {
        if let Some(other) = by_name.insert(package.name.as_str(), package) {
            return Err(two_versions(lock, other, package));
        }
    }
    Ok(by_name)
}

impl Package {
    /// A package is selected where one of its groups is, and the marker that
    /// it has in that group holds.
    pub(crate) fn is_selected(
        &self,
        selection: &Selection,
        environment: &MarkerEnvironment,
    ) -> bool {
        let mut groups = self.groups.intersection(&selection.groups);
        match &self.markers {
            Markers::All(marker) => {
                groups.next().is_some() && marker.evaluate(environment, &selection.extras)
            }
            Markers::Groups(markers) => groups.any(|group| {
                markers
                    .get(group)
                    .is_none_or(|marker| marker.evaluate(environment, &selection.extras))
            }),
        }
    }

    /// How an error names it.
    fn describe(&self) -> String {
        let source = match &self.source {
            PackageSource::Registry { url: None, .. } => return self.version.to_string(),
            PackageSource::Registry { url: Some(url), .. }
            | PackageSource::Git { url, .. }
            | PackageSource::Url { url, .. } => shown(url),
            PackageSource::Directory { path, .. } | PackageSource::File { path, .. } => {
                path.display().to_string()
            }
        };
        format!("{} from {source}", self.version)
    }
}

fn check_python(project: &Project, environment: &MarkerEnvironment) -> Result<(), Error> {
    let python = environment.python_full_version();
    // The target names a minor version; which patch release runs there is not
    // known to the lock, so any that the project allows will do.
    let allowed = match python.version.release() {
        [major, minor, ..] => project.python().allows_minor(*major, *minor),
        _ => project.python().allows(&python.version),
    };
    if allowed {
        return Ok(());
    }
    Err(Error::Python {
        place: project.python_place().clone().into(),
        python: environment.python_version().to_string(),
        constraint: project.python().text().to_owned(),
    })
}

fn two_versions(lock: &Lock, first: &Package, second: &Package) -> Error {
    Error::TwoVersions {
        name: second.name.to_string(),
        first: first.describe(),
        second: second.describe(),
        place: lock.place(second.span.clone()).into(),
    }
}

/// What the selected packages ask for.
pub(crate) struct Asked<'p> {
    /// By a package's name, the extras asked of it.
    pub(crate) extras: BTreeMap<&'p str, BTreeSet<&'p str>>,
    /// By a package's name, what it asks for and how.
    needs: BTreeMap<&'p str, Vec<(&'p str, Need)>>,
}

impl Asked<'_> {
    fn needs(&self, name: &str) -> Vec<(PackageName, Need)> {
        named(self.needs.get(name).into_iter().flatten().copied())
    }
}

/// What the selected packages ask of each other, beside the extras that the project
/// `requested`. A dependency may itself be behind an extra of the package that has
/// it, so this goes on until nothing new turns up.
pub(crate) fn asked<'p>(
    selected: &BTreeMap<&'p str, &'p Package>,
    requested: BTreeMap<&'p str, BTreeSet<&'p str>>,
    environment: &MarkerEnvironment,
) -> Asked<'p> {
    let mut extras = requested;
    loop {
        let mut changed = false;
        let mut needs = BTreeMap::new();
        for (&name, package) in selected {
            let own = extras.get(name).into_iter().flatten();
            let own: BTreeSet<String> = own.map(|&extra| extra.to_owned()).collect();
            let mut needed = Vec::new();
            for dependency in &package.dependencies {
                if dependency.marker.evaluate(environment, &own) {
                    let for_extra = || !dependency.marker.evaluate(environment, &BTreeSet::new());
                    let need = Need {
                        with_extras: !dependency.extras.is_empty(),
                        for_extra: !own.is_empty() && for_extra(),
                    };
                    needed.push((dependency.name.as_str(), need));
                    let known = extras.entry(&dependency.name).or_default();
                    for extra in &dependency.extras {
                        changed |= known.insert(extra);
                    }
                }
            }
            needs.insert(name, needed);
        }
        if !changed {
            return Asked { extras, needs };
        }
    }
}

fn locked_file(lock: &Lock, package: &Package, file: &File) -> Result<LockedFile, Error> {
    let digest: Option<Digest> = file.hash.parse().ok();
    let Some(name) = file.name.clone() else {
        return Err(Error::NoFileNames {
            place: lock.place(package.span.clone()).into(),
            package: package.name.to_string(),
        });
    };
    Ok(LockedFile {
        name,
        url: file.url.clone(),
        size: None,
        digests: digest.into_iter().collect(),
        weak_hash: digest.is_none().then(|| WeakHash {
            text: file.hash.clone(),
            place: lock.place(file.hash_span.clone()),
        }),
    })
}

#[cfg(test)]
mod tests {
    use layerlock_url::shown;

    #[test]
    fn a_url_in_an_error_has_no_credentials() {
        for (url, safe) in [
            (
                "https://user:secret@packages.example.com/a@b",
                "https://packages.example.com/a@b",
            ),
            (
                "ssh://git@packages.example.com/x.git",
                "ssh://packages.example.com/x.git",
            ),
            (
                "https://packages.example.com/?token=secret",
                "https://packages.example.com/?****",
            ),
            ("../local@path", "../local@path"),
            ("u:hush@host/x", "****@host/x"),
            ("https://u:hush@:99999/x", "****@:99999/x"),
        ] {
            assert_eq!(shown(url), safe);
        }
    }
}
