//! What the indexes tell of locked packages, without fetching a file.

use futures::stream::{self, StreamExt, TryStreamExt};
use layerlock_client::Client;
use layerlock_lock::LockedPackage;

use crate::choose::locked_sha256;
use crate::fetch::PAGES_AT_ONCE;
use crate::index::{Index, IndexFile, IndexUrl};
use crate::search::{WantedFile, search};
use crate::{Error, Sources};

/// A package on its index.
#[derive(Debug, Clone)]
pub struct ListedPackage {
    /// The index.
    pub index: IndexUrl,
    /// The package's files, in the order in which the lock has them.
    pub files: Vec<IndexFile>,
}

/// Looks up every file of packages that come from an index, whatever target it
/// is for: on the first index that has them all, of those that
/// [`fetch`](crate::fetch()) would ask.
///
/// What comes back is for people and tools to read: nothing of it was checked.
pub fn look_up(
    packages: &[LockedPackage],
    sources: &Sources<'_>,
    offline: bool,
) -> Result<Vec<ListedPackage>, Error> {
    match packages.first() {
        None => Ok(Vec::new()),
        Some(first) if offline => Err(Error::OfflineLookUp {
            package: first.name.to_string(),
        }),
        Some(_) => sources.session.block_on(|| all(packages, sources)),
    }
}

async fn all(
    packages: &[LockedPackage],
    sources: &Sources<'_>,
) -> Result<Vec<ListedPackage>, Error> {
    let client = sources.session.client()?;
    let mut wanted = Vec::with_capacity(packages.len());
    for package in packages {
        wanted.push((package, sources.indexes_for(package)?));
    }
    stream::iter(wanted)
        .map(|(package, indexes)| one(client, package, indexes))
        .buffered(PAGES_AT_ONCE)
        .try_collect()
        .await
}

async fn one(
    client: &Client,
    package: &LockedPackage,
    indexes: Vec<Index>,
) -> Result<ListedPackage, Error> {
    let mut missing = "";
    let found = search(
        client,
        package.name.as_str(),
        &indexes,
        |page, index, misses| {
            let mut files = Vec::with_capacity(package.files.len());
            for file in &package.files {
                let wanted = WantedFile {
                    name: &file.name,
                    digest: locked_sha256(file, &package.place).ok(),
                    place: &package.place,
                };
                missing = &file.name;
                files.push(misses.find(page, &wanted)?.clone());
            }
            Some(ListedPackage {
                index: index.url.clone(),
                files,
            })
        },
    );
    found.await?.map_err(|misses| misses.error(missing))
}
