/// The exit code of a command that did its job.
pub const EXIT_SUCCESS: u8 = 0;

/// The exit code of a command that did its job, where a check found an error in its
/// result.
pub const EXIT_CHECK_FAILED: u8 = 1;

/// What has to change before the same command can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The command line or a setting: what was asked for does not exist or does
    /// not go together.
    Usage,
    /// The project or its lock: invalid or out of date.
    Project,
    /// The choice of packages or target: no file fits, a build failed, or the files
    /// do not go together.
    Artifact,
    /// The network or an index.
    Network,
    /// What the provider allows: it refused.
    Provider,
    /// The bytes of a file: not those that the lock, RECORD or index names, or a
    /// hostile archive.
    Integrity,
    /// This machine: a file could not be read or written.
    Machine,
}

impl ErrorKind {
    /// All of them, in the order of their exit codes.
    pub const ALL: [Self; 7] = [
        Self::Usage,
        Self::Project,
        Self::Artifact,
        Self::Network,
        Self::Provider,
        Self::Integrity,
        Self::Machine,
    ];

    /// The exit code of a command that ends in such an error, 2 to 8. Those before are
    /// [`EXIT_SUCCESS`] and [`EXIT_CHECK_FAILED`].
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Project => 3,
            Self::Artifact => 4,
            Self::Network => 5,
            Self::Provider => 6,
            Self::Integrity => 7,
            Self::Machine => 8,
        }
    }

    /// What the JSON of an error calls it: one word in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Project => "project",
            Self::Artifact => "artifact",
            Self::Network => "network",
            Self::Provider => "provider",
            Self::Integrity => "integrity",
            Self::Machine => "machine",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{EXIT_CHECK_FAILED, EXIT_SUCCESS, ErrorKind};

    #[test]
    fn exit_codes_are_those_of_the_documentation() {
        assert_eq!((EXIT_SUCCESS, EXIT_CHECK_FAILED), (0, 1));
        let codes = ErrorKind::ALL.map(|kind| (kind.exit_code(), kind.name()));
        assert_eq!(
            codes,
            [
                (2, "usage"),
                (3, "project"),
                (4, "artifact"),
                (5, "network"),
                (6, "provider"),
                (7, "integrity"),
                (8, "machine"),
            ]
        );
    }
}
