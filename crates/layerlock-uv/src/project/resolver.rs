//! What `[tool.uv]` tells the resolver, which a lock repeats.

use std::collections::BTreeMap;
use std::ops::Range;

use layerlock_lock::normalize_name;
use toml::de::DeTable;

use super::requirement::{Requirement, requirements};
use crate::Error;
use crate::declared::{Conflicts, conflicts};
use crate::document::{Document, Value};

/// A text, and where it stands.
pub(crate) type Text = (String, Range<usize>);

/// The settings whose change makes a lock out of date.
#[derive(Debug, Default)]
pub(crate) struct ResolverSettings {
    pub(crate) constraints: Vec<Requirement>,
    pub(crate) overrides: Vec<Requirement>,
    pub(crate) build_constraints: Vec<Requirement>,
    /// Names, normalised.
    pub(crate) excludes: Vec<Text>,
    pub(crate) environments: Vec<Text>,
    pub(crate) required_environments: Vec<Text>,
    /// Sets of what cannot be chosen together.
    pub(crate) conflicts: Vec<Conflicts>,
    /// How versions are chosen: by the key of `[options]` of a lock.
    pub(crate) options: BTreeMap<&'static str, Text>,
    /// Whether some packages have metadata here.
    pub(crate) metadata: Vec<Text>,
    /// `requires-python` of groups.
    pub(crate) group_pythons: BTreeMap<String, String>,
}

/// The settings with their values where nobody chooses, and what a lock calls them.
const OPTIONS: [(&str, &str); 3] = [
    ("resolution", "resolution-mode"),
    ("prerelease", "prerelease-mode"),
    ("fork-strategy", "fork-strategy"),
];

/// Reads the settings of a project; `name` is what conflicts without a package are of.
pub(super) fn read(
    document: &Document,
    uv: &DeTable<'_>,
    name: Option<&str>,
) -> Result<ResolverSettings, Error> {
    let list = |key: &str| requirements(document, document.array_at(uv, key)?);
    let mut options = BTreeMap::new();
    for (key, locked) in OPTIONS {
        if let Some(value) = uv.get(key) {
            let text = document.string(value, &format!("`{key}`"))?;
            options.insert(locked, (text.to_owned(), value.span()));
        }
    }
    let mut metadata = Vec::new();
    for value in document.array_at(uv, "dependency-metadata")? {
        let of = document.required(value, "name", "`dependency-metadata`")?;
        let of = normalize_name(document.string(of, "`name`")?);
        metadata.push((of, value.span()));
    }
    Ok(ResolverSettings {
        constraints: list("constraint-dependencies")?,
        overrides: list("override-dependencies")?,
        build_constraints: list("build-constraint-dependencies")?,
        excludes: texts(document, uv, "exclude-dependencies")?
            .into_iter()
            .map(|(name, span)| (normalize_name(&name), span))
            .collect(),
        environments: texts(document, uv, "environments")?,
        required_environments: texts(document, uv, "required-environments")?,
        conflicts: conflicts(document, uv, name)?,
        options,
        metadata,
        group_pythons: group_pythons(document, uv)?,
    })
}

/// A list of texts, or one alone.
fn texts(document: &Document, uv: &DeTable<'_>, key: &str) -> Result<Vec<Text>, Error> {
    let one = |value: &Value<'_>| {
        let text = document.string(value, &format!("an item of `{key}`"))?;
        Ok((text.to_owned(), value.span()))
    };
    match uv.get(key) {
        Some(value) if value.get_ref().is_str() => Ok(vec![one(value)?]),
        _ => document.array_at(uv, key)?.iter().map(one).collect(),
    }
}

fn group_pythons(document: &Document, uv: &DeTable<'_>) -> Result<BTreeMap<String, String>, Error> {
    let mut pythons = BTreeMap::new();
    let groups = document.table_at(uv, "dependency-groups")?;
    for (name, value) in groups.into_iter().flatten() {
        let table = document.table(value, &format!("`{}`", name.get_ref()))?;
        if let Some(python) = document.text_at(table, "requires-python")? {
            pythons.insert(normalize_name(name.get_ref()), python.to_owned());
        }
    }
    Ok(pythons)
}
