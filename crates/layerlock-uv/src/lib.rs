//! The locks that uv and pip know.
//!
//! [`UvLock`] reads uv.lock, for a project or a workspace of uv. It is a
//! [`LockReader`](layerlock_lock::LockReader): it selects the packages for one target,
//! whose marker environment settles every marker. The URLs, sizes and hashes of files are
//! in the lock, so no index has to be asked.
//!
//! Nothing here looks at the network or at the machine's own Python, and nothing is
//! resolved: what a lock does not tell is an error.

mod choice;
mod compile;
mod declared;
mod document;
mod entry;
mod error;
mod export;
mod file_url;
mod lock;
mod marker;
mod origin;
mod project;
mod pylock;
mod python;
mod reader;
mod requirements;
mod select;
mod stale;
mod supported;
#[cfg(test)]
mod testing;

pub use error::Error;
pub use export::{
    ExportTarget, ExportedPackage, RequirementsFormat, pylock as pylock_text,
    requirements as requirements_text,
};
pub use pylock::PyLock;
pub use reader::{UvLock, project_directories, project_indexes};
pub use requirements::{IndexOptions, RequirementsLock, ToLookUp};
