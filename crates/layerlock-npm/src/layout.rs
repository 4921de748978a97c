//! Where the files of packages land in a layer.

use std::collections::HashMap;
use std::path::PathBuf;

use layerlock_digest::Digest;
use layerlock_folders::Folder;
use layerlock_layer::{Entry, EntrySource, LayerPath, Mode, OwnerId, PlanBuilder};

use crate::select::{Locked, NpmSource};
use crate::store::{NpmPackage, NpmPackages, key};
use crate::{Error, NpmProject};

/// Where Node's packages lie in a layer.
const FOLDER: &str = "nodejs";

/// A package of a layer, in however many places.
#[derive(Debug, Clone)]
pub struct NpmOwner {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its tarball's name, or the folder that it is copied from.
    pub file: String,
    /// SHA-256 of its tarball; none of a folder.
    pub digest: Option<Digest>,
    /// Who owns its files in the plan.
    pub owner: OwnerId,
}

/// Adds the files of packages to a plan. `outputs` of the run are no part of a folder that is
/// copied. Gives the packages in the order of their owners.
pub fn push(
    project: &NpmProject,
    packages: &[Locked],
    store: &NpmPackages,
    rank: usize,
    outputs: &[PathBuf],
    keep: &mut dyn FnMut(&Entry) -> bool,
    builder: &mut PlanBuilder,
) -> Result<Vec<NpmOwner>, Error> {
    let links = links(project);
    let mut owners: Vec<NpmOwner> = Vec::new();
    let mut archives = HashMap::new();
    let mut sorted: Vec<&Locked> = packages.iter().collect();
    sorted.sort_by(|one, other| {
        (&one.name, &one.version, &one.place).cmp(&(&other.name, &other.version, &other.place))
    });
    for locked in sorted {
        let package = match &locked.source {
            NpmSource::Tarball { integrity, .. } => store.get(&key(integrity)),
            NpmSource::Folder(_) => None,
        };
        let digest = package.map(|package| package.contents.tarball);
        let same = owners.iter().find(|owner| {
            owner.name == locked.name && owner.version == locked.version && owner.digest == digest
        });
        let owner = same.map_or_else(
            || builder.ranked_owner(format!("{} {}", locked.name, locked.version), rank),
            |same| same.owner,
        );
        if same.is_none() {
            owners.push(NpmOwner {
                name: locked.name.clone(),
                version: locked.version.clone(),
                file: file(locked),
                digest,
                owner,
            });
        }
        for place in places(&locked.place, &links) {
            let base =
                LayerPath::new(format!("{FOLDER}/{place}")).map_err(|reason| Error::Place {
                    place: locked.place.clone(),
                    reason,
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
    Ok(owners)
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
