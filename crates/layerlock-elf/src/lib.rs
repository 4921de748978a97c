/*!
ELF files, and whether one runs on a platform.

A [`Platform`] is plain data: an architecture, the versions of the base libraries
and their names. [`check`] reads a file as the platform's dynamic loader does,
by its program headers and its dynamic section, and says why the loader would
refuse it. Section headers are not read: a loader needs none, and strippers and
packers remove them.

A [`Binary`] is what a file says of itself, without its bytes: what it needs, what it
has, what it is for. Several of them can be judged together, for any platform, and a
cache can keep them.

Files come from anywhere. None makes this crate panic, read long or use memory
that grows with what the file claims.

Nothing here knows of Python, wheels or the network.
*/

mod binary;
mod file;
mod fit;
mod image;
mod load_check;
mod machine;
mod needs;
mod platform;
mod program;
mod symbols;

pub use binary::{Binary, BinaryReader, Damage, Elf, Kind, NeededVersions};
pub use file::is_elf;
pub use fit::{LoadError, check};
pub use load_check::LoadCheck;
pub use machine::Machine;
pub use platform::{Architecture, Platform};
pub use program::is_program;

/// The bytes that every ELF file begins with.
pub const MAGIC: [u8; 4] = object::elf::ELFMAG;
