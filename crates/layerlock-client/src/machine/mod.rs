//! What of this machine decides where things are got from, and how.

mod baked_in;
mod config;
mod pip;
mod poetry;
mod uv;
mod variables;

pub use config::MachineConfig;
pub use pip::PipFiles;
pub use uv::{UvFiles, UvIndex, UvSettings};
pub use variables::Variables;
