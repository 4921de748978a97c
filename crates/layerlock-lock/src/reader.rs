//! What a reader of a lock gives.

use std::error::Error;
use std::fmt;

use layerlock_diagnostic::{Diagnose, ErrorKind, Place};
use pep508_rs::MarkerEnvironment;

use crate::{Ask, Choice, PackageName, Selected};

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

    fn package(&self) -> Option<String> {
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
    /// What kind of thing.
    pub kind: LockWarningKind,
    /// What to do.
    pub hint: Option<String>,
}

/// What a [`LockWarning`] is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockWarningKind {
    /// The project or the lock asks for attention.
    General,
    /// The project changed since it was locked.
    Stale,
    /// The project allows only some patch releases of the target's Python.
    PatchRelease,
    /// No hash proves what is installed.
    Unhashed,
}

/// The lock of a Python project, read and known to be up to date, or told to be stale.
///
/// A reader knows the format of one tool; whoever selects from it need not.
pub trait LockReader: Send + Sync {
    /// What a user should know of the lock and of a choice.
    fn warnings(&self, choice: &Choice) -> Result<Vec<LockWarning>, LockError>;

    /// What a user should know of one target, whose marker environment this is.
    fn target_warnings(&self, environment: &MarkerEnvironment) -> Vec<LockWarning>;

    /// The packages that a choice of groups and extras selects for one target,
    /// whose marker environment settles every marker. It is an error where the
    /// target's Python is outside of the project's range, and where the lock
    /// selects one name twice.
    ///
    /// Which patch release runs there is the provider's to choose: where the project
    /// does not allow the one of the environment, markers are settled for one that it
    /// does, and [`target_warnings`](Self::target_warnings) tell.
    fn select(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Selected, LockError>;

    /// How the project and the selected packages ask for each of these, for one target. A
    /// reader that knows no more than [`select`](Self::select) tells has none.
    fn asks(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Vec<Ask>, LockError> {
        let _ = (choice, environment);
        Ok(Vec::new())
    }

    /// Whether the lock says which package needs which. Where it does not, each is taken for
    /// one that the project itself asks for.
    fn tells_needs(&self) -> bool {
        true
    }

    /// The names of all packages that are locked, for whatever target. A reader that does
    /// not know them has none.
    fn package_names(&self) -> Vec<PackageName> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{name, place, selected};

    #[derive(Debug, thiserror::Error)]
    #[error("pendulum is locked twice")]
    struct Twice(#[source] std::io::Error, Place);

    impl Diagnose for Twice {
        fn kind(&self) -> ErrorKind {
            ErrorKind::Project
        }

        fn place(&self) -> Option<&Place> {
            Some(&self.1)
        }

        fn hint(&self) -> Option<String> {
            Some("lock anew".to_owned())
        }

        fn package(&self) -> Option<String> {
            Some("pendulum".to_owned())
        }
    }

    fn twice() -> Twice {
        Twice(std::io::Error::other("the cause"), place())
    }

    #[test]
    fn the_error_of_a_reader_tells_all_that_it_told() {
        let (error, inner) = (LockError::new(twice()), twice());
        assert_eq!(error.to_string(), inner.to_string());
        assert_eq!(error.source().unwrap().to_string(), "the cause");
        assert_eq!(error.kind(), inner.kind());
        assert_eq!(error.place(), inner.place());
        assert_eq!(error.hint(), inner.hint());
        assert_eq!(error.package(), inner.package());
    }

    /// A lock whose one package is in the main group.
    struct OnePackage;

    impl LockReader for OnePackage {
        fn warnings(&self, _: &Choice) -> Result<Vec<LockWarning>, LockError> {
            Err(LockError::new(twice()))
        }

        fn target_warnings(&self, _: &MarkerEnvironment) -> Vec<LockWarning> {
            Vec::new()
        }

        fn select(&self, choice: &Choice, _: &MarkerEnvironment) -> Result<Selected, LockError> {
            if choice
                .groups
                .without
                .iter()
                .any(|it| it == crate::MAIN_GROUP)
            {
                return Ok(Selected::default());
            }
            Ok(selected(&["six"], &["six"]))
        }
    }

    /// Those who select know no lock's format, and work on many threads.
    #[test]
    fn a_reader_is_used_without_its_type() {
        fn is_shared<T: Send + Sync + ?Sized>(_: &T) {}
        let reader: Box<dyn LockReader> = Box::new(OnePackage);
        is_shared(&*reader);
        is_shared(&LockError::new(twice()));
        let environment = environment();
        let all = reader.select(&Choice::default(), &environment).unwrap();
        assert!(all.contains(&name("six")));
        let mut choice = Choice::default();
        choice.groups.without.push(crate::MAIN_GROUP.to_owned());
        let none = reader.select(&choice, &environment).unwrap();
        assert_eq!(none, Selected::default());
        // It tells no more than it selects.
        assert_eq!(reader.asks(&choice, &environment).unwrap(), []);
        assert!(reader.tells_needs());
        assert!(reader.package_names().is_empty());
        assert!(reader.target_warnings(&environment).is_empty());
        assert_eq!(
            reader.warnings(&choice).unwrap_err().kind(),
            ErrorKind::Project
        );
    }

    fn environment() -> MarkerEnvironment {
        MarkerEnvironment::try_from(pep508_rs::MarkerEnvironmentBuilder {
            implementation_name: "cpython",
            implementation_version: "3.12.10",
            os_name: "posix",
            platform_machine: "x86_64",
            platform_python_implementation: "CPython",
            platform_release: "",
            platform_system: "Linux",
            platform_version: "",
            python_full_version: "3.12.10",
            python_version: "3.12",
            sys_platform: "linux",
        })
        .unwrap()
    }
}
