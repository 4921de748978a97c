//! Putting several outputs in their places: all of them, or none.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

/// What was done so far, to be undone in the opposite order.
#[derive(Debug, Default)]
pub(super) struct Journal(Vec<Step>);

#[derive(Debug)]
enum Step {
    /// Nothing was there.
    Moved { from: PathBuf, to: PathBuf },
    /// What was there has the other's name now.
    Swapped { fresh: PathBuf, path: PathBuf },
    /// What was there has this name now.
    Replaced { aside: PathBuf, path: PathBuf },
}

impl Journal {
    /// Moves something to where nothing is.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)?;
        self.0.push(Step::Moved {
            from: from.to_owned(),
            to: to.to_owned(),
        });
        Ok(())
    }

    /// Swaps two directories.
    pub(super) fn exchange(&mut self, fresh: &Path, path: &Path) -> io::Result<()> {
        exchange(fresh, path)?;
        self.swapped(fresh, path);
        Ok(())
    }

    /// Puts a file where another may be, whose bytes are kept under a temporary name. A file
    /// system that can neither swap nor link keeps none: there it cannot be undone.
    pub(super) fn replace_file(&mut self, fresh: &Path, path: &Path) -> io::Result<()> {
        let Ok(metadata) = fs::symlink_metadata(path) else {
            return self.rename(fresh, path);
        };
        // A swap would take it.
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if swap(fresh, path)? {
            self.swapped(fresh, path);
            return Ok(());
        }
        let aside = fresh.with_extension("old.tmp");
        let is_kept = fs::hard_link(path, &aside).is_ok();
        let renamed = fs::rename(fresh, path);
        if is_kept {
            if renamed.is_err() {
                let _ = fs::remove_file(aside);
            } else {
                let path = path.to_owned();
                self.0.push(Step::Replaced { aside, path });
            }
        }
        renamed
    }

    fn swapped(&mut self, fresh: &Path, path: &Path) {
        self.0.push(Step::Swapped {
            fresh: fresh.to_owned(),
            path: path.to_owned(),
        });
    }

    /// Puts back what was there. Gives a place where that failed.
    pub(super) fn undo(self) -> Result<(), PathBuf> {
        let mut failed = None;
        for step in self.0.into_iter().rev() {
            let (undone, path) = match step {
                Step::Moved { from, to } => (fs::rename(&to, from), to),
                Step::Swapped { fresh, path } => (exchange(&fresh, &path), path),
                Step::Replaced { aside, path } => (fs::rename(aside, &path), path),
            };
            if undone.is_err() {
                failed = Some(path);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Forgets what was there, where that is not done with a fresh output's own name.
    pub(super) fn finish(self) {
        for step in self.0 {
            if let Step::Replaced { aside, .. } = step {
                let _ = fs::remove_file(aside);
            }
        }
    }
}

/// Swaps two files or directories in one step, so that a kill finds one or the other. False
/// where the file system cannot.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn swap(a: &Path, b: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
        result => Ok(result.map(|()| true)?),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn swap(_a: &Path, _b: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Swaps two directories, in steps where the file system can do no better.
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    if swap(a, b)? {
        return Ok(());
    }
    exchange_in_steps(a, b)
}

fn exchange_in_steps(a: &Path, b: &Path) -> io::Result<()> {
    // It goes like other temporary directories.
    let aside = a.with_extension("old.tmp");
    fs::rename(b, &aside)?;
    if let Err(error) = fs::rename(a, b) {
        fs::rename(&aside, b)?;
        return Err(error);
    }
    fs::rename(&aside, a)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::files_in;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn without_a_swap_of_its_own_the_system_still_swaps() {
        let parent = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| parent.path().join(name));
        write(&a.join("new"), "new");
        write(&b.join("old"), "old");
        exchange_in_steps(&a, &b).unwrap();
        assert_eq!(files_in(parent.path()).unwrap(), ["a/old", "b/new"]);

        fs::remove_dir_all(&a).unwrap();
        exchange_in_steps(&a, &b).unwrap_err();
        assert_eq!(files_in(parent.path()).unwrap(), ["b/new"]);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_swap_with_nothing_changes_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| parent.path().join(name));
        write(&b.join("old"), "old");
        for path in [&a, &b] {
            fs::create_dir_all(path).unwrap();
        }
        exchange(&a, &b).unwrap();
        assert_eq!(files_in(parent.path()).unwrap(), ["a/old"]);
        exchange(&parent.path().join("none"), &b).unwrap_err();
        assert!(b.is_dir());
    }

    #[test]
    fn what_was_done_is_undone_in_the_opposite_order() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        for name in ["fresh", "old", "kept/old", "fresh-kept/new", "first"] {
            write(&at(name), name);
        }
        let before = files_in(temp.path()).unwrap();
        let mut journal = Journal::default();
        journal.replace_file(&at("fresh"), &at("old")).unwrap();
        journal.exchange(&at("fresh-kept"), &at("kept")).unwrap();
        journal.replace_file(&at("first"), &at("none")).unwrap();
        journal.rename(&at("none"), &at("other")).unwrap();
        assert_eq!(fs::read(at("old")).unwrap(), b"fresh");
        journal.undo().unwrap();
        assert_eq!(files_in(temp.path()).unwrap(), before);
        for name in before {
            assert_eq!(fs::read_to_string(at(&name)).unwrap(), name);
        }
    }

    #[test]
    fn a_file_that_was_linked_aside_comes_back_or_goes() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        for is_undone in [true, false] {
            write(&at("aside"), "old");
            write(&at("path"), "new");
            let journal = Journal(vec![Step::Replaced {
                aside: at("aside"),
                path: at("path"),
            }]);
            if is_undone {
                journal.undo().unwrap();
            } else {
                journal.finish();
            }
            let text = fs::read_to_string(at("path")).unwrap();
            assert_eq!(text, if is_undone { "old" } else { "new" });
            assert!(!at("aside").exists());
        }
    }
}
