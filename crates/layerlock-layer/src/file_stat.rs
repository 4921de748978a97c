//! What `stat` tells of a file, as numbers that can be hashed and compared.

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use layerlock_digest::Hasher;

/// What `stat` tells of a file. Times are nanoseconds since 1970; one that the system does
/// not know is a whole second to come, so that nothing is sure of such a file.
#[derive(Debug, Clone, Copy)]
pub struct FileStat {
    pub(crate) size: u64,
    /// When its bytes were written last.
    pub(crate) modified: i128,
    /// When anything of it was changed last: nobody can set this back.
    pub(crate) changed: i128,
    /// Permissions and the kind of file: a link is not what it points to.
    pub(crate) mode: u32,
    /// Which file it is.
    inode: u64,
}

/// Whole seconds, in nanoseconds: about the year 2262.
const UNKNOWN: i128 = 9_223_372_036_000_000_000;

impl FileStat {
    /// What there is to know of a file from its metadata.
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: metadata.modified().map_or(UNKNOWN, nanoseconds),
            changed: changed(metadata),
            mode: mode(metadata),
            inode: inode(metadata),
        }
    }

    /// Adds all of it to what is hashed.
    pub fn add_to(&self, hasher: &mut Hasher) {
        hasher.update(&self.size.to_le_bytes());
        hasher.update(&self.modified.to_le_bytes());
        hasher.update(&self.changed.to_le_bytes());
        hasher.update(&self.mode.to_le_bytes());
        hasher.update(&self.inode.to_le_bytes());
    }

    /// When anything of it was changed last, in nanoseconds since 1970.
    pub fn last_change(&self) -> i128 {
        self.modified.max(self.changed)
    }
}

/// A time in nanoseconds since 1970.
pub fn nanoseconds(time: SystemTime) -> i128 {
    let number = |duration: Duration| i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => number(since),
        Err(error) => -number(error.duration()),
    }
}

#[cfg(unix)]
fn changed(metadata: &Metadata) -> i128 {
    use std::os::unix::fs::MetadataExt;
    i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(metadata: &Metadata) -> i128 {
    metadata.created().map_or(UNKNOWN, nanoseconds)
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::MetadataExt;
    metadata.mode()
}

#[cfg(not(unix))]
fn mode(metadata: &Metadata) -> u32 {
    u32::from(metadata.permissions().readonly()) | u32::from(metadata.is_symlink()) << 1
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    metadata.ino()
}

/// Other systems tell no number without opening the file.
#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_are_no_times_after_it() {
        let time = Duration::new(1, 500_000_007);
        assert_eq!(nanoseconds(UNIX_EPOCH + time), 1_500_000_007);
        assert_eq!(nanoseconds(UNIX_EPOCH - time), -1_500_000_007);
    }

    /// A stamp is certain where a time has a fraction of a millisecond.
    #[test]
    fn an_unknown_time_is_to_come_and_coarse() {
        assert!(UNKNOWN > nanoseconds(SystemTime::now()));
        assert_eq!(UNKNOWN % 1_000_000_000, 0);
    }
}
