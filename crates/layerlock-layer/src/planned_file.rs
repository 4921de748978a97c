//! Files on disk that go into a layer as they are.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use fs_err as fs;
use layerlock_digest::{Algorithm, Digest, Hasher};

use crate::Error;

/// A file on disk, and what it was when the layer was planned. Where it is something
/// else when the layer is written, that is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFile {
    path: PathBuf,
    size: u64,
    digest: Digest,
    crc32: u32,
    /// Its first bytes: what it is.
    start: [u8; 4],
}

const BUFFER_SIZE: usize = 256 << 10;

impl PlannedFile {
    /// Reads a file to its end. It has to be a regular one, or a link to one.
    pub fn read(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        match summarize(&path) {
            Ok(file) => Ok(Self { path, ..file }),
            Err(error) => Err(Error::io("read", path)(error)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its size in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Whether it begins with these bytes, four at most.
    pub fn starts_with(&self, bytes: &[u8]) -> bool {
        self.size >= bytes.len() as u64 && self.start.starts_with(bytes)
    }

    /// Its SHA-256.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Its CRC-32.
    pub const fn crc32(&self) -> u32 {
        self.crc32
    }
}

/// Opens a regular file. To open a pipe is to wait, and a device may have no end.
pub(crate) fn open_regular(path: &Path) -> io::Result<fs::File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a regular file",
        ));
    }
    fs::File::open(path)
}

/// All of a file but where it is.
fn summarize(path: &Path) -> io::Result<PlannedFile> {
    let mut file = open_regular(path)?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut checksum = crc32fast::Hasher::new();
    let mut size = 0;
    let mut start = [0; 4];
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        for (at, byte) in buffer[..read].iter().take(start.len()).enumerate() {
            if let Some(place) = usize::try_from(size)
                .ok()
                .and_then(|size| start.get_mut(size + at))
            {
                *place = *byte;
            }
        }
        size += read as u64;
        hasher.update(&buffer[..read]);
        checksum.update(&buffer[..read]);
    }
    Ok(PlannedFile {
        path: PathBuf::new(),
        size,
        digest: hasher.finish(),
        crc32: checksum.finalize(),
        start,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_before_it_is_written() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a.py");
        let bytes = vec![b'x'; BUFFER_SIZE + 1];
        fs::write(&path, &bytes).unwrap();
        let file = PlannedFile::read(&path).unwrap();
        assert_eq!(file.path(), path);
        assert_eq!(file.size(), bytes.len() as u64);
        assert_eq!(file.digest(), Digest::sha256_of(&bytes));
        assert_eq!(file.crc32(), crc32fast::hash(&bytes));
        assert!(file.starts_with(b"xx") && !file.starts_with(b"#!"));
        fs::write(&path, "#").unwrap();
        let file = PlannedFile::read(&path).unwrap();
        assert!(file.starts_with(b"#") && !file.starts_with(b"#\0"));
    }

    /// It is a regular file, and cannot be read from its start.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_fails_when_it_is_read_is_an_error() {
        let error = PlannedFile::read("/proc/self/mem").unwrap_err();
        assert_eq!(error.to_string(), "failed to read /proc/self/mem");
    }

    #[test]
    fn what_is_no_regular_file_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let missing = temp.path().join("missing");
        let mut paths = vec![temp.path(), &missing];
        if cfg!(unix) {
            paths.push(Path::new("/dev/zero"));
        }
        for path in paths {
            let error = PlannedFile::read(path).unwrap_err().to_string();
            assert_eq!(error, format!("failed to read {}", path.display()));
        }
    }
}
