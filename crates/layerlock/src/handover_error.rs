//! Why results cannot be handed over.

use std::path::PathBuf;

use layerlock_diagnostic::{Diagnose, ErrorKind, Place};

use crate::output_format::OutputFormat;

/// Why results cannot be handed over.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// What a build makes has no place in a format.
    #[error("build cannot write the format {0}: it publishes nothing, and the format is for ARNs")]
    NotOfABuild(OutputFormat),
    /// Nobody says where the outputs of a step go.
    #[error("nothing says where outputs go: GITHUB_OUTPUT is not set")]
    NoGitHubOutput,
    /// Two results that would have one key.
    #[error("the layers {first} and {second} would both be {key}")]
    SharedKey {
        /// One layer, and for what it is.
        first: String,
        /// The other.
        second: String,
        /// The key of both.
        key: String,
    },
    /// A file that holds something else.
    #[error("the output file would replace {}", path.display())]
    Replaces {
        /// The file.
        path: PathBuf,
    },
    /// A file that cannot be added to.
    #[error("{} {message}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
        /// Where.
        place: Option<Place>,
    },
    /// A path that cannot be told in a format.
    #[error("the format {format} cannot have the path {}", path.display())]
    Path {
        /// The format.
        format: OutputFormat,
        /// The path.
        path: PathBuf,
    },
}

impl Diagnose for HandoverError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotOfABuild(_)
            | Self::NoGitHubOutput
            | Self::SharedKey { .. }
            | Self::Replaces { .. }
            | Self::Path { .. } => ErrorKind::Usage,
            Self::Unusable { .. } => ErrorKind::Project,
        }
    }

    fn place(&self) -> Option<&Place> {
        match self {
            Self::Unusable { place, .. } => place.as_ref(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotOfABuild(_) => {
                "use `layerlock publish`, or one of the formats text, json, env, github and \
                 terraform"
            }
            Self::NoGitHubOutput => {
                "run it in a step of GitHub Actions, or name a file with --output-file"
            }
            Self::SharedKey { .. } => {
                "rename one, choose one by --layer, or use another format: json tells all apart"
            }
            Self::Replaces { .. } => "name another file with --output-file",
            Self::Unusable { .. } => "mend it, or name another file with --output-file",
            Self::Path { .. } => "name a plainer directory with --output, or use the format json",
        };
        Some(hint.to_owned())
    }
}
