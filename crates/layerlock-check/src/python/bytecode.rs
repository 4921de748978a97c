//! `.pyc` files: a layer is mounted read-only and its files have other times than where they
//! were compiled, so most of them are never used.

use layerlock_target::Target;
use serde::{Deserialize, Serialize};

use crate::facts::FileFacts;
use crate::groups::Groups;
use crate::layer::{FileInLayer, Layer};
use crate::{Code, Finding};

/// What a `.pyc` file says in its first bytes (PEP 552).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) magic: u16,
    /// Whether it is compared with its source's hash, or with nothing: not with its time.
    pub(crate) is_hash_based: bool,
}

impl Header {
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
    fn minor(self) -> Option<u8> {
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

/// Bytecode that the runtime does not use.
pub(crate) fn check(layer: &Layer<'_>, facts: &[FileFacts], target: &Target) -> Vec<Finding> {
    let (_, minor) = target.runtime.python();
    let mut foreign = Groups::default();
    let mut stale = Groups::default();
    for (file, facts) in layer.files.iter().zip(facts) {
        let Some((stem, tag)) = names(file) else {
            continue;
        };
        let compiled_for = facts.pyc.and_then(Header::minor);
        let is_foreign = compiled_for.map_or(
            tag.is_some_and(|tag| !tag.starts_with(&format!("cpython-3{minor}"))),
            |compiled_for| compiled_for != minor,
        );
        if is_foreign {
            foreign.add(file, Some(target));
        } else if facts.pyc.is_some_and(|header| !header.is_hash_based)
            && (tag.is_some() || layer.has(&format!("{stem}.py")))
        {
            // Without its source beside it, one outside of `__pycache__` is used as it is.
            stale.add(file, Some(target));
        }
    }
    let foreign = foreign.into_iter().map(|group| {
        let message = format!(
            "bytecode of another Python than {}: {}",
            target.runtime,
            group.files()
        );
        Finding::new(Code::ForeignPyc, message)
            .about(group.package(), Some(group.first()))
            .with_hint("leave .pyc files out: the runtime does not read these")
    });
    let stale = stale.into_iter().map(|group| {
        let message = format!(
            "bytecode that goes by the times of the sources, which are others in a function, so \
             that it is never used: {}",
            group.files()
        );
        Finding::new(Code::StalePyc, message)
            .about(group.package(), Some(group.first()))
            .with_hint(
                "leave .pyc files out, or compile with `python -m compileall \
                 --invalidation-mode unchecked-hash`",
            )
    });
    foreign.chain(stale).collect()
}

/// The path of the source without its ending, and the tag of the interpreter.
fn names<'f>(file: &'f FileInLayer<'_>) -> Option<(String, Option<&'f str>)> {
    let stem = file.path.strip_suffix(".pyc")?;
    let Some((folder, name)) = stem.rsplit_once("__pycache__/") else {
        return Some((stem.to_owned(), None));
    };
    let (module, tag) = name.split_once('.').unwrap_or((name, ""));
    Some((format!("{folder}{module}"), Some(tag)))
}

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
