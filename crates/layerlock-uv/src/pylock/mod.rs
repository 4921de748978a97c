//! pylock.toml (PEP 751), whichever tool wrote it.

mod asks;
mod package;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use layerlock_lock::{
    Ask, Choice, LockError, LockReader, LockWarning, LockWarningKind, LockedPackage, MAIN_GROUP,
    Need, PackageName, Selected, normalize_name,
};
use pep508_rs::MarkerEnvironment;
use toml::Spanned;
use toml::de::DeTable;

use crate::Error;
use crate::choice::Available;
use crate::document::Document;
use crate::marker::{Active, Markers};
use crate::python::PythonRange;
use crate::reader::only_wins;
use crate::supported::Supported;
use package::{Package, Reader, Selection};

/// The newest version of the format whose meaning is known.
const NEWEST_VERSION: &str = "1.0";

/// A pylock.toml. Nothing in it tells whether the project changed since.
#[derive(Debug)]
pub struct PyLock {
    document: Document,
    supported: Supported,
    available: Available,
    packages: Vec<Package>,
    newer: Option<LockWarning>,
}

impl PyLock {
    /// Reads pylock.toml, or pylock.NAME.toml.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let document = Document::read(path)?;
        refuse_by_text(&document)?;
        let root = document.parse_lock()?;
        Self::new(&document, root.get_ref())
    }

    fn new(document: &Document, root: &DeTable<'_>) -> Result<Self, Error> {
        let newer = check_version(document, root)?;
        let names = |key| -> Result<BTreeSet<String>, Error> {
            let names = document.texts_at(root, key)?.into_iter();
            Ok(names.map(normalize_name).collect())
        };
        let default_groups = names("default-groups")?;
        let mut groups = names("dependency-groups")?;
        groups.extend(default_groups.iter().cloned());
        let available = Available {
            groups,
            extras: names("extras")?,
            default_groups,
            ..Available::default()
        };
        let directory = document.path().parent().unwrap_or(Path::new(""));
        let mut reader = Reader {
            document,
            directory,
            markers: Markers::default(),
        };
        let environments_span = root.get("environments").map_or(0..0, Spanned::span);
        let environments = document.array_at(root, "environments")?.iter();
        let environments = environments.map(|value| reader.marker(value));
        let environments = environments.collect::<Result<_, _>>()?;
        let packages = document.array_at(root, "packages")?.iter();
        let packages = packages.map(|value| reader.package(value));
        let packages = packages.collect::<Result<_, _>>()?;
        Ok(Self {
            supported: Supported {
                python: PythonRange::read(document, root)?,
                environments,
                place: document.place(environments_span),
            },
            available,
            packages,
            newer,
            document: document.clone(),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.document.path()
    }

    /// The names of the groups that can be chosen from, `main` first.
    pub fn groups(&self) -> Vec<String> {
        self.available.group_names()
    }

    /// The names of the extras that can be chosen from.
    pub fn extras(&self) -> Vec<String> {
        self.available.extras.iter().cloned().collect()
    }

    /// The packages for a choice and one target, and what settles their markers.
    fn chosen(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Selection<'_>, Error> {
        let chosen = self.available.resolve(choice)?;
        let environment = self.supported.fit(environment)?;
        let active = Active {
            extras: chosen.extras,
            groups: chosen.groups,
        };
        let mut selected: BTreeMap<&str, &Package> = BTreeMap::new();
        for package in &self.packages {
            let marker = package.marker.as_ref();
            if !marker.is_none_or(|marker| marker.holds(&environment, &active)) {
                continue;
            }
            if let Some(range) = &package.requires_python {
                range.fit(&environment)?;
            }
            let locked = &package.locked;
            if let Some(other) = selected.insert(locked.name.as_str(), package) {
                return Err(Error::TwoVersions {
                    name: locked.name.to_string(),
                    first: other.locked.version.clone(),
                    second: locked.version.clone(),
                    place: locked.place.clone().into(),
                });
            }
        }
        Ok(Selection {
            packages: selected.into_values().collect(),
            environment,
            active,
        })
    }
}

/// The packages with what they need, where the lock says so. Where it does not, all are
/// taken for what the project itself asks for.
fn with_needs(packages: Vec<&Package>) -> Selected {
    let needed: BTreeSet<&PackageName> = packages
        .iter()
        .flat_map(|package| &package.dependencies)
        .collect();
    let names = packages.iter().map(|package| &package.locked.name);
    let requested: Vec<PackageName> = names
        .filter(|name| !needed.contains(name))
        .cloned()
        .collect();
    let needs: Vec<_> = packages
        .iter()
        .map(|package| {
            let dependencies = package.dependencies.iter();
            let needs = dependencies.map(|name| (name.clone(), Need::default()));
            (package.locked.name.clone(), needs.collect::<Vec<_>>())
        })
        .collect();
    let locked = packages.into_iter().map(|package| LockedPackage {
        groups: vec![MAIN_GROUP.to_owned()],
        ..package.locked.clone()
    });
    Selected::new(locked.collect(), requested, needs)
}

impl LockReader for PyLock {
    fn warnings(&self, choice: &Choice) -> Result<Vec<LockWarning>, LockError> {
        let chosen = self.available.resolve(choice)?;
        let only_wins = chosen.only_wins.then(only_wins);
        Ok(self.newer.iter().cloned().chain(only_wins).collect())
    }

    fn target_warnings(&self, environment: &MarkerEnvironment) -> Vec<LockWarning> {
        self.supported.warnings(environment)
    }

    fn select(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Selected, LockError> {
        Ok(with_needs(self.chosen(choice, environment)?.packages))
    }

    fn asks(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Vec<Ask>, LockError> {
        Ok(asks::asks(&self.chosen(choice, environment)?))
    }

    fn tells_needs(&self) -> bool {
        let mut packages = self.packages.iter();
        packages.any(|package| !package.dependencies.is_empty())
    }

    fn package_names(&self) -> Vec<PackageName> {
        let packages = self.packages.iter();
        packages
            .map(|package| package.locked.name.clone())
            .collect()
    }
}

fn foreign(document: &Document, reason: &'static str) -> Error {
    Error::Foreign {
        path: document.path().to_owned(),
        format: "pylock.toml (PEP 751)",
        reason,
    }
}

fn refuse_by_text(document: &Document) -> Result<(), Error> {
    let mut lines = document.text().lines().map(str::trim);
    if lines.all(|line| line.is_empty() || line.starts_with('#')) {
        return Err(foreign(document, "it is empty"));
    }
    if document.text().trim_start().starts_with('{') {
        return Err(foreign(document, "it is JSON, as Pipfile.lock is"));
    }
    Ok(())
}

/// Refuses another major version, and tells of a newer minor one.
fn check_version(document: &Document, root: &DeTable<'_>) -> Result<Option<LockWarning>, Error> {
    let Some(value) = root.get("lock-version") else {
        let reason = if root.contains_key("version") {
            "it is in the format of uv.lock"
        } else if root.contains_key("metadata") {
            "it is in the format of poetry.lock or pdm.lock"
        } else {
            "it has no `lock-version`"
        };
        return Err(foreign(document, reason));
    };
    let text = document.string(value, "`lock-version`")?;
    let place = document.place(value.span());
    let parts: Option<Vec<u64>> = text.split('.').map(|part| part.parse().ok()).collect();
    match parts.as_deref() {
        Some([1, 0]) => Ok(None),
        Some([1, _]) => Ok(Some(LockWarning {
            message: format!(
                "lock version {text} is newer than the newest known one, {NEWEST_VERSION}"
            ),
            place: Some(place),
            kind: LockWarningKind::General,
            hint: None,
        })),
        Some([_, _]) => Err(Error::Version {
            place: place.into(),
            format: "pylock.toml",
            version: text.to_owned(),
            known: NEWEST_VERSION,
        }),
        _ => Err(document.invalid(
            value.span(),
            format!("`{}` is not a lock version", text.escape_debug()),
        )),
    }
}
