//! What can be wrong with a project or its lock, where, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use layerlock_diagnostic::{Diagnose, ErrorKind, Place};
use layerlock_lock::{FileError, LockWarningKind};

use crate::missing::{only, readable};

/// Why a project, a lock or a choice of its packages cannot be used.
///
/// The messages say what is wrong; [`Diagnose`] says where, wherever that is in a
/// file, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no pyproject.toml in the project's directory.
    #[error("{}", no_project(directory, *is_directory, *is_above, others))]
    NoProject {
        /// The absolute path of the directory in which it was looked for.
        directory: PathBuf,
        /// Whether there is such a directory.
        is_directory: bool,
        /// Whether there is none in a directory above it either.
        is_above: bool,
        /// The files of other tools there that say which packages a project has.
        others: Vec<String>,
    },
    /// There is no poetry.lock beside pyproject.toml.
    #[error("there is no {}{}", path.display(), only(others))]
    NoLock {
        /// The file that was looked for.
        path: PathBuf,
        /// The files of other tools beside it that have the same purpose.
        others: Vec<String>,
    },
    /// A poetry.lock that Poetry did not write, or not to its end.
    #[error("{} is no lock of Poetry: {reason}", path.display())]
    ForeignLock {
        /// The file.
        path: PathBuf,
        /// What it is, for people.
        reason: &'static str,
    },
    /// A file that cannot be read, or has something wrong in it.
    #[error(transparent)]
    File(#[from] FileError),
    /// A table has a key that Poetry does not know there.
    #[error("{of} has no key `{}`", key.escape_debug())]
    UnknownKey {
        /// The key.
        place: Box<Place>,
        /// Its name.
        key: String,
        /// What the table is, for people.
        of: String,
        /// The keys there are.
        known: Vec<String>,
    },
    /// A package has no name or no version.
    #[error("the project has no `{key}`")]
    NoPackage {
        /// The start of pyproject.toml.
        place: Box<Place>,
        /// `name` or `version`.
        key: &'static str,
    },
    /// There is a `[project]`, which is one of a package or not, without a name.
    #[error("[project] without `name`")]
    NoName {
        /// The table.
        place: Box<Place>,
    },
    /// A group includes one that the project does not have.
    #[error(
        "the group {} includes {}, which the project does not have",
        quoted(group),
        quoted(included)
    )]
    UnknownInclude {
        /// The name of the included group.
        place: Box<Place>,
        /// The group that includes it.
        group: String,
        /// The name as it is written.
        included: String,
        /// The groups there are.
        known: Vec<String>,
    },
    /// The lock was written in a version of the format that is not read.
    #[error("lock version {version}, written by {written_by}, is not supported")]
    LockVersion {
        /// The `lock-version` entry.
        place: Box<Place>,
        /// The version found.
        version: String,
        /// Which versions of Poetry write it, for people.
        written_by: &'static str,
    },
    /// A lock that does not say what its packages are for, which pylock.toml
    /// needs.
    #[error("pylock.toml cannot be made from {}: its lock version is before 2.1", path.display())]
    OldLock {
        /// poetry.lock.
        path: PathBuf,
    },
    /// pyproject.toml changed after the lock was written.
    #[error("pyproject.toml changed since {} was written", place.path.display())]
    Stale {
        /// The `content-hash` entry, or the place where it should be.
        place: Box<Place>,
        /// The hash in the lock, if there is one.
        locked: Option<String>,
        /// The hash of pyproject.toml as it is now.
        expected: String,
    },
    /// A group was asked for that the project does not have.
    #[error("the project has no group {} ({flag})", quoted(name))]
    UnknownGroup {
        /// The name as it was given.
        name: String,
        /// The flag it was given to.
        flag: &'static str,
        /// The groups there are.
        known: Vec<String>,
        /// pyproject.toml.
        path: PathBuf,
    },
    /// An extra was asked for that the project does not have.
    #[error("the project has no extra {} (--extras)", quoted(name))]
    UnknownExtra {
        /// The name as it was given.
        name: String,
        /// The extras there are.
        known: Vec<String>,
        /// pyproject.toml.
        path: PathBuf,
    },
    /// Two flags were given that exclude each other.
    #[error("{first} and {second} exclude each other")]
    Conflict {
        /// One flag.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// The target's Python is outside of the project's constraint.
    #[error("Python {python} is outside of the project's constraint `{constraint}`")]
    Python {
        /// The constraint in pyproject.toml.
        place: Box<Place>,
        /// The target's Python version.
        python: String,
        /// The text of the constraint.
        constraint: String,
    },
    /// A dependency is met by no locked package everywhere that it is needed.
    #[error("dependency walk failed at `{requirement}`, which {by} asks for: {reason}")]
    Walk {
        /// The dependency in pyproject.toml or in the lock.
        place: Box<Place>,
        /// The dependency, for people.
        requirement: String,
        /// Who has the dependency: the project, or a package with its version.
        by: String,
        /// Why nothing meets it.
        reason: &'static str,
        /// The versions that are locked.
        locked: Vec<String>,
    },
    /// The lock selects a package twice for one target.
    #[error("the lock selects {name} twice for this target: {first} and {second}")]
    TwoVersions {
        /// The package.
        name: String,
        /// One version, with its source where the versions are the same.
        first: String,
        /// The other.
        second: String,
        /// The second entry in the lock.
        place: Box<Place>,
    },
    /// A lock of Poetry before 1.0, which has hashes and no names of files.
    #[error(
        "the lock has no file names for {package}, only hashes: it was written by a Poetry before 1.0"
    )]
    NoFileNames {
        /// The package in the lock.
        place: Box<Place>,
        /// Its name.
        package: String,
    },
    /// A hash in the lock is too weak, or is none.
    #[error("the hash of {file} ({package}) is not a sha256, sha384 or sha512 one: {hash}")]
    Hash {
        /// The hash in the lock.
        place: Box<Place>,
        /// The package.
        package: String,
        /// The file.
        file: String,
        /// The hash as it is written.
        hash: String,
    },
}

impl Error {
    /// What is wrong at a place in a file.
    pub(crate) fn invalid(place: Place, message: impl Into<String>) -> Self {
        FileError::invalid(place, message).into()
    }

    /// Whether a text was too large to be looked at.
    pub(crate) fn is_too_large(&self) -> bool {
        matches!(self, Self::File(FileError::TooLarge { .. }))
    }
}

impl Diagnose for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownGroup { .. } | Self::UnknownExtra { .. } | Self::Conflict { .. } => {
                ErrorKind::Usage
            }
            Self::File(error) => error.kind(),
            Self::Hash { .. } => ErrorKind::Integrity,
            Self::NoProject { .. }
            | Self::NoLock { .. }
            | Self::ForeignLock { .. }
            | Self::UnknownKey { .. }
            | Self::NoPackage { .. }
            | Self::NoName { .. }
            | Self::UnknownInclude { .. }
            | Self::LockVersion { .. }
            | Self::OldLock { .. }
            | Self::Stale { .. }
            | Self::Python { .. }
            | Self::Walk { .. }
            | Self::NoFileNames { .. }
            | Self::TwoVersions { .. } => ErrorKind::Project,
        }
    }

    fn place(&self) -> Option<&Place> {
        match self {
            Self::File(error) => error.place(),
            Self::UnknownKey { place, .. }
            | Self::NoPackage { place, .. }
            | Self::NoName { place }
            | Self::UnknownInclude { place, .. }
            | Self::LockVersion { place, .. }
            | Self::Stale { place, .. }
            | Self::Python { place, .. }
            | Self::Walk { place, .. }
            | Self::TwoVersions { place, .. }
            | Self::NoFileNames { place, .. }
            | Self::Hash { place, .. } => Some(place),
            Self::NoProject { .. }
            | Self::NoLock { .. }
            | Self::ForeignLock { .. }
            | Self::OldLock { .. }
            | Self::UnknownGroup { .. }
            | Self::UnknownExtra { .. }
            | Self::Conflict { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::UnknownGroup { known, .. } | Self::UnknownInclude { known, .. }
                if !known.is_empty() =>
            {
                return Some(format!("the groups are: {}", known.join(", ")));
            }
            Self::UnknownKey { known, .. } => {
                return Some(format!("the keys are: {}", known.join(", ")));
            }
            Self::NoPackage { key, .. } => {
                return Some(format!(
                    "add `{key}` to [project], or `package-mode = false` to [tool.poetry]"
                ));
            }
            Self::NoName { .. } => {
                return Some("add `name` to [project]: Poetry asks for it there".to_owned());
            }
            Self::UnknownExtra { known, .. } if !known.is_empty() => {
                return Some(format!("the extras are: {}", known.join(", ")));
            }
            Self::Walk { locked, .. } if !locked.is_empty() => {
                return Some(format!(
                    "locked: {}; a lock that Poetry 2 writes says itself what is needed where",
                    locked.join(", ")
                ));
            }
            Self::Conflict { first, second } => {
                return Some(format!("leave out {first} or {second}"));
            }
            Self::UnknownExtra { .. } => "the project has no extras at all",
            Self::UnknownGroup { .. } | Self::UnknownInclude { .. } => {
                "the project has no groups at all"
            }
            Self::NoProject { others, .. } | Self::NoLock { others, .. }
                if readable(others).is_some() =>
            {
                let name = readable(others).unwrap_or_default();
                return Some(format!("read it with --lock {name}"));
            }
            Self::NoProject { others, .. } if !others.is_empty() => {
                "layerlock reads poetry.lock, uv.lock, pylock.toml and requirements.txt with \
                 hashes: make one of them, or name a project's directory with --project"
            }
            Self::NoProject {
                is_above: false, ..
            } => "name the directory that holds pyproject.toml with --project",
            Self::NoProject { .. } => {
                "change to the project's directory, or name it with --project; `poetry init` or \
                 `uv init` makes a new project"
            }
            Self::NoLock { others, .. } if !others.is_empty() => {
                "layerlock reads poetry.lock, uv.lock, pylock.toml and requirements.txt with \
                 hashes: `poetry lock` or `uv lock` makes one from pyproject.toml"
            }
            Self::NoLock { .. } => "run `poetry lock`, or `uv lock`, in the project's directory",
            Self::ForeignLock { .. } => "move it away, and run `poetry lock` to write a new one",
            Self::File(error) => return file_hint(error),
            Self::Stale { .. } => {
                "run `poetry lock` to bring poetry.lock up to date, or take it as it is with \
                 --allow-stale-lock"
            }
            Self::LockVersion { .. } | Self::OldLock { .. } | Self::NoFileNames { .. } => {
                "run `poetry lock` with Poetry 2"
            }
            Self::Walk { .. } => "run `poetry lock`: that package is not in the lock at all",
            Self::Python { .. } => {
                "choose a runtime that the project allows, or widen the constraint and run \
                 `poetry lock`"
            }
            Self::TwoVersions { .. } | Self::Hash { .. } => {
                "run `poetry lock --regenerate` to write the lock anew"
            }
        };
        Some(hint.to_owned())
    }
}

fn file_hint(error: &FileError) -> Option<String> {
    let is_lock = error.path().ends_with("poetry.lock");
    let hint = match error {
        FileError::Syntax { .. } | FileError::NotUtf8 { .. } | FileError::TooLarge { .. }
            if is_lock =>
        {
            RESTORE
        }
        FileError::MergeConflict { .. } if is_lock => {
            "take the file of either side, for example with `git checkout --theirs poetry.lock`, \
             and run `poetry lock`"
        }
        FileError::MergeConflict { .. } => "resolve the conflict, and run `poetry lock`",
        error => return error.hint(),
    };
    Some(hint.to_owned())
}

/// What to do with a lock that nobody can read.
const RESTORE: &str = "restore it from version control, or move it away and run `poetry lock` to \
                       write a new one";

fn no_project(directory: &Path, is_directory: bool, is_above: bool, others: &[String]) -> String {
    let directory = directory.display();
    if !is_directory {
        return format!("there is no directory {directory}");
    }
    let above = if is_above {
        " or a directory above it"
    } else {
        ""
    };
    let others = only(others);
    format!("there is no pyproject.toml in {directory}{above}{others}")
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.escape_debug())
}

/// Something that a user should know, though the work goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// `--with` or `--without` was given with `--only`, which overrules them.
    OnlyWins,
    /// The lock is of a later minor version than those known here.
    NewerLock {
        /// The `lock-version` entry.
        place: Place,
        /// Its value.
        version: String,
        /// The newest version that is known.
        known: &'static str,
    },
    /// pyproject.toml changed after the lock was written, which is taken as it is.
    Stale {
        /// The `content-hash` entry, or the place where it should be.
        place: Place,
    },
    /// The project does not allow every patch release that the target may run.
    PatchRelease {
        /// The project's constraint.
        constraint: String,
        /// Where.
        place: Place,
        /// The minor version, such as 3.12.
        python: String,
        /// The patch release that markers were settled for.
        taken: String,
    },
    /// Packages depend on what Poetry before 1.2 never locked.
    NeverLocked {
        /// The names, sorted.
        names: Vec<String>,
    },
}

impl Warning {
    /// Where it is, in the lock.
    pub(crate) fn place(&self) -> Option<&Place> {
        match self {
            Self::OnlyWins | Self::NeverLocked { .. } => None,
            Self::NewerLock { place, .. }
            | Self::PatchRelease { place, .. }
            | Self::Stale { place } => Some(place),
        }
    }
}

impl Warning {
    pub(crate) fn kind(&self) -> LockWarningKind {
        match self {
            Self::Stale { .. } => LockWarningKind::Stale,
            Self::PatchRelease { .. } => LockWarningKind::PatchRelease,
            Self::OnlyWins | Self::NewerLock { .. } | Self::NeverLocked { .. } => {
                LockWarningKind::General
            }
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::PatchRelease { place, python, .. } => Some(format!(
                "allow all of Python {python} in {}:{}",
                place.path.display(),
                place.line
            )),
            _ => None,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyWins => f.write_str("--with and --without are ignored beside --only"),
            Self::Stale { place } => write!(
                f,
                "pyproject.toml changed since {} was written, which may lack what is needed now: \
                 run `poetry lock`",
                place.path.display()
            ),
            Self::PatchRelease {
                constraint,
                python,
                taken,
                ..
            } => write!(
                f,
                "the project allows Python `{constraint}`, but the provider chooses the patch \
                 release of Python {python}: packages are those for {taken}"
            ),
            Self::NeverLocked { names } => write!(
                f,
                "not in the lock: {}, which packages in it depend on; Poetry before 1.2 never \
                 locks it",
                names.join(", ")
            ),
            Self::NewerLock { version, known, .. } => write!(
                f,
                "lock version {version} is newer than the newest known one, {known}"
            ),
        }
    }
}
