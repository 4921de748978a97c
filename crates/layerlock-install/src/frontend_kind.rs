//! Which programs build.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A kind of build frontend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum FrontendKind {
    /// `uv build --wheel`.
    Uv,
    /// `pip wheel --no-deps`.
    Pip,
}

impl FrontendKind {
    /// Its name in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uv => "uv",
            Self::Pip => "pip",
        }
    }
}

impl fmt::Display for FrontendKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no frontend's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown build frontend `{0}`: there are uv and pip")]
pub struct UnknownFrontend(pub String);

impl FromStr for FrontendKind {
    type Err = UnknownFrontend;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "uv" => Ok(Self::Uv),
            "pip" => Ok(Self::Pip),
            _ => Err(UnknownFrontend(name.to_owned())),
        }
    }
}
