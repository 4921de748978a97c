//! What is wrong with a link of a layer.

use std::fmt;

use crate::LayerPath;

/// A link that cannot be in a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLink {
    /// Where it lies in the layer.
    pub path: LayerPath,
    /// What it says.
    pub target: String,
    /// Why it cannot be there.
    pub problem: LinkProblem,
}

/// Why a link cannot be in a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkProblem {
    /// It names a place of one machine.
    #[error("an absolute path")]
    Absolute,
    /// It leaves the layer on its way.
    #[error("which leads out of the layer")]
    Escapes,
    /// There is nothing.
    #[error("which is not in the layer")]
    Dangling,
    /// It leads back to itself, or to a directory that it is in.
    #[error("which leads back to where it began")]
    Loops,
}

impl fmt::Display for BadLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            target,
            problem,
        } = self;
        write!(f, "{path} is a link to {target:?}, {problem}")
    }
}
