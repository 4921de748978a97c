use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use fs_err as fs;

use crate::Stamp;

/// An output in its place.
#[derive(Debug)]
pub struct WrittenOutput {
    /// What was put there; nothing where a directory cannot be opened.
    pub(super) output: Option<fs::File>,
    /// The time that a file was given last.
    pub(super) time: Option<SystemTime>,
}

impl WrittenOutput {
    /// What it looks like at its place. Nothing where something else has taken the
    /// place since, or it was written to.
    pub fn stamp(&self, path: &Path) -> io::Result<Option<Stamp>> {
        let is_there = || -> io::Result<bool> {
            let Some(output) = &self.output else {
                return Ok(false);
            };
            let output = output.metadata()?;
            let is_untouched = match self.time {
                Some(time) => output.modified()? == time,
                None => true,
            };
            Ok(is_untouched && is_same(&output, &fs::metadata(path)?))
        };
        // Before and after: a look at a directory takes a while.
        if !is_there()? {
            return Ok(None);
        }
        let stamp = Stamp::read(path)?;
        Ok(is_there()?.then_some(stamp))
    }
}

#[cfg(unix)]
pub(crate) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
pub(crate) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}
