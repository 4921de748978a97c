//! What a user is told of a wheel that did not stand in the lock.

use layerlock_lock::PackageName;

/// What a user should know of a wheel that did not stand in the lock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildNote {
    /// It was built on a machine, by a program.
    #[error("{package} {version} was built from {from} by {frontend}")]
    Built {
        /// The package.
        package: PackageName,
        /// The version that came out.
        version: String,
        /// What it was built from.
        from: String,
        /// The program.
        frontend: String,
    },
    /// It was found in a directory that `--find-links` names.
    #[error("{package} is taken from {from}, which the lock does not list")]
    Supplied {
        /// The package.
        package: PackageName,
        /// The wheel.
        from: String,
    },
    /// The lock has no hash to compare its file with.
    #[error("the lock has no hash for {from}, of which {package} was made")]
    Unverified {
        /// The package.
        package: PackageName,
        /// The file.
        from: String,
    },
}

impl BuildNote {
    /// The package.
    pub fn package(&self) -> &PackageName {
        match self {
            Self::Built { package, .. }
            | Self::Supplied { package, .. }
            | Self::Unverified { package, .. } => package,
        }
    }
}
