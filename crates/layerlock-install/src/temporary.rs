//! Temporary directories that are removed even when the run is interrupted.

use std::path::Path;

use layerlock_layer::Temporary;
use tempfile::TempDir;

use crate::Error;

/// A directory among the machine's temporary ones, which is removed with this value, or
/// by [`layerlock_layer::remove_temporaries`].
#[derive(Debug)]
pub(crate) struct TemporaryDirectory {
    directory: TempDir,
    _existing: Temporary,
}

impl TemporaryDirectory {
    /// `purpose` is a part of its name, for whoever finds one.
    pub(crate) fn new(purpose: &str) -> Result<Self, Error> {
        let make = || TempDir::with_prefix(format!("layerlock-{purpose}-"));
        let (directory, existing) =
            Temporary::create(make).map_err(Error::io("create", std::env::temp_dir()))?;
        Ok(Self {
            directory,
            _existing: existing,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }
}
