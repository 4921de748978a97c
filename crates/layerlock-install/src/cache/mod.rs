//! The cache of verified wheels.
//!
//! ```text
//! wheels-v1/ab/ab…ef.whl       the archive, by its SHA-256
//! wheels-v1/ab/ab…ef.contents  what was found in it: its presence says "verified"
//! tmp/                         what is not finished yet
//! ```
//!
//! Entries are immutable and appear by rename: processes that share a cache need
//! no lock, and one that is killed leaves nothing that another would take for
//! good.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::HEXLOWER;
use etcetera::BaseStrategy;
use fs_err as fs;
use serde::{Deserialize, Serialize};
use tempfile::{NamedTempFile, TempDir};

use crate::{Error, Wheel, WheelContents};

/// A folder of verified wheels.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
    /// Of a temporary cache: removed with its last user.
    temporary: Option<Arc<TempDir>>,
}

/// Grows whenever the form of [`Kept`] or what is verified changes.
const WHEELS: &str = "wheels-v1";

/// What stands in a `.contents` file.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Bytes of the archive: a shorter one was cut behind our back.
    archive_size: u64,
    contents: WheelContents,
}

impl Cache {
    /// The cache in this folder, which is made when it is first needed.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            temporary: None,
        }
    }

    /// The user's cache: `layerlock` in the platform's folder for caches (the
    /// XDG base directories where there are such). Nothing without a home.
    pub fn of_user() -> Option<Self> {
        let folders = etcetera::choose_base_strategy().ok()?;
        Some(Self::at(folders.cache_dir().join("layerlock")))
    }

    /// A cache that lives as long as its users.
    pub fn temporary() -> Result<Self, Error> {
        let folder = TempDir::with_prefix("layerlock-cache-")
            .map_err(Error::io("create", std::env::temp_dir()))?;
        Ok(Self {
            root: folder.path().to_owned(),
            temporary: Some(Arc::new(folder)),
        })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it is gone with this run.
    pub(crate) fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    /// A wheel that was verified before, by the SHA-256 of its archive. What
    /// cannot be read counts as absent: it is then fetched anew.
    pub fn wheel(&self, sha256: &[u8; 32]) -> Option<Wheel> {
        let path = self.archive(sha256);
        let kept = fs::read(path.with_extension("contents")).ok()?;
        let kept: Kept = postcard::from_bytes(&kept).ok()?;
        let size = fs::metadata(&path).ok()?.len();
        (size == kept.archive_size).then_some(Wheel {
            path,
            contents: kept.contents,
        })
    }

    /// A file to download into.
    pub(crate) fn temporary_file(&self) -> Result<NamedTempFile, Error> {
        let folder = self.root.join("tmp");
        fs::create_dir_all(&folder)
            .and_then(|()| self.tag())
            .and_then(|()| temporary_file_in(&folder))
            .map_err(Error::io("create a file in", folder))
    }

    /// Takes in a wheel that was just verified: first the archive, then what
    /// says that it can be used.
    pub(crate) fn insert(
        &self,
        sha256: &[u8; 32],
        archive: NamedTempFile,
        contents: WheelContents,
    ) -> Result<Wheel, Error> {
        let path = self.archive(sha256);
        let insert = || -> std::io::Result<Wheel> {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let kept = Kept {
                archive_size: archive.as_file().metadata()?.len(),
                contents,
            };
            let bytes = postcard::to_stdvec(&kept).map_err(std::io::Error::other)?;
            let listing = temporary_file_in(&self.root.join("tmp"))?;
            fs::write(listing.path(), bytes)?;
            archive.persist(&path)?;
            listing.persist(path.with_extension("contents"))?;
            Ok(Wheel {
                path: path.clone(),
                contents: kept.contents,
            })
        };
        insert().map_err(Error::io("write", &path))
    }

    fn archive(&self, sha256: &[u8; 32]) -> PathBuf {
        let name = HEXLOWER.encode(sha256);
        self.root
            .join(WHEELS)
            .join(&name[..2])
            .join(format!("{name}.whl"))
    }

    /// Tells backup tools that this is a cache (<https://bford.info/cachedir/>).
    fn tag(&self) -> std::io::Result<()> {
        let tag = self.root.join("CACHEDIR.TAG");
        if tag.exists() {
            return Ok(());
        }
        fs::write(
            tag,
            "Signature: 8a477f597d28d172789f06886806bc55\n\
             # The cache of layerlock. It can be removed at any time.\n",
        )
    }
}

/// A temporary file is private by default; the cache may be shared, as far as the
/// umask lets it.
fn temporary_file_in(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}
