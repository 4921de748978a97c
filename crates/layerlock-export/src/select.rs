//! The packages of a lock that one target gets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use pep508_rs::MarkerEnvironment;

use crate::choice::{Choice, Selection};
use crate::lock::{File, Lock, Markers, Package};
use crate::project::Project;
use crate::walk;
use crate::{Error, Place};

/// A package that the lock selects for a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPackage {
    /// The name, normalised (PEP 503).
    pub name: String,
    /// The version, normalised (PEP 440).
    pub version: String,
    /// Where the package comes from.
    pub source: PackageSource,
    /// The extras of this package that the project and the packages selected
    /// with it ask for (normalised, sorted). What these bring in is selected
    /// by itself.
    pub extras: Vec<String>,
    /// The groups of the project that need it (normalised, `main` first).
    pub groups: Vec<String>,
    /// Its files; a directory or a git repository has none.
    pub files: Vec<LockedFile>,
    /// Its entry in the lock.
    pub place: Place,
    /// The constraint on Python that its metadata has, `*` for none.
    pub requires_python: String,
}

/// Where a locked package comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageSource {
    /// A package index.
    Registry {
        /// The index's address; the default index where there is none.
        url: Option<String>,
        /// The name of the project's source, see [`Project::sources`].
        reference: Option<String>,
    },
    /// A git repository.
    Git {
        /// The repository's address.
        url: String,
        /// The branch, tag or revision that the project asks for.
        reference: Option<String>,
        /// The commit that it was locked at.
        commit: String,
        /// The folder in the repository that holds the package.
        subdirectory: Option<String>,
    },
    /// An archive at an address.
    Url {
        /// The address.
        url: String,
        /// The folder in the archive that holds the package.
        subdirectory: Option<String>,
    },
    /// A folder on this machine.
    Directory {
        /// The folder: the project's folder joined with the path in the lock.
        path: PathBuf,
        /// Whether the project wants it linked rather than copied.
        develop: bool,
    },
    /// An archive on this machine.
    File {
        /// The archive: the project's folder joined with the path in the lock.
        path: PathBuf,
        /// The folder in the archive that holds the package.
        subdirectory: Option<String>,
    },
}

impl PackageSource {
    /// One word for the kind: `registry`, `git`, `url`, `directory` or `file`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Registry { .. } => "registry",
            Self::Git { .. } => "git",
            Self::Url { .. } => "url",
            Self::Directory { .. } => "directory",
            Self::File { .. } => "file",
        }
    }
}

/// A file that a package may be installed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedFile {
    /// The file's name: no path, nothing that a file system objects to.
    pub name: String,
    /// `sha256:`, `sha384:` or `sha512:` and the digest in lower-case
    /// hexadecimal.
    pub hash: String,
    /// The file's address, where the lock has it.
    pub url: Option<String>,
}

/// The packages that a choice of groups and extras selects for one target,
/// sorted by name. It is an error when the target's Python is outside of the
/// project's constraint, when the lock selects one name twice, and when a
/// selected file has no strong hash.
pub fn select(
    project: &Project,
    lock: &Lock,
    choice: &Choice,
    environment: &MarkerEnvironment,
) -> Result<Vec<LockedPackage>, Error> {
    let selection = choice.resolve(project)?;
    check_python(project, environment)?;
    let selected = match lock.graph() {
        Some(graph) => walked(project, lock, graph, &selection, environment)?,
        None => settled(project, lock, &selection, environment)?,
    };
    selected
        .into_iter()
        .map(|selected| locked_package(lock, selected.package, selected.extras, selected.groups))
        .collect()
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

struct Selected<'l> {
    package: &'l Package,
    extras: Vec<String>,
    groups: Vec<String>,
}

/// From a lock that says itself what each package is for.
fn settled<'l>(
    project: &Project,
    lock: &'l Lock,
    selection: &Selection,
    environment: &MarkerEnvironment,
) -> Result<Vec<Selected<'l>>, Error> {
    let packages = lock.packages().iter();
    let selected = by_name(
        lock,
        packages.filter(|package| package.is_selected(selection, environment)),
    )?;
    let requested = project.dependencies().extras(selection, environment);
    let extras = extras(&selected, requested, environment);
    Ok(selected
        .into_values()
        .map(|package| Selected {
            package,
            extras: extras
                .get(package.name.as_str())
                .map(|extras| extras.iter().map(|&extra| extra.to_owned()).collect())
                .unwrap_or_default(),
            groups: in_order(&package.groups),
        })
        .collect())
}

/// From an older lock.
fn walked<'l>(
    project: &Project,
    lock: &'l Lock,
    graph: &walk::Graph,
    selection: &Selection,
    environment: &MarkerEnvironment,
) -> Result<Vec<Selected<'l>>, Error> {
    let packages = lock.packages();
    let mut chosen = walk::choose(project, lock, graph, selection, environment)?;
    by_name(lock, chosen.iter().map(|one| &packages[one.package]))?;
    chosen.sort_by_key(|one| &packages[one.package].name);
    Ok(chosen
        .into_iter()
        .map(|one| Selected {
            package: &packages[one.package],
            extras: one.extras.into_iter().collect(),
            groups: in_order(&one.groups),
        })
        .collect())
}

/// Packages by their names, of which none may turn up twice.
fn by_name<'l>(
    lock: &Lock,
    packages: impl Iterator<Item = &'l Package>,
) -> Result<BTreeMap<&'l str, &'l Package>, Error> {
    let mut by_name: BTreeMap<&str, &Package> = BTreeMap::new();
    for package in packages {
        if let Some(other) = by_name.insert(&package.name, package) {
            return Err(two_versions(lock, other, package));
        }
    }
    Ok(by_name)
}

/// Group names in Poetry's order: `main`, then the rest by name.
pub(crate) fn in_order(groups: &BTreeSet<String>) -> Vec<String> {
    let mut groups: Vec<_> = groups.iter().cloned().collect();
    groups.sort_by_key(|group| group != crate::MAIN_GROUP);
    groups
}

impl Package {
    /// A package is selected where one of its groups is, and the marker that
    /// it has in that group holds.
    fn is_selected(&self, selection: &Selection, environment: &MarkerEnvironment) -> bool {
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
            | PackageSource::Url { url, .. } => without_credentials(url),
            PackageSource::Directory { path, .. } | PackageSource::File { path, .. } => {
                path.display().to_string()
            }
        };
        format!("{} from {source}", self.version)
    }
}

/// An address as an error may show it.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..authority].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
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
        name: second.name.clone(),
        first: first.describe(),
        second: second.describe(),
        place: lock.place(second.span.clone()).into(),
    }
}

/// The extras that the selected packages ask of each other, beside those that
/// the project `requested`. A dependency may itself be behind an extra of the
/// package that has it, so this goes on until nothing new turns up.
fn extras<'p>(
    selected: &BTreeMap<&'p str, &'p Package>,
    requested: BTreeMap<&'p str, BTreeSet<&'p str>>,
    environment: &MarkerEnvironment,
) -> BTreeMap<&'p str, BTreeSet<&'p str>> {
    let mut extras = requested;
    loop {
        let mut changed = false;
        for (name, package) in selected {
            let own = extras.get(name).into_iter().flatten();
            let own: BTreeSet<String> = own.map(|&extra| extra.to_owned()).collect();
            for dependency in &package.dependencies {
                if dependency.marker.evaluate(environment, &own) {
                    let known = extras.entry(&dependency.name).or_default();
                    for extra in &dependency.extras {
                        changed |= known.insert(extra);
                    }
                }
            }
        }
        if !changed {
            return extras;
        }
    }
}

fn locked_file(lock: &Lock, package: &Package, file: &File) -> Result<LockedFile, Error> {
    let (algorithm, digest) = file.hash.split_once(':').unwrap_or(("sha256", &file.hash));
    let length = match algorithm {
        "sha256" => Some(64),
        "sha384" => Some(96),
        "sha512" => Some(128),
        _ => None,
    };
    if length != Some(digest.len()) || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::Hash {
            place: lock.place(file.hash_span.clone()).into(),
            package: package.name.clone(),
            file: file.name.clone(),
            hash: file.hash.clone(),
        });
    }
    Ok(LockedFile {
        name: file.name.clone(),
        hash: format!("{algorithm}:{}", digest.to_ascii_lowercase()),
        url: file.url.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn an_address_in_an_error_has_no_credentials() {
        for (address, shown) in [
            (
                "https://user:secret@packages.example.com/a@b",
                "https://packages.example.com/a@b",
            ),
            (
                "ssh://git@packages.example.com/x.git",
                "ssh://packages.example.com/x.git",
            ),
            (
                "https://packages.example.com/?q=a@b",
                "https://packages.example.com/?q=a@b",
            ),
            ("../local@path", "../local@path"),
        ] {
            assert_eq!(without_credentials(address), shown);
        }
    }
}
