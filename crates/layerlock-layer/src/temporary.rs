//! What a process makes on its way, for one that is told to end before its end.
//!
//! What a killed process leaves beside an output is removed by the next run. One that
//! is asked to end, by Ctrl-C say, can do so itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fs_err as fs;

static EXISTING: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Says of a temporary file or folder that it is there, as long as this value lives.
/// Who made it removes it.
#[derive(Debug)]
pub struct Temporary(PathBuf);

impl Temporary {
    /// Of the one at this path.
    pub fn at(path: &Path) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        existing().insert(path.clone());
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        existing().remove(&self.0);
    }
}

/// Removes all temporary files and folders of this process, those of unfinished
/// outputs among them. For a process that ends right after: jobs that still run in it
/// fail.
pub fn remove_temporaries() {
    /// Somebody may put files into a folder while it is removed.
    const TRIES: usize = 5;

    for path in &*existing() {
        for _ in 0..TRIES {
            let removed = match fs::symlink_metadata(path) {
                Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
                Ok(_) => fs::remove_file(path),
                Err(_) => break,
            };
            if removed.is_ok() {
                break;
            }
        }
    }
}

fn existing() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    EXISTING.lock().unwrap_or_else(PoisonError::into_inner)
}
