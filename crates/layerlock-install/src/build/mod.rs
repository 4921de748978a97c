//! Wheels for packages that have none: source distributions, git repositories,
//! directories, and archives on this machine or at a URL.
//!
//! Each is brought to a wheel, so that nothing after this step knows the
//! difference: the wheel lies in the cache under its SHA-256, as a downloaded
//! one does. Building is left to the user's own [frontend], in isolation
//! (PEP 517). Its result has to [fit] the target, or it is an error: a build runs
//! on this machine, and this machine is not the target. The result is then
//! [packed anew](repack), so that how a backend writes zips leaves no trace in a
//! layer.
//!
//! What was built is [kept](built_wheel) by what it was made from: a second run builds
//! nothing and needs no network.

mod archive;
mod build_indexes;
mod builder;
mod built_wheel;
mod container;
mod directory;
mod directory_stamp;
mod file_names;
mod fit;
mod frontend;
mod git;
mod links;
mod metadata;
mod note;
mod packages;
mod repack;
mod source;
mod sources;
mod supplied;

pub use builder::BuildOptions;
pub(crate) use container::command as container_command;
pub use directory_stamp::{lasting_source_stamp, source_stamp};
pub use note::BuildNote;
pub use packages::{BuildOutcome, build};
pub use supplied::is_supplied;
