//! Looking after the cache.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use layerlock_diagnostic::Diagnose as _;
use layerlock_install::{Cache, Reporter};
use serde::Serialize;

use crate::bytes::Bytes;
use crate::error_text::with_causes;
use crate::report::{counted, path_text};
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
    Ok(kept_cache(location)?.root().to_owned())
}

/// Removes things from a cache, unless another process works with it.
pub fn clean_cache(location: &CacheLocation, what: &CacheRemoval) -> Result<CacheReport, Error> {
    let cache = kept_cache(location)?;
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

fn kept_cache(location: &CacheLocation) -> Result<Cache, Error> {
    lasting_cache(location).ok_or(Error::NoCache)
}

/// The cache at a location, as far as there is one: what is looked up may be remembered
/// in it.
pub(crate) fn open_cache(location: &CacheLocation) -> Result<Cache, Error> {
    Ok(match lasting_cache(location) {
        Some(cache) => cache,
        None => Cache::temporary()?,
    })
}

/// Does a job with the cache at a location. One that nobody named, and that cannot be
/// written, is no reason to fail: the job is then done without keeping anything, as pip
/// does it.
pub(crate) fn with_cache<T>(
    location: &CacheLocation,
    reporter: &dyn Reporter,
    job: impl Fn(&Cache) -> Result<T, Error>,
) -> Result<T, Error> {
    let is_default = *location == CacheLocation::User && directory_of_environment().is_none();
    let Some(cache) = lasting_cache(location) else {
        if is_default {
            reporter.warned(&format!(
                "{}: nothing is kept for the next run",
                Error::NoCache
            ));
        }
        return job(&Cache::temporary()?);
    };
    let blame = |error: Error| blame_cache(error, cache.root());
    if !is_default {
        return job(&cache).map_err(blame);
    }
    // What fails deeper in it, such as a directory that root made there, shows only then.
    let written = cache.check_writable().map_err(Error::from);
    match written.and_then(|()| job(&cache)).map_err(blame) {
        Err(Error::CacheDirectory(error)) => {
            reporter.warned(&format!(
                "the cache is not used, and nothing is kept for the next run: {}; another \
                 directory can be named with --cache-dir or LAYERLOCK_CACHE_DIR",
                with_causes(&error)
            ));
            job(&cache.temporary_over()?)
        }
        result => result,
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
fn blame_cache(error: Error, root: &Path) -> Error {
    match error {
        Error::Install(layerlock_install::Error::Layer(error))
            if error.hint().is_none() && is_in(root, &error) =>
        {
            Error::CacheDirectory(error)
        }
        error => error,
    }
}

fn is_in(root: &Path, error: &layerlock_layer::Error) -> bool {
    matches!(error, layerlock_layer::Error::Io { path, .. } if path.starts_with(root))
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
