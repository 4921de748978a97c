//! What a process makes on its way, for one that is told to end before its end.
//!
//! What a killed process leaves beside an output is removed by the next run. One that
//! is asked to end, by Ctrl-C say, can do so itself.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fs_err as fs;

static EXISTING: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Says of a temporary file or directory that it is there, as long as this value lives.
/// Who made it removes it.
#[derive(Debug)]
pub struct Temporary(PathBuf);

impl Temporary {
    /// Makes one.
    pub fn create<T: AsRef<Path>>(make: impl FnOnce() -> io::Result<T>) -> io::Result<(T, Self)> {
        // Before it is made: there is no moment at which nobody knows of it.
        let mut existing = existing();
        let made = make()?;
        let path = std::path::absolute(&made).unwrap_or_else(|_| made.as_ref().to_owned());
        existing.insert(path.clone());
        Ok((made, Self(path)))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        existing().remove(&self.0);
    }
}

/// As long as this value lives, this process makes nothing temporary, and puts
/// nothing in its place: a job that comes to it waits.
#[must_use = "jobs go on as soon as it is dropped"]
#[derive(Debug)]
pub struct TemporariesLock {
    existing: MutexGuard<'static, BTreeSet<PathBuf>>,
}

/// Removes all temporary files and directories of this process, those of unfinished
/// outputs among them. For a process that ends right after: jobs that go on then
/// fail.
pub fn remove_temporaries() -> TemporariesLock {
    /// A file may come into a directory at the last moment.
    const TRIES: usize = 5;

    let lock = lock_temporaries();
    for path in &*lock.existing {
        // Jobs would go on putting files into a directory under the name that they know.
        let gone = path.with_extension("gone.tmp");
        let path = match fs::rename(path, &gone) {
            Ok(()) => &gone,
            Err(_) => path,
        };
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
    lock
}

/// For putting an output in its place: what is removed at this moment must not be
/// moved, nor the other way round.
pub(crate) fn lock_temporaries() -> TemporariesLock {
    TemporariesLock {
        existing: existing(),
    }
}

fn existing() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    EXISTING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What lies under the name later is not this process's to remove.
    #[test]
    fn what_is_gone_is_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let make = || tempfile::NamedTempFile::new_in(directory.path());
        let (made, temporary) = Temporary::create(make).unwrap();
        let path = std::path::absolute(made.path()).unwrap();
        assert!(existing().contains(&path));
        drop(temporary);
        assert!(!existing().contains(&path));
    }
}
