//! What stands in uv.lock before its packages.

use std::collections::BTreeMap;
use std::path::Path;

use layerlock_lock::normalize_name;
use toml::Spanned;
use toml::de::DeTable;

use super::manifest::Manifest;
use super::package::{Dependency, Reader};
use crate::Error;
use crate::declared::{Conflicts, conflicts};
use crate::document::Document;
use crate::marker::Markers;
use crate::python::PythonRange;
use crate::supported::Supported;

/// The newest version of uv.lock whose meaning is known.
const NEWEST_VERSION: &str = "1";

/// The head of uv.lock.
#[derive(Debug)]
pub(crate) struct Head {
    /// Newer revisions of the format say more.
    pub(crate) revision: i64,
    pub(crate) supported: Supported,
    /// What the project declares as conflicting.
    pub(crate) conflicts: Vec<Conflicts>,
    /// The names of the workspace's projects, where there are several.
    pub(crate) members: Vec<String>,
    /// What a workspace without a project at its root asks for.
    pub(crate) requirements: Vec<Dependency>,
    /// The groups of such a workspace.
    pub(crate) groups: BTreeMap<String, Vec<Dependency>>,
    /// What it was locked with.
    pub(crate) manifest: Manifest,
}

impl Head {
    pub(super) fn read(document: &Document) -> Result<Self, Error> {
        refuse_by_text(document)?;
        let root = document.parse_lock()?;
        let root = root.get_ref();
        check_version(document, root)?;
        let span = root.get("supported-markers").map_or(0..0, Spanned::span);
        let mut markers = Markers::default();
        let mut reader = Reader::new(document, Path::new(""), &mut markers);
        let environments = document.array_at(root, "supported-markers")?.iter();
        let environments = environments.map(|value| reader.marker(value));
        let environments = environments.collect::<Result<_, _>>()?;
        let empty = DeTable::new();
        let manifest = document.table_at(root, "manifest")?.unwrap_or(&empty);
        let groups = document.table_at(manifest, "dependency-groups")?;
        let mut read_groups = BTreeMap::new();
        for (name, value) in groups.into_iter().flatten() {
            let values = document.array(value, &format!("`{}`", name.get_ref()))?;
            let group = reader.dependencies(values)?;
            read_groups.insert(normalize_name(name.get_ref()), group);
        }
        Ok(Self {
            revision: revision(root),
            supported: Supported {
                python: PythonRange::read(document, root)?,
                environments,
                place: document.place(span),
            },
            conflicts: conflicts(document, root, None)?,
            members: document
                .texts_at(manifest, "members")?
                .into_iter()
                .map(normalize_name)
                .collect(),
            requirements: reader.dependencies(document.array_at(manifest, "requirements")?)?,
            groups: read_groups,
            manifest: Manifest::read(document, root, manifest)?,
        })
    }
}

fn revision(root: &DeTable<'_>) -> i64 {
    let revision = root.get("revision");
    let revision = revision.and_then(|value| value.get_ref().as_integer());
    let revision = revision.and_then(|revision| revision.to_string().parse().ok());
    revision.unwrap_or_default()
}

fn foreign(document: &Document, reason: &'static str) -> Error {
    Error::Foreign {
        path: document.path().to_owned(),
        format: "lock of uv",
        reason,
    }
}

/// The error where the text alone tells.
fn refuse_by_text(document: &Document) -> Result<(), Error> {
    let text = document.text().trim_start();
    let mut lines = text.lines().map(str::trim);
    if lines.all(|line| line.is_empty() || line.starts_with('#')) {
        return Err(foreign(document, "it is empty"));
    }
    if text.starts_with('{') {
        return Err(foreign(document, "it is JSON, as Pipfile.lock is"));
    }
    Ok(())
}

fn check_version(document: &Document, root: &DeTable<'_>) -> Result<(), Error> {
    let has = |key| root.contains_key(key);
    let Some(value) = root.get("version") else {
        let reason = if has("lock-version") {
            "it is in the format of pylock.toml"
        } else if has("metadata") {
            "it is in the format of poetry.lock or pdm.lock"
        } else {
            "it has no `version`, with which a lock of uv begins"
        };
        return Err(foreign(document, reason));
    };
    let version = value.get_ref().as_integer().map(ToString::to_string);
    match version.as_deref() {
        Some(NEWEST_VERSION) => Ok(()),
        Some(version) => Err(Error::Version {
            place: document.place(value.span()).into(),
            format: "uv.lock",
            version: version.to_owned(),
            known: NEWEST_VERSION,
        }),
        None => Err(document.invalid(value.span(), "`version` is not a whole number")),
    }
}
