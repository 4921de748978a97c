//! What the indexes tell of locked packages, without fetching a file.

use futures::stream::{self, StreamExt, TryStreamExt};
use layerlock_export::LockedPackage;

use crate::Error;
use crate::client::Client;
use crate::fetch::{PAGES_AT_ONCE, on_a_thread_of_its_own};
use crate::index::{Index, IndexFile, IndexUrl, Order, Sources};

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
            package: first.name.clone(),
        }),
        Some(_) => on_a_thread_of_its_own(|| all(packages, sources)),
    }
}

async fn all(
    packages: &[LockedPackage],
    sources: &Sources<'_>,
) -> Result<Vec<ListedPackage>, Error> {
    let client = &Client::new(sources.surroundings)?;
    let order = Order::new(sources);
    let mut wanted = Vec::with_capacity(packages.len());
    for package in packages {
        wanted.push((package, order.of(package)?));
    }
    stream::iter(wanted)
        .map(|(package, indexes)| one(client, package, indexes))
        .buffered(PAGES_AT_ONCE)
        .try_collect()
        .await
}

async fn one(
    client: &Client<'_>,
    package: &LockedPackage,
    indexes: Vec<Index>,
) -> Result<ListedPackage, Error> {
    let mut missing = String::new();
    let mut pages = Vec::new();
    let last = indexes.len().saturating_sub(1);
    for (number, index) in indexes.into_iter().enumerate() {
        let page = match client.project(&index, &package.name).await {
            Ok(page) => page,
            // The project is on another index, perhaps.
            Err(Error::Status {
                url,
                status: 404 | 410,
            }) if number < last => {
                pages.push(url);
                continue;
            }
            Err(error) => return Err(error),
        };
        pages.push(page.shown);
        let files: Result<_, _> = package
            .files
            .iter()
            .map(|file| {
                let locked = file.hash.strip_prefix("sha256:");
                page.links
                    .file(&file.name)
                    // The page itself may say that it is another one.
                    .filter(|found| match (&found.sha256, locked) {
                        (Some(sha256), Some(locked)) => sha256 == locked,
                        _ => true,
                    })
                    .cloned()
                    .ok_or(&file.name)
            })
            .collect();
        match files {
            Ok(files) => {
                let index = index.url;
                return Ok(ListedPackage { index, files });
            }
            Err(name) => missing.clone_from(name),
        }
    }
    Err(Error::NotOnIndex {
        file: missing,
        pages,
    })
}
