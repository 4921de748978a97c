//! A layer that is checked: one that anybody made, and the form in which all are told.

mod given;
mod imports;
mod layer;
mod remembered;
mod targets;

pub(crate) use given::{Depth, check_given, check_zip};
pub use imports::Imported;
pub(crate) use imports::import;
pub(crate) use layer::write_findings;
pub use layer::{CheckedLayer, CheckedPackage, CheckedTarget, CheckedZip};
pub(crate) use remembered::Remembered;
pub(crate) use targets::{GivenTarget, GivenTargets};
