//! What can be wrong with a file that a lock or a project is read from.

use std::io;
use std::path::{Path, PathBuf};

use layerlock_diagnostic::{Diagnose, ErrorKind, Place};

/// Why a file cannot be read, or what in it cannot be right. What to do about a lock, its
/// reader knows.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is larger than any of its kind.
    #[error("{} is too large to be read: it has more than {most}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How large it may be.
        most: String,
    },
    /// It is not UTF-8 text.
    #[error("{} is not UTF-8 text (from byte {offset} on)", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Offset in bytes of the first byte that is not.
        offset: usize,
    },
    /// It begins with a byte order mark, which TOML does not allow.
    #[error("{} begins with a byte order mark", place.path.display())]
    ByteOrderMark {
        /// The start of the file.
        place: Box<Place>,
    },
    /// A merge conflict in it was not resolved.
    #[error("{} has merge conflict markers", place.path.display())]
    MergeConflict {
        /// The first of the markers.
        place: Box<Place>,
    },
    /// It is not TOML.
    #[error("{message}")]
    Syntax {
        /// Where the parser stopped.
        place: Box<Place>,
        /// What the parser expected.
        message: String,
    },
    /// A value is missing, or is not of the type or form that it has to be of.
    #[error("{message}")]
    Invalid {
        /// The value, or the table that lacks it.
        place: Box<Place>,
        /// What is wrong with it.
        message: String,
    },
}

impl FileError {
    /// What is wrong at a place.
    pub fn invalid(place: Place, message: impl Into<String>) -> Self {
        Self::Invalid {
            place: place.into(),
            message: message.into(),
        }
    }

    /// Whether there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Read { path, .. } | Self::TooLarge { path, .. } | Self::NotUtf8 { path, .. } => {
                path
            }
            Self::ByteOrderMark { place }
            | Self::MergeConflict { place }
            | Self::Syntax { place, .. }
            | Self::Invalid { place, .. } => &place.path,
        }
    }
}

impl Diagnose for FileError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Read { .. } if !self.is_missing() => ErrorKind::Machine,
            _ => ErrorKind::Project,
        }
    }

    fn place(&self) -> Option<&Place> {
        match self {
            Self::ByteOrderMark { place }
            | Self::MergeConflict { place }
            | Self::Syntax { place, .. }
            | Self::Invalid { place, .. } => Some(place),
            Self::Read { .. } | Self::TooLarge { .. } | Self::NotUtf8 { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::TooLarge { .. } => "see whether it is the right file, or a link to another",
            Self::NotUtf8 { .. } => "save it as UTF-8",
            Self::ByteOrderMark { .. } => "save the file as UTF-8 without a byte order mark",
            Self::MergeConflict { .. } => "resolve the conflict, and lock anew",
            Self::Read { .. } | Self::Syntax { .. } | Self::Invalid { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
