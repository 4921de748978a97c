//! One export that both make.

use std::path::PathBuf;

use crate::diff_export::poetry::Poetry;

/// One export, made by both.
pub(crate) struct Run {
    pub(crate) project: String,
    pub(crate) poetry: Poetry,
    pub(crate) directory: PathBuf,
    pub(crate) python: String,
    pub(crate) ours: Vec<String>,
    pub(crate) theirs: Vec<String>,
    /// Whether the lock is of another pyproject.toml.
    pub(crate) stale: bool,
}

impl Run {
    /// The project and the flags.
    pub(crate) fn describe(&self) -> String {
        let stale = if self.stale { " of a stale copy" } else { "" };
        let theirs = self.theirs.join(" ");
        format!(
            "{} {theirs}{stale} (Poetry {})",
            self.project,
            self.poetry.version()
        )
    }
}
