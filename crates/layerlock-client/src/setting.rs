//! Where a setting of this machine stands.

use std::fmt;
use std::path::PathBuf;

/// What has a setting; Display is for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingOrigin {
    /// An environment variable.
    Variable(&'static str),
    /// One of pip's configuration files.
    PipFile(PathBuf),
    /// One of uv's configuration files, or a pyproject.toml.
    UvFile(PathBuf),
    /// A file or an environment variable of Poetry's.
    Poetry(String),
}

impl fmt::Display for SettingOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "the environment variable {name}"),
            Self::PipFile(path) => {
                write!(f, "pip's configuration file {}", path.display())
            }
            Self::UvFile(path) if path.ends_with("pyproject.toml") => {
                write!(f, "[tool.uv] of {}", path.display())
            }
            Self::UvFile(path) => write!(f, "uv's configuration file {}", path.display()),
            Self::Poetry(place) => write!(f, "Poetry's {place}"),
        }
    }
}
