//! What uv was told when it wrote a lock, besides what the projects ask for.

use std::collections::BTreeMap;
use std::ops::Range;

use layerlock_lock::normalize_name;
use toml::de::DeTable;

use super::package::{LockedRequirement, requirements};
use crate::Error;
use crate::declared::DefaultGroups;
use crate::document::Document;

/// `[manifest]`, `[options]` and the environments.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    pub(crate) constraints: Vec<LockedRequirement>,
    pub(crate) overrides: Vec<LockedRequirement>,
    pub(crate) build_constraints: Vec<LockedRequirement>,
    /// Names, normalised.
    pub(crate) excludes: Vec<String>,
    /// The groups of a workspace without a project at its root.
    pub(crate) groups: BTreeMap<String, Vec<LockedRequirement>>,
    /// The names of packages whose metadata the project says.
    pub(crate) metadata: Vec<String>,
    /// The groups that go with a root that is no project.
    pub(crate) default_groups: DefaultGroups,
    /// Markers, as they are written.
    pub(crate) environments: Vec<String>,
    pub(crate) required_environments: Vec<String>,
    /// `[options]`, those that are texts.
    pub(crate) options: BTreeMap<String, String>,
    /// The table, in the file.
    pub(crate) span: Range<usize>,
}

impl Manifest {
    pub(super) fn read(
        document: &Document,
        root: &DeTable<'_>,
        manifest: &DeTable<'_>,
    ) -> Result<Self, Error> {
        let list = |key| requirements(document, document.array_at(manifest, key)?);
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        let mut groups = BTreeMap::new();
        let of_manifest = document.table_at(manifest, "dependency-groups")?;
        for (name, value) in of_manifest.into_iter().flatten() {
            let values = document.array(value, &format!("`{}`", name.get_ref()))?;
            let name = normalize_name(name.get_ref());
            groups.insert(name, requirements(document, values)?);
        }
        let mut metadata = Vec::new();
        for value in document.array_at(manifest, "dependency-metadata")? {
            let name = document.required(value, "name", "`dependency-metadata`")?;
            metadata.push(normalize_name(document.string(name, "`name`")?));
        }
        let excludes = document.texts_at(manifest, "excludes")?.into_iter();
        let options = document.table_at(root, "options")?.into_iter().flatten();
        let options = options.filter_map(|(key, value)| {
            let text = value.get_ref().as_str()?;
            Some((key.get_ref().to_string(), text.to_owned()))
        });
        Ok(Self {
            constraints: list("constraints")?,
            overrides: list("overrides")?,
            build_constraints: list("build-constraints")?,
            excludes: excludes.map(normalize_name).collect(),
            groups,
            metadata,
            default_groups: DefaultGroups::read(document, manifest)?,
            environments: owned(document.texts_at(root, "supported-markers")?),
            required_environments: owned(document.texts_at(root, "required-markers")?),
            options: options.collect(),
            span: match root.get("manifest") {
                Some(value) => document.in_file(value.span()),
                None => 0..0,
            },
        })
    }
}
