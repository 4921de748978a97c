//! One package of uv.lock, with its files and dependencies.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use layerlock_lock::{PackageName, normalize_name};
use toml::Spanned;
use toml::de::DeTable;

use super::source::Source;
use crate::Error;
use crate::declared::DefaultGroups;
use crate::document::{Document, Value};
use crate::entry::{package_name, plain_name, size, version};
use crate::file_url::{absolute_file_url, file_name_of};
use crate::marker::{Marker, Markers};
use crate::origin::Origin;

/// A package as uv.lock has it.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: PackageName,
    /// Unknown where the project's build finds it out.
    pub(crate) version: Option<String>,
    pub(crate) source: Source,
    /// The forks of the resolution that it is part of: all where there are none.
    pub(crate) forks: Vec<Marker>,
    pub(crate) files: Vec<File>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) extras: BTreeMap<String, Vec<Dependency>>,
    pub(crate) groups: BTreeMap<String, Vec<Dependency>>,
    /// The groups that go with it where nobody says otherwise, in new locks.
    pub(crate) default_groups: DefaultGroups,
    /// What its own pyproject.toml asked for when it was locked.
    pub(crate) metadata: Option<Metadata>,
    /// Its name, in the file.
    pub(crate) span: Range<usize>,
}

/// A file of a package.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) url: Option<String>,
    pub(crate) size: Option<u64>,
    pub(crate) hash: Option<String>,
    /// The hash, or the file, in the lock.
    pub(crate) span: Range<usize>,
}

/// What a package, an extra or a group asks for.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) name: PackageName,
    /// Version and source, where the name alone could be several packages.
    pub(crate) version: Option<String>,
    pub(crate) source: Option<Source>,
    pub(crate) extras: Vec<String>,
    pub(crate) marker: Option<Marker>,
    pub(crate) span: Range<usize>,
}

/// `[package.metadata]`: what the project's own pyproject.toml asked for.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) requires: Vec<LockedRequirement>,
    pub(crate) groups: BTreeMap<String, Vec<LockedRequirement>>,
    pub(crate) extras: Option<Vec<String>>,
    /// The requirements, in the file.
    pub(crate) span: Range<usize>,
}

/// A requirement of a project when it was locked.
#[derive(Debug, Clone)]
pub(crate) struct LockedRequirement {
    pub(crate) name: String,
    pub(crate) extras: Vec<String>,
    pub(crate) marker: String,
    pub(crate) specifier: String,
    pub(crate) origin: Origin,
}

/// Reads packages out of one part of the lock.
pub(super) struct Reader<'d> {
    document: &'d Document,
    /// Where relative paths start.
    directory: &'d Path,
    markers: &'d mut Markers,
    /// The wheels of the only package that were read beforehand.
    wheels: Vec<File>,
}

impl<'d> Reader<'d> {
    pub(super) fn new(
        document: &'d Document,
        directory: &'d Path,
        markers: &'d mut Markers,
    ) -> Self {
        Self {
            document,
            directory,
            markers,
            wheels: Vec::new(),
        }
    }

    /// For a document without the wheels that its package has.
    pub(super) fn with_wheels(self, wheels: Vec<File>) -> Self {
        Self { wheels, ..self }
    }

    pub(super) fn packages(&mut self, root: &DeTable<'_>) -> Result<Vec<Package>, Error> {
        let packages = self.document.array_at(root, "package")?.iter();
        packages.map(|value| self.package(value)).collect()
    }

    fn package(&mut self, value: &Value<'_>) -> Result<Package, Error> {
        let document = self.document;
        let table = document.table(value, "a package")?;
        let name_value = document.required(value, "name", "a package")?;
        let source_value = document.required(value, "source", "a package")?;
        let source = Source::read(document, source_value)?;
        let metadata = document.table_at(table, "metadata")?;
        Ok(Package {
            name: package_name(document, name_value)?,
            version: version(document, table)?,
            forks: self.forks(table)?,
            files: self.files(table, &source)?,
            dependencies: self.dependencies(document.array_at(table, "dependencies")?)?,
            extras: self.sets(table, "optional-dependencies")?,
            groups: self.sets(table, "dev-dependencies")?,
            default_groups: DefaultGroups::read(document, table)?,
            metadata: metadata
                .map(|metadata| read_metadata(document, metadata))
                .transpose()?,
            span: document.in_file(name_value.span()),
            source,
        })
    }

    fn forks(&mut self, table: &DeTable<'_>) -> Result<Vec<Marker>, Error> {
        let forks = self.document.array_at(table, "resolution-markers")?;
        forks.iter().map(|value| self.marker(value)).collect()
    }

    pub(super) fn marker(&mut self, value: &Value<'_>) -> Result<Marker, Error> {
        let text = self.document.string(value, "a marker")?;
        self.markers
            .get(text)
            .map_err(|message| self.document.invalid(value.span(), message))
    }

    /// The dependencies of each extra, or of each group.
    fn sets(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
    ) -> Result<BTreeMap<String, Vec<Dependency>>, Error> {
        let sets = self.document.table_at(table, key)?.into_iter().flatten();
        sets.map(|(name, value)| {
            let values = self
                .document
                .array(value, &format!("`{}`", name.get_ref()))?;
            Ok((normalize_name(name.get_ref()), self.dependencies(values)?))
        })
        .collect()
    }

    pub(super) fn dependencies(&mut self, values: &[Value<'_>]) -> Result<Vec<Dependency>, Error> {
        let dependencies = values.iter();
        dependencies.map(|value| self.dependency(value)).collect()
    }

    fn dependency(&mut self, value: &Value<'_>) -> Result<Dependency, Error> {
        let document = self.document;
        let table = document.table(value, "a dependency")?;
        let name = document.required(value, "name", "a dependency")?;
        let source = table.get("source");
        let marker = table.get("marker");
        // `extras` is how locks of uv before 0.5 spell it.
        let extras = ["extra", "extras"].map(|key| document.texts_at(table, key));
        let [extra, extras] = extras;
        Ok(Dependency {
            name: package_name(document, name)?,
            version: version(document, table)?,
            source: source
                .map(|value| Source::read(document, value))
                .transpose()?,
            extras: extra?
                .into_iter()
                .chain(extras?)
                .map(normalize_name)
                .collect(),
            marker: marker.map(|value| self.marker(value)).transpose()?,
            span: document.in_file(name.span()),
        })
    }

    /// The wheels, and then the source archive.
    fn files(&mut self, table: &DeTable<'_>, source: &Source) -> Result<Vec<File>, Error> {
        let mut files = std::mem::take(&mut self.wheels);
        let wheels = table.get("wheels");
        if let (Some(wheels), false) = (wheels, files.is_empty()) {
            return Err(self.document.invalid(wheels.span(), "`wheels` twice"));
        }
        let wheels = self.document.array_at(table, "wheels")?;
        for value in wheels.iter().chain(table.get("sdist")) {
            files.push(self.file(value, source)?);
        }
        Ok(files)
    }

    fn file(&self, value: &Value<'_>, source: &Source) -> Result<File, Error> {
        let document = self.document;
        let table = document.table(value, "a file")?;
        let hash = table.get("hash");
        let path = document.text_at(table, "path")?;
        let url = match (document.text_at(table, "url")?, path) {
            (Some(url), _) => Some(url.to_owned()),
            (None, Some(path)) => absolute_file_url(&source.file(self.directory, path)),
            (None, None) => None,
        };
        let name = match (document.text_at(table, "filename")?, path) {
            (Some(name), _) => name.to_owned(),
            (None, Some(path)) => file_name_of(path),
            (None, None) => match url.as_deref().or(source.location()) {
                Some(location) => file_name_of(location),
                None => return Err(document.invalid(value.span(), "a file without `url`")),
            },
        };
        Ok(File {
            name: plain_name(document, value, name)?,
            url,
            size: size(document, table)?,
            hash: document.text_at(table, "hash")?.map(str::to_owned),
            span: document.in_file(hash.map_or(value.span(), Spanned::span)),
        })
    }
}

fn read_metadata(document: &Document, table: &DeTable<'_>) -> Result<Metadata, Error> {
    // Locks of uv before 0.4.27 have it under the other name.
    let groups = match document.table_at(table, "requires-dev")? {
        Some(groups) => Some(groups),
        None => document.table_at(table, "dependency-groups")?,
    };
    let extras = match table.get("provides-extras") {
        Some(_) => Some(document.texts_at(table, "provides-extras")?),
        None => None,
    };
    let requires = table.get("requires-dist");
    Ok(Metadata {
        span: requires.map_or(0..0, |value| document.in_file(value.span())),
        requires: requirements(document, document.array_at(table, "requires-dist")?)?,
        groups: groups
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                let values = document.array(value, &format!("`{}`", name.get_ref()))?;
                Ok((
                    normalize_name(name.get_ref()),
                    requirements(document, values)?,
                ))
            })
            .collect::<Result<_, Error>>()?,
        extras: extras.map(|extras| extras.into_iter().map(normalize_name).collect()),
    })
}

fn origin(document: &Document, table: &DeTable<'_>) -> Result<Origin, Error> {
    let text = |key| document.text_at(table, key);
    let directory = document.path().parent().unwrap_or(Path::new(""));
    for (key, is_editable) in [
        ("path", Some(false)),
        ("directory", Some(false)),
        ("editable", Some(true)),
        ("virtual", None),
    ] {
        if let Some(path) = text(key)? {
            return Ok(Origin::local(directory, path, is_editable));
        }
    }
    Ok(if let Some(git) = text("git")? {
        Origin::locked_git(git)
    } else if let Some(url) = text("url")? {
        Origin::url(url)
    } else {
        text("index")?.map_or(Origin::Index(None), Origin::index)
    })
}

pub(super) fn requirements(
    document: &Document,
    values: &[Value<'_>],
) -> Result<Vec<LockedRequirement>, Error> {
    let requirements = values.iter().map(|value| {
        let table = document.table(value, "a requirement")?;
        let name = document.required(value, "name", "a requirement")?;
        let text = |key| Ok::<_, Error>(document.text_at(table, key)?.unwrap_or_default());
        Ok(LockedRequirement {
            name: normalize_name(document.string(name, "`name`")?),
            extras: document
                .texts_at(table, "extras")?
                .into_iter()
                .map(normalize_name)
                .collect(),
            marker: text("marker")?.to_owned(),
            specifier: text("specifier")?.to_owned(),
            origin: origin(document, table)?,
        })
    });
    requirements.collect()
}
