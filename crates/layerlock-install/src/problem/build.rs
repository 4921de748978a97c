//! Why a package could not be built, and what to do about it.

use std::fmt;
use std::path::PathBuf;

use layerlock_diagnostic::{Diagnose, ErrorKind, LockTool, Place};
use layerlock_lock::LockedPackage;
use layerlock_target::{Misfit as TagMisfit, Target, WheelName, WheelNameError};

use super::advice::Advice;
use super::wheel_misfit::WheelMisfit;
use crate::frontend_kind::FrontendKind;

/// A package without a wheel that could not be built.
#[derive(Debug, Clone)]
pub struct BuildError {
    /// The package.
    pub package: LockedPackage,
    /// What it was to be built for.
    pub target: Target,
    /// What went wrong.
    pub problem: BuildProblem,
    /// Wheels of it in the directories of `--find-links` that do not fit, and why.
    pub refused: Vec<String>,
    /// What makes the wheel in the runtime's own image, to paste into a shell.
    pub container_command: String,
    /// What the index has by now, where it was [asked](crate::advise()).
    pub advice: Advice,
}

/// What went wrong.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BuildProblem {
    /// No frontend is there, or not the one that was asked for.
    #[error("there is no {} to build it with", wanted.map_or("uv and no pip", FrontendKind::name))]
    NoFrontend {
        /// Which one was asked for.
        wanted: Option<FrontendKind>,
    },
    /// git is not there.
    #[error("there is no git to fetch it with")]
    NoGit,
    /// git failed.
    #[error("git failed to {action}:\n{output}")]
    Git {
        /// What it was to do.
        action: &'static str,
        /// The end of what it said.
        output: String,
    },
    /// A repository whose URL or commit cannot be one.
    #[error("the lock has `{0}`, which is not a git {1}")]
    NotGit(String, &'static str),
    /// What git checked out is not what is locked.
    #[error("git checked out {actual}, the lock says {expected}")]
    OtherCommit {
        /// What the lock says.
        expected: String,
        /// What came.
        actual: String,
    },
    /// A directory that is not there.
    #[error("there is no directory {}", .0.display())]
    NoDirectory(PathBuf),
    /// A file that is something else.
    #[error("{} is no regular file", .0.display())]
    NoFile(PathBuf),
    /// A directory in the source that is not there, or leads out of it.
    #[error("its source has no directory {0:?}")]
    Subdirectory(String),
    /// A directory for Poetry's own backend that does not name it.
    #[error("{} has no [build-system], and setuptools, which is the default, does not read [tool.poetry]", .0.display())]
    NoBackend(PathBuf),
    /// A file or a link in the source that leads out of it.
    #[error("{} in its source leads out of it", .0.display())]
    Link(PathBuf),
    /// An archive that cannot be read.
    #[error("{file} cannot be unpacked: {reason}")]
    Archive {
        /// The archive.
        file: String,
        /// Why.
        reason: String,
    },
    /// The build itself failed.
    #[error("{frontend} failed:\n{output}")]
    Failed {
        /// The program.
        frontend: String,
        /// The end of what it said.
        output: String,
        /// A host that two indexes are on with other passwords, of which the program can
        /// have one.
        host_of_two_users: Option<String>,
    },
    /// The build gave no wheel, or several.
    #[error("{frontend} made {count} wheels instead of one")]
    NoResult {
        /// The program.
        frontend: String,
        /// How many.
        count: usize,
    },
    /// The build gave a file that is not named like a wheel.
    #[error(transparent)]
    WheelName(WheelNameError),
    /// The lock has a URL or a path of a wheel by a name that says nothing of it.
    #[error(transparent)]
    FileName(WheelNameError),
    /// The build gave a wheel of something else.
    #[error("the build made {wheel}, which is another package or version")]
    OtherRelease {
        /// The wheel.
        wheel: String,
    },
    /// The lock has nothing to build.
    #[error("the lock has no source distribution of it")]
    NoSource,
    /// A wheel that was made elsewhere, whose libraries the target cannot load.
    #[error("{wheel} {misfit}")]
    Unfit {
        /// The wheel.
        wheel: String,
        /// Why it does not fit.
        misfit: WheelMisfit,
    },
    /// The build gave a wheel for something else than the target.
    #[error("{wheel}, built on this machine, {misfit}")]
    Misfit {
        /// The wheel.
        wheel: String,
        /// Why it does not fit.
        misfit: WheelMisfit,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            package,
            target,
            problem,
            refused,
            ..
        } = self;
        let package = format!("{} {}", package.name, package.version);
        let package = package.trim_end();
        match problem {
            BuildProblem::Misfit { .. } => {
                write!(f, "{package} does not build for {target} here: {problem}")
            }
            BuildProblem::Unfit { .. } => {
                write!(f, "{package} cannot be used on {target}: {problem}")
            }
            BuildProblem::FileName(_) => write!(f, "{package} cannot be used: {problem}"),
            _ => write!(f, "{package} cannot be built: {problem}"),
        }?;
        f.write_str(&not_taken(refused))
    }
}

/// A line for each wheel that the user had made and that does not fit.
pub(crate) fn not_taken(wheels: &[String]) -> String {
    let lines = wheels.iter().map(|wheel| format!("\n(not taken: {wheel})"));
    lines.collect()
}

impl Diagnose for BuildError {
    fn kind(&self) -> ErrorKind {
        match &self.problem {
            BuildProblem::NoDirectory(_) | BuildProblem::NoFile(_) | BuildProblem::NotGit(..) => {
                ErrorKind::Project
            }
            BuildProblem::Git { .. } => ErrorKind::Network,
            BuildProblem::OtherCommit { .. } => ErrorKind::Integrity,
            _ => ErrorKind::Artifact,
        }
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.package.place)
    }

    fn package(&self) -> Option<String> {
        Some(self.package.name.to_string())
    }

    fn hint(&self) -> Option<String> {
        self.hint_for(LockTool::default())
    }

    fn hint_for(&self, tool: LockTool) -> Option<String> {
        let hint = match &self.problem {
            BuildProblem::NoFrontend { wanted: None } => {
                "install uv or pip: they build packages that have no wheel".to_owned()
            }
            BuildProblem::NoFrontend { wanted: Some(kind) } => {
                format!("install {kind}, or name another frontend with --build-frontend")
            }
            BuildProblem::NoGit => "install git".to_owned(),
            BuildProblem::Git { .. } => {
                "check the repository's URL, the network and git's credentials".to_owned()
            }
            BuildProblem::NotGit(..)
            | BuildProblem::NoDirectory(_)
            | BuildProblem::NoFile(_)
            | BuildProblem::Subdirectory(_) => {
                format!(
                    "correct the dependency in pyproject.toml, then run {}",
                    tool.lock()
                )
            }
            BuildProblem::NoBackend(_) => {
                "add to it [build-system] with requires = [\"poetry-core\"] and build-backend = \
                 \"poetry.core.masonry.api\", as `poetry init` writes them"
                    .to_owned()
            }
            BuildProblem::Link(_) => {
                "the lock does not cover what this machine has there: lock a version without it"
                    .to_owned()
            }
            BuildProblem::Archive { .. } => {
                "the file is as the lock says: tell its authors, or lock another".to_owned()
            }
            BuildProblem::OtherCommit { .. } => {
                "do not use it before you know why the repository gives another commit".to_owned()
            }
            BuildProblem::Failed {
                host_of_two_users: Some(host),
                ..
            } => format!(
                "its own output says why; pip can be told one password for a host, and indexes \
                 on {host} have two: install uv, or build with --build-frontend uv"
            ),
            // setuptools takes every directory of the project for a package.
            BuildProblem::Failed { output, .. }
                if output.contains("top-level packages discovered") =>
            {
                "name the packages in [tool.setuptools]; where one of the directories is what \
                 layerlock writes, put it below dist, which setuptools passes over"
                    .to_owned()
            }
            // What a build itself needs may ask for another Python.
            BuildProblem::Failed { output, .. }
                if output.contains("requires a different Python") =>
            {
                self.other_python()
            }
            BuildProblem::Failed { output, .. }
                if ["gcc", "clang", "compiler", "Visual C++"]
                    .iter()
                    .any(|sign| output.contains(sign)) =>
            {
                format!(
                    "its own output says why, and --verbose shows all of it; or {}",
                    self.elsewhere()
                )
            }
            BuildProblem::Failed { .. } => {
                "its own output says why; --verbose shows all of it".to_owned()
            }
            BuildProblem::FileName(error) => format!(
                "rename the file to NAME-VERSION-PYTHON-ABI-PLATFORM.whl, here {}, correct the \
                 dependency in pyproject.toml, then run {}",
                self.wheel_name(&error.name),
                tool.lock()
            ),
            BuildProblem::NoResult { .. }
            | BuildProblem::WheelName(_)
            | BuildProblem::OtherRelease { .. } => {
                "correct the package's own build settings".to_owned()
            }
            BuildProblem::Unfit { .. } | BuildProblem::NoSource => format!(
                "put a wheel of {} {} that fits into a directory, and name it with --find-links",
                self.package.name, self.package.version
            ),
            BuildProblem::Misfit { wheel, misfit } => format!(
                "{}{}{}",
                match misfit {
                    WheelMisfit::Tags(TagMisfit::Python | TagMisfit::Abi) => {
                        format!("{}, or ", self.other_python())
                    }
                    _ => String::new(),
                },
                self.elsewhere(),
                self.other_version(wheel, tool)
            ),
        };
        let advice = &self.advice;
        let of_index = [
            advice.relock(tool),
            advice.other(self.package.name.as_str()),
        ];
        let ways = of_index.into_iter().flatten().chain([hint]);
        Some(ways.collect::<Vec<_>>().join(", or "))
    }
}

impl std::error::Error for BuildError {}

impl BuildError {
    fn other_python(&self) -> String {
        let python = self.target.runtime.python_version();
        format!("install Python {python}, with pip, or for uv by `uv python install {python}`")
    }

    /// The name that a wheel should have: the tags are what a wrong one ends in.
    fn wheel_name(&self, wrong: &str) -> String {
        let stem = wrong.strip_suffix(".whl").unwrap_or(wrong);
        let tags: Vec<&str> = stem.rsplitn(4, '-').take(3).collect();
        let tags = match tags[..] {
            [platform, abi, python] if python.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                format!("{python}-{abi}-{platform}")
            }
            _ => "py3-none-any".to_owned(),
        };
        let name = self.package.name.as_str().replace('-', "_");
        format!("{name}-{}-{tags}.whl", self.package.version)
    }

    fn elsewhere(&self) -> String {
        format!(
            "build it where the runtime's own system is, then build the layer with \
             --find-links wheels:\n{}",
            self.container_command
        )
    }

    /// A directory changes: its wheel may have another version than the lock, and is
    /// then not taken from anywhere.
    fn other_version(&self, wheel: &str, tool: LockTool) -> String {
        let locked = &self.package.version;
        match wheel.parse::<WheelName>() {
            Ok(wheel) if !locked.is_empty() && !wheel.is_version(locked) => format!(
                "\n(run {} before: the lock has {locked}, and this is {} by now)",
                tool.lock(),
                wheel.version()
            ),
            _ => String::new(),
        }
    }
}
