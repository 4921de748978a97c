//! Where a publish makes what has no place in the project.

use layerlock_layer::Temporary;
use tempfile::TempDir;

use crate::Error;

/// A directory among the machine's temporary ones, which goes with these two, or where the
/// run is interrupted.
pub(crate) fn scratch() -> Result<(TempDir, Temporary), Error> {
    let make = || TempDir::with_prefix("layerlock-publish-");
    let made = Temporary::create(make);
    Ok(made.map_err(layerlock_layer::Error::io("create", std::env::temp_dir()))?)
}
