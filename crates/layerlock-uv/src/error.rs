//! What can be wrong with a lock or a choice of its packages, where, and what to do.

use std::path::{Path, PathBuf};

use layerlock_diagnostic::{Diagnose, ErrorKind, Place};
use layerlock_lock::FileError;

use crate::compile;

/// Why a lock or a choice of its packages cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that cannot be read, or has something wrong in it.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no uv.lock in a project of uv.
    #[error("there is no {}", path.display())]
    NoLock {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// A lock of another tool than its name says.
    #[error("{} is no {format}: {reason}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it should be.
        format: &'static str,
        /// What it is, for people.
        reason: &'static str,
    },
    /// The lock was written in a version of the format that is not known.
    #[error("{format} of version {version} cannot be read: the newest known version is {known}")]
    Version {
        /// The version's entry.
        place: Box<Place>,
        /// Of which lock.
        format: &'static str,
        /// The version found.
        version: String,
        /// The newest that is read.
        known: &'static str,
    },
    /// The project changed after the lock was written.
    #[error("{} is out of date: {what}", lock.display())]
    Stale {
        /// The lock.
        lock: PathBuf,
        /// What differs.
        what: String,
        /// Where it stands in the project, or else in the lock.
        place: Box<Place>,
    },
    /// A package of the workspace was asked for that it does not have.
    #[error("the workspace has no package {}", quoted(name))]
    UnknownPackage {
        /// The name as it was given.
        name: String,
        /// The packages there are.
        known: Vec<String>,
    },
    /// A group was asked for that the project does not have.
    #[error("the project has no group {}{}", quoted(name), by(flag))]
    UnknownGroup {
        /// The name as it was given.
        name: String,
        /// The flag it was given to.
        flag: &'static str,
        /// The groups there are.
        known: Vec<String>,
    },
    /// An extra was asked for that the project does not have.
    #[error("the project has no extra {} (--extras)", quoted(name))]
    UnknownExtra {
        /// The name as it was given.
        name: String,
        /// The extras there are.
        known: Vec<String>,
    },
    /// Two flags were given that exclude each other.
    #[error("{first} and {second} exclude each other")]
    Conflict {
        /// One flag.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// Extras or groups that the project declares as conflicting.
    #[error("{first} and {second} are declared as conflicting, and both are asked for")]
    Conflicting {
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// Where the lock says so.
        place: Box<Place>,
    },
    /// The target's Python is outside of the lock's range.
    #[error("Python {python} is outside of the lock's `requires-python`, `{range}`")]
    Python {
        /// The range in the lock.
        place: Box<Place>,
        /// The target's Python version.
        python: String,
        /// The text of the range.
        range: String,
    },
    /// The lock was made for other environments than the target.
    #[error("the lock is for other environments than Python {python} on Linux, {machine}")]
    Environment {
        /// The environments in the lock.
        place: Box<Place>,
        /// The target's Python version.
        python: String,
        /// The target's processor.
        machine: String,
    },
    /// The lock selects a package twice for one target.
    #[error("the lock selects {name} twice for this target: {first} and {second}")]
    TwoVersions {
        /// The package.
        name: String,
        /// One version.
        first: String,
        /// The other.
        second: String,
        /// The second entry in the lock.
        place: Box<Place>,
    },
    /// A requirement that names no exact version.
    #[error("{requirement} names no exact version")]
    NotPinned {
        /// The line.
        place: Box<Place>,
        /// The requirement.
        requirement: String,
    },
    /// A requirement without a hash.
    #[error("{requirement} has no hash{}", only_weak(weak))]
    NoHash {
        /// The line.
        place: Box<Place>,
        /// The requirement.
        requirement: String,
        /// Hashes that prove nothing.
        weak: Vec<String>,
    },
    /// A lock of a tool that is not read.
    #[error("{} is a lock of {tool}, which layerlock does not read", path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        tool: &'static str,
        /// What makes one that is read of it.
        command: &'static str,
    },
}

impl Error {
    /// What is wrong at a place in a file.
    pub(crate) fn invalid(place: Place, message: impl Into<String>) -> Self {
        FileError::invalid(place, message).into()
    }
}

impl Diagnose for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::File(error) => error.kind(),
            Self::UnknownPackage { .. }
            | Self::UnknownGroup { .. }
            | Self::UnknownExtra { .. }
            | Self::Conflict { .. } => ErrorKind::Usage,
            _ => ErrorKind::Project,
        }
    }

    fn place(&self) -> Option<&Place> {
        match self {
            Self::File(error) => error.place(),
            Self::Version { place, .. }
            | Self::Stale { place, .. }
            | Self::Conflicting { place, .. }
            | Self::Python { place, .. }
            | Self::Environment { place, .. }
            | Self::NotPinned { place, .. }
            | Self::NoHash { place, .. }
            | Self::TwoVersions { place, .. } => Some(place),
            Self::NoLock { .. }
            | Self::Foreign { .. }
            | Self::UnknownPackage { .. }
            | Self::UnknownGroup { .. }
            | Self::UnknownExtra { .. }
            | Self::Conflict { .. }
            | Self::Unread { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        let listed = |what: &str, known: &[String]| match known {
            [] => format!("the project has no {what} at all"),
            known => format!("the {what} are: {}", known.join(", ")),
        };
        let hint = match self {
            Self::UnknownPackage { known, .. } => return Some(listed("packages", known)),
            Self::UnknownGroup { known, .. } => return Some(listed("groups", known)),
            Self::UnknownExtra { known, .. } => return Some(listed("extras", known)),
            Self::Conflict { first, second } => {
                return Some(format!("leave out {first} or {second}"));
            }
            Self::Unread { command, .. } => {
                return Some(format!(
                    "export it as a lock that layerlock reads: `{command}`"
                ));
            }
            Self::Conflicting { .. } => "choose one of them, or make a layer of each",
            Self::Stale { lock, .. } if is_uv(lock) => {
                "run `uv lock` to bring it up to date, or take it as it is with --allow-stale-lock"
            }
            Self::Stale { .. } => "write it anew, or take it as it is with --allow-stale-lock",
            Self::Version { .. } => {
                "write it with an older version of the tool, or update layerlock"
            }
            Self::Python { .. } => {
                "choose a runtime that it allows, or widen `requires-python` in pyproject.toml and \
                 lock anew"
            }
            Self::Environment { .. } => {
                "choose a target that it is for, or widen its environments (`tool.uv.environments` \
                 for uv) and lock anew"
            }
            Self::File(error) => return file_hint(error),
            Self::NoLock { .. } => "run `uv lock` in the project's directory",
            Self::Foreign { .. } => "name the right file with --lock, or write this one anew",
            Self::TwoVersions { place, .. } if is_uv(&place.path) => {
                "declare what cannot go together in `tool.uv.conflicts`, or run `uv lock`"
            }
            Self::TwoVersions { .. } => "write the lock anew",
            Self::NotPinned { place, .. } => {
                return Some(format!(
                    "pin it, with exact versions and hashes, by {}",
                    compile::command(&place.path)
                ));
            }
            Self::NoHash { place, .. } => {
                return Some(format!(
                    "make hashes: {}; or take what the index has by --allow-unhashed",
                    compile::command(&place.path)
                ));
            }
        };
        Some(hint.to_owned())
    }

    fn package(&self) -> Option<String> {
        match self {
            Self::TwoVersions { name, .. } => Some(name.clone()),
            _ => None,
        }
    }
}

impl Error {
    /// Whether a text was too large to be looked at.
    pub(crate) fn is_too_large(&self) -> bool {
        matches!(self, Self::File(FileError::TooLarge { .. }))
    }
}

impl From<Error> for layerlock_lock::LockError {
    fn from(error: Error) -> Self {
        Self::new(error)
    }
}

fn file_hint(error: &FileError) -> Option<String> {
    let hint = match error {
        FileError::Syntax { .. } | FileError::NotUtf8 { .. } | FileError::TooLarge { .. }
            if is_lock(error.path()) =>
        {
            RESTORE
        }
        FileError::MergeConflict { place } if is_uv(&place.path) => {
            "take the file of either side, for example with `git checkout --theirs uv.lock`, and \
             run `uv lock`"
        }
        error => return error.hint(),
    };
    Some(hint.to_owned())
}

/// What to do with a lock that nobody can read.
const RESTORE: &str = "restore it from version control, or lock anew";

/// What it has in place of a hash.
fn only_weak(weak: &[String]) -> String {
    match weak {
        [] => String::new(),
        weak => format!(
            " that proves its file, only `{}`",
            weak.join("`, `").escape_debug()
        ),
    }
}

fn is_uv(path: &Path) -> bool {
    path.ends_with("uv.lock")
}

fn is_lock(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    is_uv(path) || name.is_some_and(|name| name.starts_with("pylock."))
}

pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", name.escape_debug())
}

fn by(flag: &str) -> String {
    if flag.is_empty() {
        String::new()
    } else {
        format!(" ({flag})")
    }
}
