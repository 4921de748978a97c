//! pyproject.toml, as far as a lock and a layer need it.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pep440_rs::Version;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::DeTable;

use crate::constraint::PythonConstraint;
use crate::content_hash::{Covers, content_hash};
use crate::dependencies::Dependencies;
use crate::document::{Document, Value, one_line};
use crate::marker::{Algebra, Marker, python_marker};
use crate::names::normalize;
use crate::ranges::{Range as Versions, Ranges};
use crate::{Error, Place};

/// The group of a project's own dependencies.
pub const MAIN_GROUP: &str = "main";

/// The name by which Poetry knows the default index, in any case.
pub(crate) const DEFAULT_SOURCE: &str = "pypi";

/// A project's pyproject.toml, in Poetry's own tables or in those of PEP 621
/// and PEP 735.
#[derive(Debug, Clone)]
pub struct Project {
    document: Document,
    directory: PathBuf,
    content_hashes: ContentHashes,
    dependencies: Dependencies,
    name: Option<String>,
    version: Option<String>,
    python: PythonConstraint,
    python_place: Place,
    groups: Vec<String>,
    extras: Vec<String>,
    sources: Vec<Source>,
}

/// The content-hash that a fresh lock has, by who wrote it.
#[derive(Debug, Clone)]
pub(crate) struct ContentHashes {
    pub(crate) newest: String,
    pub(crate) before_2_3: String,
    pub(crate) poetry_1: String,
}

/// A package index that the project names in `[[tool.poetry.source]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name, as it was written.
    pub name: String,
    /// The address of its simple index without trailing slashes. Only the
    /// default index may be listed without one.
    pub url: Option<String>,
    /// When the source is asked.
    pub priority: Priority,
}

/// When Poetry asks a source for a package; the order is that of the asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// For every package, before all others (Poetry 1 alone).
    Default,
    /// For every package.
    Primary,
    /// For every package, after the primary ones (Poetry 1 alone).
    Secondary,
    /// For packages that no primary source has.
    Supplemental,
    /// For packages that name the source.
    Explicit,
}

impl Project {
    /// Reads pyproject.toml in `directory`.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        let path = directory.join("pyproject.toml");
        match Document::read(&path) {
            Ok(document) => Self::new(&document, directory),
            Err(Error::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Err(Error::NoProject { path })
            }
            Err(error) => Err(error),
        }
    }

    fn new(document: &Document, directory: &Path) -> Result<Self, Error> {
        let root = document.parse()?;
        let content_hashes = content_hashes(document, root.get_ref())?;
        let tables = Tables::new(document, root.get_ref())?;
        let (python, python_place) = tables.python()?;
        Ok(Self {
            name: tables.own("name")?.map(|name| normalize(&name)),
            version: tables.own("version")?,
            python,
            python_place,
            groups: tables.groups()?,
            extras: tables.extras()?,
            sources: tables.sources()?,
            dependencies: Dependencies::read(&tables),
            content_hashes,
            directory: directory.to_owned(),
            document: document.clone(),
        })
    }

    /// The folder of pyproject.toml, as it was given.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// pyproject.toml.
    pub fn path(&self) -> &Path {
        self.document.path()
    }

    /// The text of pyproject.toml, to show a [`Place`] in.
    pub fn text(&self) -> &str {
        self.document.text()
    }

    /// The project's name, normalised (PEP 503). A project that is no package
    /// may have none.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The project's version as it was written, if it is.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The versions of Python that the project allows:
    /// `tool.poetry.dependencies.python`, else `requires-python`, else all.
    pub fn python(&self) -> &PythonConstraint {
        &self.python
    }

    /// Where the constraint on Python stands (the start of the file where
    /// there is none).
    pub fn python_place(&self) -> &Place {
        &self.python_place
    }

    /// The normalised names of all groups: `main` where the project has a place
    /// for dependencies of its own, then the rest sorted.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// The normalised names of all extras, sorted.
    pub fn extras(&self) -> &[String] {
        &self.extras
    }

    /// The sources in the order of the file.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The sources in the order in which Poetry asks them.
    pub fn sources_by_priority(&self) -> Vec<&Source> {
        let mut sources: Vec<_> = self.sources.iter().collect();
        sources.sort_by_key(|source| source.priority);
        sources
    }

    /// The table `[tool.NAME]`, `None` where there is none. What `T` does not
    /// accept is an [`Error::Invalid`] that points at it; a field of type
    /// `toml::Spanned` can be turned into a [`Place`] with [`Project::place`].
    pub fn tool<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let root = self.document.parse()?;
        let tool = root.get_ref().get("tool");
        let Some(value) = tool.and_then(|tool| tool.get_ref().get(name)) else {
            return Ok(None);
        };
        let table = self.document.table(value, &format!("[tool.{name}]"))?;
        let deserializer = toml::de::Deserializer::from(Spanned::new(value.span(), table.clone()));
        match T::deserialize(deserializer) {
            Ok(settings) => Ok(Some(settings)),
            Err(error) => Err(self.document.invalid(
                error.span().unwrap_or(value.span()),
                one_line(error.message()),
            )),
        }
    }

    /// Where a byte span of pyproject.toml is.
    pub fn place(&self, span: Range<usize>) -> Place {
        self.document.place(span)
    }

    pub(crate) fn content_hashes(&self) -> &ContentHashes {
        &self.content_hashes
    }

    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    /// The constraint on Python as a marker. A project without one is taken
    /// for `~2.7 || >=3.4`.
    pub(crate) fn python_marker(&self, algebra: &mut Algebra) -> Result<Marker, Error> {
        let every = Ranges::of([
            Versions::between(Version::new([2, 7]), Version::new([2, 8])),
            Versions::at_least(Version::new([3, 4])),
        ]);
        let python = match &self.python {
            any if any.is_any() => &every,
            constraint => constraint.ranges(),
        };
        python_marker(algebra, python).map_err(|message| Error::Invalid {
            place: self.python_place.clone().into(),
            message,
        })
    }

    pub(crate) fn dependencies(&self) -> &Dependencies {
        &self.dependencies
    }
}

/// The hashes of pyproject.toml. Python's reader takes CRLF for LF, inside of
/// strings as well.
fn content_hashes(document: &Document, root: &DeTable<'_>) -> Result<ContentHashes, Error> {
    let hashes = |root: &DeTable<'_>| ContentHashes {
        newest: content_hash(root, Covers::Everything),
        before_2_3: content_hash(root, Covers::ProjectAndPoetry),
        poetry_1: content_hash(root, Covers::Poetry),
    };
    if !document.text().contains("\r\n") {
        return Ok(hashes(root));
    }
    let text = document.text().replace("\r\n", "\n");
    let root = DeTable::parse(&text).map_err(|error| document.syntax(&error))?;
    Ok(hashes(root.get_ref()))
}

/// The tables of pyproject.toml that matter here, empty where they are missing.
pub(crate) struct Tables<'d, 't> {
    document: &'d Document,
    pub(crate) project: Option<&'t DeTable<'t>>,
    pub(crate) poetry: Option<&'t DeTable<'t>>,
    pub(crate) dependency_groups: Option<&'t DeTable<'t>>,
}

impl<'d, 't> Tables<'d, 't> {
    fn new(document: &'d Document, root: &'t DeTable<'t>) -> Result<Self, Error> {
        let table = |parent: Option<&'t DeTable<'t>>, key: &str| match parent
            .and_then(|parent| parent.get(key))
        {
            Some(value) => document.table(value, &format!("`{key}`")).map(Some),
            None => Ok(None),
        };
        let tool = table(Some(root), "tool")?;
        Ok(Self {
            document,
            project: table(Some(root), "project")?,
            poetry: table(tool, "poetry")?,
            dependency_groups: table(Some(root), "dependency-groups")?,
        })
    }

    /// A string of `[project]`, else of `[tool.poetry]`.
    fn own(&self, key: &str) -> Result<Option<String>, Error> {
        [self.project, self.poetry]
            .into_iter()
            .flatten()
            .find_map(|table| table.get(key))
            .map(|value| {
                self.document
                    .string(value, &format!("`{key}`"))
                    .map(str::to_owned)
            })
            .transpose()
    }

    fn sub(
        &self,
        table: Option<&'t DeTable<'t>>,
        key: &str,
    ) -> Result<Option<&'t DeTable<'t>>, Error> {
        table
            .and_then(|table| table.get(key))
            .map(|value| self.document.table(value, &format!("`{key}`")))
            .transpose()
    }

    fn python(&self) -> Result<(PythonConstraint, Place), Error> {
        // Poetry's own constraint must be within requires-python, so it wins.
        let own = self
            .sub(self.poetry, "dependencies")?
            .and_then(|table| {
                table
                    .iter()
                    .find(|(key, _)| key.get_ref().eq_ignore_ascii_case("python"))
            })
            // Of several Poetry takes the last one.
            .and_then(|(_, value)| match value.get_ref().as_array() {
                Some(values) => values.iter().rfind(|value| value.get_ref().is_str()),
                None => Some(value),
            })
            .filter(|value| value.get_ref().is_str());
        let standard = self.project.and_then(|table| table.get("requires-python"));
        let Some(value) = own.or(standard) else {
            return Ok((PythonConstraint::any(), self.document.place(0..0)));
        };
        let text = self.document.string(value, "`requires-python`")?;
        let constraint = PythonConstraint::parse(text)
            .map_err(|error| self.document.invalid(value.span(), error.to_string()))?;
        Ok((constraint, self.document.place(value.span())))
    }

    fn groups(&self) -> Result<Vec<String>, Error> {
        let mut names = BTreeSet::new();
        for table in [self.dependency_groups, self.sub(self.poetry, "group")?] {
            let keys = table.into_iter().flat_map(DeTable::keys);
            names.extend(keys.map(|key| normalize(key.get_ref())));
        }
        if self.sub(self.poetry, "dev-dependencies")?.is_some() {
            names.insert("dev".to_owned());
        }
        let is_named = names.remove(MAIN_GROUP);
        let main = (is_named || self.has_main_group()?).then(|| MAIN_GROUP.to_owned());
        Ok(main.into_iter().chain(names).collect())
    }

    /// Poetry knows a main group where there is a place for its dependencies,
    /// be it empty.
    fn has_main_group(&self) -> Result<bool, Error> {
        let in_project = self.project.is_some_and(|project| {
            let is_dynamic = project
                .get("dynamic")
                .and_then(|value| value.get_ref().as_array())
                .is_some_and(|keys| {
                    keys.iter()
                        .any(|key| key.get_ref().as_str() == Some("dependencies"))
                });
            is_dynamic
                || project.contains_key("dependencies")
                || project.contains_key("optional-dependencies")
        });
        Ok(in_project || self.sub(self.poetry, "dependencies")?.is_some())
    }

    /// The extras of `[project]` where it names dependencies or extras, else
    /// those of `[tool.poetry]`: the two are never joined.
    fn extras(&self) -> Result<Vec<String>, Error> {
        let optional = self.sub(self.project, "optional-dependencies")?;
        let has_dependencies = self
            .project
            .and_then(|table| table.get("dependencies"))
            .and_then(|value| value.get_ref().as_array())
            .is_some_and(|dependencies| !dependencies.is_empty());
        let table = if has_dependencies || optional.is_some_and(|table| !table.is_empty()) {
            optional
        } else {
            self.sub(self.poetry, "extras")?
        };
        let names: BTreeSet<_> = table
            .into_iter()
            .flat_map(DeTable::keys)
            .map(|key| normalize(key.get_ref()))
            .collect();
        Ok(names.into_iter().collect())
    }

    fn sources(&self) -> Result<Vec<Source>, Error> {
        let Some(value) = self.poetry.and_then(|table| table.get("source")) else {
            return Ok(Vec::new());
        };
        self.document
            .array(value, "`source`")?
            .iter()
            .map(|value| self.source(value))
            .collect()
    }

    fn source(&self, value: &Value<'_>) -> Result<Source, Error> {
        let table = self.document.table(value, "a source")?;
        let text = |key: &str| {
            table
                .get(key)
                .map(|value| self.document.string(value, &format!("`{key}`")))
                .transpose()
        };
        // Before there were priorities there were two switches.
        let is_on = |key: &str| {
            let value = table.get(key).and_then(|value| value.get_ref().as_bool());
            value == Some(true)
        };
        let priority = match text("priority")?.map(str::to_ascii_lowercase).as_deref() {
            _ if is_on("default") => Priority::Default,
            _ if is_on("secondary") => Priority::Secondary,
            Some("default") => Priority::Default,
            Some("secondary") => Priority::Secondary,
            None | Some("primary") => Priority::Primary,
            Some("supplemental") => Priority::Supplemental,
            Some("explicit") => Priority::Explicit,
            Some(other) => {
                return Err(self.document.invalid(
                    table["priority"].span(),
                    format!("`{other}` is not a priority: primary, supplemental or explicit"),
                ));
            }
        };
        let name = text("name")?.ok_or_else(|| {
            self.document
                .invalid(value.span(), "a source without a name")
        })?;
        let url = text("url")?.map(|url| url.trim_end_matches('/').to_owned());
        if url.is_none() && !name.eq_ignore_ascii_case(DEFAULT_SOURCE) {
            return Err(self
                .document
                .invalid(value.span(), format!("the source {name} has no url")));
        }
        Ok(Source {
            name: name.to_owned(),
            url,
            priority,
        })
    }
}
