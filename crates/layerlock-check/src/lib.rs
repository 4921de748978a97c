/*!
What a user should know of a layer before it is uploaded.

A [`Finding`] has a [`Code`] that stays the same from release to release. One table
has all codes, in `code.rs`: what a code means and how bad it is stands there and
nowhere else. Checks read a layer's plan or a zip; each is a function that takes what
it looks at and gives findings.

No network and no provider's API in this crate.
*/

mod binaries;
mod code;
mod finding;
mod layer_files;
mod owners;
mod plan;
mod standard_library;
#[cfg(test)]
mod testing;
mod zip;

pub use binaries::{
    BinaryContent, BinaryFile, check_binaries, may_be_binary, read_binary, read_binary_in_pieces,
};
pub use code::Code;
pub use finding::{Finding, Severity};
pub use layer_files::{LayerFile, LayerFiles, LayerFilesError};
pub use layerlock_elf::Binary;
pub use owners::FoundPackage;
pub use plan::check_plan;
pub use zip::check_zip_size;
