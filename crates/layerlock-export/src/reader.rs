//! Poetry's lock as one of several kinds.

use layerlock_lock::{Ask, Choice, LockError, LockReader, LockWarning, PackageName, Selected};
use pep508_rs::MarkerEnvironment;

use crate::asks::asks;
use crate::choice::resolve;
use crate::lock::Lock;
use crate::patch;
use crate::project::Project;
use crate::select::select;
use crate::{Error, Warning};

/// A Poetry project and its lock, which is up to date unless it was to be taken as it is.
#[derive(Debug, Clone)]
pub struct PoetryLock {
    project: Project,
    lock: Lock,
}

impl PoetryLock {
    /// Reads poetry.lock beside the pyproject.toml of a project.
    pub fn of(project: Project) -> Result<Self, Error> {
        let lock = Lock::read(&project)?;
        Ok(Self { project, lock })
    }

    /// The same, where a lock that is out of date is no error but a warning.
    pub fn of_even_stale(project: Project) -> Result<Self, Error> {
        let lock = Lock::read_even_stale(&project)?;
        Ok(Self { project, lock })
    }

    /// pyproject.toml.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// poetry.lock.
    pub fn lock(&self) -> &Lock {
        &self.lock
    }
}

impl LockReader for PoetryLock {
    fn warnings(&self, choice: &Choice) -> Result<Vec<LockWarning>, LockError> {
        let selection = resolve(choice, &self.project)?;
        let warnings = self.lock.warnings().iter().chain(&selection.warnings);
        Ok(warnings.map(LockWarning::from).collect())
    }

    fn target_warnings(&self, environment: &MarkerEnvironment) -> Vec<LockWarning> {
        let warning = patch::warning(&self.project, environment);
        warning
            .as_ref()
            .map(LockWarning::from)
            .into_iter()
            .collect()
    }

    fn select(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Selected, LockError> {
        Ok(select(&self.project, &self.lock, choice, environment)?)
    }

    fn asks(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Vec<Ask>, LockError> {
        Ok(asks(&self.project, &self.lock, choice, environment)?)
    }

    fn package_names(&self) -> Vec<PackageName> {
        let packages = self.lock.packages().iter();
        packages.map(|package| package.name.clone()).collect()
    }
}

impl From<&Warning> for LockWarning {
    fn from(warning: &Warning) -> Self {
        Self {
            message: warning.to_string(),
            place: warning.place().cloned(),
            kind: warning.kind(),
            hint: warning.hint(),
        }
    }
}

impl From<Error> for LockError {
    fn from(error: Error) -> Self {
        Self::new(error)
    }
}
