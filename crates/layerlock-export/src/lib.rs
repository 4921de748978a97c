//! Reads pyproject.toml and poetry.lock: the locked packages of the chosen
//! groups and extras.
//!
//! [`Project::read`] reads a project, [`Lock::read`] the lock beside it, and
//! refuses one that is out of date. From there it goes two ways:
//!
//! - [`select()`] gives the packages for one target, whose marker environment
//!   settles every marker;
//! - [`requirements()`] gives the text that `poetry export` prints, with the
//!   markers in it; [`pylock()`] gives it as pylock.toml (PEP 751), for which
//!   the caller has to know what the indexes have.
//!
//! A lock of version 2.1 says itself which groups and markers a package has;
//! for older ones they are worked out by a walk from pyproject.toml.
//!
//! Nothing here looks at the network or at the machine's own Python.

mod choice;
mod constraint;
mod content_hash;
mod credentials;
mod dependencies;
mod document;
mod error;
mod exclude;
mod git_address;
mod lock;
mod marker;
mod names;
mod project;
mod pylock;
mod python_text;
mod ranges;
mod requirement;
mod requirements;
mod rules;
mod schema;
mod select;
mod walk;

pub use choice::{Choice, Extras, Groups, Selection};
pub use constraint::{ConstraintError, PythonConstraint};
pub use credentials::SourceCredentials;
pub use error::{Error, Place, Warning};
pub use exclude::{LeftOut, Remaining, exclude};
pub use lock::Lock;
pub use names::{is_plain_file_name, normalize as normalize_name};
pub use project::{MAIN_GROUP, Priority, Project, Source};
pub use pylock::{IndexedFile, Listing, pylock};
pub use requirements::{RequirementsOptions, constraints, requirements};
pub use select::{LockedFile, LockedPackage, PackageSource, select};
