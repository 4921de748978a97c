//! The cache of verified wheels.
//!
//! ```text
//! wheels-v2/ab/ab…ef.whl       the archive, by its SHA-256
//! wheels-v2/ab/ab…ef.contents  what was found in it: its presence says "verified"
//! wheels-v2/ab/ab…ef.unpacked/ its large files, if staging directories needed them twice
//! npm-v2/ab/sha512-ab…ef.zip   a package of npm, packed once, by the tarball's digest
//! npm-v2/ab/sha512-ab….contents what is in it
//! builds-v2/cd/cd…ab           which wheel was built from what, and by whom
//! runs-v5/ef…01                what the last run of a job found and wrote, for the next
//! checks-v1/ab…ef-3.12         what checks found in the files of a wheel
//! checks-v1/ab…ef-layer        what is in a layer version of somebody else's, by its name
//! tmp/                         what is not finished yet
//! pip-default-index            what the machine's pip answered
//! lock                         shared by all who use the cache, alone for who removes
//! CACHEDIR.TAG                 says that this is a cache, and whose
//! ```
//!
//! What is no archive has a digest at its end, of its content and its place: where that is
//! wrong, as after a bit flipped, the file counts as absent.
//!
//! Entries are immutable and appear by rename: processes that share a cache do
//! not wait for each other, and one that is killed leaves nothing that another
//! would take for good. A lock there is all the same, for `layerlock cache`: who
//! works with wheels of the cache holds it together with all others, who removes
//! some holds it alone. It is advisory and dies with its process.
//!
//! When an entry was last used is the time of its `.contents` file, which is
//! brought up to date once a day.

mod hostile;
mod upkeep;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use etcetera::BaseStrategy;
use fs_err as fs;
use layerlock_digest::{Digest, seal, unseal};
use layerlock_layer::note_use;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::cache_directory::{TEMPORARY, make, temporary_file_in};
use crate::temporary::TemporaryDirectory;
use crate::{Error, Wheel, WheelContents};
#[doc(hidden)]
pub use hostile::{contents_file, read_hostile_contents};
pub use upkeep::Removed;

/// A directory of verified wheels.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
    /// The lock, once something in the cache is used; held until the last clone
    /// is gone.
    in_use: Arc<Mutex<Option<fs::File>>>,
    /// Of a temporary cache: removed with its last user.
    temporary: Option<Arc<TemporaryDirectory>>,
    /// One that is only read, for what this one lacks.
    below: Option<Arc<Cache>>,
}

/// Grows whenever the form of [`CachedContents`] or what is verified changes.
const WHEELS: &str = "wheels-v2";
/// Grows whenever what a build is kept by, or how wheels are packed, changes.
pub(crate) const BUILDS: &str = "builds-v2";
/// The library's own: notes of runs, which cost a little time to lose. Grows whenever
/// their form changes.
const RUNS: &str = "runs-v5";
/// The library's own: what checks found in the files of wheels, which costs a little time to
/// lose. Grows whenever its form or what is looked for changes.
const CHECKS: &str = "checks-v1";
/// The ending of what checks found in layer versions.
const OF_LAYER: &str = "-layer";
/// The packages of npm, whose form is their crate's affair. Grows whenever that changes.
const NPM: &str = "npm-v2";
/// The library's own: locks of layers that are being published.
const PUBLISH_LOCKS: &str = "publish-locks";
const LOCK: &str = "lock";

/// What stands in a `.contents` file.
#[derive(Serialize, Deserialize)]
struct CachedContents {
    /// Bytes of the archive: one of another size was changed since.
    archive_size: u64,
    contents: WheelContents,
}

impl Cache {
    /// The cache in this directory, which is made when it is first needed.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            in_use: Arc::default(),
            temporary: None,
            below: None,
        }
    }

    /// The user's cache: `layerlock` in the platform's directory for caches (the
    /// XDG base directories where there are such). Nothing without a home.
    pub fn for_user() -> Option<Self> {
        let directories = etcetera::choose_base_strategy().ok()?;
        Some(Self::at(directories.cache_dir().join("layerlock")))
    }

    /// A cache that lives as long as its users.
    pub fn temporary() -> Result<Self, Error> {
        let directory = TemporaryDirectory::new("cache")?;
        Ok(Self {
            root: directory.path().to_owned(),
            in_use: Arc::default(),
            temporary: Some(Arc::new(directory)),
            below: None,
        })
    }

    /// A cache that lives as long as its users, with what this one has: for one that can
    /// be read and not written.
    pub fn temporary_over(self) -> Result<Self, Error> {
        Ok(Self {
            below: Some(Arc::new(self)),
            ..Self::temporary()?
        })
    }

    /// Whether things can be put into it: makes the directory where there is none.
    pub fn check_writable(&self) -> Result<(), Error> {
        self.temporary_file().map(drop)
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The directory of the notes of runs, which are the library's own.
    pub fn runs(&self) -> PathBuf {
        self.root.join(RUNS)
    }

    /// The directory of what checks found in the files of wheels, which is the library's
    /// own. What is in it begins with the name of an archive, but for
    /// [`Cache::check_of_layer`].
    pub fn checks(&self) -> PathBuf {
        self.root.join(CHECKS)
    }

    /// The note of what is in a layer version that was published elsewhere. That never
    /// changes.
    pub fn check_of_layer(&self, arn: &str) -> PathBuf {
        let digest = Digest::sha256_of(arn.as_bytes()).hex();
        self.checks().join(format!("{digest}{OF_LAYER}"))
    }

    /// The directory of npm's packages, in a cache that is made where there is none. Nobody
    /// removes anything from it while this one is in use.
    pub fn npm(&self) -> Result<PathBuf, Error> {
        self.temporary_file()?;
        Ok(self.root.join(NPM))
    }

    /// The directory of the locks of layers that are being published, which are the
    /// library's own.
    pub fn publish_locks(&self) -> PathBuf {
        self.root.join(PUBLISH_LOCKS)
    }

    /// Whether it is removed at the end of this run.
    pub(crate) fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    /// The directories to look for things in.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &Path> {
        let below = self.below.iter().map(|cache| cache.root());
        std::iter::once(self.root()).chain(below)
    }

    /// A wheel that was verified before, by the SHA-256 of its archive. What
    /// cannot be read counts as absent: it is then fetched anew.
    pub fn wheel(&self, digest: &Digest) -> Option<Wheel> {
        let below = || self.below.as_ref()?.wheel(digest);
        self.own_wheel(digest).or_else(below)
    }

    fn own_wheel(&self, digest: &Digest) -> Option<Wheel> {
        self.hold(fs::OpenOptions::new().read(true));
        let path = self.archive(digest);
        let listing = path.with_extension("contents");
        let cached = read_contents(&listing)?;
        let size = fs::metadata(&path).ok()?.len();
        if size != cached.archive_size {
            return None;
        }
        note_use(&listing);
        Some(Wheel {
            path,
            contents: cached.contents,
        })
    }

    /// A file to download into.
    pub(crate) fn temporary_file(&self) -> Result<NamedTempFile, Error> {
        make(&self.root)
            .and_then(|directory| {
                self.hold(fs::OpenOptions::new().write(true).create(true));
                temporary_file_in(&directory)
            })
            .map_err(Error::io("create a file in", &self.root))
    }

    /// Holds the lock together with all others who use the cache, waiting while
    /// somebody removes things. Where it cannot be opened, as in a cache that may
    /// only be read, nothing can be removed either.
    ///
    /// Who is the first to hold it removes what killed runs did not finish.
    fn hold(&self, how: &fs::OpenOptions) {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if in_use.is_some() {
            return;
        }
        let Ok(lock) = how.open(self.root.join(LOCK)) else {
            return;
        };
        if lock.file().try_lock().is_ok() {
            self.remove_unfinished_files();
            let _ = lock.file().unlock();
        }
        if lock.file().lock_shared().is_ok() {
            *in_use = Some(lock);
        }
    }

    /// Removes what is in the directory for unfinished files, to which nobody else adds now.
    /// What cannot be removed only takes space.
    fn remove_unfinished_files(&self) {
        let unfinished = fs::read_dir(self.root.join(TEMPORARY));
        for entry in unfinished.into_iter().flatten().flatten() {
            let _ = fs::remove_file(entry.path());
        }
    }

    /// Takes in a wheel that was just verified: first the archive, then what
    /// says that it can be used.
    pub(crate) fn insert(
        &self,
        digest: &Digest,
        archive: NamedTempFile,
        contents: WheelContents,
    ) -> Result<Wheel, Error> {
        let path = self.archive(digest);
        let insert = || -> std::io::Result<Wheel> {
            if let Some(directory) = path.parent() {
                fs::create_dir_all(directory)?;
            }
            let cached = CachedContents {
                archive_size: archive.as_file().metadata()?.len(),
                contents,
            };
            let bytes = postcard::to_stdvec(&cached).map_err(std::io::Error::other)?;
            let bytes = seal(bytes, name_of(&path));
            let listing = temporary_file_in(&self.root.join(TEMPORARY))?;
            fs::write(listing.path(), bytes)?;
            replace(archive, &path)?;
            replace(listing, &path.with_extension("contents"))?;
            Ok(Wheel {
                path: path.clone(),
                contents: cached.contents,
            })
        };
        insert().map_err(Error::io("write", &path))
    }

    /// Makes a wheel absent whose archive turned out to be damaged: the next who needs it
    /// fetches it anew. `false` where the archive is none of this cache.
    pub fn forget(&self, archive: &Path) -> bool {
        let is_ours = [WHEELS, NPM]
            .iter()
            .any(|kind| archive.starts_with(self.root.join(kind)));
        is_ours && fs::remove_file(archive.with_extension("contents")).is_ok()
    }

    fn archive(&self, digest: &Digest) -> PathBuf {
        let name = digest.hex();
        self.root
            .join(WHEELS)
            .join(&name[..2])
            .join(format!("{name}.whl"))
    }

    /// Makes the directory, where it is not there yet, for a note that the library
    /// keeps in it.
    pub fn make(&self) -> Result<(), Error> {
        let made = make(&self.root);
        made.map(drop).map_err(Error::io("create", &self.root))
    }
}

fn read_contents(listing: &Path) -> Option<CachedContents> {
    parse_contents(&read_sealed(listing)?)
}

fn parse_contents(bytes: &[u8]) -> Option<CachedContents> {
    postcard::from_bytes(bytes).ok()
}

/// The content of a file of the cache, where it is as it was written.
pub(crate) fn read_sealed(path: &Path) -> Option<Vec<u8>> {
    let sealed = fs::read(path).ok()?;
    unseal(&sealed, name_of(path)).map(<[u8]>::to_vec)
}

/// What tells the files of one archive from those of others.
pub(crate) fn name_of(path: &Path) -> &[u8] {
    path.file_stem().unwrap_or_default().as_encoded_bytes()
}

/// Puts a file in its place, also where somebody made a directory of that name.
fn replace(file: NamedTempFile, path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)?;
    }
    file.persist(path)?;
    Ok(())
}
