//! What an output looks like to `stat`.

use std::fs::Metadata;
use std::io;
use std::path::Path;

use fs_err as fs;
use layerlock_digest::{Algorithm, Digest, Hasher};
use serde::{Deserialize, Serialize};

use crate::FileStat;

/// Enough of a file, or of all that is in a directory, to tell that nothing was
/// changed since: equal stamps mean equal bytes, where they are
/// [certain](Stamp::is_certain).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Digest of names, sizes, times and modes.
    digest: Digest,
    certain: bool,
}

impl Stamp {
    /// Looks at a file, or walks a directory. Links in a directory are not followed.
    pub fn read(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let mut stamper = Stamper {
            hasher: Hasher::new(Algorithm::Sha256),
            certain: true,
        };
        if metadata.is_dir() {
            stamper.number(u64::from(FileStat::of(&metadata).mode));
            stamper.directory(path)?;
        } else {
            stamper.file(&metadata);
        }
        Ok(Self {
            digest: stamper.hasher.finish(),
            certain: stamper.certain,
        })
    }

    /// Whether no edit can hide from it. A file that was written by this crate has
    /// a time to the nanosecond that no later write gets, not even one in the same
    /// tick of the clock that file systems take their times from. If its time has
    /// no such fraction, the file system keeps coarser ones.
    pub fn is_certain(&self) -> bool {
        self.certain
    }
}

struct Stamper {
    hasher: Hasher,
    certain: bool,
}

impl Stamper {
    fn directory(&mut self, directory: &Path) -> io::Result<()> {
        let mut entries: Vec<_> = fs::read_dir(directory)?
            .map(|entry| entry.map(|entry| (entry.file_name(), entry)))
            .collect::<io::Result<_>>()?;
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.number(entries.len() as u64);
        for (name, entry) in entries {
            let name = name.as_encoded_bytes();
            self.number(name.len() as u64);
            self.hasher.update(name);
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                self.number(u64::from(FileStat::of(&metadata).mode));
                self.directory(&entry.path())?;
            } else {
                self.file(&metadata);
                if metadata.is_symlink() {
                    // It may have been made in the same tick of the clock as another
                    // one before it.
                    let target = fs::read_link(entry.path())?;
                    let target = target.as_os_str().as_encoded_bytes();
                    self.number(target.len() as u64);
                    self.hasher.update(target);
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, metadata: &Metadata) {
        let stat = FileStat::of(metadata);
        // Coarse times are whole seconds, or milliseconds. A link is told by its target.
        self.certain &= metadata.is_symlink() || stat.modified % 1_000_000 != 0;
        self.number(stat.size);
        self.number(u64::from(stat.mode));
        self.hasher.update(&stat.modified.to_le_bytes());
        self.hasher.update(&stat.changed.to_le_bytes());
    }

    fn number(&mut self, number: u64) {
        self.hasher.update(&number.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn whole_seconds_are_no_certain_time() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("file");
        fs::write(&path, "x").unwrap();
        let file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        file.file().set_modified(time).unwrap();
        assert!(!Stamp::read(&path).unwrap().is_certain());
    }

    /// A build step can set the time of what it changed back.
    #[cfg(unix)]
    #[test]
    fn an_edit_whose_time_was_set_back_is_seen() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("file");
        let time = SystemTime::now();
        let stamp = |text: &str| {
            fs::write(&path, text).unwrap();
            let file = fs::OpenOptions::new().append(true).open(&path).unwrap();
            file.file().set_modified(time).unwrap();
            Stamp::read(&path).unwrap()
        };
        let before = stamp("a");
        // File systems take the time from a clock that ticks some hundred times a second.
        std::thread::sleep(Duration::from_millis(50));
        assert_ne!(stamp("b"), before);
    }

    #[cfg(unix)]
    #[test]
    fn the_time_of_a_change_is_in_nanoseconds() {
        use std::os::unix::fs::MetadataExt;
        let temp = tempfile::NamedTempFile::new().unwrap();
        let metadata = fs::metadata(temp.path()).unwrap();
        let seconds = u64::try_from(metadata.ctime()).unwrap();
        let fraction = u32::try_from(metadata.ctime_nsec()).unwrap();
        let time = UNIX_EPOCH + Duration::new(seconds, fraction);
        assert_eq!(FileStat::of(&metadata).changed, crate::nanoseconds(time));
    }
}
