//! Poetry's projects and locks: pyproject.toml and poetry.lock, and the texts that
//! `poetry export` prints of them.
//!
//! [`PoetryLock`] reads a project with the lock beside it, and refuses one that is
//! out of date. From there it goes two ways:
//!
//! - as a [`LockReader`](layerlock_lock::LockReader) it [selects](select()) the
//!   packages for one target, whose marker environment settles every marker;
//! - [`requirements()`] gives the text that `poetry export` prints, with the
//!   markers in it; [`pylock()`] gives it as pylock.toml (PEP 751), for which
//!   the caller has to know what the indexes have.
//!
//! A lock of version 2.1 says itself which groups and markers a package has;
//! for older ones they are worked out by a walk from pyproject.toml.
//!
//! Nothing here looks at the network or at the machine's own Python.

mod asks;
mod choice;
mod constraint;
mod content_hash;
mod credentials;
mod dependencies;
mod document;
mod error;
mod git_url;
mod graph;
mod lock;
mod locked_versions;
mod marker;
mod missing;
mod patch;
mod project;
mod pylock;
mod python_text;
mod ranges;
mod reader;
mod requirement;
mod requirements;
mod rules;
mod schema;
mod select;
mod selection;
mod settings_file;
mod suggestion;
mod tables;
mod walk;

pub use choice::resolve as resolve_choice;
pub use constraint::{ConstraintError, PythonConstraint};
pub use credentials::SourceCredentials;
pub use error::{Error, Warning};
pub use lock::Lock;
pub use locked_versions::locked_versions;
pub use project::{Project, has_project};
pub use pylock::{IndexedFile, Listing, pylock};
pub use reader::PoetryLock;
pub use requirements::{RequirementsOptions, constraints, requirements};
pub use select::select;
pub use selection::Selection;
pub use settings_file::SETTINGS_FILE;
