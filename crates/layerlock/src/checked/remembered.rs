//! What was read of the files of a layer: for the next target it is the same. Each layer
//! needs one of its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use layerlock_check::{FactsOf, FileFacts, FileInLayer, Known};

/// What is known of compiled files, by their paths. Of other files it depends on the target's
/// Python.
#[derive(Default)]
pub(crate) struct Remembered(Mutex<HashMap<String, FileFacts>>);

impl Known for Remembered {
    fn facts(&self, what: FactsOf, file: &FileInLayer<'_>) -> Option<FileFacts> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(file.path())
            .filter(|_| what == FactsOf::Compiled)
            .cloned()
    }

    fn learn(&self, what: FactsOf, file: &FileInLayer<'_>, facts: &FileFacts) {
        if what == FactsOf::Compiled {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(file.path().to_owned(), facts.clone());
        }
    }
}
