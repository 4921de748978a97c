//! What a reader of a lock gives.

use std::error::Error;
use std::fmt;
use std::path::Path;

use layerlock_diagnostic::{Diagnose, ErrorKind, Place};
use pep508_rs::MarkerEnvironment;

use crate::{Choice, Selected};

/// Why a lock cannot be read, or nothing be selected from it: the error of whichever
/// reader it was.
#[derive(Debug)]
pub struct LockError(Box<dyn Diagnose + Send + Sync>);

impl LockError {
    /// Wraps the error of a reader.
    pub fn new(error: impl Diagnose + Send + Sync + 'static) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for LockError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl Diagnose for LockError {
    fn kind(&self) -> ErrorKind {
        self.0.kind()
    }

    fn place(&self) -> Option<&Place> {
        self.0.place()
    }

    fn hint(&self) -> Option<String> {
        self.0.hint()
    }

    fn package(&self) -> Option<&str> {
        self.0.package()
    }
}

/// Something that a user should know of a lock, though the work goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockWarning {
    /// What it is.
    pub message: String,
    /// Where in the lock or the project.
    pub place: Option<Place>,
}

/// The lock of a project, read and known to be up to date.
///
/// A reader knows the format of one tool; whoever selects from it need not.
pub trait LockReader: Send + Sync {
    /// The lock file.
    fn path(&self) -> &Path;

    /// What a user should know of the lock and of a choice.
    fn warnings(&self, choice: &Choice) -> Result<Vec<LockWarning>, LockError>;

    /// The packages that a choice of groups and extras selects for one target,
    /// whose marker environment settles every marker. It is an error where the
    /// target's Python is outside of the project's range, and where the lock
    /// selects one name twice.
    fn select(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Selected, LockError>;
}
