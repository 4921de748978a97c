//! Where a job makes what has no place of its own.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::guard::Guard;
use crate::{Error, Temporary};

/// A directory among the machine's temporary ones (`TMPDIR`). It goes with this value, where
/// the run is interrupted, and what a killed run left goes with the next that needs one.
#[derive(Debug)]
pub struct Scratch {
    directory: TempDir,
    _temporary: Temporary,
    // Dropped last, when the directory is gone.
    _guard: Arc<Guard>,
}

impl Scratch {
    /// Makes one.
    pub fn create() -> Result<Self, Error> {
        Self::create_in(&std::env::temp_dir())
    }

    fn create_in(parent: &Path) -> Result<Self, Error> {
        const DOING: &str = "create a directory in";
        let guard = Guard::of(parent, DOING)?;
        let made = guard.create(|names| names.tempdir_in(parent));
        let (directory, temporary) = made.map_err(Error::io(DOING, parent))?;
        Ok(Self {
            directory,
            _temporary: temporary,
            _guard: guard,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;

    #[test]
    fn what_a_killed_run_left_goes_with_the_next() {
        let parent = tempfile::tempdir().unwrap();
        let killed = Scratch::create_in(parent.path()).unwrap();
        let left = killed.path().to_owned();
        fs::write(left.join("layer.zip"), "half").unwrap();
        // A second run leaves alone what is in use.
        drop(Scratch::create_in(parent.path()).unwrap());
        assert!(left.exists());

        let Scratch {
            directory,
            _temporary,
            _guard: guard,
        } = killed;
        let _ = directory.keep();
        drop(guard);
        drop(Scratch::create_in(parent.path()).unwrap());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
