//! A directory as an output.
//!
//! It is made beside the one that it replaces, and swapped with it. Some directories stay
//! where they are: a mount point, as the volume of a container is one, and the directory
//! that the process was started in. There the new one is made within, and what lies
//! at its top is swapped piece by piece, mostly `python` and `bin`: a kill between two
//! of them is repaired by the next run.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs_err as fs;
use tempfile::TempDir;

use super::beside::{hold, is_temporary, parent, through_links};
use super::guard::Guard;
use super::place::Journal;
use super::written::WrittenOutput;
use crate::{Error, Temporary};

/// A directory that takes the place of another only when it is published.
#[derive(Debug)]
pub(crate) struct OutputDirectory {
    temporary: TempDir,
    path: PathBuf,
    place: Place,
    _temporary: Temporary,
    // Dropped last, when the temporary directory is gone.
    _guard: Arc<Guard>,
}

/// Where a new directory is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Beside,
    Within,
}

impl OutputDirectory {
    /// For the directory at this path, which may exist.
    pub(crate) fn replacing(path: &Path) -> Result<Self, Error> {
        let path = through_links(path)?;
        if let Some(mounted) = mount_within(&path) {
            return Err(Error::io("replace", mounted)(
                io::ErrorKind::ResourceBusy.into(),
            ));
        }
        let place = if stays_in_place(&path) {
            Place::Within
        } else {
            Place::Beside
        };
        Self::create(path, place)
    }

    fn create(path: PathBuf, place: Place) -> Result<Self, Error> {
        let directory = match place {
            Place::Beside => parent(&path),
            Place::Within => &path,
        };
        let guard = Guard::of(directory, "create a directory in")?;
        let (temporary, existing) = guard
            .create(|names| names.tempdir_in(directory))
            .map_err(Error::io("create a directory in", directory))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // Whatever the umask: the directory is a part of the layer.
            let mode = std::fs::Permissions::from_mode(0o755);
            fs::set_permissions(temporary.path(), mode)
                .map_err(Error::io("create a directory in", directory))?;
        }
        Ok(Self {
            temporary,
            path,
            place,
            _temporary: existing,
            _guard: guard,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Puts it in its place. What was there has the temporary name then, and goes with this
    /// value.
    pub(super) fn place(&self, journal: &mut Journal) -> Result<(), Error> {
        let fresh = self.temporary.path();
        match self.place {
            Place::Within => {
                replace_within(&self.path, fresh, journal).map_err(Error::io("replace", &self.path))
            }
            Place::Beside => {
                replace(&self.path, fresh, journal).map_err(Error::io("write", &self.path))
            }
        }
    }

    /// What it is known by in its place; to be asked before it is there.
    pub(super) fn identity(&self) -> WrittenOutput {
        let directory = match self.place {
            Place::Within => &self.path,
            Place::Beside => self.temporary.path(),
        };
        WrittenOutput::of(directory, None)
    }
}

/// Whether a directory can be no other: the system refuses to move it, or whoever
/// started the process would be left in one that is gone.
fn stays_in_place(path: &Path) -> bool {
    let Ok(path) = fs::canonicalize(path) else {
        return false;
    };
    let is_around_us = || std::env::current_dir().is_ok_and(|current| current.starts_with(&path));
    is_mount_point(&path) || is_around_us()
}

/// What is mounted at the top of a directory: it cannot be replaced, and would go with
/// the directory to where old ones are removed.
fn mount_within(path: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(path).ok()?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths.find(|path| !path.is_symlink() && is_mount_point(path))
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn is_mount_point(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    // A directory of the same disk can be mounted too, as containers do it.
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
        let found = statx(CWD, path, AtFlags::empty(), StatxFlags::empty());
        if found.is_ok_and(|it| it.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)) {
            return true;
        }
    }
    let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev()).ok();
    path.parent()
        .is_none_or(|above| device(above) != device(path))
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn is_mount_point(_path: &Path) -> bool {
    false
}

/// Swaps a directory with `fresh`, where there is one.
fn replace(path: &Path, fresh: &Path, journal: &mut Journal) -> io::Result<()> {
    if fs::symlink_metadata(path).is_err() {
        match journal.rename(fresh, path) {
            // Another process was faster.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            renamed => return renamed,
        }
    }
    journal.exchange(fresh, path)
}

/// Swaps what is in `fresh`, a directory in `path`, with what is in `path`.
fn replace_within(path: &Path, fresh: &Path, journal: &mut Journal) -> io::Result<()> {
    let names = |directory: &Path| -> io::Result<Vec<OsString>> {
        let entries = fs::read_dir(directory)?;
        entries.map(|entry| Ok(entry?.file_name())).collect()
    };
    // One process at a time: what two of them leave is of one.
    let whole = fs::File::open(path)?;
    hold(whole.file());
    let new = names(fresh)?;
    for name in &new {
        let (from, to) = (fresh.join(name), path.join(name));
        if fs::symlink_metadata(&to).is_err() {
            journal.rename(&from, &to)?;
        } else {
            journal.exchange(&from, &to)?;
        }
    }
    for name in names(path)? {
        let old = path.join(&name);
        // A disk has a directory of its own at its top.
        let is_empty_directory =
            || old.is_dir() && fs::read_dir(&old).is_ok_and(|it| it.count() == 0);
        if !new.contains(&name) && !is_temporary(&name) && !is_empty_directory() {
            journal.rename(&old, &fresh.join(&name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::files_in;
    use crate::output::Prepared;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn what_lies_in_a_directory_that_stays_is_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("volume");
        for name in ["python/old.py", "python/same.py", "bin/old", "share/x/y"] {
            write(&path.join(name), "old");
        }
        fs::create_dir(path.join("lost+found")).unwrap();
        let inode = |path: &Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
        let before = inode(&path);

        let output = OutputDirectory::create(path.clone(), Place::Within).unwrap();
        for name in ["python/same.py", "python/new.py", "etc"] {
            write(&output.path().join(name), "new");
        }
        let published = Prepared::from(output).put_in_place().unwrap();
        assert!(published.stamp(&path).unwrap().is_some());
        assert_eq!(inode(&path), before);
        assert_eq!(
            files_in(&path).unwrap(),
            ["etc", "python/new.py", "python/same.py"]
        );
        assert_eq!(fs::read(path.join("python/same.py")).unwrap(), b"new");
        assert!(path.join("lost+found").is_dir());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_unfinished_directory_within_another_changes_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("volume");
        write(&path.join("python/old.py"), "old");
        let output = OutputDirectory::create(path.clone(), Place::Within).unwrap();
        write(&output.path().join("python/new.py"), "new");
        drop(output);
        assert_eq!(files_in(parent.path()).unwrap(), ["volume/python/old.py"]);
    }

    #[test]
    fn what_a_killed_process_left_within_goes_with_the_next_output() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("volume");
        write(&path.join(".layerlock-dead.tmp/python/old.py"), "old");
        let output = OutputDirectory::create(path.clone(), Place::Within).unwrap();
        write(&output.path().join("python/new.py"), "new");
        let published = Prepared::from(output).put_in_place().unwrap();
        assert_eq!(files_in(parent.path()).unwrap(), ["volume/python/new.py"]);
        assert!(published.stamp(&path).unwrap().is_some());
    }

    #[test]
    fn processes_that_make_a_directory_at_once_do_not_fail() {
        for _ in 0..200 {
            let parent = tempfile::tempdir().unwrap();
            let path = parent.path().join("staging");
            let outputs = ["1", "2"].map(|text| {
                let output = OutputDirectory::replacing(&path).unwrap();
                write(&output.path().join("python/a.py"), text);
                output
            });
            let start = std::sync::Barrier::new(outputs.len());
            std::thread::scope(|scope| {
                for output in outputs {
                    scope.spawn(|| {
                        start.wait();
                        Prepared::from(output).put_in_place().unwrap();
                    });
                }
            });
            assert_eq!(files_in(parent.path()).unwrap(), ["staging/python/a.py"]);
        }
    }

    #[test]
    fn what_is_no_directory_at_the_top_is_replaced_too() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("volume");
        for name in ["old", "same", ".layerlock-other.tmp/held"] {
            write(&path.join(name), "old");
        }
        let other = fs::File::open(path.join(".layerlock-other.tmp")).unwrap();
        hold(other.file());
        let output = OutputDirectory::create(path.clone(), Place::Within).unwrap();
        write(&output.path().join("same"), "new");
        Prepared::from(output).put_in_place().unwrap();
        // What another process works on is not this one's.
        assert_eq!(
            files_in(&path).unwrap(),
            [".layerlock-other.tmp/held", "same"]
        );
        assert_eq!(fs::read(path.join("same")).unwrap(), b"new");
    }

    #[test]
    fn only_some_directories_stay_in_place() {
        let temp = tempfile::tempdir().unwrap();
        assert!(!stays_in_place(temp.path()));
        assert!(!stays_in_place(&temp.path().join("none")));
        assert!(stays_in_place(Path::new(".")));
        assert!(stays_in_place(Path::new("..")));
        assert!(stays_in_place(Path::new("/")));
        assert_eq!(mount_within(temp.path()), None);
        #[cfg(target_os = "linux")]
        {
            assert!(stays_in_place(Path::new("/proc")));
            assert!(mount_within(Path::new("/")).is_some());
        }
    }

    #[test]
    fn the_root_of_a_directory_is_open_to_all() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("staging");
        let output = OutputDirectory::replacing(&path).unwrap();
        Prepared::from(output).put_in_place().unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o755);
    }
}
