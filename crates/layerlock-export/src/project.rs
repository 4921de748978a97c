//! pyproject.toml, as far as a lock and a layer need it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use layerlock_diagnostic::Place;
use layerlock_lock::{ProjectIndex, normalize_name as normalize};
use pep440_rs::Version;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::DeTable;

use crate::Error;
use crate::constraint::PythonConstraint;
use crate::content_hash::{Covers, content_hash};
use crate::dependencies::Dependencies;
use crate::document::{Document, one_line};
use crate::marker::{Algebra, Marker, python_marker};
use crate::missing::{has_project_above, others};
use crate::ranges::{Range as Versions, Ranges};
use crate::settings_file::SETTINGS_FILE;
use crate::suggestion::with_suggestion;
use crate::tables::Tables;

/// A project's pyproject.toml, in Poetry's own tables or in those of PEP 621
/// and PEP 735.
#[derive(Debug, Clone)]
pub struct Project {
    document: Document,
    /// Where `[tool.layerlock]` is: the same file, or layerlock.toml.
    settings: Document,
    directory: PathBuf,
    content_hashes: ContentHashes,
    dependencies: Dependencies,
    name: Option<String>,
    version: Option<String>,
    python: PythonConstraint,
    python_place: Place,
    groups: Vec<String>,
    extras: Vec<String>,
    sources: Vec<ProjectIndex>,
    no_package: Option<Place>,
}

/// The content-hash that a fresh lock has, by who wrote it.
#[derive(Debug, Clone)]
pub(crate) struct ContentHashes {
    pub(crate) newest: String,
    pub(crate) before_2_3: String,
    pub(crate) poetry_1: String,
}

impl Project {
    /// Reads pyproject.toml in `directory`, and layerlock.toml where that is there, which
    /// may also stand alone: then there are settings, and no Python.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        let read = |file: &str| match Document::read(&directory.join(file)) {
            Err(Error::File(error)) if error.is_missing() => Ok(None),
            read => read.map(Some),
        };
        match (read("pyproject.toml")?, read(SETTINGS_FILE)?) {
            (Some(document), None) => Self::new(&document, directory),
            (None, Some(settings)) => Self::new(&settings, directory),
            (Some(document), Some(settings)) => {
                let project = Self::new(&document, directory)?;
                project.refuse_own_settings()?;
                Ok(Self {
                    settings,
                    ..project
                })
            }
            (None, None) => Err(missing(directory)),
        }
    }

    /// Two files of settings would have to agree.
    fn refuse_own_settings(&self) -> Result<(), Error> {
        let root = self.document.parse()?;
        let tool = root.get_ref().get("tool").map(Spanned::get_ref);
        match tool.and_then(|tool| tool.get("layerlock")) {
            None => Ok(()),
            Some(table) => Err(self.document.invalid(
                table.span(),
                format!(
                    "the settings are in both [tool.layerlock] and {SETTINGS_FILE}: move them \
                     into one of the two, and remove the other"
                ),
            )),
        }
    }

    /// A directory without a pyproject.toml, as one with an empty pyproject.toml: for
    /// locks that say all by themselves.
    pub fn without_file(directory: &Path) -> Result<Self, Error> {
        Self::new(
            &Document::empty(&directory.join("pyproject.toml")),
            directory,
        )
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
            no_package: tables.no_package(),
            dependencies: Dependencies::read(&tables),
            content_hashes,
            directory: directory.to_owned(),
            settings: document.clone(),
            document: document.clone(),
        })
    }

    /// Whether settings are in layerlock.toml, at its top.
    fn has_settings_file(&self) -> bool {
        self.settings.path().ends_with(SETTINGS_FILE)
    }

    /// The directory of pyproject.toml, as it was given.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// pyproject.toml.
    pub fn path(&self) -> &Path {
        self.document.path()
    }

    /// The file that has the settings: pyproject.toml or layerlock.toml.
    pub fn settings_path(&self) -> &Path {
        self.settings.path()
    }

    /// Whether there is a pyproject.toml, and so what Python packages come from.
    pub fn has_packages(&self) -> bool {
        !self.path().ends_with(SETTINGS_FILE)
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

    /// Where the project says that it is no package: `package-mode = false`. What has
    /// the build backend of another tool is a package for that one, and Poetry only
    /// manages what it depends on.
    pub fn no_package(&self) -> Option<&Place> {
        self.no_package.as_ref()
    }

    /// The sources in the order of the file.
    pub fn sources(&self) -> &[ProjectIndex] {
        &self.sources
    }

    /// The sources in the order in which Poetry asks them.
    pub fn sources_by_priority(&self) -> Vec<&ProjectIndex> {
        let mut sources: Vec<_> = self.sources.iter().collect();
        sources.sort_by_key(|source| source.priority);
        sources
    }

    /// The table `[tool.layerlock]`, or all of layerlock.toml; `None` where there is
    /// neither. What `T` does not accept is an [`Error::File`] that points at it; a field
    /// of type `toml::Spanned` can be turned into a [`Place`] with [`Project::place`].
    pub fn settings<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        let root = self.settings.parse()?;
        let tool = root.get_ref().get("tool");
        let (table, span) = if self.has_settings_file() {
            if let Some(tool) = tool {
                let message = format!(
                    "{SETTINGS_FILE} has its settings at the top: remove `tool.layerlock.` from \
                     its tables' names"
                );
                return Err(self.settings.invalid(tool.span(), message));
            }
            (root.get_ref(), 0..0)
        } else {
            let Some(value) = tool.and_then(|tool| tool.get_ref().get("layerlock")) else {
                return Ok(None);
            };
            let table = self.settings.table(value, "[tool.layerlock]")?;
            (table, value.span())
        };
        let deserializer = toml::de::Deserializer::from(Spanned::new(span.clone(), table.clone()));
        match T::deserialize(deserializer) {
            Ok(settings) => Ok(Some(settings)),
            Err(error) => {
                let place = error.span().unwrap_or(span);
                let message = with_suggestion(one_line(error.message()));
                Err(self.settings.invalid(place, message))
            }
        }
    }

    /// Where a byte span of the file with the settings is.
    pub fn place(&self, span: Range<usize>) -> Place {
        self.settings.place(span)
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
        python_marker(algebra, python)
            .map_err(|message| Error::invalid(self.python_place.clone(), message))
    }

    pub(crate) fn dependencies(&self) -> &Dependencies {
        &self.dependencies
    }
}

/// Whether a directory has a project: its pyproject.toml, or its settings alone.
pub fn has_project(directory: &Path) -> bool {
    let mut files = ["pyproject.toml", SETTINGS_FILE].into_iter();
    files.any(|file| directory.join(file).exists())
}

/// The error for a directory without a pyproject.toml.
fn missing(directory: &Path) -> Error {
    // Of the empty path this is the current directory.
    let absolute = std::path::absolute(directory.join("."));
    let absolute = absolute.unwrap_or_else(|_| directory.to_owned());
    Error::NoProject {
        is_directory: absolute.is_dir(),
        // A project is looked for above the current directory as well.
        is_above: directory.as_os_str().is_empty() && !has_project_above(&absolute),
        others: others(&absolute),
        directory: absolute,
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
