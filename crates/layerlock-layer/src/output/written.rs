use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use fs_err as fs;

use crate::Stamp;

/// An output in its place.
#[derive(Debug)]
pub struct WrittenOutput {
    /// What was put there.
    output: Option<Metadata>,
    /// It itself, where the file system does not say when it was made: as long as it is open,
    /// nothing else is what it is. Elsewhere a run has no open file for each of its outputs.
    _open: Option<fs::File>,
    /// The time that a file was given last.
    time: Option<SystemTime>,
}

impl WrittenOutput {
    /// What lies at a path; it may be moved after that.
    pub(super) fn of(path: &Path, time: Option<SystemTime>) -> Self {
        let output = fs::metadata(path).ok();
        let is_known = output.as_ref().is_some_and(|it| it.created().is_ok());
        let open = if is_known {
            None
        } else {
            fs::File::open(path).ok()
        };
        Self {
            output: output.filter(|_| is_known || open.is_some()),
            _open: open,
            time,
        }
    }

    /// What it looks like at its place. Nothing where something else has taken the
    /// place since, or it was written to.
    pub fn stamp(&self, path: &Path) -> io::Result<Option<Stamp>> {
        let is_there = || -> io::Result<bool> {
            let Some(output) = &self.output else {
                return Ok(false);
            };
            let there = fs::metadata(path)?;
            let is_untouched = match self.time {
                Some(time) => there.modified()? == time,
                None => true,
            };
            let born = |it: &Metadata| it.created().ok();
            Ok(is_untouched && is_same(output, &there) && born(output) == born(&there))
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
