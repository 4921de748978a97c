use std::fmt;
use std::io;
use std::path::PathBuf;

use layerlock_diagnostic::{Diagnose, ErrorKind, is_out_of_files};

use crate::{BadLink, LayerPath};

/// Why a layer could not be planned or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Files lie where others have to be directories.
    #[error("{}", Conflicts(.0))]
    Conflicts(Vec<Conflict>),

    /// Links that lead to nothing that is in the layer.
    #[error("{}", Links(.0))]
    Links(Vec<BadLink>),

    /// A file could not be read or written.
    #[error("failed to {action} {}", path.display())]
    Io {
        /// What was tried: `write`, `read`, ...
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// An output could not be put in its place, nor could another one be put back.
    #[error("{cause}, and {} is not what it was before", path.display())]
    NotPutBack {
        /// The other output.
        path: PathBuf,
        /// Why the first could not be put in its place.
        #[source]
        cause: Box<Self>,
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

    /// A file that goes into the layer is not what it was when the layer was planned.
    #[error("{} changed while the layer was built", file.display())]
    FileChanged {
        /// The file.
        file: PathBuf,
    },

    /// The staging directory holds files that are not ours.
    #[error("{} holds files that no package brought: {}", directory.display(), Listed(files))]
    Foreign {
        /// The staging directory.
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
}

impl Diagnose for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Conflicts(_) | Self::Links(_) => ErrorKind::Artifact,
            Self::Archive { .. } => ErrorKind::Integrity,
            Self::Io { .. }
            | Self::NotPutBack { .. }
            | Self::FileChanged { .. }
            | Self::Foreign { .. }
            | Self::CaseCollision { .. } => ErrorKind::Machine,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Conflicts(_) => {
                "no installer can lay out both: exclude one of the packages, or its file by \
                 exclude-files"
            }
            Self::Links(_) => {
                "a layer's link is relative and leads to a file or folder of the same layer: link \
                 to such a one, put the file itself there, or leave the link out by exclude-files"
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "the disk is full: free some space and try again, nothing was changed"
            }
            Self::Io { source, .. } if is_out_of_files(source) => {
                "the process may have no more open files: allow more by `ulimit -n 1024`"
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::FileTooLarge => {
                "files may not be so large here: see `ulimit -f`, and the file system's own limit"
            }
            Self::Io { .. } => return None,
            Self::NotPutBack { .. } => {
                "build once more when that is mended: outputs of two runs lie \
                 there now"
            }
            Self::Archive { .. } => {
                "the file in layerlock's cache is damaged: build without --offline, or clear the \
                 cache by `layerlock cache clean`"
            }
            Self::FileChanged { .. } => "try again once nothing writes to it",
            Self::Foreign { .. } => {
                "move them away, remove the directory, or name another staging directory"
            }
            Self::CaseCollision { .. } => {
                "build the zip only, or build on a case-sensitive file system"
            }
        };
        Some(hint.to_owned())
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

/// One path that would have to be a file and a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The path in the layer.
    pub path: LayerPath,
    /// Who brings a file there.
    pub file: String,
    /// Who brings files below it.
    pub directory: String,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            file,
            directory,
        } = self;
        write!(
            f,
            "{path} is a file of {file}, and a directory of {directory}"
        )
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

struct Links<'a>(&'a [BadLink]);

impl fmt::Display for Links<'_> {
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

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    fn conflicts(count: usize) -> Error {
        let conflict = Conflict {
            path: LayerPath::new("a").unwrap(),
            file: "b".to_owned(),
            directory: "c".to_owned(),
        };
        Error::Conflicts(vec![conflict; count])
    }

    fn io(kind: io::ErrorKind) -> Error {
        Error::io("write", "layer.zip")(kind.into())
    }

    #[test]
    fn each_error_has_its_kind_and_a_hint_where_there_is_something_to_do() {
        let path = LayerPath::new("python/a.py").unwrap();
        for (error, kind, hint) in [
            (conflicts(1), ErrorKind::Artifact, Some("exclude one of")),
            (io(io::ErrorKind::NotFound), ErrorKind::Machine, None),
            (
                io(io::ErrorKind::StorageFull),
                ErrorKind::Machine,
                Some("disk is full"),
            ),
            (
                io(io::ErrorKind::FileTooLarge),
                ErrorKind::Machine,
                Some("ulimit -f"),
            ),
            #[cfg(unix)]
            (
                Error::io("open", "a.zip")(io::Error::from_raw_os_error(24)),
                ErrorKind::Machine,
                Some("ulimit -n"),
            ),
            (
                Error::NotPutBack {
                    path: "a.zip".into(),
                    cause: Box::new(io(io::ErrorKind::NotFound)),
                },
                ErrorKind::Machine,
                Some("once more"),
            ),
            (
                Error::Archive {
                    archive: "a.whl".into(),
                    path: path.clone(),
                    problem: "has other bytes",
                },
                ErrorKind::Integrity,
                Some("layerlock cache clean"),
            ),
            (
                Error::FileChanged {
                    file: "a.py".into(),
                },
                ErrorKind::Machine,
                Some("try again"),
            ),
            (
                Error::Foreign {
                    directory: "staging".into(),
                    files: vec!["mine".to_owned()],
                },
                ErrorKind::Machine,
                Some("another staging directory"),
            ),
            (
                Error::CaseCollision {
                    directory: "staging".into(),
                    path,
                },
                ErrorKind::Machine,
                Some("case-sensitive"),
            ),
        ] {
            assert_eq!(error.kind(), kind, "{error}");
            let found = error.hint();
            let fits = match (&found, hint) {
                (Some(found), Some(hint)) => found.contains(hint),
                (found, hint) => found.is_none() && hint.is_none(),
            };
            assert!(fits, "{error}: {found:?}");
        }
    }

    #[test]
    fn some_of_many_are_shown_and_the_rest_is_counted() {
        let one = "a is a file of b, and a directory of c";
        for (count, expected) in [
            (1, one.to_owned()),
            (3, format!("{one}; {one}; {one}")),
            (5, format!("{one}; {one}; {one}; and 2 more")),
        ] {
            assert_eq!(conflicts(count).to_string(), expected);
        }
    }

    #[test]
    fn files_of_others_are_named() {
        let error = Error::Foreign {
            directory: "staging".into(),
            files: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
        };
        assert_eq!(
            error.to_string(),
            "staging holds files that no package brought: a, b, c, and 1 more"
        );
    }

    /// fs-err puts the path around it, and so does this crate.
    #[test]
    fn a_path_is_told_once() {
        let error = fs_err::read("/none/such").map_err(Error::io("read", "/none/such"));
        let error = error.unwrap_err();
        assert_eq!(error.to_string(), "failed to read /none/such");
        let source = error.source().unwrap().to_string();
        assert!(!source.contains("/none/such"), "{source}");
        assert!(matches!(&error, Error::Io { source, .. } if source.raw_os_error().is_some()));
    }
}
