//! The error of this crate.

use std::io;
use std::path::PathBuf;

use layerlock_diagnostic::{Diagnose, ErrorKind, LockTool, Place};
use layerlock_digest::Digest;
use layerlock_lock::normalize_name;

use crate::find_links::FindLinksError;
use crate::index::{DefaultIndexError, Index, IndexOrigin, IndexUrlError, PageError};
use crate::problem::{BuildError, NoWheel, not_taken};
use crate::wheel::WheelProblem;

/// Why packages could not be fetched or laid out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No file of a package fits the target.
    #[error("{0}")]
    NoWheel(Box<NoWheel>),

    /// A package without a wheel could not be built.
    #[error("{0}")]
    Build(Box<BuildError>),

    /// A package failed for which the user had made wheels that do not fit.
    #[error("{error}{}", not_taken(wheels))]
    Supplied {
        /// Why it failed.
        error: Box<Self>,
        /// The wheels, each with why it does not fit.
        wheels: Vec<String>,
    },

    /// The lock has a hash that proves nothing.
    #[error("the lock has `{hash}` for {file}: only sha256 is accepted")]
    WeakHash {
        /// The file.
        file: String,
        /// What the lock says.
        hash: String,
        /// Where.
        place: Place,
    },

    /// The lock has files of another release for a package, and none of its own.
    #[error("the lock lists {file} for {package} {version}, and no file of that release")]
    OtherFiles {
        /// The package.
        package: String,
        /// Its locked version.
        version: String,
        /// One of the files.
        file: String,
        /// The package's entry in the lock.
        place: Place,
    },

    /// The URL of an index that cannot be used.
    #[error(transparent)]
    IndexUrl(#[from] IndexUrlError),

    /// The lock names an index that cannot be used.
    #[error("{error}")]
    LockedUrl {
        /// What is wrong with its URL.
        error: IndexUrlError,
        /// The package that comes from it.
        place: Place,
    },

    /// No index is known.
    #[error(transparent)]
    DefaultIndex(#[from] DefaultIndexError),

    /// A place for wheels that does not exist.
    #[error(transparent)]
    FindLinks(#[from] FindLinksError),

    /// What came for a project's page is none.
    #[error(transparent)]
    Page(#[from] PageError),

    /// Something could not be got.
    #[error(transparent)]
    Client(layerlock_client::Error),

    /// An index that this machine names does not answer as one.
    #[error("{error}; this index comes from {origin}")]
    OfDefaultIndex {
        /// What went wrong.
        error: Box<Self>,
        /// What names the index.
        origin: IndexOrigin,
    },

    /// A file could not be got from the URL that the lock has for it.
    #[error("{error}")]
    FileAtUrl {
        /// The file.
        file: String,
        /// Why not.
        error: layerlock_client::Error,
        /// The package.
        place: Place,
    },

    /// A directory that is to be emptied and is not known to be a cache.
    #[error("{} is not a cache of layerlock: it has no CACHEDIR.TAG that says so", directory.display())]
    NotACache {
        /// The directory.
        directory: PathBuf,
    },

    /// Something is to be removed from a cache that another process works with.
    #[error("the cache {} is in use", directory.display())]
    CacheInUse {
        /// The directory.
        directory: PathBuf,
    },

    /// No index has the file that the lock names.
    #[error("{file} is not among the files of {}", pages.join(" nor of "))]
    NotOnIndex {
        /// The file.
        file: String,
        /// The project's pages, without credentials.
        pages: Vec<String>,
    },

    /// A file is needed and the network is off limits.
    #[error("{file} is not in the cache, and --offline or UV_OFFLINE forbids fetching it")]
    Offline {
        /// The file.
        file: String,
    },

    /// The URL of a file is asked for and the network is off limits.
    #[error("--offline or UV_OFFLINE forbids asking an index for the URLs of {package}")]
    OfflineLookUp {
        /// The first package of those to look up.
        package: String,
    },

    /// A file has other bytes than the lock says.
    #[error("{file} has sha256 {}, the lock says {}", actual.hex(), expected.hex())]
    HashMismatch {
        /// The file.
        file: String,
        /// What the lock says.
        expected: Box<Digest>,
        /// What came.
        actual: Box<Digest>,
        /// Where from, without credentials.
        url: String,
        /// Where the lock says so.
        place: Place,
    },

    /// A file is no acceptable wheel.
    #[error("{file} {problem}")]
    Wheel {
        /// The file.
        file: String,
        /// Why not.
        problem: WheelProblem,
    },

    /// The packages do not fit together, or a file of the cache could not be
    /// read or written.
    #[error(transparent)]
    Layer(#[from] layerlock_layer::Error),
}

/// What could not be written is the cache's.
impl From<layerlock_client::Error> for Error {
    fn from(error: layerlock_client::Error) -> Self {
        match error {
            layerlock_client::Error::Write { path, source } => Self::io("write", path)(source),
            error => Self::Client(error),
        }
    }
}

impl Error {
    /// Says of an error of an index what names it, where the user may not know.
    pub(crate) fn of_index(self, index: &Index) -> Self {
        match (&index.named_by, self) {
            (Some(origin), error @ (Self::Client(_) | Self::Page(_))) => Self::OfDefaultIndex {
                error: Box::new(error),
                origin: origin.clone(),
            },
            (_, error) => error,
        }
    }

    /// Whether an index, or a server, says that it has no such thing.
    pub(crate) fn is_missing(&self) -> bool {
        match self {
            Self::OfDefaultIndex { error, .. } => error.is_missing(),
            Self::Client(layerlock_client::Error::Status { status, .. }) => {
                matches!(status, 404 | 410)
            }
            _ => false,
        }
    }

    /// Says of an error of the system what was tried with which file.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let error = layerlock_layer::Error::io(action, path);
        move |source| Self::Layer(error(source))
    }
}

/// The package that a file is of, as the names of wheels and source distributions tell
/// it: `NAME-VERSION...`.
fn package_of(file: &str) -> Option<String> {
    let name = file.rsplit(['/', '\\']).next()?;
    let (name, _) = match name.strip_suffix(".whl") {
        Some(wheel) => wheel.split_once('-')?,
        // Of a source distribution the name may have hyphens, the version has none.
        None => name.rsplit_once('-')?,
    };
    (!name.is_empty()).then(|| normalize_name(name))
}

impl Diagnose for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoWheel(error) => error.kind(),
            Self::Build(error) => error.kind(),
            Self::Supplied { error, .. } | Self::OfDefaultIndex { error, .. } => error.kind(),
            Self::LockedUrl { .. } | Self::OtherFiles { .. } => ErrorKind::Project,
            Self::WeakHash { .. } | Self::HashMismatch { .. } => ErrorKind::Integrity,
            Self::Wheel { problem, .. } => problem.kind(),
            Self::FindLinks(error) => error.kind(),
            Self::IndexUrl(_) | Self::NotACache { .. } => ErrorKind::Usage,
            Self::DefaultIndex(_)
            | Self::Page(_)
            | Self::NotOnIndex { .. }
            | Self::Offline { .. }
            | Self::OfflineLookUp { .. } => ErrorKind::Network,
            Self::CacheInUse { .. } => ErrorKind::Machine,
            Self::Layer(error) => error.kind(),
            Self::Client(error) | Self::FileAtUrl { error, .. } => error.kind(),
        }
    }

    fn package(&self) -> Option<String> {
        match self {
            Self::NoWheel(no_wheel) => no_wheel.package(),
            Self::Build(build) => build.package(),
            Self::Supplied { error, .. } | Self::OfDefaultIndex { error, .. } => error.package(),
            Self::WeakHash { file, .. }
            | Self::NotOnIndex { file, .. }
            | Self::Offline { file }
            | Self::FileAtUrl { file, .. }
            | Self::HashMismatch { file, .. }
            | Self::Wheel { file, .. } => package_of(file),
            Self::OtherFiles { package, .. } | Self::OfflineLookUp { package } => {
                Some(package.clone())
            }
            _ => None,
        }
    }

    fn place(&self) -> Option<&Place> {
        match self {
            Self::NoWheel(no_wheel) => no_wheel.place(),
            Self::Build(build) => build.place(),
            Self::Supplied { error, .. } | Self::OfDefaultIndex { error, .. } => error.place(),
            Self::WeakHash { place, .. }
            | Self::LockedUrl { place, .. }
            | Self::OtherFiles { place, .. }
            | Self::FileAtUrl { place, .. }
            | Self::HashMismatch { place, .. } => Some(place),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        self.hint_for(LockTool::default())
    }

    fn hint_for(&self, tool: LockTool) -> Option<String> {
        match self {
            Self::NoWheel(no_wheel) => no_wheel.hint_for(tool),
            Self::Build(build) => build.hint_for(tool),
            Self::Supplied { error, .. } => error.hint_for(tool),
            Self::OfDefaultIndex { error, origin } => {
                let hints = [error.hint_for(tool), origin.hint()];
                Some(hints.into_iter().flatten().collect::<Vec<_>>().join("; "))
            }
            Self::WeakHash { .. } => {
                Some("lock anew against an index that serves sha256".to_owned())
            }
            Self::OtherFiles { .. } => Some(format!(
                "run {}: two locks were merged by hand, as it seems",
                tool.from_scratch()
            )),
            Self::IndexUrl(error) | Self::LockedUrl { error, .. } => error.hint_for(tool),
            Self::DefaultIndex(error) => error.hint(),
            Self::Page(error) => error.hint(),
            Self::FindLinks(error) => error.hint(),
            Self::NotACache { .. } => Some(
                "nothing was removed: name the directory of a cache with --cache-dir".to_owned(),
            ),
            Self::CacheInUse { .. } => {
                Some("try again when no other layerlock is running".to_owned())
            }
            Self::Client(layerlock_client::Error::Status { status: 404, .. })
            | Self::NotOnIndex { .. } => Some(
                "the lock may have been made with another index: name it with --index-url"
                    .to_owned(),
            ),
            Self::FileAtUrl {
                error:
                    layerlock_client::Error::Status {
                        status: 404 | 410, ..
                    },
                ..
            } => Some(format!(
                "the file is no longer there: correct the dependency's URL in pyproject.toml, \
                 then run {}",
                tool.lock()
            )),
            Self::Client(error) | Self::FileAtUrl { error, .. } => error.hint_for(tool),
            Self::Offline { .. } => Some(
                "run once without --offline, or name a directory that has it with --find-links"
                    .to_owned(),
            ),
            Self::OfflineLookUp { .. } => Some(
                "run without --offline, or export requirements.txt, which has no URLs".to_owned(),
            ),
            Self::HashMismatch { url, .. } => Some(format!(
                "what {url} serves is not what was locked: do not use it before you know why"
            )),
            Self::Wheel { problem, .. } => problem.hint(),
            Self::Layer(error) => error.hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_tells_its_package() {
        for (file, package) in [
            (
                "Ruamel.yaml_clib-0.2-cp312-cp312-linux_x86_64.whl",
                Some("ruamel-yaml-clib"),
            ),
            ("zope-event-4.5.tar.gz", Some("zope-event")),
            ("wheels/greeter-1.0-py3-none-any.whl", Some("greeter")),
            ("archive.zip", None),
            ("-1.0.tar.gz", None),
        ] {
            let error = Error::Offline {
                file: file.to_owned(),
            };
            assert_eq!(error.package().as_deref(), package, "{file}");
        }
    }
}
