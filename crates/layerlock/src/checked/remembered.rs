//! What was read of the files of a layer: for the next target it is the same. Each layer
//! needs one of its own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use layerlock_check::{FactsOf, FileFacts, FileInLayer, Known};

/// What is known of compiled files, by their paths: on disk where they lie there, since a
/// function's code has some at two paths. Of other files it depends on the target's Python.
#[derive(Default)]
pub(crate) struct Remembered(Mutex<HashMap<PathBuf, FileFacts>>);

fn path<'f>(file: &'f FileInLayer<'_>) -> &'f Path {
    file.on_disk().unwrap_or_else(|| Path::new(file.path()))
}

impl Known for Remembered {
    fn facts(&self, what: FactsOf, file: &FileInLayer<'_>) -> Option<FileFacts> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(path(file))
            .filter(|_| what == FactsOf::Compiled)
            .cloned()
    }

    fn learn(&self, what: FactsOf, file: &FileInLayer<'_>, facts: &FileFacts) {
        if what == FactsOf::Compiled {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(path(file).to_owned(), facts.clone());
        }
    }
}
