//! The packages of npm in layerlock's cache.
//!
//! ```text
//! npm-v2/ab/sha512-ab…ef.zip       the package's files, by the tarball's digest
//! npm-v2/ab/sha512-ab…ef.contents  what is in it: its presence says "verified"
//! ```

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use fs_err as fs;
use layerlock_digest::{Digest, seal, unseal};
use layerlock_layer::{Error as LayerError, note_use, parallel, write_file};

use crate::contents::NpmContents;
use crate::fetch::Npm;
use crate::repack::repack;
use crate::select::Locked;
use crate::{Error, Integrity};

/// A directory of verified packages.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// A package in the store.
#[derive(Debug, Clone)]
pub struct NpmPackage {
    /// The zip of its files.
    pub path: PathBuf,
    /// What is in it.
    pub contents: NpmContents,
}

/// Packages of the store.
#[derive(Debug, Clone, Default)]
pub struct NpmPackages(HashMap<Integrity, NpmPackage>);

impl NpmPackages {
    /// The files of a locked package; none of a folder.
    pub(crate) fn of(&self, locked: &Locked) -> Option<&NpmPackage> {
        self.0.get(locked.integrity()?)
    }
}

/// A package, and what it is verified by.
type Wanted<'l> = (&'l Integrity, &'l Locked);

impl Store {
    /// The store in this directory, which is made when it is first needed.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Brings packages into the store: from npm's cache, which npm fills where something is
    /// missing. `fetching` is told how many that are. Gives all of them.
    pub fn get(
        &self,
        packages: &[Locked],
        npm: &Npm,
        fetching: &(dyn Fn(usize) + Sync),
    ) -> Result<NpmPackages, Error> {
        let mut seen = HashSet::new();
        let packages = packages
            .iter()
            .filter_map(|locked| Some((locked.integrity()?, locked)));
        let wanted: Vec<Wanted<'_>> = packages.filter(|(it, _)| seen.insert(*it)).collect();
        let mut found = HashMap::with_capacity(wanted.len());
        let mut missing = self.take_in(wanted, npm, &mut found)?;
        if !missing.is_empty() && npm.ask_for_cache() {
            missing = self.take_in(missing, npm, &mut found)?;
        }
        if missing.is_empty() {
            return Ok(NpmPackages(found));
        }
        fetching(missing.len());
        let lacking: Vec<&Locked> = missing.iter().map(|(_, locked)| *locked).collect();
        npm.fetch(&lacking)?;
        missing = self.take_in(missing, npm, &mut found)?;
        if missing.is_empty() {
            return Ok(NpmPackages(found));
        }
        Err(Error::OtherBytes {
            packages: missing.iter().map(|(_, locked)| locked.shown()).collect(),
        })
    }

    /// Takes in what is on this machine, and gives back what is not.
    fn take_in<'l>(
        &self,
        wanted: Vec<Wanted<'l>>,
        npm: &Npm,
        found: &mut HashMap<Integrity, NpmPackage>,
    ) -> Result<Vec<Wanted<'l>>, Error> {
        let taken = parallel::in_order(wanted, |(integrity, locked)| {
            let kept = integrity.digests().iter().find_map(|key| self.read(key));
            let package = match kept {
                Some(package) => Some(package),
                None => match npm.find(locked)? {
                    Some((key, bytes)) => Some(self.insert(&key, locked, &bytes)?),
                    None => None,
                },
            };
            Ok::<_, Error>((integrity, locked, package))
        })?;
        let mut missing = Vec::new();
        for (integrity, locked, package) in taken {
            match package {
                Some(package) => drop(found.insert(integrity.clone(), package)),
                None => missing.push((integrity, locked)),
            }
        }
        Ok(missing)
    }

    fn zip(&self, key: &Digest) -> PathBuf {
        let hex = key.hex();
        let name = format!("{}-{hex}.zip", key.algorithm().name());
        self.root.join(&hex[..2]).join(name)
    }

    /// A package that was verified before. What cannot be read counts as absent.
    fn read(&self, key: &Digest) -> Option<NpmPackage> {
        let path = self.zip(key);
        let sealed = fs::read(path.with_extension("contents")).ok()?;
        let contents: NpmContents = postcard::from_bytes(unseal(&sealed, about(&path))?).ok()?;
        let size = fs::metadata(&path).ok()?.len();
        if size != contents.archive_size {
            return None;
        }
        note_use(&path.with_extension("contents"));
        Some(NpmPackage { path, contents })
    }

    /// First the zip, then what says that it can be used.
    fn insert(&self, key: &Digest, locked: &Locked, tarball: &[u8]) -> Result<NpmPackage, Error> {
        let path = self.zip(key);
        let contents = repack(tarball, &locked.shown(), &path)?;
        let bytes = postcard::to_stdvec(&contents).map_err(|error| {
            let error = std::io::Error::other(error);
            LayerError::io("write", &path)(error)
        })?;
        write_file(&path.with_extension("contents"), &seal(bytes, about(&path)))?;
        Ok(NpmPackage { path, contents })
    }
}

fn about(path: &std::path::Path) -> &[u8] {
    path.file_stem().unwrap_or_default().as_encoded_bytes()
}
