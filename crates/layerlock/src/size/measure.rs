//! The files of a layer with their sizes and owners, wherever they come from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use layerlock_check::{FoundPackage, LayerFiles};
use layerlock_digest::Digest;
use layerlock_install::Reporter;
use layerlock_layer::{Error as LayerError, files_in};
use layerlock_lock::Selected;
use layerlock_target::Target;

use super::report::{Duplicate, FileSize, LayerSize, PackageSize, Sizes};
use crate::build::{inspect, with_selections};
use crate::built::{BuiltLayer, BuiltPackage};
use crate::last_run::PlannedLayer;
use crate::{Error, Settings};

/// A layer, file by file.
pub(super) struct Measured {
    pub(super) name: Option<String>,
    pub(super) path: Option<PathBuf>,
    pub(super) target: Option<Target>,
    /// Bytes of the whole zip.
    pub(super) zip_size: Option<u64>,
    /// Sorted by name.
    pub(super) packages: Vec<MeasuredPackage>,
    /// Sorted by path.
    pub(super) files: Vec<MeasuredFile>,
}

pub(super) struct MeasuredPackage {
    pub(super) name: String,
    pub(super) version: Option<String>,
    /// Whether the project itself asks for it, where that is known.
    pub(super) requested: Option<bool>,
    pub(super) needed_by: Vec<String>,
}

pub(super) struct MeasuredFile {
    pub(super) path: String,
    pub(super) size: u64,
    pub(super) zipped_size: Option<u64>,
    pub(super) owner: Option<usize>,
    /// Where another file may be the same.
    pub(super) digest: Option<Digest>,
}

/// The layers of a project.
pub(super) fn project(
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<Vec<Measured>, Error> {
    let selected = with_selections(settings, |it, _| Ok(it.remaining.selected.clone()))?;
    let outcome = inspect(settings, reporter)?;
    let layers = outcome.built.layers.iter().zip(outcome.plans).zip(selected);
    let layers = layers.map(|((built, planned), selected)| {
        planned_layer(built, &planned, &selected.unwrap_or_default())
    });
    Ok(layers.collect())
}

fn planned_layer(built: &BuiltLayer, planned: &PlannedLayer, selected: &Selected) -> Measured {
    let packages = built.packages.iter().map(|package| {
        let name = package.name.parse().ok();
        let needed_by = name.iter().flat_map(|name| selected.needed_by(name));
        MeasuredPackage {
            name: package.name.clone(),
            version: Some(package.version.clone()),
            requested: name.as_ref().map(|it| selected.requested().contains(it)),
            needed_by: needed_by.map(ToString::to_string).collect(),
        }
    });
    let packages_of_owners = packages_of_owners(built, planned);
    let entries = planned.plan.entries().iter().enumerate();
    let zipped_sizes = planned.zipped_sizes.as_deref();
    let files = entries.map(|(index, entry)| MeasuredFile {
        path: entry.path.to_string(),
        size: entry.source.size(),
        zipped_size: zipped_sizes.map(|sizes| sizes[index]),
        owner: packages_of_owners[entry.owner.index()],
        digest: Some(entry.source.digest()),
    });
    Measured {
        name: Some(built.name.clone()),
        path: None,
        target: Some(built.target),
        zip_size: built.zip.as_ref().map(|zip| zip.size),
        packages: packages.collect(),
        files: files.collect(),
    }
}

/// For each owner of a plan the package that it is: they are in the same order, and the
/// folders that own files too are no packages.
fn packages_of_owners(built: &BuiltLayer, planned: &PlannedLayer) -> Vec<Option<usize>> {
    let mut packages = built.packages.iter().enumerate().peekable();
    let owners = planned.plan.owners().iter().map(|owner| {
        let is_owner = |(_, package): &(usize, &BuiltPackage)| {
            *owner == format!("{} {}", package.name, package.version)
        };
        packages.next_if(is_owner).map(|(index, _)| index)
    });
    owners.collect()
}

/// Layers that anybody made.
pub(super) fn given(paths: &[PathBuf]) -> Result<Vec<Measured>, Error> {
    let mut layers = Vec::new();
    for path in paths {
        match zips_in(path)? {
            zips if zips.is_empty() => layers.push(found_layer(path)?),
            zips => {
                for zip in zips {
                    layers.push(found_layer(&zip)?);
                }
            }
        }
    }
    Ok(layers)
}

/// The zips of a directory that holds nothing else, such as `dist/layers`: it is no layer,
/// each of them is.
fn zips_in(path: &Path) -> Result<Vec<PathBuf>, LayerError> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let is_zip = |name: &String| {
        let ending = Path::new(name).extension();
        !name.contains('/') && ending.is_some_and(|it| it.eq_ignore_ascii_case("zip"))
    };
    let mut files = files_in(path)?;
    files.retain(|name| !name.starts_with('.'));
    let are_zips = files.iter().all(is_zip);
    let zips = files.iter().filter(|_| are_zips);
    Ok(zips.map(|name| path.join(name)).collect())
}

fn found_layer(path: &Path) -> Result<Measured, Error> {
    let LayerFiles {
        files,
        packages,
        zip_size,
    } = LayerFiles::read(path)?;
    let needed_by = needed_by(&packages);
    let packages = packages.into_iter().zip(needed_by);
    let packages = packages.map(|(package, needed_by)| MeasuredPackage {
        name: package.name,
        version: package.version,
        requested: None,
        needed_by,
    });
    let files = files.into_iter().map(|file| MeasuredFile {
        path: file.path,
        size: file.size,
        zipped_size: file.zipped_size,
        owner: file.owner,
        digest: file.digest,
    });
    Ok(Measured {
        name: None,
        path: Some(path.to_owned()),
        target: None,
        zip_size,
        packages: packages.collect(),
        files: files.collect(),
    })
}

/// For each package, those that require it by their own metadata.
fn needed_by(packages: &[FoundPackage]) -> Vec<Vec<String>> {
    let mut needed_by: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        for name in &package.requires {
            needed_by.entry(name).or_default().insert(&package.name);
        }
    }
    let of = |package: &FoundPackage| {
        let names = needed_by.get(&package.name[..]).into_iter().flatten();
        names.map(|name| (*name).to_owned()).collect()
    };
    packages.iter().map(of).collect()
}

impl Measured {
    /// What is told of it, with as many of its largest files.
    pub(super) fn report(&self, top: usize) -> LayerSize {
        let mut of_package = vec![Sizes::default(); self.packages.len()];
        let mut without_package = Sizes::default();
        for file in &self.files {
            match file.owner {
                Some(owner) => of_package[owner].add(file.size, file.zipped_size),
                None => without_package.add(file.size, file.zipped_size),
            }
        }
        let packages = self.packages.iter().zip(of_package);
        let packages = packages.map(|(package, sizes)| PackageSize {
            name: package.name.clone(),
            version: package.version.clone(),
            sizes,
            requested: package.requested,
            needed_by: package.needed_by.clone(),
        });
        let mut packages: Vec<_> = packages.collect();
        // Stable: those of one size stay in the order of their names.
        packages.sort_by_key(|package| std::cmp::Reverse(package.sizes.unzipped_size));
        LayerSize {
            name: self.name.clone(),
            path: self.path.clone(),
            target: self.target,
            unzipped_size: self.files.iter().map(|file| file.size).sum(),
            zip_size: self.zip_size,
            file_count: self.files.len(),
            packages,
            without_package: (without_package.file_count > 0).then_some(without_package),
            largest_files: self.largest_files(top),
            duplicates: self.duplicates(),
        }
    }

    fn largest_files(&self, top: usize) -> Vec<FileSize> {
        let mut files: Vec<_> = self.files.iter().collect();
        files.sort_by_key(|file| std::cmp::Reverse(file.size));
        let files = files.into_iter().take(top);
        files
            .map(|file| FileSize {
                path: file.path.clone(),
                package: file.owner.map(|owner| self.packages[owner].name.clone()),
                unzipped_size: file.size,
                zipped_size: file.zipped_size,
            })
            .collect()
    }

    /// Files that are there more than once, the most superfluous bytes first.
    fn duplicates(&self) -> Vec<Duplicate> {
        let mut same: BTreeMap<(u64, &[u8]), Vec<&MeasuredFile>> = BTreeMap::new();
        for file in &self.files {
            if let Some(digest) = &file.digest
                && file.size > 0
            {
                same.entry((file.size, digest.bytes()))
                    .or_default()
                    .push(file);
            }
        }
        let several = same.into_values().filter(|files| files.len() > 1);
        let mut duplicates: Vec<_> = several
            .map(|files| {
                let size = files[0].size;
                Duplicate {
                    unzipped_size: size,
                    superfluous_size: size * (files.len() as u64 - 1),
                    paths: files.iter().map(|file| file.path.clone()).collect(),
                }
            })
            .collect();
        duplicates.sort_by(|one, other| {
            let sizes = other.superfluous_size.cmp(&one.superfluous_size);
            sizes.then_with(|| one.paths.cmp(&other.paths))
        });
        duplicates
    }
}
