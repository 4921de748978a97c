//! Reading files that users name.

use std::io::{self, Read};
use std::path::Path;

/// More bytes no configuration file or lock has, by far. Behind a link there may be a
/// device without an end.
pub const LARGEST_FILE: u64 = 32 << 20;

/// Reads a file, as long as it is not larger than [`LARGEST_FILE`].
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = fs_err::File::open(path)?.take(LARGEST_FILE + 1);
    file.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// The same for text.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_file(path)?).map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_not_read_to_it() {
        let error = read_file(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(read_file(Path::new("/dev/null")).unwrap().is_empty());
        assert!(read_text(Path::new("/dev/null")).unwrap().is_empty());
    }
}
