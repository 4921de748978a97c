//! Files of a layer that is a directory.

use std::path::Path;

use fs_err as fs;
use layerlock_layer::{Error, PlannedFile};

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    // Where a link leads to nothing, that is what is read of it.
    if let Ok(target) = fs::read_link(path)
        && !path.exists()
    {
        return Ok(target.to_string_lossy().into_owned().into_bytes());
    }
    if !path.is_file() {
        // Says that it is no regular file: to open a pipe is to wait.
        PlannedFile::read(path)?;
    }
    fs::read(path).map_err(Error::io("read", path))
}

pub(super) fn checksum(path: &Path) -> Option<u32> {
    PlannedFile::read(path).ok().map(|file| file.crc32())
}
