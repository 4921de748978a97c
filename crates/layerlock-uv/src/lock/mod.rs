//! uv.lock, version 1.
//!
//! Each revision of version 1 may add keys, which those before let out: what is not
//! known here is passed over. Version 2 may mean something else by the same keys.

mod head;
mod lines;
mod manifest;
mod package;
mod source;

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread;

use layerlock_diagnostic::Place;
use layerlock_lock::{PackageName, TomlParts, in_parts_or_whole};
use pep508_rs::MarkerEnvironment;

use crate::Error;
use crate::document::Document;
use crate::marker::{Active, Markers};
use lines::wheel_lines;
use package::Reader;

pub(crate) use head::Head;
pub(crate) use package::{Dependency, File, LockedRequirement, Metadata, Package};
pub(crate) use source::Source;

/// uv.lock as it is written.
#[derive(Debug)]
pub(crate) struct Lock {
    document: Document,
    /// Where it is.
    directory: PathBuf,
    pub(crate) head: Head,
    packages: Vec<Package>,
    by_name: HashMap<PackageName, Vec<usize>>,
}

/// Fewer packages are read before another thread has begun.
const WORTH_A_THREAD: usize = 50;

impl Lock {
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        Self::new(Document::read(path)?)
    }

    fn new(document: Document) -> Result<Self, Error> {
        let directory = document.path().parent().unwrap_or(Path::new(""));
        let directory = directory.to_owned();
        let whole = || read_whole(&document, &directory);
        let parts = document.cut("package");
        let (head, packages) = match parts.filter(|parts| parts.rest.part_text().is_empty()) {
            Some(parts) => {
                in_parts_or_whole(read_parts(&parts, &directory), whole, Error::is_too_large)?
            }
            None => whole()?,
        };
        let mut by_name: HashMap<PackageName, Vec<usize>> = HashMap::with_capacity(packages.len());
        for (index, package) in packages.iter().enumerate() {
            by_name.entry(package.name.clone()).or_default().push(index);
        }
        Ok(Self {
            document,
            directory,
            head,
            packages,
            by_name,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.document.path()
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        self.document.place_in_file(span)
    }

    /// Whether it has groups without requirements too.
    pub(crate) fn names_empty_groups(&self) -> bool {
        self.head.revision >= 2
    }

    /// Whether it has the groups that go with projects where nobody says otherwise.
    pub(crate) fn names_default_groups(&self) -> bool {
        self.head.revision >= 5
    }

    pub(crate) fn packages(&self) -> &[Package] {
        &self.packages
    }

    pub(crate) fn package(&self, index: usize) -> &Package {
        &self.packages[index]
    }

    /// The packages of a name.
    pub(crate) fn named(&self, name: &str) -> &[usize] {
        self.by_name
            .get(name)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The project of the workspace that has this name.
    pub(crate) fn member(&self, name: &str) -> Option<usize> {
        let mut named = self.named(name).iter().copied();
        named.find(|&index| self.packages[index].source.directory().is_some())
    }

    /// The package that a dependency is.
    pub(crate) fn find(&self, dependency: &Dependency) -> Result<usize, Error> {
        let is_it = |index: &usize| {
            let package = &self.packages[*index];
            let is_version = dependency.version.is_none() || dependency.version == package.version;
            let source = dependency.source.as_ref();
            is_version && source.is_none_or(|source| *source == package.source)
        };
        let mut found = self.named(dependency.name.as_str()).iter().copied();
        let first = found.find(is_it);
        match (first, found.find(is_it)) {
            (Some(index), None) => Ok(index),
            (None, _) => Err(self.dangling(dependency, "that the lock does not have")),
            (Some(_), Some(_)) => {
                Err(self.dangling(dependency, "that the lock has in several versions"))
            }
        }
    }

    /// The package of a name that is part of the fork for an environment.
    pub(crate) fn find_in_fork(
        &self,
        dependency: &Dependency,
        environment: &MarkerEnvironment,
    ) -> Result<usize, Error> {
        let active = Active::default();
        let is_in_fork = |index: &usize| {
            let forks = &self.packages[*index].forks;
            let mut holding = forks.iter();
            forks.is_empty() || holding.any(|fork| fork.holds(environment, &active))
        };
        let mut found = self.named(dependency.name.as_str()).iter().copied();
        found
            .find(is_in_fork)
            .ok_or_else(|| self.dangling(dependency, "that the lock does not have"))
    }

    fn dangling(&self, dependency: &Dependency, why: &str) -> Error {
        let version = dependency.version.as_deref();
        let version = version.map(|version| format!(" {version}"));
        Error::invalid(
            self.place(dependency.span.clone()),
            format!(
                "a dependency on {}{}, {why}",
                dependency.name,
                version.unwrap_or_default()
            ),
        )
    }
}

/// Reads a lock of which nothing follows on its packages, part by part.
fn read_parts(parts: &TomlParts<Error>, directory: &Path) -> Result<(Head, Vec<Package>), Error> {
    if let Some(package) = parts.head.parse_lock()?.get_ref().get("package") {
        let message = "`package` before the packages";
        return Err(parts.head.invalid(package.span(), message));
    }
    Ok((
        Head::read(&parts.head)?,
        read_all(&parts.tables, directory)?,
    ))
}

fn read_whole(document: &Document, directory: &Path) -> Result<(Head, Vec<Package>), Error> {
    let head = Head::read(document)?;
    let root = document.parse_lock()?;
    let mut markers = Markers::default();
    let packages = Reader::new(document, directory, &mut markers).packages(root.get_ref())?;
    Ok((head, packages))
}

/// Reads parts of the lock, a half of many on a thread of its own.
fn read_all(parts: &[Document], directory: &Path) -> Result<Vec<Package>, Error> {
    let (first, second) = parts.split_at(parts.len() / 2);
    if first.len() < WORTH_A_THREAD {
        return read_each(parts, directory);
    }
    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(|| read_each(first, directory));
        let second = read_each(second, directory);
        let first = first
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (first, second)
    });
    let mut packages = first?;
    packages.extend(second?);
    Ok(packages)
}

fn read_each(parts: &[Document], directory: &Path) -> Result<Vec<Package>, Error> {
    let mut packages = Vec::with_capacity(parts.len());
    let mut markers = Markers::default();
    for part in parts {
        let (part, wheels) = match wheel_lines(part.part_text(), part.in_file(0..0).start) {
            Some(lines) => (&part.until(lines.start), lines.wheels),
            None => (part, Vec::new()),
        };
        let root = part.parse()?;
        if root.get_ref().len() > 1 {
            return Err(part.invalid(0..0, "something else among the packages"));
        }
        let mut reader = Reader::new(part, directory, &mut markers).with_wheels(wheels);
        packages.extend(reader.packages(root.get_ref())?);
    }
    Ok(packages)
}

#[cfg(test)]
mod tests;
