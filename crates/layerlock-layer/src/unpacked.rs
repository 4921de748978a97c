//! Large members of archives, kept as files of their own.
//!
//! Unpacking is most of the work of a staging directory, and a few hundred files are
//! most of that. They are kept in a directory beside their archive, by their SHA-256:
//!
//! ```text
//! ab…ef.whl             an archive
//! ab…ef.unpacked/01…89  a member of it
//! ```
//!
//! A staging directory gets a clone of such a file where the file system makes them
//! (as Btrfs, XFS and APFS do), and otherwise a copy; never a link, through which an
//! edit would come back. Each is compared with its CRC-32 first, as what is read out
//! of an archive is; one that is not what it was is removed, and unpacked again.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use fs_err as fs;

use crate::{Entry, EntrySource, LayerPlan, Method, Temporary};

/// Smaller ones are unpacked as fast as a file is opened, in bytes.
const WORTH_KEEPING: u64 = 16 << 10;

const BUFFER_SIZE: usize = 256 << 10;

/// What comes before the names of files that are not finished.
const UNFINISHED: &str = ".";

/// The directory in which members of an archive are kept unpacked. It may not exist.
pub fn unpacked_directory(archive: &Path) -> PathBuf {
    archive.with_extension("unpacked")
}

/// Whether a file in such a directory is one that a process is making, or left when it
/// was killed.
pub fn is_unfinished(name: &str) -> bool {
    name.starts_with(UNFINISHED)
}

/// Whether this file system clones files, as far as is known.
#[derive(Debug)]
pub(crate) struct Cloning(AtomicBool);

impl Default for Cloning {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl Cloning {
    fn clone(&self, from: &Path, to: &Path) -> io::Result<bool> {
        if !self.0.load(Ordering::Relaxed) {
            return Ok(false);
        }
        match reflink_copy::reflink(from, to) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            Err(_) => {
                self.0.store(false, Ordering::Relaxed);
                Ok(false)
            }
        }
    }
}

/// A member that is worth keeping, whether or not it is there.
#[derive(Debug)]
pub(crate) struct UnpackedFile {
    path: PathBuf,
    size: u64,
    crc32: u32,
}

impl UnpackedFile {
    pub(crate) fn for_entry(entry: &Entry, plan: &LayerPlan) -> Option<Self> {
        let EntrySource::Member(archive, member) = &entry.source else {
            return None;
        };
        if member.method != Method::Deflated || member.size < WORTH_KEEPING {
            return None;
        }
        let name = member.digest.hex();
        Some(Self {
            path: unpacked_directory(plan.archive(*archive)).join(name),
            size: member.size,
            crc32: member.crc32,
        })
    }

    /// Makes a new file of it. Nothing where it is not there.
    pub(crate) fn place(&self, to: &Path, cloning: &Cloning) -> io::Result<Option<fs::File>> {
        let Some(mut kept) = self.open() else {
            return Ok(None);
        };
        if cloning.0.load(Ordering::Relaxed) {
            if !self.pass(&mut kept, |_| Ok(()))? {
                return Ok(None);
            }
            if cloning.clone(&self.path, to)? {
                return fs::OpenOptions::new().write(true).open(to).map(Some);
            }
            return self.place(to, cloning);
        }
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(to)?;
        if self.pass(&mut kept, |piece| file.write_all(piece))? {
            return Ok(Some(file));
        }
        fs::remove_file(to)?;
        Ok(None)
    }

    /// A plain file of the right size, or nothing: a pipe would have us wait, and a
    /// device may have no end. What else is there is removed.
    fn open(&self) -> Option<fs::File> {
        let metadata = fs::symlink_metadata(&self.path).ok()?;
        if metadata.is_file() && metadata.len() == self.size {
            return fs::File::open(&self.path).ok();
        }
        let _ = fs::remove_file(&self.path);
        None
    }

    /// Hands on its bytes, and tells whether they are the right ones: if not, some
    /// may have been handed on, and the file is removed.
    fn pass(
        &self,
        kept: &mut fs::File,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        let mut buffer =
            vec![0; BUFFER_SIZE.min(usize::try_from(self.size).unwrap_or(BUFFER_SIZE))];
        let mut checksum = crc32fast::Hasher::new();
        let mut size = 0;
        loop {
            // What cannot be read can still be unpacked.
            let read = match kept.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.unwrap_or(0),
            };
            if read == 0 {
                break;
            }
            size += read as u64;
            checksum.update(&buffer[..read]);
            take(&buffer[..read])?;
        }
        if size == self.size && checksum.finalize() == self.crc32 {
            return Ok(true);
        }
        let _ = fs::remove_file(&self.path);
        Ok(false)
    }

    /// Keeps a copy of a file that was just unpacked, where the disk has this many
    /// bytes left. Where that fails, as in a cache that may only be read, there is
    /// none.
    pub(crate) fn keep(&self, file: &Path, room: u64) {
        let _ = self.try_to_keep(file, room);
    }

    fn try_to_keep(&self, file: &Path, room: u64) -> io::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(directory)?;
        if !has_room(directory, room) {
            return Ok(());
        }
        let (copy, _existing) = Temporary::create(|| {
            tempfile::Builder::new()
                .prefix(UNFINISHED)
                .tempfile_in(directory)
        })?;
        // A clone, where Linux can make one.
        fs::copy(file, copy.path())?;
        copy.persist(&self.path)?;
        Ok(())
    }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn has_room(directory: &Path, room: u64) -> bool {
    // Where the system does not say, there is none.
    rustix::fs::statvfs(directory)
        .is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) >= room)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn has_room(_directory: &Path, _room: u64) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_lies_beside_its_archive_and_what_is_unfinished_is_known_by_its_name() {
        let directory = unpacked_directory(Path::new("cache/ab01.whl"));
        assert_eq!(directory, Path::new("cache/ab01.unpacked"));
        assert!(is_unfinished(".Xy12") && !is_unfinished("ab01"));
    }

    #[test]
    fn only_large_members_that_were_deflated_are_kept() {
        let temp = tempfile::tempdir().unwrap();
        let large = vec![b'x'; usize::try_from(WORTH_KEEPING).unwrap()];
        // Every second one is stored.
        let files = [
            ("a", &large[..], false),
            ("b", &large[..], false),
            ("c", &large[1..], false),
        ];
        let archived = crate::testing::archive_plan(temp.path(), &files);
        let kept = |plan: &LayerPlan| {
            let entries = plan.entries().iter();
            let kept = entries.map(|entry| UnpackedFile::for_entry(entry, plan).is_some());
            kept.collect::<Vec<_>>()
        };
        assert_eq!(kept(&archived), [true, false, false]);
        assert_eq!(kept(&crate::testing::bytes_plan(&files)), [false; 3]);
    }

    /// A member that is kept, with this text.
    fn kept(directory: &Path, text: &str) -> UnpackedFile {
        let path = directory.join("01");
        fs::write(&path, text).unwrap();
        UnpackedFile {
            path,
            size: text.len() as u64,
            crc32: crc32fast::hash(text.as_bytes()),
        }
    }

    #[test]
    fn a_file_that_is_there_is_not_written_over() {
        let temp = tempfile::tempdir().unwrap();
        let unpacked = kept(temp.path(), "kept");
        let to = temp.path().join("to");
        fs::write(&to, "other").unwrap();
        for makes_clones in [true, false] {
            let cloning = Cloning(AtomicBool::new(makes_clones));
            let error = unpacked.place(&to, &cloning).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(&to).unwrap(), b"other");
        }
    }

    #[test]
    fn what_is_placed_is_what_was_kept() {
        let temp = tempfile::tempdir().unwrap();
        let unpacked = kept(temp.path(), "kept");
        for (name, makes_clones) in [("cloned or copied", true), ("copied", false)] {
            let to = temp.path().join(name);
            let cloning = Cloning(AtomicBool::new(makes_clones));
            assert!(unpacked.place(&to, &cloning).unwrap().is_some());
            assert_eq!(fs::read(&to).unwrap(), b"kept");
            fs::write(&to, "edited").unwrap();
            assert_eq!(fs::read(&unpacked.path).unwrap(), b"kept");
        }
    }

    #[test]
    fn a_disk_that_makes_no_clones_is_asked_once() {
        let temp = tempfile::tempdir().unwrap();
        let [missing, to] = ["missing", "to"].map(|name| temp.path().join(name));
        let cloning = Cloning::default();
        assert!(!cloning.clone(&missing, &to).unwrap());
        assert!(!cloning.0.load(Ordering::Relaxed));
        // It would be an error that this is there.
        fs::write(&to, "other").unwrap();
        assert!(!cloning.clone(&missing, &to).unwrap());
    }

    #[test]
    fn what_is_damaged_is_not_placed_and_goes() {
        let temp = tempfile::tempdir().unwrap();
        for makes_clones in [true, false] {
            let unpacked = kept(temp.path(), "kept");
            fs::write(&unpacked.path, "kepT").unwrap();
            let to = temp.path().join("to");
            let cloning = Cloning(AtomicBool::new(makes_clones));
            assert!(unpacked.place(&to, &cloning).unwrap().is_none());
            assert!(!to.exists() && !unpacked.path.exists());
        }
    }

    /// The length of a link is that of its target's name.
    #[cfg(unix)]
    #[test]
    fn a_link_of_the_right_length_is_no_kept_file() {
        let temp = tempfile::tempdir().unwrap();
        let target = temp.path().join("target");
        let text = target.to_str().unwrap();
        let unpacked = kept(temp.path(), text);
        fs::rename(&unpacked.path, &target).unwrap();
        std::os::unix::fs::symlink(&target, &unpacked.path).unwrap();
        let to = temp.path().join("to");
        assert!(unpacked.place(&to, &Cloning::default()).unwrap().is_none());
        assert!(fs::symlink_metadata(&unpacked.path).is_err());
        assert_eq!(fs::read(&target).unwrap(), text.as_bytes());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_cannot_be_copied_whole_or_leaves_no_room_is_not_kept() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        fs::write(&file, "1").unwrap();
        let unpacked = UnpackedFile {
            path: temp.path().join("a.unpacked/01"),
            size: 1,
            crc32: crc32fast::hash(b"1"),
        };
        let kept = || crate::files_in(&temp.path().join("a.unpacked")).unwrap();
        // A plain file to look at, which fails when it is read.
        unpacked.keep(Path::new("/proc/self/mem"), 0);
        assert!(kept().is_empty(), "{:?}", kept());
        unpacked.keep(&file, u64::MAX);
        assert!(kept().is_empty());
        unpacked.keep(&file, 1);
        assert_eq!(kept(), ["01"]);
    }
}
