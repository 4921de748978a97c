//! What was built before, by what it was made from.
//!
//! ```text
//! builds-v1/ab/ab…ef    the built wheel's SHA-256, its name and who built it
//! ```
//!
//! The wheel itself lies where all wheels do. The frontend is no part of the key:
//! whoever built it, it is a wheel of the same source.

use std::io::Write;
use std::path::PathBuf;

use data_encoding::HEXLOWER;
use layerlock_target::{Target, WheelName};
use sha2::{Digest, Sha256};

use crate::cache::BUILDS;
use crate::{Cache, Error};

/// Counts the ways in which what a build gave was packed anew: what was packed in
/// another is not the same.
const PACKING: &str = "2";

/// What a wheel is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key(String);

/// A wheel that was built, and is in the cache.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) sha256: [u8; 32],
    pub(super) wheel: WheelName,
    /// Who built it.
    pub(super) frontend: String,
}

impl Key {
    pub(super) fn of_archive(sha256: &[u8; 32], subdirectory: Option<&str>) -> Self {
        let sha256 = HEXLOWER.encode(sha256);
        Self(format!("archive\n{sha256}\n{}", subdirectory.unwrap_or("")))
    }

    /// The address is without credentials.
    pub(super) fn of_git(url: &str, commit: &str, subdirectory: Option<&str>) -> Self {
        let subdirectory = subdirectory.unwrap_or("");
        Self(format!("git\n{url}\n{commit}\n{subdirectory}"))
    }

    pub(super) fn of_directory(contents: &[u8; 32]) -> Self {
        Self(format!("directory\n{}", HEXLOWER.encode(contents)))
    }

    /// The file for wheels that fit every target, or for those of this one.
    fn path(&self, target: Option<&Target>, cache: &Cache) -> PathBuf {
        let target = target.map_or_else(|| "any".to_owned(), ToString::to_string);
        let name = format!("{}\n{target}\n{PACKING}", self.0);
        let name = HEXLOWER.encode(&Sha256::digest(name));
        cache.root().join(BUILDS).join(&name[..2]).join(name)
    }
}

impl Kept {
    /// A wheel that was made from the same for this target, or for every one.
    pub(super) fn find(key: &Key, target: &Target, cache: &Cache) -> Option<Self> {
        [Some(target), None].into_iter().find_map(|of| {
            let text = fs_err::read_to_string(key.path(of, cache)).ok()?;
            let [sha256, name, frontend] = text.lines().collect::<Vec<_>>().try_into().ok()?;
            let sha256 = HEXLOWER.decode(sha256.as_bytes()).ok()?.try_into().ok()?;
            let wheel: WheelName = name.parse().ok()?;
            target.rank(&wheel).ok()?;
            cache.wheel(&sha256)?;
            Some(Self {
                sha256,
                wheel,
                frontend: frontend.to_owned(),
            })
        })
    }

    /// Keeps it for the one target that it was made for, or for every one.
    pub(super) fn keep(&self, key: &Key, of: Option<&Target>, cache: &Cache) -> Result<(), Error> {
        let path = key.path(of, cache);
        let text = format!(
            "{}\n{}\n{}\n",
            HEXLOWER.encode(&self.sha256),
            self.wheel,
            self.frontend
        );
        let mut file = cache.temporary_file()?;
        let write = || {
            file.write_all(text.as_bytes())?;
            if let Some(folder) = path.parent() {
                fs_err::create_dir_all(folder)?;
            }
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(Error::io("write", &path))
    }
}
