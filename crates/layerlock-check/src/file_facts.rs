//! What is known of one file by its bytes: the values, and not how they are found.

use layerlock_elf::Binary;
use serde::{Deserialize, Serialize};

/// What the bytes of a file tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Why it is no source for the target's Python.
    pub(crate) syntax: Option<SourceProblem>,
    /// What it says as bytecode.
    pub(crate) pyc: Option<Header>,
    /// The first line, where that names an interpreter.
    pub(crate) shebang: Option<String>,
    /// Whether it begins as an ELF file does.
    pub(crate) is_elf: bool,
    pub(crate) secrets: Vec<Secret>,
    /// What it is as a compiled file.
    pub(crate) binary: Option<Binary>,
}

/// Where a file stops being Python, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceProblem {
    /// The line, from 1 on.
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// Something in a file that is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secret {
    pub(crate) kind: SecretKind,
    /// The line, from 1 on.
    pub(crate) line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SecretKind {
    /// A user's name and password in a URL.
    UserInfo,
    /// A password or token as the value of a setting.
    Setting,
    /// The identifier of an access key of AWS.
    AccessKey,
    PrivateKey,
    /// A path of the machine on which the layer was made.
    MachinePath,
}

/// What a `.pyc` file says in its first bytes (PEP 552).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) magic: u16,
    /// Whether it is compared with its source's hash, or with nothing: not with its time.
    pub(crate) is_hash_based: bool,
}

impl Header {
    /// As many bytes of a file are enough to read it.
    pub(crate) const LENGTH: usize = 16;

    /// "The pyc file starts with a magic number, a bit field, and then either a timestamp
    /// and the source's size, or a hash" (PEP 552).
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let flags = rest.first_chunk::<4>()?;
        (magic[2..] == *b"\r\n").then_some(Self {
            magic: u16::from_le_bytes([magic[0], magic[1]]),
            is_hash_based: u32::from_le_bytes(*flags) & 1 == 1,
        })
    }

    /// The minor version of the Python that reads it, where it is one of those known.
    pub(crate) fn minor(self) -> Option<u8> {
        let mut known = MAGIC.iter();
        known
            .find(|(_, first, last)| (*first..=*last).contains(&self.magic))
            .map(|(minor, ..)| *minor)
    }
}

/// Minor versions, with the magic numbers from their first alpha to their last release
/// (`Include/internal/pycore_magic_number.h`).
const MAGIC: [(u8, u16, u16); 8] = [
    (7, 3390, 3399),
    (8, 3400, 3419),
    (9, 3420, 3429),
    (10, 3430, 3449),
    (11, 3450, 3499),
    (12, 3500, 3549),
    (13, 3550, 3599),
    (14, 3600, 3649),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_tells_its_python_and_what_it_is_compared_with() {
        let read = |magic: u16, flags: u8| {
            let [low, high] = magic.to_le_bytes();
            Header::read(&[low, high, b'\r', b'\n', flags, 0, 0, 0, 1, 2, 3, 4])
        };
        let header = read(3531, 0).unwrap();
        assert_eq!((header.minor(), header.is_hash_based), (Some(12), false));
        let header = read(3413, 1).unwrap();
        assert_eq!((header.minor(), header.is_hash_based), (Some(8), true));
        assert_eq!(read(9999, 3).unwrap().minor(), None);
        assert_eq!(Header::read(b"not bytecode"), None);
        assert_eq!(Header::read(b""), None);
    }
}
