use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::LayerPath;

/// Why a layer could not be planned or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Packages bring different bytes for the same path.
    #[error("{}", Conflicts(.0))]
    Conflicts(Vec<Conflict>),

    /// A file could not be read or written.
    #[error("failed to {action} {}", path.display())]
    Io {
        /// What was tried: `write`, `read`, ...
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// An archive that the plan points into is not what it was.
    #[error("{} changed since it was checked: {path} {problem}", archive.display())]
    Archive {
        /// The archive.
        archive: PathBuf,
        /// The file of the layer that it should give.
        path: LayerPath,
        /// What is wrong.
        problem: &'static str,
    },

    /// The folder for the staging directory holds files that are not ours.
    #[error("{} holds files that no package brought: {}", directory.display(), Listed(files))]
    Foreign {
        /// The folder.
        directory: PathBuf,
        /// The files, relative to it.
        files: Vec<String>,
    },

    /// Two paths are one on this file system.
    #[error("{path} and another file fall together in {}: its names ignore case", directory.display())]
    CaseCollision {
        /// The staging directory.
        directory: PathBuf,
        /// The path that was already there.
        path: LayerPath,
    },
}

impl Error {
    /// Says of an error of the system what was tried, and with which file.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source: original(source),
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Conflicts(_) => Some("leave one of the packages out of the layer".to_owned()),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => Some(
                "the disk is full: free some space and try again, nothing was changed".to_owned(),
            ),
            Self::Foreign { .. } => Some(
                "move them away, remove the folder, or name another staging directory".to_owned(),
            ),
            Self::Archive { .. } => {
                Some("clear layerlock's cache: the file in it is damaged".to_owned())
            }
            Self::CaseCollision { .. } => {
                Some("build the zip only, or build on a case-sensitive file system".to_owned())
            }
            Self::Io { .. } => None,
        }
    }
}

/// What the system said, without the path that fs-err put around it.
fn original(error: io::Error) -> io::Error {
    error
        .get_ref()
        .and_then(|wrapper| wrapper.source()?.downcast_ref::<io::Error>())
        .and_then(io::Error::raw_os_error)
        .map(io::Error::from_raw_os_error)
        .unwrap_or(error)
}

/// One path that several owners claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The path in the layer.
    pub path: LayerPath,
    /// Who brings a file there.
    pub first: String,
    /// Who brings another file there, or files below it.
    pub second: String,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            first,
            second,
        } = self;
        write!(f, "{path} comes from both {first} and {second}")
    }
}

/// Few enough to read, with the number of the rest.
const SHOWN: usize = 3;

struct Conflicts<'a>(&'a [Conflict]);

impl fmt::Display for Conflicts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_few(f, self.0, "; ")
    }
}

struct Listed<'a>(&'a [String]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_few(f, self.0, ", ")
    }
}

fn write_few<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    separator: &str,
) -> fmt::Result {
    for (index, item) in items.iter().take(SHOWN).enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{item}")?;
    }
    match items.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => write!(f, "{separator}and {more} more"),
    }
}
