//! A lock, and the project that it is of.

use std::path::PathBuf;

use layerlock_diagnostic::LockTool;
use layerlock_export::{PoetryLock, Project};
use layerlock_lock::{
    Ask, Choice, LockError, LockReader, LockWarning, MAIN_GROUP, PackageName, ProjectIndex,
    Selected,
};
use layerlock_uv::{PyLock, RequirementsLock, UvLock};
use pep508_rs::MarkerEnvironment;

use super::file::{LockFile, LockKind};
use super::listing;
use super::names::Names;
use crate::{Error, Settings};

/// A project and its lock.
#[derive(Debug)]
pub(crate) struct Locked {
    project: Project,
    file: LockFile,
    reader: Reader,
    /// The indexes that the project names, for Poetry and for uv, where the lock has none.
    indexes: Vec<ProjectIndex>,
}

#[derive(Debug)]
enum Reader {
    Poetry(Box<PoetryLock>),
    Uv(Box<UvLock>),
    Pylock(Box<PyLock>),
    Requirements(Box<RequirementsLock>),
}

impl Locked {
    /// Reads the lock of a project.
    pub(crate) fn read(project: Project, settings: &Settings) -> Result<Self, Error> {
        let file = LockFile::find(&project, settings)?;
        let indexes = match file.kind {
            LockKind::Pylock | LockKind::Requirements => all_indexes(&project),
            LockKind::Poetry | LockKind::Uv => Vec::new(),
        };
        let reader = match file.kind {
            LockKind::Poetry if settings.allow_stale_lock => {
                Reader::Poetry(Box::new(PoetryLock::of_even_stale(project.clone())?))
            }
            LockKind::Poetry => Reader::Poetry(Box::new(PoetryLock::of(project.clone())?)),
            LockKind::Uv => Reader::Uv(Box::new(read_uv(&file, settings)?)),
            LockKind::Pylock => {
                let lock = PyLock::read(&file.path).map_err(LockError::from)?;
                Reader::Pylock(Box::new(lock))
            }
            LockKind::Requirements => {
                Reader::Requirements(Box::new(listing::read(&file.path, &indexes, settings)?))
            }
        };
        Ok(Self {
            project,
            file,
            reader,
            indexes,
        })
    }

    /// pyproject.toml.
    pub(crate) fn project(&self) -> &Project {
        &self.project
    }

    /// Poetry's lock, where it is one: `poetry export` knows no other.
    pub(crate) fn poetry(&self) -> Option<&PoetryLock> {
        match &self.reader {
            Reader::Poetry(lock) => Some(lock),
            _ => None,
        }
    }

    /// What writes this lock.
    pub(crate) fn tool(&self) -> LockTool {
        self.file.kind.tool()
    }

    /// The indexes that the project names.
    pub(crate) fn indexes(&self) -> &[ProjectIndex] {
        match &self.reader {
            Reader::Poetry(lock) => lock.project().sources(),
            Reader::Uv(lock) => lock.indexes(),
            Reader::Pylock(_) | Reader::Requirements(_) => &self.indexes,
        }
    }

    /// The projects of a workspace.
    pub(crate) fn projects(&self) -> Vec<String> {
        match &self.reader {
            Reader::Uv(lock) => lock.projects(),
            Reader::Poetry(_) | Reader::Pylock(_) | Reader::Requirements(_) => Vec::new(),
        }
    }

    /// The groups and extras that can be chosen from.
    pub(crate) fn names(&self, package: Option<&str>) -> Result<Names, Error> {
        match &self.reader {
            Reader::Poetry(_) => Ok(Names::of(&self.project)),
            Reader::Uv(lock) => Ok(Names {
                groups: lock.groups(package).map_err(LockError::from)?,
                extras: lock.extras(package).map_err(LockError::from)?,
            }),
            Reader::Pylock(lock) => Ok(Names {
                groups: lock.groups(),
                extras: lock.extras(),
            }),
            Reader::Requirements(_) => Ok(Names {
                groups: vec![MAIN_GROUP.to_owned()],
                extras: Vec::new(),
            }),
        }
    }

    /// The directory of a project of the workspace.
    pub(crate) fn directory_of(&self, package: &str) -> Result<PathBuf, Error> {
        match &self.reader {
            Reader::Poetry(_) | Reader::Pylock(_) | Reader::Requirements(_) => {
                Ok(self.project.directory().to_owned())
            }
            Reader::Uv(lock) => Ok(lock.directory_of(package).map_err(LockError::from)?),
        }
    }

    fn inner(&self) -> &dyn LockReader {
        match &self.reader {
            Reader::Poetry(lock) => &**lock,
            Reader::Uv(lock) => &**lock,
            Reader::Pylock(lock) => &**lock,
            Reader::Requirements(lock) => &**lock,
        }
    }
}

/// Credentials go by the names of these.
fn all_indexes(project: &Project) -> Vec<ProjectIndex> {
    let of_uv = layerlock_uv::project_indexes(project.directory());
    project.sources().iter().cloned().chain(of_uv).collect()
}

fn read_uv(file: &LockFile, settings: &Settings) -> Result<UvLock, Error> {
    let package = file.default_package.as_deref();
    let read = if settings.allow_stale_lock {
        UvLock::read_even_stale(&file.path, package)
    } else {
        UvLock::read(&file.path, package)
    };
    Ok(read.map_err(LockError::from)?)
}

impl LockReader for Locked {
    fn warnings(&self, choice: &Choice) -> Result<Vec<LockWarning>, LockError> {
        let mut warnings = self.inner().warnings(choice)?;
        warnings.extend(self.file.note());
        Ok(warnings)
    }

    fn target_warnings(&self, environment: &MarkerEnvironment) -> Vec<LockWarning> {
        self.inner().target_warnings(environment)
    }

    fn select(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Selected, LockError> {
        self.inner().select(choice, environment)
    }

    fn asks(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Vec<Ask>, LockError> {
        self.inner().asks(choice, environment)
    }

    fn tells_needs(&self) -> bool {
        self.inner().tells_needs()
    }

    fn package_names(&self) -> Vec<PackageName> {
        self.inner().package_names()
    }
}
