//! One package of a poetry.lock.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

use layerlock_lock::{
    NameError, PackageName, PackageSource, is_plain_file_name, normalize_name as normalize,
};
use pep440_rs::Version;
use toml::de::DeTable;

use crate::Error;
use crate::constraint::{PythonConstraint, versions};
use crate::document::{Document, Value};
use crate::git_url;
use crate::marker::{self, Marker};

/// One `[[package]]` of the lock.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: PackageName,
    /// Normalised (PEP 440).
    pub(crate) version: Version,
    /// The version as Poetry prints it: Poetry 1 in the spelling of the lock.
    pub(crate) printed_version: String,
    /// Normalised; none in an old lock.
    pub(crate) groups: BTreeSet<String>,
    /// None in an old lock.
    pub(crate) markers: Markers,
    pub(crate) files: Vec<File>,
    pub(crate) source: PackageSource,
    /// Locked with `develop = true`.
    pub(crate) is_editable: bool,
    /// The constraint in the package's metadata.
    pub(crate) python: PythonConstraint,
    pub(crate) dependencies: Vec<LockedDependency>,
    pub(crate) span: Range<usize>,
}

/// A package's markers: one for all its groups, or one for each. A group that
/// is not listed has none.
#[derive(Debug, Clone)]
pub(crate) enum Markers {
    All(Marker),
    Groups(BTreeMap<String, Marker>),
}

/// A file of a package, with where its hash stands.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Unknown in a lock of Poetry before 1.0, which has hashes alone.
    pub(crate) name: Option<String>,
    pub(crate) hash: String,
    pub(crate) url: Option<String>,
    pub(crate) hash_span: Range<usize>,
}

/// What a package asks of another one.
#[derive(Debug, Clone)]
pub(crate) struct LockedDependency {
    /// Normalised.
    pub(crate) name: String,
    /// Normalised.
    pub(crate) extras: Vec<String>,
    /// As they are written; none where any may be.
    pub(crate) versions: Option<String>,
    pub(crate) marker: Marker,
}

/// Reads packages of one part of the lock.
pub(super) struct Reader<'d, 'r> {
    pub(super) document: &'d Document,
    pub(super) directory: &'d Path,
    /// Whether the lock is of a version before 2.1.
    pub(super) is_old: bool,
    /// `[metadata.files]`: in lock versions 1.0 and 1.1 the files of each
    /// package, by its name as the lock spells it.
    pub(super) files: Option<&'r DeTable<'d>>,
    /// `[metadata.hashes]`: in locks of Poetry before 1.0 the hashes of each package.
    pub(super) hashes: Option<&'r DeTable<'d>>,
}

impl Reader<'_, '_> {
    /// The package that is this table.
    pub(super) fn package(&self, value: &Value<'_>) -> Result<Package, Error> {
        let table = self.document.table(value, "a package")?;
        let name_value = self.required("a package", value, table, "name")?;
        let version_value = self.required("a package", value, table, "version")?;
        let name = self.name(name_value)?;
        let version = self.version(version_value)?;
        let printed_version = match version_value.get_ref().as_str() {
            Some(text) if self.is_old => text.trim().to_owned(),
            _ => version.to_string(),
        };
        let source = self.source(table)?;
        let (groups, markers, dependencies) = if self.is_old {
            (BTreeSet::new(), Markers::All(Marker::Any), Vec::new())
        } else {
            (
                self.groups(self.required("a package", value, table, "groups")?)?,
                self.markers(table)?,
                self.dependencies(table)?,
            )
        };
        self.required("a package", value, table, "optional")?;
        let files = match (table.get("files"), &source) {
            (Some(files), _) => self.files(files)?,
            (None, _) if self.hashes.is_some() => self.hashes_in_metadata(value, name_value)?,
            (
                None,
                PackageSource::Git { .. }
                | PackageSource::Directory { .. }
                | PackageSource::Url { .. },
            ) => Vec::new(),
            (None, _) => self.files_in_metadata(value, name_value, &source)?,
        };
        Ok(Package {
            name,
            version,
            printed_version,
            groups,
            markers,
            files,
            is_editable: self.is_editable(table)?,
            source,
            python: self.python(table)?,
            dependencies,
            span: self.document.in_file(name_value.span()),
        })
    }

    fn groups(&self, value: &Value<'_>) -> Result<BTreeSet<String>, Error> {
        self.document
            .array(value, "`groups`")?
            .iter()
            .map(|group| Ok(normalize(self.document.string(group, "a group")?)))
            .collect()
    }

    /// The files of a package in `[metadata.files]`. They are those of all
    /// versions of it that are locked.
    fn files_in_metadata(
        &self,
        package: &Value<'_>,
        name: &Value<'_>,
        source: &PackageSource,
    ) -> Result<Vec<File>, Error> {
        let name = self.document.string(name, "`name`")?;
        let Some(files) = self.files.and_then(|files| files.get(name)) else {
            return Err(self
                .document
                .invalid(package.span(), "a package without `files`"));
        };
        let mut files = self.files(files)?;
        if let PackageSource::File { path, .. } = source {
            let name = path.file_name().and_then(|name| name.to_str());
            files.retain(|file| file.name.as_deref() == name);
        }
        Ok(files)
    }

    /// The hashes of a package in `[metadata.hashes]`.
    fn hashes_in_metadata(
        &self,
        package: &Value<'_>,
        name: &Value<'_>,
    ) -> Result<Vec<File>, Error> {
        let name = self.document.string(name, "`name`")?;
        let Some(hashes) = self.hashes.and_then(|hashes| hashes.get(name)) else {
            return Err(self
                .document
                .invalid(package.span(), "a package without hashes"));
        };
        self.document
            .array(hashes, "`hashes`")?
            .iter()
            .map(|hash| {
                Ok(File {
                    name: None,
                    hash: self.document.string(hash, "a hash")?.to_owned(),
                    url: None,
                    hash_span: self.document.in_file(hash.span()),
                })
            })
            .collect()
    }

    /// The value of a key that `what`, which is `parent`, has to have.
    fn required<'v, 'a>(
        &self,
        what: &str,
        parent: &Value<'a>,
        table: &'v DeTable<'a>,
        key: &str,
    ) -> Result<&'v Value<'a>, Error> {
        table.get(key).ok_or_else(|| {
            self.document
                .invalid(parent.span(), format!("{what} without `{key}`"))
        })
    }

    /// A package name becomes part of paths and URLs, so it must be one.
    fn name(&self, value: &Value<'_>) -> Result<PackageName, Error> {
        let name = self.document.string(value, "`name`")?;
        name.parse()
            .map_err(|error: NameError| self.document.invalid(value.span(), error.to_string()))
    }

    fn version(&self, value: &Value<'_>) -> Result<Version, Error> {
        let text = self.document.string(value, "`version`")?;
        text.parse().map_err(|_| {
            self.document.invalid(
                value.span(),
                format!("`{}` is not a version", text.escape_debug()),
            )
        })
    }

    fn python(&self, table: &DeTable<'_>) -> Result<PythonConstraint, Error> {
        let Some(value) = table.get("python-versions") else {
            return Ok(PythonConstraint::any());
        };
        PythonConstraint::parse(self.document.string(value, "`python-versions`")?)
            .map_err(|error| self.document.invalid(value.span(), error.to_string()))
    }

    fn markers(&self, table: &DeTable<'_>) -> Result<Markers, Error> {
        match table.get("markers") {
            None => Ok(Markers::All(Marker::Any)),
            Some(value) => match value.get_ref().as_table() {
                None => Ok(Markers::All(self.marker(value)?)),
                Some(groups) => groups
                    .iter()
                    .map(|(group, value)| Ok((normalize(group.get_ref()), self.marker(value)?)))
                    .collect::<Result<_, _>>()
                    .map(Markers::Groups),
            },
        }
    }

    fn marker(&self, value: &Value<'_>) -> Result<Marker, Error> {
        marker::parse_locked(self.document.string(value, "a marker")?)
            .map_err(|message| self.document.invalid(value.span(), message))
    }

    fn files(&self, files: &Value<'_>) -> Result<Vec<File>, Error> {
        self.document
            .array(files, "`files`")?
            .iter()
            .map(|value| {
                let table = self.document.table(value, "a file")?;
                let file = self.required("a file", value, table, "file")?;
                let hash = self.required("a file", value, table, "hash")?;
                Ok(File {
                    name: Some(self.file_name(file)?),
                    hash: self.document.string(hash, "`hash`")?.to_owned(),
                    url: match table.get("url") {
                        Some(url) => Some(self.document.string(url, "`url`")?.to_owned()),
                        None => None,
                    },
                    hash_span: self.document.in_file(hash.span()),
                })
            })
            .collect()
    }

    /// The name of a file is joined to paths and URLs: only one that is a
    /// name on every system is let through.
    fn file_name(&self, value: &Value<'_>) -> Result<String, Error> {
        let name = self.document.string(value, "`file`")?;
        if is_plain_file_name(name) {
            Ok(name.to_owned())
        } else {
            Err(self.document.invalid(
                value.span(),
                format!("`{}` is not a plain file name", name.escape_debug()),
            ))
        }
    }

    fn source(&self, table: &DeTable<'_>) -> Result<PackageSource, Error> {
        let Some(value) = table.get("source") else {
            return Ok(PackageSource::Registry {
                url: None,
                reference: None,
            });
        };
        let source = self.document.table(value, "`source`")?;
        let text = |key: &str| {
            source
                .get(key)
                .map(|value| self.document.string(value, &format!("`{key}`")))
                .transpose()
                .map(|text| text.map(str::to_owned))
        };
        let required = |key: &str| {
            text(key)?.ok_or_else(|| {
                self.document
                    .invalid(value.span(), format!("a source without `{key}`"))
            })
        };
        let path = |url: String| self.directory.join(url);
        match text("type")?.as_deref() {
            None | Some("legacy") => Ok(PackageSource::Registry {
                url: text("url")?,
                reference: text("reference")?,
            }),
            Some("git") => Ok(PackageSource::Git {
                url: self.git_url(value)?,
                reference: text("reference")?,
                // Poetry 1.0 has the commit as the reference.
                commit: match text("resolved_reference")? {
                    Some(commit) => commit,
                    None => required("reference")?,
                },
                subdirectory: text("subdirectory")?,
            }),
            Some("url") => Ok(PackageSource::Url {
                url: required("url")?,
                subdirectory: text("subdirectory")?,
            }),
            Some("directory") => Ok(PackageSource::Directory {
                path: path(required("url")?),
                develop: self.is_editable(table)?,
            }),
            Some("file") => Ok(PackageSource::File {
                path: path(required("url")?),
                subdirectory: text("subdirectory")?,
            }),
            Some(other) => Err(self
                .document
                .invalid(value.span(), format!("unknown type of source `{other}`"))),
        }
    }

    /// The URL of a git source, which Poetry must be able to read.
    fn git_url(&self, source: &Value<'_>) -> Result<String, Error> {
        let table = self.document.table(source, "`source`")?;
        let value = self.required("a source", source, table, "url")?;
        let url = self.document.string(value, "`url`")?;
        if git_url::printed(url).is_none() {
            let message = format!("`{}` is not a git URL", url.escape_debug());
            return Err(self.document.invalid(value.span(), message));
        }
        Ok(url.to_owned())
    }

    /// `develop`: for a directory or an archive a link instead of a copy, for git without
    /// effect but on constraints.
    fn is_editable(&self, table: &DeTable<'_>) -> Result<bool, Error> {
        let Some(value) = table.get("develop") else {
            return Ok(false);
        };
        value.get_ref().as_bool().ok_or_else(|| {
            self.document
                .invalid(value.span(), "`develop` is not true or false")
        })
    }

    /// The dependencies that ask for extras; nothing else of them matters.
    fn dependencies(&self, table: &DeTable<'_>) -> Result<Vec<LockedDependency>, Error> {
        let Some(value) = table.get("dependencies") else {
            return Ok(Vec::new());
        };
        let mut dependencies = Vec::new();
        for (name, value) in self.document.table(value, "`dependencies`")? {
            let alternatives = match value.get_ref().as_array() {
                Some(alternatives) => &alternatives[..],
                None => std::slice::from_ref(value),
            };
            for value in alternatives {
                let get = |key| value.get_ref().as_table()?.get(key);
                dependencies.push(LockedDependency {
                    name: normalize(name.get_ref()),
                    versions: value
                        .get_ref()
                        .as_str()
                        .or_else(|| get("version")?.get_ref().as_str())
                        .and_then(versions),
                    extras: match get("extras") {
                        Some(extras) => self
                            .document
                            .array(extras, "`extras`")?
                            .iter()
                            .map(|extra| Ok(normalize(self.document.string(extra, "an extra")?)))
                            .collect::<Result<_, Error>>()?,
                        None => Vec::new(),
                    },
                    marker: match get("markers") {
                        Some(marker) => self.marker(marker)?,
                        None => Marker::Any,
                    },
                });
            }
        }
        Ok(dependencies)
    }
}
