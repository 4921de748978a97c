//! Removing things from a cache: all of it, some packages, what is of no use.
//!
//! The directory of a cache can be named by its user, and be named wrongly. So only
//! what is known to be ours is removed, from a directory that is marked as ours, and
//! no other process may be using it.

use std::fs::TryLockError;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err as fs;
use layerlock_digest::Digest;
use layerlock_layer::{is_unfinished, unpacked_directory};
use layerlock_lock::normalize_name;

use super::{
    BUILDS, CHECKS, Cache, LOCK, NPM, OF_LAYER, PUBLISH_LOCKS, RUNS, WHEELS, read_contents,
    read_sealed,
};
use crate::Error;
use crate::cache_directory::{PIP_DEFAULT_INDEX, TAG, TAG_TEXT, TEMPORARY};

/// What was removed from a cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// How many files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl AddAssign for Removed {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

impl Cache {
    /// Removes everything.
    pub fn clean(&self) -> Result<Removed, Error> {
        let Some(_alone) = self.lock_alone()? else {
            return Ok(Removed::default());
        };
        let mut removed = Removed::default();
        for (name, path) in entries(&self.root)? {
            if is_ours(&name) && name != LOCK && name != TAG {
                removed += remove(&path)?;
            }
        }
        Ok(removed)
    }

    /// Removes the wheels of these packages, however their names are spelled.
    pub fn remove_packages(&self, names: &[String]) -> Result<Removed, Error> {
        let Some(_alone) = self.lock_alone()? else {
            return Ok(Removed::default());
        };
        let names: Vec<String> = names.iter().map(|name| normalize_name(name)).collect();
        self.remove_wheels(|wheel| {
            let cached = wheel.listing().and_then(|listing| read_contents(&listing));
            cached.is_some_and(|cached| {
                names.contains(&normalize_name(cached.contents.distribution()))
            })
        })
    }

    /// Removes what is of no use: what killed processes left unfinished, what
    /// earlier versions of layerlock kept in forms that this one does not read,
    /// the wheels, packages of npm and notes on layers of others that were not used
    /// and the notes of runs that were not renewed for as long as `unused_for`, and
    /// the notes of builds and checks whose wheels are gone.
    pub fn prune(&self, unused_for: Option<Duration>) -> Result<Removed, Error> {
        let Some(_alone) = self.lock_alone()? else {
            return Ok(Removed::default());
        };
        let mut removed = Removed::default();
        for (name, path) in entries(&self.root)? {
            if name == TEMPORARY || is_outdated(&name) {
                removed += remove(&path)?;
            }
        }
        let now = SystemTime::now();
        let is_old = |path: &Path| {
            let used = fs::metadata(path).and_then(|metadata| metadata.modified());
            // A time in the future is none of the past.
            let age = used.ok().and_then(|used| now.duration_since(used).ok());
            unused_for.is_some_and(|limit| age.is_some_and(|age| age >= limit))
        };
        let runs = self.root.join(RUNS);
        if runs.is_dir() {
            for (_, note) in entries(&runs)? {
                if is_old(&note) {
                    removed += remove(&note)?;
                }
            }
        }
        removed += self.remove_wheels(|wheel| match (wheel.archive(), wheel.listing()) {
            (Some(_), Some(listing)) => is_old(&listing),
            // One half of a wheel.
            _ => true,
        })?;
        removed += self.remove_packages_of_npm(is_old)?;
        removed += self.remove_checks(is_old)?;
        removed += self.remove_unfinished()?;
        removed += self.remove_notes_of_builds()?;
        Ok(removed)
    }

    /// Holds the lock alone until it is dropped. Nothing where there is no cache
    /// yet. What makes a directory a cache is its tag: the names in it may be
    /// anybody's.
    fn lock_alone(&self) -> Result<Option<fs::File>, Error> {
        let directory = || self.root.clone();
        if !self.root.is_dir() || entries(&self.root)?.is_empty() {
            return Ok(None);
        }
        let tag = fs::read(self.root.join(TAG)).unwrap_or_default();
        if tag != TAG_TEXT.as_bytes() {
            return Err(Error::NotACache {
                directory: directory(),
            });
        }
        let path = self.root.join(LOCK);
        let lock = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        match lock.file().try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(TryLockError::WouldBlock) => Err(Error::CacheInUse {
                directory: directory(),
            }),
            Err(TryLockError::Error(error)) => Err(Error::io("lock", path)(error)),
        }
    }

    /// Removes what checks found in wheels and packages of npm that are gone, and of layers
    /// in the cloud where that is `unwanted`.
    fn remove_checks(&self, unwanted: impl Fn(&Path) -> bool) -> Result<Removed, Error> {
        let mut removed = Removed::default();
        let directory = self.root.join(CHECKS);
        if !directory.is_dir() {
            return Ok(removed);
        }
        for (name, path) in entries(&directory)? {
            let is_of_no_use = if name.ends_with(OF_LAYER) {
                unwanted(&path)
            } else {
                // An archive's name, and what was looked for.
                let archive = name.rsplit_once('-').map_or(&*name, |(archive, _)| archive);
                !self.has_archive(archive)
            };
            if is_of_no_use {
                removed += remove(&path)?;
            }
        }
        Ok(removed)
    }

    /// Whether there is a wheel or a package of npm whose archive has this name, without its
    /// ending.
    fn has_archive(&self, name: &str) -> bool {
        if let Ok(digest) = name.parse::<Digest>() {
            return self.archive(&digest).exists();
        }
        let digits = name.split_once('-').and_then(|(_, hex)| hex.get(..2));
        let zip = digits.map(|digits| self.root.join(NPM).join(digits).join(format!("{name}.zip")));
        zip.is_some_and(|zip| zip.exists())
    }

    /// Removes the notes of builds that name no wheel that is there.
    fn remove_notes_of_builds(&self) -> Result<Removed, Error> {
        let mut removed = Removed::default();
        let directory = self.root.join(BUILDS);
        if !directory.is_dir() {
            return Ok(removed);
        }
        let is_of_use = |note: &Path| {
            let text = String::from_utf8(read_sealed(note)?).ok()?;
            let digest: Digest = text.lines().next()?.parse().ok()?;
            Some(self.archive(&digest).exists())
        };
        for (_, directory) in entries(&directory)? {
            if !directory.is_dir() {
                continue;
            }
            for (_, note) in entries(&directory)? {
                if is_of_use(&note) != Some(true) {
                    removed += remove(&note)?;
                }
            }
        }
        Ok(removed)
    }

    /// Removes what killed processes left beside unpacked files.
    fn remove_unfinished(&self) -> Result<Removed, Error> {
        let mut removed = Removed::default();
        for stem in self.stems()? {
            let Some(directory) = stem.unpacked() else {
                continue;
            };
            if directory.is_symlink() || !directory.is_dir() {
                // It keeps nothing, and is in the way.
                removed += remove(&directory)?;
                continue;
            }
            for (name, path) in entries(&directory)? {
                if is_unfinished(&name) {
                    removed += remove(&path)?;
                }
            }
        }
        Ok(removed)
    }

    fn remove_wheels(&self, unwanted: impl Fn(&Stem) -> bool) -> Result<Removed, Error> {
        let mut removed = Removed::default();
        for stem in self.stems()?.iter().filter(|stem| unwanted(stem)) {
            // What says that the wheel can be used goes first.
            let all = [stem.listing(), stem.archive(), stem.unpacked()];
            for path in all.into_iter().flatten() {
                removed += remove(&path)?;
            }
        }
        Ok(removed)
    }

    /// Removes the packages of npm of which one half is there alone, and those whose listing
    /// is `unwanted`.
    fn remove_packages_of_npm(&self, unwanted: impl Fn(&Path) -> bool) -> Result<Removed, Error> {
        let mut removed = Removed::default();
        let root = self.root.join(NPM);
        if !root.is_dir() {
            return Ok(removed);
        }
        for (_, directory) in entries(&root)?
            .into_iter()
            .filter(|(_, path)| path.is_dir())
        {
            for (name, path) in entries(&directory)? {
                // What was being packed when its process was killed.
                if name.starts_with('.') {
                    removed += remove(&path)?;
                    continue;
                }
                let other = match path.extension().and_then(|ending| ending.to_str()) {
                    Some("contents") => "zip",
                    Some("zip") => "contents",
                    _ => continue,
                };
                let pair = path.with_extension(other);
                let listing = path.with_extension("contents");
                // Either half of a whole package is looked at, and both go.
                let is_whole = path.exists() && pair.exists();
                if path.exists() && (!is_whole || unwanted(&listing)) {
                    for path in [listing, path.with_extension("zip")] {
                        if path.exists() {
                            removed += remove(&path)?;
                        }
                    }
                }
            }
        }
        Ok(removed)
    }

    /// All wheels, whole or not.
    fn stems(&self) -> Result<Vec<Stem>, Error> {
        let directory = self.root.join(WHEELS);
        let mut stems = Vec::new();
        if !directory.is_dir() {
            return Ok(stems);
        }
        for (_, directory) in entries(&directory)? {
            if directory.is_dir() {
                let entries = entries(&directory)?;
                stems.extend(
                    entries
                        .iter()
                        .map(|(_, path)| Stem(path.with_extension(""))),
                );
            }
        }
        stems.dedup();
        Ok(stems)
    }
}

/// The path of a wheel in the cache, without the endings of what is kept of it.
#[derive(PartialEq, Eq)]
struct Stem(PathBuf);

impl Stem {
    fn archive(&self) -> Option<PathBuf> {
        Some(self.0.with_extension("whl")).filter(|path| path.exists())
    }

    fn listing(&self) -> Option<PathBuf> {
        Some(self.0.with_extension("contents")).filter(|path| path.exists())
    }

    fn unpacked(&self) -> Option<PathBuf> {
        Some(unpacked_directory(&self.0)).filter(|path| path.exists() || path.is_symlink())
    }
}

/// The kinds of things that have a directory KIND-vNUMBER.
const KINDS: [&str; 5] = ["wheels", "npm", "builds", "checks", "runs"];

/// Whether an entry of a cache's directory is one that layerlock makes, in this
/// version or another.
fn is_ours(name: &str) -> bool {
    matches!(
        name,
        LOCK | TAG | TEMPORARY | PIP_DEFAULT_INDEX | PUBLISH_LOCKS
    ) || versioned(name).is_some()
}

/// Whether an entry is of an earlier form. What a later layerlock keeps is its
/// own to remove.
fn is_outdated(name: &str) -> bool {
    let is_before = |current: &str| match (versioned(name), versioned(current)) {
        (Some((kind, version)), Some((same_kind, current))) => {
            kind == same_kind && version < current
        }
        _ => false,
    };
    [WHEELS, NPM, BUILDS, CHECKS, RUNS]
        .into_iter()
        .any(is_before)
}

fn versioned(name: &str) -> Option<(&str, u32)> {
    let (kind, version) = name.rsplit_once("-v")?;
    let is_known = KINDS.contains(&kind) && version.bytes().all(|byte| byte.is_ascii_digit());
    Some((kind, version.parse().ok()?)).filter(|_| is_known)
}

/// The entries of a directory, sorted by name.
fn entries(directory: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let list = || -> std::io::Result<Vec<(String, PathBuf)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            found.push((
                entry.file_name().to_string_lossy().into_owned(),
                entry.path(),
            ));
        }
        found.sort();
        Ok(found)
    };
    list().map_err(Error::io("read", directory))
}

/// Removes a file, or a directory with all that is in it, counting files. Links are
/// removed, not followed.
fn remove(path: &Path) -> Result<Removed, Error> {
    let metadata = fs::symlink_metadata(path).map_err(Error::io("read", path))?;
    if !metadata.is_dir() {
        fs::remove_file(path).map_err(Error::io("remove", path))?;
        return Ok(Removed {
            files: 1,
            bytes: metadata.len(),
        });
    }
    let mut removed = Removed::default();
    for (_, path) in entries(path)? {
        removed += remove(&path)?;
    }
    fs::remove_dir(path).map_err(Error::io("remove", path))?;
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_layerlock_makes_is_ours() {
        for name in [
            "wheels-v1",
            "wheels-v12",
            "builds-v3",
            "tmp",
            "lock",
            "CACHEDIR.TAG",
            "pip-default-index",
            "publish-locks",
        ] {
            assert!(is_ours(name), "{name}");
        }
        for name in [
            "wheels",
            "wheels-v",
            "wheels-v+1",
            "-v1",
            "data-v2",
            "my-project-v1",
            "Wheels-v1",
            "notes.txt",
            ".git",
        ] {
            assert!(!is_ours(name), "{name}");
        }
    }

    #[test]
    fn only_earlier_forms_of_what_we_keep_are_outdated() {
        assert!(is_outdated("wheels-v0") && is_outdated("runs-v0"));
        assert!(is_outdated("builds-v0"));
        assert!(is_outdated("runs-v1") && is_outdated("runs-v3"));
        for name in ["wheels-v2", "wheels-v3", "builds-v2", "data-v0", "tmp"] {
            assert!(!is_outdated(name), "{name}");
        }
    }
}
