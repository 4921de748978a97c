//! poetry.lock, versions 1.0 to 2.1.
//!
//! In version 2.1 every package has its groups and markers. Before, a lock says
//! what depends on what, and is walked (`walk`).

mod foreign;
mod package;

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::thread;

use layerlock_diagnostic::Place;
use layerlock_lock::{PackageName, PackageSource, TomlParts, in_parts_or_whole};
use pep440_rs::Version;
use toml::de::DeTable;

use crate::document::{Document, Value};
use crate::graph::{Graph, Node};
use crate::missing::others;
use crate::project::Project;
use crate::rules;
use crate::{Error, Warning};

use package::Reader;
pub(crate) use package::{File, LockedDependency, Markers, Package};

/// The newest lock version whose meaning is known.
const NEWEST_VERSION: &str = "2.1";

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

impl Lock {
    /// Reads poetry.lock beside the project's pyproject.toml. A lock that was
    /// not made from this pyproject.toml is refused, as is one that a Poetry
    /// before 1 or after 2 wrote.
    pub fn read(project: &Project) -> Result<Self, Error> {
        Self::read_with(project, Stale::IsError)
    }

    /// The same, where a lock that was made from another pyproject.toml is no error but
    /// a warning, as for Poetry 1.
    pub fn read_even_stale(project: &Project) -> Result<Self, Error> {
        Self::read_with(project, Stale::IsWarning)
    }

    fn read_with(project: &Project, stale: Stale) -> Result<Self, Error> {
        let path = project.directory().join("poetry.lock");
        match Document::read(&path) {
            Ok(document) => Self::new(&document, project, stale),
            Err(Error::File(error)) if error.is_missing() => Err(Error::NoLock {
                others: others(project.directory()),
                path,
            }),
            Err(error) => Err(error),
        }
    }

    fn new(document: &Document, project: &Project, stale: Stale) -> Result<Self, Error> {
        foreign::by_text(document)?;
        let whole = || Self::from_parts(document, &[], document, project, stale);
        let parts = document.cut("package");
        let is_of_poetry =
            |parts: &TomlParts<Error>| parts.head.part_text().lines().all(is_blank_or_comment);
        match parts.filter(is_of_poetry) {
            Some(parts) => in_parts_or_whole(
                Self::from_parts(document, &parts.tables, &parts.rest, project, stale),
                whole,
                Error::is_too_large,
            ),
            None => whole(),
        }
    }

    /// Reads a lock that was cut into some of its packages and the rest.
    fn from_parts(
        document: &Document,
        packages: &[Document],
        rest: &Document,
        project: &Project,
        stale: Stale,
    ) -> Result<Self, Error> {
        let root = rest.parse_lock()?;
        let (mut warnings, is_old) = check(rest, root.get_ref(), project, stale)?;
        let empty = Packages {
            directory: project.directory(),
            is_old,
            files: metadata(rest, root.get_ref(), "files")?,
            hashes: metadata(rest, root.get_ref(), "hashes")?,
            done: Vec::new(),
            nodes: Vec::new(),
        };
        let mut read = empty.read_all(packages)?;
        read.of(rest, root.get_ref())?;
        let Packages { done, nodes, .. } = read;
        let (packages, graph) = if is_old {
            let graph = Graph::new(project, root.get_ref(), nodes)?;
            let never_locked = graph.never_locked();
            if !never_locked.is_empty() {
                warnings.push(Warning::NeverLocked {
                    names: never_locked.into_iter().map(str::to_owned).collect(),
                });
            }
            (done, Some(graph))
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

/// What it is where pyproject.toml changed since the lock was written.
#[derive(Debug, Clone, Copy)]
enum Stale {
    IsError,
    IsWarning,
}

/// The packages that were read so far.
struct Packages<'d, 'r> {
    directory: &'d Path,
    is_old: bool,
    files: Option<&'r DeTable<'d>>,
    hashes: Option<&'r DeTable<'d>>,
    done: Vec<Package>,
    /// What they ask for, in a lock of a version before 2.1.
    nodes: Vec<Node>,
}

/// Fewer packages are read before another thread has begun.
const WORTH_A_THREAD: usize = 50;

impl Packages<'_, '_> {
    /// Reads parts of the lock, a half of many on a thread of its own.
    fn read_all(&self, parts: &[Document]) -> Result<Self, Error> {
        let (first, second) = parts.split_at(parts.len() / 2);
        if first.len() < WORTH_A_THREAD {
            return self.read_each(parts);
        }
        let (first, second) = thread::scope(|scope| {
            let other = thread::Builder::new().spawn_scoped(scope, || self.read_each(first));
            let second = self.read_each(second);
            let first = match other {
                Ok(other) => other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                // There can be no more threads.
                Err(_) => self.read_each(first),
            };
            (first, second)
        });
        let (mut read, second) = (first?, second?);
        read.done.extend(second.done);
        read.nodes.extend(second.nodes);
        Ok(read)
    }

    fn read_each(&self, parts: &[Document]) -> Result<Self, Error> {
        let mut read = Self {
            done: Vec::with_capacity(parts.len()),
            nodes: Vec::new(),
            ..*self
        };
        for part in parts {
            read.of(part, part.parse()?.get_ref())?;
        }
        Ok(read)
    }

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
            hashes: self.hashes,
        };
        for value in part.array(packages, "`package`")? {
            let package = reader.package(value)?;
            if self.is_old {
                // Paths of a package in a directory start from that directory.
                let base = match &package.source {
                    PackageSource::Directory { path, .. } => path,
                    _ => self.directory,
                };
                let node = Node::read(part, value, package.name.as_str(), base)?;
                self.nodes.push(node);
            }
            self.done.push(package);
        }
        Ok(())
    }
}

/// A table in `[metadata]`.
fn metadata<'d, 'r>(
    document: &Document,
    root: &'r DeTable<'d>,
    key: &str,
) -> Result<Option<&'r DeTable<'d>>, Error> {
    let metadata = root.get("metadata");
    metadata
        .and_then(|metadata| metadata.get_ref().as_table()?.get(key))
        .map(|table| document.table(table, &format!("`metadata.{key}`")))
        .transpose()
}

/// Checks the lock's version and whether it is up to date, and the project by the
/// rules of the Poetry that such a lock is for. Whether the lock is of a version
/// before 2.1 is given back.
fn check(
    document: &Document,
    root: &DeTable<'_>,
    project: &Project,
    stale: Stale,
) -> Result<(Vec<Warning>, bool), Error> {
    let value = foreign::metadata(document, root)?;
    let hashes = project.content_hashes();
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
    let (span, locked) = match metadata.get("content-hash") {
        Some(hash) => (hash.span(), Some(document.string(hash, "`content-hash`")?)),
        None => (value.span(), None),
    };
    let is_fresh = locked == Some(expected)
        || (!is_old && locked == Some(&hashes.before_2_3) && written_before_2_3(document.text()));
    let place = document.place(span);
    match stale {
        _ if is_fresh => {}
        Stale::IsWarning => warnings.push(Warning::Stale { place }),
        Stale::IsError => {
            return Err(Error::Stale {
                place: place.into(),
                locked: locked.map(str::to_owned),
                expected: expected.clone(),
            });
        }
    }
    Ok((warnings, is_old))
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
                known: NEWEST_VERSION,
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

/// The packages, each once: where a lock has one twice, Poetry takes the groups
/// and markers of the last entry and all else of the first.
fn without_repeats(packages: Vec<Package>) -> Vec<Package> {
    let mut unique: Vec<Package> = Vec::with_capacity(packages.len());
    // Entries are sorted by name, but for those that somebody moved.
    let mut by_name: HashMap<PackageName, Vec<usize>> = HashMap::with_capacity(packages.len());
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

fn is_blank_or_comment(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with('#')
}
