//! One package of pylock.toml.

use std::path::{Path, PathBuf};

use layerlock_digest::Digest;
use layerlock_lock::{LockedFile, LockedPackage, PackageName, PackageSource, WeakHash};
use pep508_rs::MarkerEnvironment;
use toml::de::DeTable;

use crate::Error;
use crate::document::{Document, Value};
use crate::entry::{package_name, plain_name, size, version};
use crate::file_url::{absolute_file_url, file_name_of};
use crate::marker::{Active, Marker, Markers};
use crate::python::PythonRange;

/// A package, and when it is installed.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) locked: LockedPackage,
    pub(super) marker: Option<Marker>,
    pub(super) requires_python: Option<PythonRange>,
    /// What it needs, where the lock says so.
    pub(super) dependencies: Vec<PackageName>,
}

/// What is chosen of the packages.
pub(super) struct Selection<'l> {
    pub(super) packages: Vec<&'l Package>,
    pub(super) environment: MarkerEnvironment,
    /// What settles their markers, besides the environment.
    pub(super) active: Active,
}

pub(super) struct Reader<'d> {
    pub(super) document: &'d Document,
    /// Where relative paths start.
    pub(super) directory: &'d Path,
    pub(super) markers: Markers,
}

/// The keys of which a package has one, but for an sdist beside wheels.
const SOURCES: [&str; 5] = ["vcs", "directory", "archive", "sdist", "wheels"];

impl Reader<'_> {
    pub(super) fn marker(&mut self, value: &Value<'_>) -> Result<Marker, Error> {
        let text = self.document.string(value, "a marker")?;
        self.markers
            .get(text)
            .map_err(|message| self.document.invalid(value.span(), message))
    }

    pub(super) fn package(&mut self, value: &Value<'_>) -> Result<Package, Error> {
        let document = self.document;
        let table = document.table(value, "a package")?;
        let name_value = document.required(value, "name", "a package")?;
        let name = package_name(document, name_value)?;
        let marker = table.get("marker");
        let marker = marker.map(|value| self.marker(value)).transpose()?;
        let (source, files) = self.source(value, table)?;
        let requires_python = PythonRange::read(document, table)?;
        let mut dependencies = Vec::new();
        for value in document.array_at(table, "dependencies")? {
            let name = document.required(value, "name", "a dependency")?;
            dependencies.push(package_name(document, name)?);
        }
        let locked = LockedPackage {
            version: match version(document, table)? {
                Some(version) => version,
                None => version_of_wheel(&files).unwrap_or_default(),
            },
            name,
            source,
            extras: Vec::new(),
            groups: Vec::new(),
            files,
            place: document.place(name_value.span()),
            requires_python: match &requires_python {
                Some(range) => range.text.clone(),
                None => "*".to_owned(),
            },
        };
        Ok(Package {
            locked,
            marker,
            requires_python,
            dependencies,
        })
    }

    fn source(
        &self,
        package: &Value<'_>,
        table: &DeTable<'_>,
    ) -> Result<(PackageSource, Vec<LockedFile>), Error> {
        let document = self.document;
        let there: Vec<&str> = SOURCES
            .into_iter()
            .filter(|key| table.contains_key(*key))
            .collect();
        match there[..] {
            [] => {
                let message = format!("a package without {}", SOURCES.join(", "));
                Err(document.invalid(package.span(), message))
            }
            ["vcs"] => Ok((self.vcs(&table["vcs"])?, Vec::new())),
            ["directory"] => Ok((self.directory(&table["directory"])?, Vec::new())),
            ["archive"] => self.archive(&table["archive"]),
            ["sdist" | "wheels"] | ["sdist", "wheels"] => {
                let wheels = document.array_at(table, "wheels")?.iter();
                let files = wheels.chain(table.get("sdist"));
                let files = files.map(|value| self.file(value));
                let source = PackageSource::Registry {
                    url: document.text_at(table, "index")?.map(str::to_owned),
                    reference: None,
                };
                Ok((source, files.collect::<Result<_, _>>()?))
            }
            _ => {
                let message = format!("a package with both {}", there.join(" and "));
                Err(document.invalid(package.span(), message))
            }
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        // The current directory has no name here, and needs one to be read.
        Path::new(".").join(self.directory).join(path)
    }

    fn vcs(&self, value: &Value<'_>) -> Result<PackageSource, Error> {
        let document = self.document;
        let table = document.table(value, "`vcs`")?;
        let kind = document.required(value, "type", "`vcs`")?;
        let kind_text = document.string(kind, "`type`")?;
        if kind_text != "git" {
            let message = format!("version control by {kind_text}, not by git");
            return Err(document.invalid(kind.span(), message));
        }
        let commit = document.required(value, "commit-id", "`vcs`")?;
        let text = |key| document.text_at(table, key);
        let url = match (text("url")?, text("path")?) {
            (Some(url), _) => url.to_owned(),
            (None, Some(path)) => self.path(path).display().to_string(),
            (None, None) => return Err(document.invalid(value.span(), "`vcs` without `url`")),
        };
        Ok(PackageSource::Git {
            url,
            reference: text("requested-revision")?.map(str::to_owned),
            commit: document.string(commit, "`commit-id`")?.to_owned(),
            subdirectory: text("subdirectory")?.map(str::to_owned),
        })
    }

    fn directory(&self, value: &Value<'_>) -> Result<PackageSource, Error> {
        let document = self.document;
        let table = document.table(value, "`directory`")?;
        let path = document.required(value, "path", "`directory`")?;
        let mut path = self.path(document.string(path, "`path`")?);
        if let Some(subdirectory) = document.text_at(table, "subdirectory")? {
            path.push(subdirectory);
        }
        let editable = table.get("editable");
        Ok(PackageSource::Directory {
            path,
            develop: editable.and_then(|value| value.get_ref().as_bool()) == Some(true),
        })
    }

    fn archive(&self, value: &Value<'_>) -> Result<(PackageSource, Vec<LockedFile>), Error> {
        let document = self.document;
        let table = document.table(value, "`archive`")?;
        let subdirectory = document.text_at(table, "subdirectory")?.map(str::to_owned);
        let file = self.file(value)?;
        let source = match (
            document.text_at(table, "url")?,
            document.text_at(table, "path")?,
        ) {
            (Some(url), _) => PackageSource::Url {
                url: url.to_owned(),
                subdirectory,
            },
            (None, Some(path)) => PackageSource::File {
                path: self.path(path),
                subdirectory,
            },
            (None, None) => return Err(document.invalid(value.span(), "`archive` without `url`")),
        };
        Ok((source, vec![file]))
    }

    fn file(&self, value: &Value<'_>) -> Result<LockedFile, Error> {
        let document = self.document;
        let table = document.table(value, "a file")?;
        let path = document.text_at(table, "path")?;
        let url = match (document.text_at(table, "url")?, path) {
            (Some(url), _) => Some(url.to_owned()),
            (None, Some(path)) => absolute_file_url(&self.directory.join(path)),
            (None, None) => None,
        };
        let name = match (document.text_at(table, "name")?, url.as_deref()) {
            (Some(name), _) => name.to_owned(),
            (None, Some(url)) => file_name_of(url),
            (None, None) => {
                return Err(document.invalid(value.span(), "a file without `name` and `url`"));
            }
        };
        let (digests, weak_hash) = self.hashes(value)?;
        Ok(LockedFile {
            name: plain_name(document, value, name)?,
            url,
            size: size(document, table)?,
            digests,
            weak_hash,
        })
    }

    fn hashes(&self, file: &Value<'_>) -> Result<(Vec<Digest>, Option<WeakHash>), Error> {
        let document = self.document;
        let hashes = document.required(file, "hashes", "a file")?;
        let mut digests = Vec::new();
        let mut weak = Vec::new();
        for (algorithm, value) in document.table(hashes, "`hashes`")? {
            let hash = document.string(value, "a hash")?;
            let text = format!("{}:{hash}", algorithm.get_ref());
            match text.parse() {
                Ok(digest) => digests.push(digest),
                Err(_) => weak.push(text),
            }
        }
        let weak_hash = digests.is_empty().then(|| WeakHash {
            text: match &weak[..] {
                [] => "no hash".to_owned(),
                weak => weak.join(" "),
            },
            place: document.place(hashes.span()),
        });
        Ok((digests, weak_hash))
    }
}

/// The version that a wheel among the files is of.
fn version_of_wheel(files: &[LockedFile]) -> Option<String> {
    files.iter().find_map(|file| {
        let name = file.name.strip_suffix(".whl")?;
        let version: pep440_rs::Version = name.split('-').nth(1)?.parse().ok()?;
        Some(version.to_string())
    })
}
