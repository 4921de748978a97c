//! What to export.

use std::path::PathBuf;

use crate::Settings;

/// What to export.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting")]
pub struct ExportSettings {
    /// The project and, for JSON, the target.
    pub settings: Settings,
    /// The form.
    pub format: ExportFormat,
    /// A file to write, besides giving the text back.
    pub output: Option<PathBuf>,
    /// Whether to include the group `dev` where the project has one, as Poetry 1 did
    /// for `--dev`. The choice's `with` is the way to ask for it.
    pub dev: bool,
    /// Whether to omit the hashes.
    pub without_hashes: bool,
    /// Whether to omit the URLs of indexes.
    pub without_urls: bool,
    /// Whether to put the credentials that Poetry keeps into the URLs of
    /// indexes.
    pub with_credentials: bool,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ExportFormat {
    /// pip's requirements file, as `poetry export` writes it: for every
    /// platform, with markers.
    #[default]
    Requirements,
    /// pip's constraints file: without extras and editable packages.
    Constraints,
    /// pylock.toml (PEP 751) with the URLs of all files, for which the
    /// indexes are asked.
    Pylock,
    /// The packages of one target, each with the file that is chosen for it.
    Json,
}
