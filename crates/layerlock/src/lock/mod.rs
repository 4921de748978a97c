//! The lock of a project, whichever tool wrote it.

mod file;
mod inputs;
mod lazy;
mod listing;
mod locked;
mod names;

pub(crate) use file::{LockFile, LockKind, is_same_directory, read_project};
pub(crate) use inputs::input_files;
pub(crate) use lazy::LazyLock;
pub(crate) use locked::Locked;
