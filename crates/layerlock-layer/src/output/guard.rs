//! Says to other processes that somebody works on what is unfinished in a directory.
//!
//! It is a file beside that, which this process has locked; the names of what it makes there
//! begin with the file's. The lock dies with the process. There is one for a directory,
//! however many outputs lie in it: each is an open file, and a process may have few.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::{fmt, io};

use fs_err as fs;
use tempfile::NamedTempFile;

use super::beside::{
    CreatedDirectories, OF_GUARD, PREFIX, SUFFIX, builder, hold, make_held, remove_abandoned,
};
use crate::{Error, Temporary};

static GUARDS: Mutex<BTreeMap<PathBuf, Weak<Guard>>> = Mutex::new(BTreeMap::new());

/// As long as this value lives, no other process takes for abandoned what was made with it.
pub(super) struct Guard {
    file: NamedTempFile,
    _temporary: Temporary,
    // Dropped last: those that are empty then go.
    _directories: CreatedDirectories,
}

impl fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.path().fmt(formatter)
    }
}

impl Guard {
    /// The guard of a directory, which is made where there is none. What killed processes
    /// left there goes.
    pub(super) fn of(directory: &Path, verb: &'static str) -> Result<Arc<Self>, Error> {
        let key = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        let mut guards = GUARDS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(guard) = guards.get(&key).and_then(Weak::upgrade)
            // Somebody may have removed it, with the directory say.
            && fs::symlink_metadata(guard.file.path()).is_ok()
        {
            return Ok(guard);
        }
        let directories = CreatedDirectories::create(directory)?;
        remove_abandoned(directory);
        let (file, (), temporary) = make_held(
            || builder(PREFIX).tempfile_in(directory),
            |file| hold(file.as_file()),
        )
        .map_err(Error::io(verb, directory))?;
        let guard = Arc::new(Self {
            file,
            _temporary: temporary,
            _directories: directories,
        });
        guards.retain(|_, guard| guard.strong_count() > 0);
        guards.insert(key, Arc::downgrade(&guard));
        Ok(guard)
    }

    /// Makes something temporary that it guards.
    pub(super) fn create<T: AsRef<Path>>(
        &self,
        make: impl FnOnce(tempfile::Builder<'_, '_>) -> io::Result<T>,
    ) -> io::Result<(T, Temporary)> {
        let name = self.file.path().file_name().unwrap_or_default();
        let name = name.to_string_lossy();
        let prefix = format!("{}{OF_GUARD}", name.strip_suffix(SUFFIX).unwrap_or(&name));
        Temporary::create(|| make(builder(&prefix)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(directory: &Path) -> usize {
        fs::read_dir(directory).unwrap().count()
    }

    #[test]
    fn one_open_file_guards_all_that_is_made_in_a_directory() {
        let temp = tempfile::tempdir().unwrap();
        let directory = temp.path().join("new/dist");
        let make = || {
            let guard = Guard::of(&directory, "create a file in").unwrap();
            let made = guard.create(|names| Ok(names.tempfile_in(&directory)?.into_temp_path()));
            (made.unwrap(), guard)
        };
        let (first, second) = (make(), make());
        assert_eq!(count(&directory), 3);
        // As another process sees it, whose locks are its own.
        remove_abandoned(&directory);
        assert_eq!(count(&directory), 3);
        drop(first);
        remove_abandoned(&directory);
        assert_eq!(count(&directory), 2);
        drop(second);
        assert_eq!(count(temp.path()), 0);
    }

    #[test]
    fn what_a_guard_of_the_dead_left_goes_with_it() {
        let temp = tempfile::tempdir().unwrap();
        for name in ["a1.tmp", "a1-x.tmp", "b2-x.old.tmp"] {
            fs::write(temp.path().join(format!("{PREFIX}{name}")), "half").unwrap();
        }
        remove_abandoned(temp.path());
        assert_eq!(count(temp.path()), 0);
    }
}
