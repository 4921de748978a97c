//! When something in a cache was used last.

use std::path::Path;
use std::time::{Duration, SystemTime};

use fs_err as fs;

/// The time of an entry tells of its use as exactly as this.
const USE_IS_NOTED_EVERY: Duration = Duration::from_hours(24);

/// Brings the time of a file that says when something was used last up to date. Where that is
/// not allowed it is no error: who may not write may not remove.
pub fn note_use(file: &Path) {
    let now = SystemTime::now();
    let modified = fs::metadata(file).and_then(|metadata| metadata.modified());
    let age = modified.ok().and_then(|time| now.duration_since(time).ok());
    let is_recent = age.is_some_and(|age| age < USE_IS_NOTED_EVERY);
    if !is_recent && let Ok(file) = fs::OpenOptions::new().write(true).open(file) {
        let _ = file.file().set_modified(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_noted_once_a_day() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("listing");
        let file = fs::File::create(&path).unwrap();
        let time = || fs::metadata(&path).unwrap().modified().unwrap();
        let hour = Duration::from_hours(1);
        let now = SystemTime::now();
        for (before, is_noted) in [
            (now - hour, false),
            (now - 25 * hour, true),
            // One of a time to come says nothing.
            (now + 25 * hour, true),
        ] {
            file.file().set_modified(before).unwrap();
            note_use(&path);
            assert_eq!(time() != before, is_noted);
        }
        note_use(&directory.path().join("none"));
    }
}
