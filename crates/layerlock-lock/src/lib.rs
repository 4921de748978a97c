/*!
What a lock file says of packages, whichever tool wrote it.

A [`LockReader`] reads the lock of one tool, and [selects](LockReader::select) from
it what one target gets: [packages](LockedPackage), and which of them needs which.
Whatever comes after (the choice of files, excluded packages, sizes, why a package
is there) works on that [`Selected`] and knows no lock's format.

No files of wheels and no network in this crate.
*/

mod ask;
mod choice;
mod exclude;
mod file_error;
mod file_name;
mod index;
mod installation;
mod name;
mod package;
mod reader;
mod selected;
#[cfg(test)]
mod testing;
mod toml_document;

pub use ask::Ask;
pub use choice::{Choice, Extras, Groups};
pub use exclude::{Excluded, Remaining};
pub use file_error::FileError;
pub use file_name::is_plain_file_name;
pub use index::{Priority, ProjectIndex};
pub use name::{NameError, PackageName, normalize_name};
pub use package::{LockedFile, LockedPackage, PackageSource, WeakHash};
pub use reader::{LockError, LockReader, LockWarning, LockWarningKind};
pub use selected::{Need, Selected};
pub use toml_document::{TomlDocument, TomlParts, TomlValue, in_parts_or_whole, one_line};

/// The group of a project's own dependencies.
pub const MAIN_GROUP: &str = "main";
