//! What a build begins with.

use std::path::PathBuf;

use super::built_wheel::Key;
use crate::temporary::TemporaryDirectory;

/// What a build begins with.
pub(super) struct BuildSource {
    /// What it is, for people, without credentials.
    pub(super) described: String,
    /// What the result is kept by; none where that cannot be told.
    pub(super) key: Option<Key>,
    /// Whether its version may differ from the locked one: a directory changes.
    pub(super) version_may_differ: bool,
}

/// The source as it lies on this machine.
pub(super) struct LocalSource {
    /// A directory, or an archive.
    pub(super) path: PathBuf,
    /// Removed with this.
    _directory: Option<TemporaryDirectory>,
}

impl LocalSource {
    /// The user's own, where it is.
    pub(super) fn in_place(path: PathBuf) -> Self {
        Self {
            path,
            _directory: None,
        }
    }

    /// What was put into a temporary directory.
    pub(super) fn inside(directory: TemporaryDirectory, path: PathBuf) -> Self {
        Self {
            path,
            _directory: Some(directory),
        }
    }
}
