//! What is wrong with a wheel.

use layerlock_diagnostic::{Diagnose, ErrorKind};
use layerlock_layer::archive::ArchiveProblem;

/// Why an archive is refused as a wheel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WheelProblem {
    /// The archive itself is refused.
    #[error(transparent)]
    Archive(#[from] ArchiveProblem),
    /// A file under a name in the `.data` directory that says of no place where it goes.
    #[error("member {0:?} is in the .data directory, but under no known scheme key")]
    UnknownScheme(String),
    /// Two members that would be installed to one path of the layer, with different bytes.
    #[error("has two different files for {0}")]
    TwoForOnePlace(String),
    /// A part that every wheel must have.
    #[error("has no {0}")]
    Missing(&'static str),
    /// There must be one `.dist-info` directory.
    #[error("has {0} .dist-info directories instead of one")]
    DistInfoCount(usize),
    /// The `.dist-info` directory is of another distribution or version.
    #[error("holds {0:?}, which is not what its file name says")]
    DistInfoName(String),
    /// METADATA is of another distribution or version.
    #[error("says in METADATA that it is {0:?}, which is not what its file name says")]
    MetadataOf(String),
    /// A format that came after this program.
    #[error("has Wheel-Version {0:?}: only 1.x is known")]
    WheelVersion(String),
    /// A metadata file that cannot be read.
    #[error("has a malformed {file}: {reason}")]
    Metadata {
        /// Which file.
        file: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A file with other bytes than RECORD says.
    #[error("member {name:?} has {actual}, RECORD says {expected}")]
    RecordHash {
        /// The member.
        name: String,
        /// What RECORD says, as it stands there.
        expected: String,
        /// What the bytes give, in the same encoding.
        actual: String,
    },
}

/// What to do with a package that no layer can hold.
const TOO_LARGE: &str = "no layer can hold it: lock a smaller build of the package, as one for \
                         the processor alone, leave it out with --exclude, or deploy the function \
                         as a container image";

impl Diagnose for WheelProblem {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Archive(ArchiveProblem::TooLarge(_)) => ErrorKind::Artifact,
            _ => ErrorKind::Integrity,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Archive(ArchiveProblem::TooLarge(_)) => TOO_LARGE,
            Self::WheelVersion(_) => "ask for a newer layerlock, or lock another version",
            Self::TwoForOnePlace(_)
            | Self::Missing(_)
            | Self::DistInfoCount(_)
            | Self::DistInfoName(_)
            | Self::MetadataOf(_)
            | Self::Metadata { .. } => {
                "the file matches the lock, but is not a valid wheel: tell its authors, and lock \
                 another version"
            }
            _ => {
                "the file matches the lock, but its archive is damaged or hostile: do not unpack \
                 it, and tell its authors"
            }
        };
        Some(hint.to_owned())
    }
}
