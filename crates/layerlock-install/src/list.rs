//! The files of a release, for locks that have hashes and no names of files.

use std::path::Path;

use futures::stream::{self, StreamExt, TryStreamExt};
use layerlock_client::Client;
use layerlock_diagnostic::Place;
use layerlock_digest::{Algorithm, Digest, Hasher};
use layerlock_lock::{LockedFile, LockedPackage, PackageName, PackageSource, normalize_name};
use layerlock_target::WheelName;
use pep440_rs::Version;

use crate::choose::SDISTS;
use crate::fetch::PAGES_AT_ONCE;
use crate::index::IndexFile;
use crate::pages::fetch_page;
use crate::search::search;
use crate::{Error, FindLinks, Sources};

/// A release whose files are looked for.
#[derive(Debug, Clone)]
pub struct Release {
    /// The package.
    pub name: PackageName,
    /// The version, normalised.
    pub version: String,
    /// The hashes that a file may have; any where there are none.
    pub hashes: Vec<Digest>,
    /// The URL of the index that is asked; the default one where there is none.
    pub index_url: Option<String>,
    /// Where the lock names it.
    pub place: Place,
}

/// The files of each release that have a locked hash: in the directories and on the pages
/// that are given, then on the index. Of what has no hash in the lock, those that the
/// index gives a hash of. None where there is no such file.
pub fn list(
    releases: &[Release],
    sources: &Sources<'_>,
    find_links: &[FindLinks],
    offline: bool,
) -> Result<Vec<Vec<LockedFile>>, Error> {
    let local: Vec<Vec<LockedFile>> = releases
        .iter()
        .map(|release| release.in_directories(find_links))
        .collect();
    if offline || releases.is_empty() {
        return Ok(local);
    }
    let found = sources.session.block_on(|| async {
        let client = sources.session.client()?;
        let mut pages = Vec::new();
        for (url, site) in find_links.iter().filter_map(FindLinks::page) {
            pages.extend(fetch_page(client, &url, &site).await?.links.files);
        }
        let pages = &pages;
        stream::iter(releases)
            .map(|release| async move {
                let on_pages: Vec<LockedFile> = release.of(pages).collect();
                if on_pages.is_empty() {
                    release.on_index(client, sources).await
                } else {
                    Ok(on_pages)
                }
            })
            .buffered(PAGES_AT_ONCE)
            .try_collect::<Vec<_>>()
            .await
    })?;
    let joined = local.into_iter().zip(found).map(|(mut files, found)| {
        let is_new = |file: &LockedFile| files.iter().all(|other| other.name != file.name);
        let new: Vec<LockedFile> = found.into_iter().filter(is_new).collect();
        files.extend(new);
        files
    });
    Ok(joined.collect())
}

impl Release {
    fn allows(&self, digest: &Digest) -> bool {
        self.hashes.is_empty() || self.hashes.contains(digest)
    }

    /// Whether a file is of this release.
    fn has(&self, file: &str) -> bool {
        if let Ok(wheel) = file.parse::<WheelName>() {
            return self.name == wheel.name() && wheel.is_version(&self.version);
        }
        let stem = SDISTS.iter().find_map(|ending| file.strip_suffix(ending));
        let Some((name, version)) = stem.and_then(|stem| stem.rsplit_once('-')) else {
            return false;
        };
        let is_version = |text: &str| text.parse::<Version>().ok() == self.version.parse().ok();
        self.name == normalize_name(name) && is_version(version)
    }

    fn of<'f>(&self, files: &'f [IndexFile]) -> impl Iterator<Item = LockedFile> + use<'f, '_> {
        let files = files.iter().filter(|file| self.has(&file.name));
        files.filter_map(|file| {
            let digest = file.digest.filter(|digest| self.allows(digest))?;
            Some(LockedFile {
                name: file.name.clone(),
                url: None,
                size: file.size,
                digests: vec![digest],
                weak_hash: None,
            })
        })
    }

    async fn on_index(
        &self,
        client: &Client,
        sources: &Sources<'_>,
    ) -> Result<Vec<LockedFile>, Error> {
        let package = LockedPackage {
            name: self.name.clone(),
            version: self.version.clone(),
            source: PackageSource::Registry {
                url: self.index_url.clone(),
                reference: None,
            },
            extras: Vec::new(),
            groups: Vec::new(),
            files: Vec::new(),
            place: self.place.clone(),
            requires_python: "*".to_owned(),
        };
        let indexes = sources.indexes_for(&package)?;
        let name = self.name.as_str();
        let found = search(client, name, &indexes, |page, _, _| {
            let files: Vec<LockedFile> = self.of(&page.files).collect();
            (!files.is_empty()).then_some(files)
        });
        match found.await {
            Ok(found) => Ok(found.unwrap_or_default()),
            Err(error) if error.is_missing() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn in_directories(&self, find_links: &[FindLinks]) -> Vec<LockedFile> {
        let mut files = Vec::new();
        for directory in find_links.iter().filter_map(FindLinks::directory) {
            let entries = fs_err::read_dir(directory).into_iter().flatten().flatten();
            let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
            let mut names: Vec<String> = names.filter(|name| self.has(name)).collect();
            names.sort();
            for name in names {
                if let Some(file) = self.local_file(&directory.join(&name), name) {
                    files.push(file);
                }
            }
        }
        files
    }

    fn local_file(&self, path: &Path, name: String) -> Option<LockedFile> {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let bytes = fs_err::read(path).ok()?;
        hasher.update(&bytes);
        let digest = hasher.finish();
        let path = std::path::absolute(path).ok()?;
        self.allows(&digest).then(|| LockedFile {
            url: url::Url::from_file_path(path).ok().map(Into::into),
            name,
            size: None,
            digests: vec![digest],
            weak_hash: None,
        })
    }
}
