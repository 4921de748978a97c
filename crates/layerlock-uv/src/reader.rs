//! uv.lock as one of several kinds of locks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use layerlock_lock::{
    Ask, Choice, LockError, LockReader, LockWarning, LockWarningKind, PackageName, ProjectIndex,
    Selected, normalize_name,
};
use pep508_rs::MarkerEnvironment;

use crate::Error;
use crate::choice::Available;
use crate::lock::Lock;
use crate::project::UvProject;
use crate::select::{Names, Query};
use crate::stale;

/// A project of uv and its lock, which is up to date unless it was to be taken as it is.
#[derive(Debug)]
pub struct UvLock {
    lock: Lock,
    /// pyproject.toml beside the lock.
    root: Option<UvProject>,
    /// The projects of the lock that are directories, by the index of their package.
    projects: BTreeMap<usize, UvProject>,
    /// The project that is meant where nobody names one: that of the current directory,
    /// or the one beside the lock.
    default_package: Option<String>,
    indexes: Vec<ProjectIndex>,
    stale: Option<LockWarning>,
}

impl UvLock {
    /// Reads uv.lock. The project in its directory is meant where nobody names one, or
    /// the `default_package` of its workspace.
    pub fn read(path: &Path, default_package: Option<&str>) -> Result<Self, Error> {
        let read = Self::read_unchecked(path, default_package)?;
        read.check()?;
        Ok(read)
    }

    /// The same, where a lock that is out of date is no error but a warning.
    pub fn read_even_stale(path: &Path, default_package: Option<&str>) -> Result<Self, Error> {
        let mut read = Self::read_unchecked(path, default_package)?;
        match read.check() {
            Ok(()) => {}
            Err(Error::Stale { lock, what, place }) => {
                read.stale = Some(LockWarning {
                    message: format!(
                        "{} is out of date, and may lack what is needed now: {what}",
                        lock.display()
                    ),
                    place: Some(*place),
                    kind: LockWarningKind::Stale,
                    hint: Some("run `uv lock`".to_owned()),
                });
            }
            Err(error) => return Err(error),
        }
        Ok(read)
    }

    fn read_unchecked(path: &Path, default_package: Option<&str>) -> Result<Self, Error> {
        let lock = Lock::read(path)?;
        let directory = lock.directory().to_owned();
        let root = UvProject::read(&directory)?;
        let mut projects = BTreeMap::new();
        for (index, package) in lock.packages().iter().enumerate() {
            if let Some(path) = package.source.directory()
                && let Some(project) = UvProject::read(&below(&directory, path))?
            {
                projects.insert(index, project);
            }
        }
        let mut indexes: Vec<ProjectIndex> = Vec::new();
        for project in root.iter().chain(projects.values()) {
            for index in &project.indexes {
                if !indexes.contains(index) {
                    indexes.push(index.clone());
                }
            }
        }
        let of_root = root.as_ref().and_then(|root| root.name.clone());
        Ok(Self {
            default_package: default_package.map(normalize_name).or(of_root),
            lock,
            root,
            projects,
            indexes,
            stale: None,
        })
    }

    fn check(&self) -> Result<(), Error> {
        stale::check(&self.lock, self.root.as_ref(), &self.projects)
    }

    /// uv.lock.
    pub fn path(&self) -> &Path {
        self.lock.path()
    }

    /// The indexes that the projects name.
    pub fn indexes(&self) -> &[ProjectIndex] {
        &self.indexes
    }

    /// The names of the groups that can be chosen from, `main` first. With a package
    /// those of that project of the workspace.
    pub fn groups(&self, package: Option<&str>) -> Result<Vec<String>, Error> {
        Ok(self.available(&self.roots(package)?)?.group_names())
    }

    /// The names of the extras that can be chosen from.
    pub fn extras(&self, package: Option<&str>) -> Result<Vec<String>, Error> {
        let available = self.available(&self.roots(package)?)?;
        Ok(available.extras.into_iter().collect())
    }

    /// The names of the projects that can be chosen.
    pub fn projects(&self) -> Vec<String> {
        self.member_names()
    }

    /// The directory of a project of the workspace.
    pub fn directory_of(&self, package: &str) -> Result<PathBuf, Error> {
        let root = self.member(package)?;
        let path = self.lock.package(root).source.directory();
        Ok(below(self.lock.directory(), path.unwrap_or_default()))
    }

    /// The chosen projects: one, or all of a workspace that has none at its root.
    fn roots(&self, package: Option<&str>) -> Result<Vec<usize>, Error> {
        if let Some(name) = package.or(self.default_package.as_deref()) {
            return Ok(vec![self.member(name)?]);
        }
        let members = self.lock.head.members.iter();
        members.map(|name| self.member(name)).collect()
    }

    fn member(&self, name: &str) -> Result<usize, Error> {
        let normalized = normalize_name(name);
        let member = self.lock.member(&normalized);
        member.ok_or_else(|| Error::UnknownPackage {
            name: name.to_owned(),
            known: self.member_names(),
        })
    }

    fn member_names(&self) -> Vec<String> {
        let packages = self.lock.packages().iter();
        let projects = packages.filter(|package| package.source.directory().is_some());
        projects.map(|package| package.name.to_string()).collect()
    }

    fn available(&self, roots: &[usize]) -> Result<Available, Error> {
        let mut available = Available::default();
        for &root in roots {
            let package = self.lock.package(root);
            available.groups.extend(package.groups.keys().cloned());
            available.extras.extend(package.extras.keys().cloned());
            if let Some(project) = self.projects.get(&root) {
                available.groups.extend(project.groups.keys().cloned());
                let extras = project.extras.iter().flat_map(BTreeMap::keys);
                available.extras.extend(extras.cloned());
            }
        }
        let root_groups = match self.root_package() {
            Some(root) => &self.lock.package(root).groups,
            None => &self.lock.head.groups,
        };
        let inherited = root_groups.keys();
        let inherited: BTreeSet<String> = inherited
            .filter(|group| !available.groups.contains(*group))
            .cloned()
            .collect();
        available.groups.extend(inherited.iter().cloned());
        available.inherited_groups = inherited;
        let defaults = match roots {
            [only] => self.projects.get(only),
            _ => self.root.as_ref(),
        };
        let known: &BTreeSet<String> = &available.groups;
        available.default_groups = match defaults {
            Some(project) => project.default_groups(known)?,
            None => BTreeSet::new(),
        };
        Ok(available)
    }

    /// What to tell where the chosen project is the root of a workspace, and asks for
    /// nothing: another one may be meant.
    fn empty_root(&self, roots: &[usize]) -> Option<LockWarning> {
        let [root] = roots else {
            return None;
        };
        let package = self.lock.package(*root);
        let asks = [&package.extras, &package.groups]
            .into_iter()
            .any(|sets| !sets.is_empty());
        let head = &self.lock.head;
        let others = head
            .members
            .iter()
            .filter(|name| *name != package.name.as_str());
        let others: Vec<&str> = others.map(String::as_str).collect();
        let is_root = self.root_package() == Some(*root);
        if !is_root || asks || !package.dependencies.is_empty() || others.is_empty() {
            return None;
        }
        Some(LockWarning {
            message: format!(
                "{}, the root of the workspace, asks for no package",
                package.name
            ),
            place: Some(self.lock.place(package.span.clone())),
            kind: LockWarningKind::General,
            hint: Some(format!(
                "name a project of the workspace by --package: {}",
                others.join(", ")
            )),
        })
    }

    /// The project at the root of the workspace.
    fn root_package(&self) -> Option<usize> {
        let name = self.root.as_ref()?.name.as_deref()?;
        self.lock.member(name)
    }
}

impl LockReader for UvLock {
    fn warnings(&self, choice: &Choice) -> Result<Vec<LockWarning>, LockError> {
        let roots = self.roots(choice.package.as_deref())?;
        let chosen = self.available(&roots)?.resolve(choice)?;
        let only_wins = chosen.only_wins.then(only_wins);
        let empty_root = self.empty_root(&roots);
        let stale = self.stale.iter().cloned();
        Ok(stale.chain(only_wins).chain(empty_root).collect())
    }

    fn target_warnings(&self, environment: &MarkerEnvironment) -> Vec<LockWarning> {
        self.lock.head.supported.warnings(environment)
    }

    fn select(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Selected, LockError> {
        let names = Names {
            indexes: &self.indexes,
        };
        self.query(choice, environment, |query| query.select(&names))
    }

    fn asks(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Vec<Ask>, LockError> {
        self.query(choice, environment, |query| {
            let mut asks = query.asks()?;
            asks.sort();
            Ok(asks)
        })
    }

    fn package_names(&self) -> Vec<PackageName> {
        let packages = self.lock.packages().iter();
        packages.map(|package| package.name.clone()).collect()
    }
}

impl UvLock {
    /// Asks what a choice selects for one target.
    fn query<T>(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
        ask: impl FnOnce(&Query<'_>) -> Result<T, Error>,
    ) -> Result<T, LockError> {
        let roots = self.roots(choice.package.as_deref())?;
        let available = self.available(&roots)?;
        let chosen = available.resolve(choice)?;
        let environment = self.lock.head.supported.fit(environment)?;
        let query = Query {
            lock: &self.lock,
            roots: &roots,
            root: self.root_package(),
            inherited_groups: &available.inherited_groups,
            // Who names no project means all, and what the workspace itself asks for.
            of_workspace: choice.package.is_none() && self.default_package.is_none(),
            chosen: &chosen,
            environment: &environment,
        };
        Ok(ask(&query)?)
    }
}

/// A directory of the lock. The lock's own is `.`, which is no part of a path.
fn below(directory: &Path, path: &str) -> PathBuf {
    let path = Path::new(path);
    directory.join(path.strip_prefix(".").unwrap_or(path))
}

/// The indexes that `[tool.uv]` of a project names: none where it has none, or cannot be
/// read.
pub fn project_indexes(directory: &Path) -> Vec<ProjectIndex> {
    let project = UvProject::read(directory).ok().flatten();
    project.map(|project| project.indexes).unwrap_or_default()
}

/// What is told where flags were given that another one overrules.
pub(crate) fn only_wins() -> LockWarning {
    LockWarning {
        message: "--with and --without are ignored beside --only".to_owned(),
        place: None,
        kind: LockWarningKind::General,
        hint: None,
    }
}

/// The directories of projects that a uv.lock names, by a look at its lines: what a run
/// without changes needs to know, and nothing more.
pub fn project_directories(text: &str) -> Vec<&str> {
    let lines = text.lines().filter_map(|line| {
        let rest = line.strip_prefix("source = { ")?;
        let kinds = ["editable", "virtual", "directory"];
        let rest = kinds.iter().find_map(|kind| rest.strip_prefix(kind))?;
        rest.strip_prefix(" = \"")?.split('"').next()
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::project_directories;

    #[test]
    fn the_directories_of_projects_are_read_off_the_lines() {
        let text = "[[package]]\nname = \"a\"\nsource = { registry = \"x\" }\n\n[[package]]\n\
                    source = { editable = \".\" }\nsource = { virtual = \"lib/b\" }\n    \
                    { name = \"c\", source = { editable = \"d\" } },\n";
        assert_eq!(project_directories(text), [".", "lib/b"]);
    }
}
