//! What was built before, by what it was made from.
//!
//! ```text
//! builds-v2/ab/ab…ef    the built wheel's SHA-256, its name and who built it
//! ```
//!
//! The wheel itself lies where all wheels do. The frontend is no part of the key:
//! whoever built it, it is a wheel of the same source.

use std::io::Write;
use std::path::{Path, PathBuf};

use layerlock_digest::{Digest, seal};
use layerlock_target::{Target, WheelName};

use crate::cache::{BUILDS, name_of, read_sealed};
use crate::{Cache, Error};

/// Counts the ways in which what a build gave was packed anew: what was packed in
/// another is not the same.
const PACKING: &str = "2";

/// What a wheel is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key(String);

/// A wheel that was built, and is in the cache.
#[derive(Debug)]
pub(super) struct BuiltWheel {
    pub(super) digest: Digest,
    pub(super) wheel: WheelName,
    /// Who built it.
    pub(super) frontend: String,
}

impl Key {
    pub(super) fn for_archive(digest: &Digest, subdirectory: Option<&str>) -> Self {
        let subdirectory = subdirectory.unwrap_or("");
        Self(format!("archive\n{}\n{subdirectory}", digest.hex()))
    }

    /// The URL is without credentials.
    pub(super) fn for_git(url: &str, commit: &str, subdirectory: Option<&str>) -> Self {
        let subdirectory = subdirectory.unwrap_or("");
        Self(format!("git\n{url}\n{commit}\n{subdirectory}"))
    }

    pub(super) fn for_directory(contents: &Digest) -> Self {
        Self(format!("directory\n{}", contents.hex()))
    }

    /// The file for wheels that fit every target, or for those of this one.
    fn path(&self, target: Option<&Target>, root: &Path) -> PathBuf {
        let target = target.map_or_else(|| "any".to_owned(), ToString::to_string);
        let name = format!("{}\n{target}\n{PACKING}", self.0);
        let name = Digest::sha256_of(name.as_bytes()).hex();
        root.join(BUILDS).join(&name[..2]).join(name)
    }
}

impl BuiltWheel {
    /// A wheel that was made from the same for this target, or for every one.
    pub(super) fn find(key: &Key, target: &Target, cache: &Cache) -> Option<Self> {
        let path = |root| [key.path(Some(target), root), key.path(None, root)];
        cache.roots().flat_map(path).find_map(|path| {
            let text = String::from_utf8(read_sealed(&path)?).ok()?;
            let [digest, name, frontend] = text.lines().collect::<Vec<_>>().try_into().ok()?;
            let digest: Digest = digest.parse().ok()?;
            let wheel: WheelName = name.parse().ok()?;
            target.rank(&wheel).ok()?;
            cache.wheel(&digest)?;
            Some(Self {
                digest,
                wheel,
                frontend: frontend.to_owned(),
            })
        })
    }

    /// Keeps it for the one target that it was made for, or for every one.
    pub(super) fn keep(&self, key: &Key, of: Option<&Target>, cache: &Cache) -> Result<(), Error> {
        let path = key.path(of, cache.root());
        let text = format!("{}\n{}\n{}\n", self.digest.hex(), self.wheel, self.frontend);
        let mut file = cache.temporary_file()?;
        let write = || {
            file.write_all(&seal(text.into_bytes(), name_of(&path)))?;
            if let Some(directory) = path.parent() {
                fs_err::create_dir_all(directory)?;
            }
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(Error::io("write", &path))
    }
}
