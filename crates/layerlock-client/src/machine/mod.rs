//! What of this machine decides where things are got from, and how.

mod config;
mod pip;
mod poetry;
mod variables;

pub use config::MachineConfig;
pub use pip::PipFiles;
pub use variables::Variables;
