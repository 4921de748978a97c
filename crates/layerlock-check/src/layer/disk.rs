//! Files of a layer that is a directory.

use std::io::{self, Read};
use std::path::Path;

use fs_err as fs;
use layerlock_layer::{Error, PlannedFile, TakeUntil};

const PIECE: usize = 256 << 10;

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    // Where a link leads to nothing, that is what is read of it.
    if let Ok(target) = fs::read_link(path)
        && !path.exists()
    {
        return Ok(target.to_string_lossy().into_owned().into_bytes());
    }
    refuse_irregular(path)?;
    fs::read(path).map_err(Error::io("read", path))
}

pub(super) fn pieces(path: &Path, take: TakeUntil<'_>) -> Result<(), Error> {
    refuse_irregular(path)?;
    let failed = |error| Error::io("read", path)(error);
    let mut file = fs::File::open(path).map_err(failed)?;
    let mut buffer = vec![0; PIECE];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) if take(&buffer[..count]).is_break() => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
}

/// Says that a file is no regular one: to open a pipe is to wait.
pub(crate) fn refuse_irregular(path: &Path) -> Result<(), Error> {
    if !path.is_file() {
        PlannedFile::read(path)?;
    }
    Ok(())
}

pub(super) fn checksum(path: &Path) -> Option<u32> {
    PlannedFile::read(path).ok().map(|file| file.crc32())
}
