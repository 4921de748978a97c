//! What a layer's Python packages tell.

pub(crate) mod bytecode;
mod distributions;
mod modules;
mod path_files;
mod requirements;
pub(crate) mod source;

pub(crate) use distributions::{Distribution, Distributions};
pub use requirements::Elsewhere;
pub(crate) use requirements::check_requirements;
pub(crate) use {modules::check_modules, path_files::check_path_files};
