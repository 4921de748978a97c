//! What is not finished lies beside its place, under a name that tells it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::{Error, Temporary};

/// A link stays a link: what it points to is replaced.
pub(super) fn through_links(path: &Path) -> Result<PathBuf, Error> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
        return fs::canonicalize(path).map_err(Error::io("follow", path));
    }
    Ok(path.to_owned())
}

pub(super) const PREFIX: &str = ".layerlock-";
pub(super) const SUFFIX: &str = ".tmp";

/// Part of the name of what is made with a guard, behind that of the guard.
pub(super) const OF_GUARD: char = '-';

/// Whether this is the name of something unfinished.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

/// Names for what is unfinished, with more behind the [`PREFIX`].
pub(super) fn builder(prefix: &str) -> tempfile::Builder<'_, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(SUFFIX);
    builder
}

/// Makes something temporary and holds it (see [`hold`]): from here on no other
/// process takes it for abandoned.
pub(super) fn make_held<T: AsRef<Path>, H>(
    make: impl Fn() -> io::Result<T>,
    hold: impl Fn(&T) -> H,
) -> io::Result<(T, H, Temporary)> {
    loop {
        let (made, temporary) = Temporary::create(&make)?;
        let held = hold(&made);
        // Before it was held, one may have.
        if fs::symlink_metadata(&made).is_ok() {
            return Ok((made, held, temporary));
        }
    }
}

/// Says to other processes that somebody works on this temporary file or directory.
/// The lock dies with the process.
#[expect(
    clippy::disallowed_types,
    reason = "what tempfile and fs-err both give"
)]
pub(super) fn hold(file: &std::fs::File) {
    // Some file systems have no locks: there [`remove_abandoned`] gets none
    // either, and removes nothing.
    let _ = file.lock();
}

/// Removes what killed processes left of outputs in a directory. What fails here is not the
/// user's: it stays for another time.
pub fn remove_abandoned(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        if !is_temporary(&entry.file_name()) {
            continue;
        }
        let path = entry.path();
        // Nothing else is made here, and to open a pipe is to wait.
        let kind = entry.file_type().ok();
        let Some(kind) = kind.filter(|kind| kind.is_file() || kind.is_dir()) else {
            continue;
        };
        let Ok(file) = fs::File::open(&path) else {
            continue;
        };
        if file.file().try_lock().is_err() || is_guarded(&path) {
            continue;
        }
        let _ = if kind.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
    }
}

/// Whether what has this temporary name was made with a guard that a process holds.
fn is_guarded(path: &Path) -> bool {
    let Some(guard) = guard_of(path) else {
        return false;
    };
    let is_file = fs::symlink_metadata(&guard).is_ok_and(|metadata| metadata.is_file());
    is_file && fs::File::open(&guard).is_ok_and(|file| file.file().try_lock().is_err())
}

fn guard_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?.strip_prefix(PREFIX)?;
    let (id, _) = name.split_once(OF_GUARD)?;
    Some(path.with_file_name(OsString::from(format!("{PREFIX}{id}{SUFFIX}"))))
}

/// The directory that a path is in.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Directories made for an output. Those that stayed empty go again, so that a
/// failed run leaves none behind.
#[derive(Debug)]
pub(super) struct CreatedDirectories(Vec<PathBuf>);

impl CreatedDirectories {
    pub(super) fn create(directory: &Path) -> Result<Self, Error> {
        let missing: Vec<PathBuf> = directory
            .ancestors()
            .take_while(|directory| !directory.as_os_str().is_empty() && !directory.exists())
            .map(Path::to_owned)
            .collect();
        let created = Self(missing);
        fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
        Ok(created)
    }
}

impl Drop for CreatedDirectories {
    fn drop(&mut self) {
        for directory in &self.0 {
            // Refused where something is in it.
            let _ = fs::remove_dir(directory);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_in_a_directory() {
        for (path, directory) in [("a/b", "a"), ("/a", "/"), ("a", "."), ("/", "."), ("", ".")] {
            assert_eq!(parent(Path::new(path)), Path::new(directory), "{path:?}");
        }
    }

    #[test]
    fn names_of_what_is_unfinished_begin_and_end_so() {
        for (name, is_unfinished) in [
            (".layerlock-a1.tmp", true),
            (".layerlock-a1", false),
            ("a1.tmp", false),
            ("x.layerlock-a1.tmp", false),
        ] {
            assert_eq!(is_temporary(OsStr::new(name)), is_unfinished, "{name}");
        }
    }

    #[test]
    fn of_the_directories_of_an_output_only_new_and_empty_ones_go_again() {
        let temp = tempfile::tempdir().unwrap();
        let there = temp.path().join("there");
        fs::create_dir(&there).unwrap();
        let new = there.join("new/directory");
        let created = CreatedDirectories::create(&new).unwrap();
        assert!(new.is_dir());
        drop(created);
        assert_eq!(fs::read_dir(&there).unwrap().count(), 0);

        let created = CreatedDirectories::create(&new).unwrap();
        fs::write(there.join("new/file"), "").unwrap();
        drop(created);
        assert!(there.join("new/file").exists() && !new.exists());
        // What was there stays, empty or not.
        fs::create_dir(&new).unwrap();
        drop(CreatedDirectories::create(&new).unwrap());
        assert!(new.is_dir());
    }

    #[test]
    fn what_was_taken_for_abandoned_before_it_was_held_is_made_again() {
        let temp = tempfile::tempdir().unwrap();
        let is_first = std::cell::Cell::new(true);
        let (made, (), _temporary) = make_held(
            || builder(PREFIX).tempdir_in(temp.path()),
            |_| {
                if is_first.replace(false) {
                    remove_abandoned(temp.path());
                }
            },
        )
        .unwrap();
        assert!(made.path().is_dir());
        assert!(!is_first.get());
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
    }
}
