/*!
What a user should know of a layer before it is uploaded.

A [`Finding`] has a [`Code`] that stays the same from release to release. One table
has all codes, in `code.rs`: what a code means and how bad it is stands there and
nowhere else. Checks read a [`Layer`], which is a plan, a zip or a directory; each is a
function that takes what it looks at and gives findings.

[`check_plan`] is what each build does. [`check_layer`] reads the files too: what their
bytes tell ([`FileFacts`]) depends on them alone, so that it can be kept.

No network and no provider's API in this crate.
*/

mod binaries;
mod catalogue;
mod code;
mod commands;
mod compiled;
mod facts;
mod file_facts;
mod finding;
mod function;
mod groups;
mod inventory;
mod layer;
mod layer_files;
mod layer_zip;
mod layout;
mod limits;
mod module_paths;
mod names;
mod owners;
mod plan;
mod python;
mod room;
mod scope;
mod secrets;
mod standard_library;
#[cfg(test)]
mod testing;
mod unpack;
mod whole;
mod zip;

pub use catalogue::catalogue;
pub use code::Code;
pub use compiled::check_compiled;
pub use facts::{FactsOf, Known, NothingKnown};
pub use file_facts::FileFacts;
pub use finding::{Finding, Severity};
pub use function::{FunctionParts, Part, check_function, check_together};
pub use inventory::{Inventory, NamedInventory, check_inventories};
pub use layer::{FileInLayer, Layer, ReadError, package_in};
pub use layer_files::{LayerFile, LayerFiles, LayerFilesError};
pub use layer_zip::LayerZip;
pub use layerlock_elf::Binary;
pub use limits::check_budget;
pub use module_paths::{is_in_module, top_level_module};
pub use owners::FoundPackage;
pub use plan::check_plan;
pub use python::Elsewhere;
pub use unpack::unpack;
pub use whole::{LayerTarget, Others, Package, Whole, check_briefly, check_layer, with_owners};
pub use zip::check_zip_size;
