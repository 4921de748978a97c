//! The files of what a requirements file pins: the index has them.

use std::path::Path;

use layerlock_client::{MachineConfig, Session};
use layerlock_install::{FindLinks, Release, Silent, Sources};
use layerlock_lock::{LockError, PackageSource, ProjectIndex};
use layerlock_uv::{IndexOptions, RequirementsLock, ToLookUp};

use crate::cache::open_cache;
use crate::sources::{find_default_index, find_links, index_of_option};
use crate::{Error, Settings};

/// Reads a requirements file, and asks for the files of its packages.
pub(super) fn read(
    path: &Path,
    project: &[ProjectIndex],
    settings: &Settings,
) -> Result<RequirementsLock, Error> {
    let variable = |name: &str| std::env::var(name).ok();
    let read = RequirementsLock::read(path, settings.allow_unhashed, &variable);
    let mut lock = read.map_err(LockError::from)?;
    let wanted = lock.to_look_up();
    if !wanted.is_empty() {
        look_up(&mut lock, wanted, project, settings)?;
    }
    Ok(lock)
}

fn look_up(
    lock: &mut RequirementsLock,
    mut wanted: Vec<ToLookUp>,
    project: &[ProjectIndex],
    settings: &Settings,
) -> Result<(), Error> {
    let options = lock.index_options().clone();
    let cache = &open_cache(&settings.cache)?;
    let machine = MachineConfig::from_environment().in_project(settings.directory());
    let session = &Session::new(machine);
    let default_index = || find_default_index(session.machine(), cache, &Silent);
    let mut sources = Sources::new(project, &default_index, session);
    sources.option = index_of_option(settings)?;
    let find_links = all_find_links(&options, settings)?;
    let offline = settings.offline || session.machine().is_offline() || options.no_index;
    for index_url in indexes(&options) {
        let releases: Vec<Release> = wanted
            .iter()
            .map(|one| Release {
                name: one.name.clone(),
                version: one.version.clone(),
                hashes: one.hashes.clone(),
                index_url: index_url.clone(),
                place: one.place.clone(),
            })
            .collect();
        let listed = layerlock_install::list(&releases, &sources, &find_links, offline)?;
        let mut missing = Vec::new();
        for (one, files) in wanted.into_iter().zip(listed) {
            if files.is_empty() {
                missing.push(one);
                continue;
            }
            let source = PackageSource::Registry {
                url: index_url.clone(),
                reference: None,
            };
            lock.add_files(&one, source, files);
        }
        wanted = missing;
        if wanted.is_empty() || offline {
            break;
        }
    }
    Ok(())
}

/// The URLs of the indexes to ask, one after the other; `None` is the default one.
fn indexes(options: &IndexOptions) -> Vec<Option<String>> {
    let extra = options.extra_index_urls.iter().cloned().map(Some);
    std::iter::once(options.index_url.clone())
        .chain(extra)
        .collect()
}

fn all_find_links(options: &IndexOptions, settings: &Settings) -> Result<Vec<FindLinks>, Error> {
    let mut all = find_links(settings)?;
    for place in &options.find_links {
        let parsed = FindLinks::parse(place);
        all.push(parsed.map_err(layerlock_install::Error::from)?);
    }
    Ok(all)
}
