//! One side of a comparison: packages with their versions, and their bytes where it has
//! such.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use layerlock_check::{LayerFiles, LayerFilesError};
use layerlock_export::{has_project, locked_versions};
use layerlock_layer::Scratch;

use super::comparand::Comparand;
use super::report::{DiffSide, PackageState};
use crate::lock::{LockFile, LockKind, is_same_directory, read_project};
use crate::upkeep::{UpkeepSettings, download_published};
use crate::{Error, Reporter, Settings, plan_files};

/// What one side has.
pub(super) struct Side {
    pub(super) summary: DiffSide,
    /// By name; files of no package have none.
    pub(super) packages: BTreeMap<Option<String>, PackageState>,
}

/// What a side is, as far as its path tells.
enum Kind {
    Lock(PathBuf),
    /// The directory of a project.
    Project,
    /// A zip, or the files of a layer.
    Layer,
}

impl Kind {
    fn of(side: &Comparand) -> Self {
        let Comparand::Path(path) = side else {
            return Self::Layer;
        };
        let inside = path.join("poetry.lock");
        if is_lock(path) {
            Self::Lock(path.clone())
        } else if path.is_dir() && has_project(path) {
            Self::Project
        } else if inside.is_file() {
            // Of a project that lies elsewhere.
            Self::Lock(inside)
        } else {
            Self::Layer
        }
    }
}

impl Side {
    /// Reads a side. A project is its whole lock against another lock, and else what its
    /// layer takes of that.
    pub(super) fn read(
        side: &Comparand,
        other: &Comparand,
        upkeep: &UpkeepSettings,
        reporter: &dyn Reporter,
    ) -> Result<Self, Error> {
        match side {
            Comparand::Path(path) => match (Kind::of(side), Kind::of(other)) {
                (Kind::Lock(lock), _) => Self::of_lock(&lock),
                (Kind::Project, Kind::Layer) => Self::of_project(path, &upkeep.settings),
                (Kind::Project, _) => Self::of_locked(path, &upkeep.settings),
                (Kind::Layer, _) => Self::of_layer(path, path.display().to_string()),
            },
            Comparand::Published(version) => {
                let scratch = Scratch::create()?;
                let zip = scratch.path().join("layer.zip");
                let name = download_published(upkeep, *version, &zip, reporter)?;
                Self::of_layer(&zip, name)
            }
        }
    }

    /// What the one layer of a project takes, as its lock alone tells.
    fn of_project(directory: &Path, settings: &Settings) -> Result<Self, Error> {
        let plan = plan_files(&of_directory(directory, settings))?;
        let [layer] = &plan.layers[..] else {
            let names = plan.layers.iter();
            return Err(Error::WhichLayer {
                known: names
                    .map(|layer| format!("{} for {}", layer.name, layer.target))
                    .collect(),
            });
        };
        let name = format!(
            "{} for {} in {}",
            layer.name,
            layer.target,
            directory.display()
        );
        // A layer's files do not tell which jars they are.
        let packages = layer.packages.iter();
        let packages = packages.filter(|package| package.kind != "maven");
        let packages = packages.map(|package| (package.name.clone(), package.version.clone()));
        Ok(Self::of_versions(packages, name))
    }

    /// All that the lock of a project has.
    fn of_locked(directory: &Path, settings: &Settings) -> Result<Self, Error> {
        let settings = of_directory(directory, settings);
        let file = LockFile::find(&read_project(&settings)?, &settings)?;
        if file.kind == LockKind::Requirements {
            // It has no names of files, and may include others.
            return Self::of_project(directory, &settings);
        }
        Self::of_lock(&file.path)
    }

    fn of_lock(path: &Path) -> Result<Self, Error> {
        let versions = locked_versions(path)?.into_iter();
        let versions = versions.map(|(package, version)| (package.to_string(), version));
        Ok(Self::of_versions(versions, path.display().to_string()))
    }

    fn of_versions(versions: impl Iterator<Item = (String, String)>, name: String) -> Self {
        let mut packages: BTreeMap<Option<String>, PackageState> = BTreeMap::new();
        for (package, version) in versions {
            let state = packages.entry(Some(package)).or_default();
            state.versions.push(version);
        }
        settle(&mut packages);
        Self {
            summary: DiffSide {
                name,
                package_count: packages.len(),
                unzipped_size: None,
                zip_size: None,
                file_count: None,
            },
            packages,
        }
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
        settle(&mut packages);
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

/// Each version of a package once: npm lays one out at several places.
fn settle(packages: &mut BTreeMap<Option<String>, PackageState>) {
    for state in packages.values_mut() {
        state.versions.sort();
        state.versions.dedup();
    }
}

/// The settings for the project in a directory. A named lock is the current project's.
fn of_directory(directory: &Path, settings: &Settings) -> Settings {
    let is_current = is_same_directory(directory, settings.directory());
    Settings {
        project: directory.to_owned(),
        lock: settings.lock.clone().filter(|_| is_current),
        ..settings.clone()
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
