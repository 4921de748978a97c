//! Looking after the cache.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use layerlock_diagnostic::Diagnose as _;
use layerlock_install::Cache;
use serde::Serialize;

use crate::report::{Bytes, counted, path_text};
use crate::{CacheLocation, Error};

/// What is to be removed from a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheRemoval {
    /// Everything.
    All,
    /// The wheels of these packages.
    Packages(Vec<String>),
    /// What is of no use: leftovers of killed runs, and what earlier versions of
    /// layerlock kept in other forms.
    Useless {
        /// Also the wheels that were not used for this long.
        unused_for: Option<Duration>,
    },
}

/// What was removed from a cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CacheReport {
    /// The directory of the cache.
    #[serde(serialize_with = "path_text")]
    #[serde(rename = "folder")]
    pub directory: PathBuf,
    /// How many files were removed.
    pub removed_files: u64,
    /// Their bytes.
    pub freed: u64,
}

/// The directory of a cache. It may not exist yet.
pub fn cache_directory(location: &CacheLocation) -> Result<PathBuf, Error> {
    Ok(open_cache(location)?.root().to_owned())
}

/// Removes things from a cache, unless another process works with it.
pub fn clean_cache(location: &CacheLocation, what: &CacheRemoval) -> Result<CacheReport, Error> {
    let cache = open_cache(location)?;
    let removed = match what {
        CacheRemoval::All => cache.clean()?,
        CacheRemoval::Packages(names) => cache.remove_packages(names)?,
        CacheRemoval::Useless { unused_for } => cache.prune(*unused_for)?,
    };
    Ok(CacheReport {
        directory: cache.root().to_owned(),
        removed_files: removed.files,
        freed: removed.bytes,
    })
}

pub(crate) fn open_cache(location: &CacheLocation) -> Result<Cache, Error> {
    match location {
        CacheLocation::Nowhere => Ok(Cache::temporary()?),
        location => lasting_cache(location).ok_or(Error::NoCache),
    }
}

/// The cache at a location, unless that is nowhere or the user's, of whom no home
/// directory is known.
pub(crate) fn lasting_cache(location: &CacheLocation) -> Option<Cache> {
    match location {
        CacheLocation::User => match directory_of_environment() {
            Some(directory) => Some(Cache::at(directory)),
            None => Cache::for_user(),
        },
        CacheLocation::At(directory) => Some(Cache::at(directory)),
        CacheLocation::Nowhere => None,
    }
}

/// Set but empty, as CI systems leave it, is not set.
fn directory_of_environment() -> Option<PathBuf> {
    let directory = std::env::var_os("LAYERLOCK_CACHE_DIR")?;
    (!directory.is_empty()).then(|| directory.into())
}

/// An error of the system at a file in the cache is one of the cache's place, which
/// the user may choose.
pub(crate) fn blame_cache(error: Error, location: &CacheLocation) -> Error {
    match error {
        Error::Install(layerlock_install::Error::Layer(error))
            if error.hint().is_none() && is_in_cache(&error, location) =>
        {
            Error::CacheDirectory(error)
        }
        error => error,
    }
}

fn is_in_cache(error: &layerlock_layer::Error, location: &CacheLocation) -> bool {
    let layerlock_layer::Error::Io { path, .. } = error else {
        return false;
    };
    lasting_cache(location).is_some_and(|cache| path.starts_with(cache.root()))
}

impl fmt::Display for CacheReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let directory = self.directory.display();
        if self.removed_files == 0 {
            return write!(f, "nothing to remove from {directory}");
        }
        let files = counted(self.removed_files, "file");
        write!(
            f,
            "removed {files} ({}) from {directory}",
            Bytes(self.freed)
        )
    }
}
