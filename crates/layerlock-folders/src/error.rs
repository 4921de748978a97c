use std::path::PathBuf;

use layerlock_diagnostic::{Diagnose, ErrorKind};
use layerlock_layer::PathError;
use layerlock_process::Said;

/// Why the files of a project could not be planned.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such folder or file.
    #[error("there is no {}", path.display())]
    Missing {
        /// What was named.
        path: PathBuf,
        /// The command that was to make it, where there is one.
        made_by: Option<String>,
    },
    /// A name that is no text: what it means depends on the system that reads it.
    #[error("the name of {} is not UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// A link whose target is no text.
    #[error("{} is a link to a name that is not UTF-8", path.display())]
    TargetNotUtf8 {
        /// The link.
        path: PathBuf,
    },
    /// A name that cannot be in a layer.
    #[error("{} cannot be in a layer: its name {reason}", path.display())]
    Name {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: PathError,
    },
    /// A pipe, a socket or a device.
    #[error("{} is {what}, and no file, folder or link", path.display())]
    Special {
        /// Where it is.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A pattern of inputs that cannot be read.
    #[error("the input `{pattern}` cannot be read as a pattern: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Inputs that are not there.
    #[error("the input `{pattern}` is no file or folder of the project")]
    NoInput {
        /// What was named.
        pattern: String,
    },
    /// The program of a command is not there.
    #[error("failed to run {command}: there is no program {program:?}")]
    NoProgram {
        /// The command.
        command: String,
        /// Its first word.
        program: String,
    },
    /// A command that could not be started.
    #[error("failed to run {command}")]
    NotStarted {
        /// The command.
        command: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A command that failed.
    #[error("{command} failed with {status}{}", Said(said))]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: String,
        /// The last lines that it wrote.
        said: String,
    },
    /// Reading files.
    #[error(transparent)]
    Layer(#[from] layerlock_layer::Error),
}

impl Diagnose for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing { made_by: None, .. } | Self::Pattern { .. } | Self::NoInput { .. } => {
                ErrorKind::Project
            }
            Self::Missing { .. }
            | Self::NotUtf8 { .. }
            | Self::TargetNotUtf8 { .. }
            | Self::Name { .. }
            | Self::Special { .. }
            | Self::NoProgram { .. }
            | Self::Failed { .. } => ErrorKind::Artifact,
            Self::NotStarted { .. } => ErrorKind::Machine,
            Self::Layer(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing { made_by: None, .. } => {
                "paths in `folders` begin at the project's directory; what makes the folder can be \
                 named by `run`"
            }
            Self::Missing {
                made_by: Some(command),
                ..
            } => return Some(format!("{command} ended well, and did not make it")),
            Self::NotUtf8 { .. } | Self::TargetNotUtf8 { .. } | Self::Name { .. } => {
                "rename it, or leave it out of the folder"
            }
            Self::Special { .. } => "leave it out of the folder",
            Self::Pattern { .. } => "name files, folders or patterns such as `src/**/*.c`",
            Self::NoInput { .. } => "paths in `inputs` begin at the project's directory",
            Self::NoProgram { .. } => {
                "install it, or name it by its path from the project's directory"
            }
            Self::Failed { .. } => "run it in the project's directory to see all that it says",
            Self::NotStarted { .. } => return None,
            Self::Layer(error) => return error.hint(),
        };
        Some(hint.to_owned())
    }
}
