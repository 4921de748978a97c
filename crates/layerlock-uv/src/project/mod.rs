//! pyproject.toml, as far as uv's lock of it asks.

mod groups;
mod requirement;
mod resolver;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use layerlock_diagnostic::Place;
use layerlock_lock::{Priority, ProjectIndex, normalize_name};
use toml::de::DeTable;

use crate::Error;
use crate::declared::DefaultGroups;
use crate::document::Document;
use groups::Groups;
pub(crate) use requirement::Requirement;
use requirement::requirements;
pub(crate) use resolver::{ResolverSettings, Text};
pub(crate) use sources::{DeclaredOrigin, DeclaredSource};

/// A project of uv's: a package, or the root of a workspace.
#[derive(Debug)]
pub(crate) struct UvProject {
    document: Document,
    directory: PathBuf,
    /// Normalised; none for a workspace's root that is no project.
    pub(crate) name: Option<String>,
    /// Where it is written here.
    pub(crate) version: Option<Text>,
    /// Whether its build finds out the version.
    pub(crate) has_dynamic_version: bool,
    pub(crate) requires_python: Option<Text>,
    /// What it asks for; none where its build finds that out.
    pub(crate) dependencies: Option<Vec<Requirement>>,
    pub(crate) extras: Option<BTreeMap<String, Vec<Requirement>>>,
    pub(crate) groups: BTreeMap<String, Vec<Requirement>>,
    /// Whether a group includes another one.
    pub(crate) groups_include: bool,
    pub(crate) default_groups: DefaultGroups,
    /// `[tool.uv.sources]`.
    pub(crate) sources: BTreeMap<String, Vec<DeclaredSource>>,
    pub(crate) indexes: Vec<ProjectIndex>,
    /// `[tool.uv.workspace]`.
    pub(crate) workspace: Option<Workspace>,
    pub(crate) packaging: Packaging,
    /// Whether uv leaves it alone (`tool.uv.managed`).
    pub(crate) is_managed: bool,
    pub(crate) resolver: ResolverSettings,
}

/// What tells whether a project is a package.
#[derive(Debug)]
pub(crate) struct Packaging {
    /// `tool.uv.package`.
    pub(crate) said: Option<bool>,
    pub(crate) has_build_system: bool,
}

/// Which directories a workspace has.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    pub(crate) members: Vec<String>,
    pub(crate) exclude: Vec<String>,
}

impl UvProject {
    /// Reads pyproject.toml in a directory: nothing where there is none.
    pub(crate) fn read(directory: &Path) -> Result<Option<Self>, Error> {
        let path = directory.join("pyproject.toml");
        match Document::read(&path) {
            Ok(document) => Self::new(&document, directory).map(Some),
            Err(Error::File(error)) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn new(document: &Document, directory: &Path) -> Result<Self, Error> {
        let root = document.parse()?;
        let root = root.get_ref();
        let empty = DeTable::new();
        let project = document.table_at(root, "project")?;
        let tool = document.table_at(root, "tool")?.unwrap_or(&empty);
        let uv = document.table_at(tool, "uv")?.unwrap_or(&empty);
        let dynamic = match project {
            Some(project) => document.texts_at(project, "dynamic")?,
            None => Vec::new(),
        };
        let is_static = |key| project.is_some() && !dynamic.contains(&key);
        let text = |key: &str| -> Result<Option<Text>, Error> {
            let Some(value) = project.and_then(|project| project.get(key)) else {
                return Ok(None);
            };
            let text = document.string(value, &format!("`{key}`"))?;
            Ok(Some((text.to_owned(), value.span())))
        };
        let project_table = project.unwrap_or(&empty);
        let dependencies =
            requirements(document, document.array_at(project_table, "dependencies")?)?;
        let extras = document.table_at(project_table, "optional-dependencies")?;
        let extras = tables(document, extras.unwrap_or(&empty))?;
        let groups = Groups {
            document,
            table: document.table_at(root, "dependency-groups")?,
        };
        let mut resolved = groups.resolve()?;
        let legacy = requirements(document, document.array_at(uv, "dev-dependencies")?)?;
        if uv.contains_key("dev-dependencies") {
            resolved.entry("dev".to_owned()).or_default().extend(legacy);
        }
        let name = text("name")?.map(|(name, _)| normalize_name(&name));
        let flag = |key: &str| uv.get(key).and_then(|value| value.get_ref().as_bool());
        Ok(Self {
            version: text("version")?,
            has_dynamic_version: dynamic.contains(&"version"),
            requires_python: text("requires-python")?,
            dependencies: is_static("dependencies").then_some(dependencies),
            extras: is_static("optional-dependencies").then_some(extras),
            groups: resolved,
            groups_include: groups.include(),
            default_groups: DefaultGroups::read(document, uv)?,
            sources: sources::read(document, directory, uv)?,
            indexes: indexes(document, uv)?,
            workspace: workspace(document, uv)?,
            packaging: Packaging {
                said: flag("package"),
                has_build_system: root.contains_key("build-system"),
            },
            is_managed: flag("managed") != Some(false),
            resolver: resolver::read(document, uv, name.as_deref())?,
            name,
            directory: directory.to_owned(),
            document: document.clone(),
        })
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        self.document.place(span)
    }

    /// The groups that go with the project's own dependencies. One that is nowhere is an
    /// error, as it is for uv.
    pub(crate) fn default_groups(
        &self,
        known: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, Error> {
        match &self.default_groups {
            DefaultGroups::Unset => Ok(BTreeSet::new()),
            DefaultGroups::All => Ok(known.clone()),
            DefaultGroups::Named(named) => named
                .iter()
                .map(|(name, span)| {
                    if known.contains(name) {
                        return Ok(name.clone());
                    }
                    let message = format!(
                        "`default-groups` has `{}`, which is no group of the project",
                        name.escape_debug()
                    );
                    Err(self.document.invalid(span.clone(), message))
                })
                .collect(),
        }
    }
}

fn tables(
    document: &Document,
    table: &DeTable<'_>,
) -> Result<BTreeMap<String, Vec<Requirement>>, Error> {
    let tables = table.iter().map(|(name, value)| {
        let values = document.array(value, &format!("`{}`", name.get_ref()))?;
        Ok((
            normalize_name(name.get_ref()),
            requirements(document, values)?,
        ))
    });
    tables.collect()
}

fn indexes(document: &Document, uv: &DeTable<'_>) -> Result<Vec<ProjectIndex>, Error> {
    let mut indexes = Vec::new();
    for value in document.array_at(uv, "index")? {
        let table = document.table(value, "an index")?;
        let url = document.text_at(table, "url")?;
        let is_on = |key: &str| {
            let value = table.get(key).and_then(|value| value.get_ref().as_bool());
            value == Some(true)
        };
        // One without a name has no credentials of its own.
        if let (Some(name), Some(url)) = (document.text_at(table, "name")?, url) {
            indexes.push(ProjectIndex {
                name: name.to_owned(),
                url: Some(url.trim_end_matches('/').to_owned()),
                priority: match (is_on("default"), is_on("explicit")) {
                    (true, _) => Priority::Default,
                    (false, true) => Priority::Explicit,
                    (false, false) => Priority::Primary,
                },
            });
        }
    }
    Ok(indexes)
}

fn workspace(document: &Document, uv: &DeTable<'_>) -> Result<Option<Workspace>, Error> {
    let Some(table) = document.table_at(uv, "workspace")? else {
        return Ok(None);
    };
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    Ok(Some(Workspace {
        members: owned(document.texts_at(table, "members")?),
        exclude: owned(document.texts_at(table, "exclude")?),
    }))
}
