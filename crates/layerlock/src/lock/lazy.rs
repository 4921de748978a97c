//! A lock that is read where it has a say.

use std::borrow::Cow;
use std::cell::OnceCell;

use layerlock_diagnostic::LockTool;
use layerlock_export::Project;

use super::file::{LockFile, LockKind, is_of_uv};
use super::locked::Locked;
use super::names::Names;
use crate::default_runtime::{self, DefaultRuntime, RuntimeQuery};
use crate::{Error, Settings};

/// The lock of a project, read when first asked for.
pub(crate) struct LazyLock<'l> {
    project: &'l Project,
    settings: &'l Settings,
    read: OnceCell<Result<Locked, Error>>,
}

impl<'l> LazyLock<'l> {
    pub(crate) fn new(project: &'l Project, settings: &'l Settings) -> Self {
        Self {
            project,
            settings,
            read: OnceCell::new(),
        }
    }

    /// The lock.
    pub(crate) fn get(&self) -> &Result<Locked, Error> {
        let read = || Locked::read(self.project.clone(), self.settings);
        self.read.get_or_init(read)
    }

    /// What writes the lock, as far as anybody knows.
    pub(crate) fn tool(&self) -> LockTool {
        match LockFile::find(self.project, self.settings) {
            Ok(file) => file.kind.tool(),
            Err(_) if is_of_uv(self.project) => LockTool::Uv,
            Err(_) => LockTool::default(),
        }
    }

    /// The lock, where somebody asked for it.
    pub(crate) fn into_inner(self) -> Option<Result<Locked, Error>> {
        self.read.into_inner()
    }

    /// Whether packages come from a lock that needs a pyproject.toml, and there is none.
    pub(crate) fn lacks_project(&self) -> bool {
        let file = LockFile::find(self.project, self.settings);
        !self.project.has_packages() && file.is_ok_and(|file| file.kind == LockKind::Poetry)
    }

    /// What can be chosen from; nothing where a lock would tell, and cannot be read.
    pub(crate) fn names(&self, package: Option<&str>) -> Result<Option<Names>, Error> {
        match LockFile::find(self.project, self.settings) {
            Ok(file) if file.kind != LockKind::Poetry => match self.get() {
                Ok(lock) => lock.names(package).map(Some),
                Err(_) => Ok(None),
            },
            _ => Ok(Some(Names::of(self.project))),
        }
    }

    /// The project whose own code a layer may hold.
    pub(crate) fn project_of(&self, package: Option<&str>) -> Result<Cow<'l, Project>, Error> {
        let Some(package) = package else {
            return Ok(Cow::Borrowed(self.project));
        };
        match self.get() {
            Ok(lock) => {
                let directory = lock.directory_of(package)?;
                Ok(Cow::Owned(Project::read(&directory)?))
            }
            // What is wrong with the lock is told when it is used.
            Err(_) => Ok(Cow::Borrowed(self.project)),
        }
    }

    /// The newest runtime that the locked files fit, else that the project allows.
    pub(crate) fn choose_runtime(&self, query: &RuntimeQuery<'_>) -> Option<DefaultRuntime> {
        match self.get() {
            Ok(lock) => default_runtime::choose(self.project, lock, query),
            Err(_) => default_runtime::newest_allowed(query.provider, self.project),
        }
    }
}
