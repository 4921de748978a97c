//! What a build begins with.

use std::path::PathBuf;

use super::built_wheel_note::Key;
use crate::temporary::TemporaryFolder;

/// What a build begins with.
pub(super) struct Source {
    /// What it is, for people, without credentials.
    pub(super) described: String,
    /// What the result is kept by; none where that cannot be told.
    pub(super) key: Option<Key>,
    /// Whether its version may be another than the locked one: a folder lives on.
    pub(super) version_may_differ: bool,
}

/// The source as it lies on this machine.
pub(super) struct Material {
    /// A folder, or an archive.
    pub(super) path: PathBuf,
    /// Removed with this.
    pub(super) _folder: Option<TemporaryFolder>,
}
