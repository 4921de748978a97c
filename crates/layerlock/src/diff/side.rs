//! One side of a comparison: packages with their versions, and their bytes where it has
//! such.

use layerlock_layer::Scratch;
use std::collections::BTreeMap;
use std::path::Path;

use layerlock_check::{LayerFiles, LayerFilesError};
use layerlock_export::locked_versions;

use super::comparand::Comparand;
use super::report::{DiffSide, PackageState};
use crate::upkeep::{UpkeepSettings, download_published};
use crate::{Error, Reporter};

/// What one side has.
pub(super) struct Side {
    pub(super) summary: DiffSide,
    /// By name; files of no package have none.
    pub(super) packages: BTreeMap<Option<String>, PackageState>,
}

const LOCK: &str = "poetry.lock";

impl Side {
    pub(super) fn read(
        side: &Comparand,
        upkeep: &UpkeepSettings,
        reporter: &dyn Reporter,
    ) -> Result<Self, Error> {
        match side {
            Comparand::Path(path) => {
                let name = path.display().to_string();
                let lock = path.join(LOCK);
                if is_lock(path) {
                    Self::of_lock(path, name)
                } else if lock.is_file() {
                    Self::of_lock(&lock, lock.display().to_string())
                } else {
                    Self::of_layer(path, name)
                }
            }
            Comparand::Published(version) => {
                let scratch = Scratch::create()?;
                let zip = scratch.path().join("layer.zip");
                let name = download_published(upkeep, *version, &zip, reporter)?;
                Self::of_layer(&zip, name)
            }
        }
    }

    fn of_lock(path: &Path, name: String) -> Result<Self, Error> {
        let mut packages: BTreeMap<Option<String>, PackageState> = BTreeMap::new();
        for (package, version) in locked_versions(path)? {
            let state = packages.entry(Some(package.to_string())).or_default();
            state.versions.push(version);
        }
        for state in packages.values_mut() {
            state.versions.sort();
            state.versions.dedup();
        }
        Ok(Self {
            summary: DiffSide {
                name,
                package_count: packages.len(),
                unzipped_size: None,
                zip_size: None,
                file_count: None,
            },
            packages,
        })
    }

    fn of_layer(path: &Path, name: String) -> Result<Self, Error> {
        let layer = LayerFiles::read(path).map_err(|error| match error {
            // What was downloaded is known by another name.
            LayerFilesError::Archive { problem, .. } => LayerFilesError::Archive {
                path: name.clone().into(),
                problem,
            },
            error => error,
        })?;
        let mut packages: BTreeMap<Option<String>, PackageState> = BTreeMap::new();
        for package in &layer.packages {
            let state = packages.entry(Some(package.name.clone())).or_default();
            state.versions.extend(package.version.clone());
        }
        let package_count = packages.len();
        for file in &layer.files {
            let owner = file.owner.map(|owner| layer.packages[owner].name.clone());
            let state = packages.entry(owner).or_default();
            *state.unzipped_size.get_or_insert_default() += file.size;
            if let Some(zipped) = file.zipped_size {
                *state.zipped_size.get_or_insert_default() += zipped;
            }
        }
        Ok(Self {
            summary: DiffSide {
                name,
                package_count,
                unzipped_size: Some(layer.files.iter().map(|file| file.size).sum()),
                zip_size: layer.zip_size,
                file_count: Some(layer.files.len()),
            },
            packages,
        })
    }
}

/// Whether it is a lock: by its name, or because it is no file but what a shell makes of
/// `<(git show HEAD:poetry.lock)`.
fn is_lock(path: &Path) -> bool {
    let ending = path.extension().and_then(|it| it.to_str());
    let is_named = matches!(ending, Some("lock" | "toml"));
    let is_pipe = path.exists() && !path.is_file() && !path.is_dir();
    (is_named && !path.is_dir()) || is_pipe
}
