//! A directory for the zips of a run that is to leave the project as it was.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use layerlock_layer::Temporary;
use tempfile::TempDir;

use crate::Error;

/// The directory, which is removed with this value.
pub(crate) struct TemporaryZips {
    directory: TempDir,
    /// Where each zip would be otherwise.
    places: RefCell<HashMap<PathBuf, PathBuf>>,
    _existing: Temporary,
}

impl TemporaryZips {
    pub(super) fn new() -> Result<Self, Error> {
        let make = || TempDir::with_prefix("layerlock-publish-");
        let (directory, existing) = Temporary::create(make)
            .map_err(layerlock_layer::Error::io("create", std::env::temp_dir()))?;
        Ok(Self {
            directory,
            places: RefCell::default(),
            _existing: existing,
        })
    }

    /// The path of a zip that would be at `place`.
    pub(super) fn instead_of(&self, place: PathBuf) -> PathBuf {
        let mut places = self.places.borrow_mut();
        // Layers and targets can have any directory; here each zip has its own.
        let number = places.len().to_string();
        let name = place.file_name().unwrap_or_default();
        let path = self.directory.path().join(number).join(name);
        places.insert(path.clone(), place);
        path
    }

    /// Where the zip would be that is at `path`.
    pub(super) fn place_of(&self, path: &Path) -> PathBuf {
        let places = self.places.borrow();
        places
            .get(path)
            .map_or_else(|| path.to_owned(), Clone::clone)
    }
}
