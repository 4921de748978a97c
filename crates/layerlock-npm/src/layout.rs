//! Where the files of packages land in a layer.

use std::collections::HashMap;
use std::path::PathBuf;

use layerlock_digest::Digest;
use layerlock_folders::Folder;
use layerlock_layer::{Entry, EntrySource, LayerPath, Mode, OwnerId, PlanBuilder, PlannedFile};

use crate::select::{Locked, NpmSource};
use crate::store::{NpmPackage, NpmPackages};
use crate::{Error, NpmProject};

/// The packages of a layer, and how they lie in it.
#[derive(Debug, Clone, Copy)]
pub struct Layout<'l> {
    /// The folder of the lock.
    pub project: &'l NpmProject,
    /// The packages that the target gets.
    pub packages: &'l [Locked],
    /// Their files.
    pub store: &'l NpmPackages,
    /// Where `node_modules` lies in the layer: `nodejs`.
    pub folder: &'l str,
    /// Whether package.json and the lock lie beside it.
    pub has_manifests: bool,
    /// The outputs of the run: no part of a folder that is copied.
    pub outputs: &'l [PathBuf],
}

/// A package of a layer, in however many places.
#[derive(Debug, Clone)]
pub struct NpmOwner {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its tarball's name, or the folder that it is copied from.
    pub file: String,
    /// Where it lies in the layer, in one of its places.
    pub place: String,
    /// SHA-256 of its tarball; none of a folder.
    pub digest: Option<Digest>,
    /// Who owns its files in the plan.
    pub owner: OwnerId,
}

/// Adds the files of packages to a plan. Gives the packages in the order of their owners.
pub fn push(
    layout: &Layout<'_>,
    rank: usize,
    keep: &mut dyn FnMut(&Entry) -> bool,
    builder: &mut PlanBuilder,
) -> Result<Vec<NpmOwner>, Error> {
    let Layout {
        project,
        packages,
        store,
        folder: base_folder,
        outputs,
        ..
    } = *layout;
    let links = links(project);
    let mut owners: Vec<NpmOwner> = Vec::new();
    let mut known = HashMap::new();
    let mut archives = HashMap::new();
    let mut sorted: Vec<&Locked> = packages.iter().collect();
    sorted.sort_by(|one, other| {
        (&one.name, &one.version, &one.place).cmp(&(&other.name, &other.version, &other.place))
    });
    for locked in sorted {
        let package = store.of(locked);
        let digest = package.map(|package| package.contents.tarball);
        let key = (&*locked.name, &*locked.version, digest);
        let owner = *known.entry(key).or_insert_with(|| {
            let owner = builder.ranked_owner(format!("{} {}", locked.name, locked.version), rank);
            owners.push(NpmOwner {
                name: locked.name.clone(),
                version: locked.version.clone(),
                file: file(locked),
                place: format!("{base_folder}/{}", locked.place),
                digest,
                owner,
            });
            owner
        });
        for place in places(&locked.place, &links) {
            let base = LayerPath::new(format!("{base_folder}/{place}")).map_err(|reason| {
                Error::Place {
                    place: locked.place.clone(),
                    reason,
                }
            })?;
            let entries = match (&locked.source, package) {
                (NpmSource::Folder(folder), _) => copied(locked, folder, &base, owner, outputs)?,
                (_, Some(package)) => {
                    let archive = *archives
                        .entry(package.path.clone())
                        .or_insert_with(|| builder.archive(&package.path));
                    members(package, &base, owner, archive)?
                }
                (_, None) => Vec::new(),
            };
            entries
                .into_iter()
                .filter(|entry| keep(entry))
                .for_each(|entry| builder.push(entry));
        }
    }
    if layout.has_manifests {
        owners.push(manifests(layout, rank, keep, builder)?);
    }
    Ok(owners)
}

/// package.json and the lock, as the project has them.
fn manifests(
    layout: &Layout<'_>,
    rank: usize,
    keep: &mut dyn FnMut(&Entry) -> bool,
    builder: &mut PlanBuilder,
) -> Result<NpmOwner, Error> {
    let directory = layout.project.directory();
    let owner = builder.ranked_owner(format!("folder {}", directory.display()), rank);
    let lock = layout.project.lock_path();
    for file in [&directory.join("package.json"), lock] {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let path = LayerPath::new(format!("{}/{name}", layout.folder));
        let entry = Entry {
            path: path.map_err(|reason| Error::Place {
                place: name.into_owned(),
                reason,
            })?,
            mode: Mode::Regular,
            owner,
            source: EntrySource::File(PlannedFile::read(file)?),
        };
        if keep(&entry) {
            builder.push(entry);
        }
    }
    Ok(NpmOwner {
        name: "package.json".to_owned(),
        version: String::new(),
        file: directory.display().to_string(),
        place: layout.folder.to_owned(),
        digest: None,
        owner,
    })
}

fn members(
    package: &NpmPackage,
    base: &LayerPath,
    owner: OwnerId,
    archive: layerlock_layer::ArchiveId,
) -> Result<Vec<Entry>, Error> {
    let members = package.contents.members.iter().map(|member| {
        Ok(Entry {
            path: base.join(&member.name).map_err(|reason| Error::Place {
                place: member.name.clone(),
                reason,
            })?,
            mode: if member.executable {
                Mode::Executable
            } else {
                Mode::Regular
            },
            owner,
            source: EntrySource::Member(archive, member.data),
        })
    });
    members.collect()
}

/// The files of a workspace or another folder, without the packages that were installed in it.
fn copied(
    locked: &Locked,
    folder: &std::path::Path,
    base: &LayerPath,
    owner: OwnerId,
    outputs: &[PathBuf],
) -> Result<Vec<Entry>, Error> {
    let told = |error| Error::Folder {
        package: locked.shown(),
        error,
    };
    let read = Folder::new(base.as_str(), folder).map_err(|reason| Error::Place {
        place: locked.place.clone(),
        reason,
    })?;
    let mut left_out = outputs.to_vec();
    left_out.push(folder.join("node_modules"));
    let entries = read.read(&left_out).map_err(told)?.into_iter();
    let entries = entries.map(|entry| Entry {
        path: entry.path,
        mode: entry.mode,
        owner,
        source: entry.source,
    });
    Ok(entries.collect())
}

/// The places of links, by the folder that they lead to.
fn links(project: &NpmProject) -> HashMap<&str, Vec<&str>> {
    let mut links: HashMap<&str, Vec<&str>> = HashMap::new();
    for (place, entry) in project.packages.iter().filter(|(_, entry)| entry.link) {
        if let Some(folder) = entry.resolved() {
            links.entry(folder).or_default().push(place);
        }
    }
    links
}

/// Where a place of the lock lies in the layer: what lies in a workspace goes with the copies
/// of it.
fn places(place: &str, links: &HashMap<&str, Vec<&str>>) -> Vec<String> {
    if place.starts_with("node_modules/") {
        return vec![place.to_owned()];
    }
    let Some(at) = place.find("/node_modules/") else {
        return Vec::new();
    };
    let copies = links.get(&place[..at]).into_iter().flatten();
    copies
        .map(|copy| format!("{copy}{}", &place[at..]))
        .collect()
}

fn file(locked: &Locked) -> String {
    match &locked.source {
        NpmSource::Folder(folder) => folder.display().to_string(),
        NpmSource::Tarball { .. } => locked.file_name(),
    }
}
