//! poetry.lock, versions 1.0 to 2.1.
//!
//! In version 2.1 every package has its groups and markers. Before, a lock says
//! what depends on what, and is walked ([`crate::walk`]).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::path::Path;

use pep440_rs::Version;
use toml::de::DeTable;

use crate::constraint::PythonConstraint;
use crate::document::{Document, Value};
use crate::git_address;
use crate::marker::{self, Marker};
use crate::names::normalize;
use crate::project::Project;
use crate::rules;
use crate::select::PackageSource;
use crate::walk::{Graph, Node};
use crate::{Error, Place, Warning};

/// The newest lock version whose meaning is known.
pub(crate) const NEWEST_VERSION: &str = "2.1";

/// The lock of a project, known to be up to date.
#[derive(Debug, Clone)]
pub struct Lock {
    document: Document,
    warnings: Vec<Warning>,
    packages: Vec<Package>,
    /// What depends on what, where the lock is of a version that does not say
    /// what each package is for.
    graph: Option<Graph>,
}

/// One `[[package]]` of the lock.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    /// Normalised.
    pub(crate) name: String,
    /// Normalised (PEP 440).
    pub(crate) version: Version,
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
    pub(crate) dependencies: Vec<Dependency>,
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
    pub(crate) name: String,
    pub(crate) hash: String,
    pub(crate) url: Option<String>,
    pub(crate) hash_span: Range<usize>,
}

/// What a package asks of another one.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    /// Normalised.
    pub(crate) name: String,
    /// Normalised.
    pub(crate) extras: Vec<String>,
    pub(crate) marker: Marker,
}

impl Lock {
    /// Reads poetry.lock beside the project's pyproject.toml. A lock that was
    /// not made from this pyproject.toml is refused, as is one that a Poetry
    /// before 1 or after 2 wrote.
    pub fn read(project: &Project) -> Result<Self, Error> {
        let path = project.directory().join("poetry.lock");
        match Document::read(&path) {
            Ok(document) => Self::new(&document, project),
            Err(Error::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Err(Error::NoLock { path })
            }
            Err(error) => Err(error),
        }
    }

    fn new(document: &Document, project: &Project) -> Result<Self, Error> {
        if let Some((packages, rest)) = document.cut("package")
            && let Ok(lock) = Self::of_parts(document, &packages, &rest, project)
        {
            return Ok(lock);
        }
        // Not as Poetry writes it, or wrong: then the whole says best what is.
        Self::of_parts(document, &[], document, project)
    }

    /// Reads a lock that was cut into some of its packages and the rest.
    fn of_parts(
        document: &Document,
        packages: &[Document],
        rest: &Document,
        project: &Project,
    ) -> Result<Self, Error> {
        let root = rest.parse()?;
        let (warnings, is_old) = check(rest, root.get_ref(), project)?;
        let mut read = Packages {
            directory: project.directory(),
            is_old,
            files: metadata_files(rest, root.get_ref())?,
            done: Vec::new(),
            nodes: Vec::new(),
        };
        for part in packages {
            read.of(part, part.parse()?.get_ref())?;
        }
        read.of(rest, root.get_ref())?;
        let Packages { done, nodes, .. } = read;
        let (packages, graph) = if is_old {
            (done, Some(Graph::new(project, root.get_ref(), nodes)?))
        } else {
            (without_repeats(done), None)
        };
        Ok(Self {
            document: document.clone(),
            warnings,
            packages,
            graph,
        })
    }

    /// poetry.lock.
    pub fn path(&self) -> &Path {
        self.document.path()
    }

    /// The text of poetry.lock, to show a [`Place`] in.
    pub fn text(&self) -> &str {
        self.document.text()
    }

    /// What a user should know of this lock.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// How many packages the lock has.
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Whether the lock has no packages.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    pub(crate) fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// What depends on what, in a lock of a version before 2.1.
    pub(crate) fn graph(&self) -> Option<&Graph> {
        self.graph.as_ref()
    }

    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        self.document.place(span)
    }
}

/// The packages that were read so far.
struct Packages<'d, 'r> {
    directory: &'d Path,
    is_old: bool,
    files: Option<&'r DeTable<'d>>,
    done: Vec<Package>,
    /// What they ask for, in a lock of a version before 2.1.
    nodes: Vec<Node>,
}

impl Packages<'_, '_> {
    /// Reads the packages in a part of the lock.
    fn of(&mut self, part: &Document, table: &DeTable<'_>) -> Result<(), Error> {
        let Some(packages) = table.get("package") else {
            return Ok(());
        };
        let reader = Reader {
            document: part,
            directory: self.directory,
            is_old: self.is_old,
            files: self.files,
        };
        for value in part.array(packages, "`package`")? {
            let package = reader.package(value)?;
            if self.is_old {
                let node = Node::read(part, value, &package, self.directory)?;
                self.nodes.push(node);
            }
            self.done.push(package);
        }
        Ok(())
    }
}

/// Reads packages of one part of the lock.
struct Reader<'d, 'r> {
    document: &'d Document,
    directory: &'d Path,
    /// Whether the lock is of a version before 2.1.
    is_old: bool,
    /// `[metadata.files]`: in lock versions 1.0 and 1.1 the files of each
    /// package, by its name as the lock spells it.
    files: Option<&'r DeTable<'d>>,
}

fn metadata_files<'d, 'r>(
    document: &Document,
    root: &'r DeTable<'d>,
) -> Result<Option<&'r DeTable<'d>>, Error> {
    let metadata = root.get("metadata");
    metadata
        .and_then(|metadata| metadata.get_ref().as_table()?.get("files"))
        .map(|files| document.table(files, "`metadata.files`"))
        .transpose()
}

/// Checks the lock's version and whether it is up to date, and the project by the
/// rules of the Poetry that such a lock is for. Whether the lock is of a version
/// before 2.1 is given back.
fn check(
    document: &Document,
    root: &DeTable<'_>,
    project: &Project,
) -> Result<(Vec<Warning>, bool), Error> {
    let hashes = project.content_hashes();
    let end = document.text().len();
    let stale = |span: Range<usize>, locked: Option<&str>, expected: &str| Error::Stale {
        place: document.place(span).into(),
        locked: locked.map(str::to_owned),
        expected: expected.to_owned(),
    };
    let Some(value) = root.get("metadata") else {
        return Err(stale(end..end, None, &hashes.newest));
    };
    let metadata = document.table(value, "`metadata`")?;
    let mut warnings = Vec::new();
    let is_old = match metadata.get("lock-version") {
        Some(version) => is_old(document, version, &mut warnings)?,
        // So Poetry takes it.
        None => true,
    };
    rules::check(project, is_old)?;
    let expected = if is_old {
        &hashes.poetry_1
    } else {
        &hashes.newest
    };
    let Some(hash) = metadata.get("content-hash") else {
        return Err(stale(value.span(), None, expected));
    };
    let locked = document.string(hash, "`content-hash`")?;
    let is_fresh = locked == expected
        || (!is_old && locked == hashes.before_2_3 && written_before_2_3(document.text()));
    if is_fresh {
        Ok((warnings, is_old))
    } else {
        Err(stale(hash.span(), Some(locked), expected))
    }
}

/// Whether a lock version is one before 2.1.
fn is_old(
    document: &Document,
    value: &Value<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<bool, Error> {
    let text = document.string(value, "`lock-version`")?;
    let place = document.place(value.span());
    let version: Version = text
        .parse()
        .map_err(|_| document.invalid(value.span(), format!("`{text}` is not a lock version")))?;
    let refused = |written_by| Error::LockVersion {
        place: place.clone().into(),
        version: text.to_owned(),
        written_by,
    };
    match version.release() {
        [2, minor, ..] if *minor > 1 => {
            warnings.push(Warning::NewerLock {
                place,
                version: text.to_owned(),
            });
            Ok(false)
        }
        [2, 1, ..] => Ok(false),
        // Poetry 1.0 to 1.8.
        [1 | 2, ..] => Ok(true),
        [0, ..] => Err(refused("a Poetry before 1.0")),
        _ => Err(refused("a Poetry later than 2")),
    }
}

impl Reader<'_, '_> {
    fn package(&self, value: &Value<'_>) -> Result<Package, Error> {
        let table = self.document.table(value, "a package")?;
        let name_value = self.required("a package", value, table, "name")?;
        let version = self.required("a package", value, table, "version")?;
        let name = self.name(name_value)?;
        let version = self.version(version)?;
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
            files.retain(|file| {
                path.file_name()
                    .is_some_and(|name| name == file.name.as_str())
            });
        }
        Ok(files)
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

    /// A package name becomes part of paths and addresses, so it must be one
    /// (PEP 508: letters, digits and `-_.` between them).
    fn name(&self, value: &Value<'_>) -> Result<String, Error> {
        let name = self.document.string(value, "`name`")?;
        let is_alphanumeric = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let is_name = is_alphanumeric(name.chars().next())
            && is_alphanumeric(name.chars().next_back())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if is_name {
            Ok(normalize(name))
        } else {
            Err(self.document.invalid(
                value.span(),
                format!("`{}` is not a package name", name.escape_debug()),
            ))
        }
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
                    name: self.file_name(file)?,
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

    /// The name of a file is joined to paths and addresses: only one that is a
    /// name on every system is let through.
    fn file_name(&self, value: &Value<'_>) -> Result<String, Error> {
        let name = self.document.string(value, "`file`")?;
        let is_plain = !name.is_empty()
            && !matches!(name, "." | "..")
            && !name
                .chars()
                .any(|c| matches!(c, '/' | '\\' | ':') || c.is_control());
        if is_plain {
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
                url: self.git_address(value)?,
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

    /// The address of a git source, which Poetry must be able to read.
    fn git_address(&self, source: &Value<'_>) -> Result<String, Error> {
        let table = self.document.table(source, "`source`")?;
        let value = self.required("a source", source, table, "url")?;
        let address = self.document.string(value, "`url`")?;
        if git_address::printed(address).is_none() {
            let message = format!("`{}` is not a git address", address.escape_debug());
            return Err(self.document.invalid(value.span(), message));
        }
        Ok(address.to_owned())
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
    fn dependencies(&self, table: &DeTable<'_>) -> Result<Vec<Dependency>, Error> {
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
                dependencies.push(Dependency {
                    name: normalize(name.get_ref()),
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

/// The packages, each once: where a lock has one twice, Poetry takes the groups
/// and markers of the last entry and all else of the first.
fn without_repeats(packages: Vec<Package>) -> Vec<Package> {
    let mut unique: Vec<Package> = Vec::with_capacity(packages.len());
    // Entries are sorted by name, but for those that somebody moved.
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::with_capacity(packages.len());
    for package in packages {
        let known = by_name.entry(package.name.clone()).or_default();
        let same = known.iter().copied().find(|&index| {
            let other = &unique[index];
            other.version == package.version && other.source == package.source
        });
        if let Some(index) = same {
            unique[index].groups = package.groups;
            unique[index].markers = package.markers;
        } else {
            known.push(unique.len());
            unique.push(package);
        }
    }
    unique
}

/// Whether the comment on the first line says that the lock was written by a
/// Poetry before 2.3, whose hash left `[dependency-groups]` out.
fn written_before_2_3(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first
        .match_indices("Poetry ")
        .next()
        .and_then(|(at, word)| first[at + word.len()..].split(' ').next())
        .and_then(|version| version.parse::<Version>().ok())
        .is_some_and(|version| version < Version::new([2, 3, 0]))
}
