//! What a side of a comparison is called.

use std::path::PathBuf;

/// Something that packages are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparand {
    /// A zip, the directory of a layer's files, a lock, or the directory of a project. That
    /// stands for what its layer takes of its lock, or for all of it where the other side is a
    /// lock or a project, too.
    Path(PathBuf),
    /// A version of the layer that is published; the newest for its target without a number.
    Published(Option<u64>),
}
