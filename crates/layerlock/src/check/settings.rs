//! What to check.

use std::path::PathBuf;

use layerlock_target::Architecture;

use crate::Settings;

/// What to check.
#[derive(Debug, Clone, Default)]
pub struct CheckSettings {
    /// The project, whose layers are planned where none is given. Of given ones only what it
    /// says of checks counts.
    pub settings: Settings,
    /// Layers that anybody made: zips, or directories of a layer's files.
    pub given: Vec<PathBuf>,
    /// The runtimes of given layers, in the provider's names. One that is none of Python is
    /// checked for what depends on no language. Where there are none, a layer's file name
    /// tells, as builds name it, else it is checked for the newest.
    pub runtimes: Vec<String>,
    /// The architectures of given layers.
    pub architectures: Vec<Architecture>,
    /// Whether to import each top-level module, by an interpreter of this machine.
    pub import: bool,
}
