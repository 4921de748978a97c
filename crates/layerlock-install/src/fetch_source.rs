//! Fetching what is no wheel of an index: source distributions, and files at an
//! address.

use std::time::Duration;

use layerlock_diagnostic::Place;
use layerlock_lock::{LockedPackage, is_plain_file_name};
use tempfile::NamedTempFile;
use url::Url;

use crate::client::{Client, Remote};
use crate::fetch::on_a_thread_of_its_own;
use crate::index::{AddressError, Index, IndexUrl, Order, ProjectPage, redacted};
use crate::local::{self, LocalFiles};
use crate::search::{LockedFile, search};
use crate::{Error, FetchOptions, Reporter};

/// Fetches a file of a package that has the locked hash: from this machine, else
/// from the package's indexes.
pub(crate) fn fetch_locked(
    package: &LockedPackage,
    name: &str,
    sha256: &[u8; 32],
    options: &FetchOptions<'_>,
    reporter: &dyn Reporter,
) -> Result<NamedTempFile, Error> {
    // Who wants no cache wants nobody's.
    let poetry = (!options.cache.is_temporary()).then_some(options.sources.surroundings);
    for path in LocalFiles::search([name], &options.find_links, poetry).named(name) {
        if let Some(file) = local::take(path, sha256, options.cache)? {
            reporter.found_locally(name, &path.display().to_string());
            return Ok(file);
        }
    }
    if options.offline {
        return Err(Error::Offline {
            file: name.to_owned(),
        });
    }
    reporter.downloads_planned(1);
    on_a_thread_of_its_own(|| async move {
        let client = Client::new(options.sources.surroundings)?;
        let indexes = Order::new(&options.sources).of(package)?;
        let wanted = LockedFile {
            name,
            sha256: Some(*sha256),
            place: &package.place,
        };
        let found = search(
            &client,
            package.name.as_str(),
            &indexes,
            |page, index, misses| {
                let file = misses.find(page, &wanted)?;
                Some(Remote::new(&wanted, file, index))
            },
        );
        let remote = found.await?.map_err(|misses| misses.error(name))?;
        let file = client.download(&remote, options.cache, reporter).await?;
        reporter.download_finished(name);
        Ok(file)
    })
}

/// The files that the package's index has of it, for advice: soon or not at all.
pub(crate) fn files_on_index(
    package: &LockedPackage,
    options: &FetchOptions<'_>,
    patience: Duration,
) -> Option<ProjectPage> {
    if options.offline {
        return None;
    }
    let look = on_a_thread_of_its_own(|| async move {
        let client = Client::new(options.sources.surroundings)?;
        let indexes = Order::new(&options.sources).of(package)?;
        let look = async {
            for index in &indexes {
                if let Ok(page) = client.project(index, package.name.as_str()).await {
                    return Some(page.links);
                }
            }
            None
        };
        Ok(tokio::time::timeout(patience, look).await.ok().flatten())
    });
    look.ok().flatten()
}

/// The address of a file that the lock names.
pub(crate) struct FileAddress {
    /// Without credentials.
    url: Url,
    /// The last part of its path: a plain file name, since files are named by it.
    file_name: String,
    /// Holds the credentials that the address carried.
    origin: IndexUrl,
}

impl FileAddress {
    pub(crate) fn parse(text: &str) -> Result<Self, AddressError> {
        // What follows the path is the file's own, and no part of its origin.
        let end = text.find(['?', '#']).unwrap_or(text.len());
        let origin = IndexUrl::parse(&text[..end])?;
        let mut url = Url::parse(text).map_err(|error| AddressError::NotAnAddress {
            text: origin.to_string(),
            reason: error.to_string(),
        })?;
        // They fail only for addresses that cannot have user-info.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        let last = url.path().rsplit('/').next().unwrap_or_default();
        // Decoded, it may have slashes again.
        let file_name = crate::index::address::decoded(last);
        if !is_plain_file_name(&file_name) {
            let url = redacted(&url);
            return Err(AddressError::FileName { url });
        }
        Ok(Self {
            url,
            file_name,
            origin,
        })
    }

    /// The last part of its path, a plain file name.
    pub(crate) fn file_name(&self) -> &str {
        &self.file_name
    }

    /// For people: without secrets.
    pub(crate) fn shown(&self) -> String {
        redacted(&self.url)
    }

    /// Fetches the file, which has to have the hash, if one is known.
    pub(crate) fn fetch(
        &self,
        sha256: Option<[u8; 32]>,
        place: &Place,
        options: &FetchOptions<'_>,
        reporter: &dyn Reporter,
    ) -> Result<NamedTempFile, Error> {
        let name = self.file_name.clone();
        if options.offline {
            return Err(Error::Offline { file: name });
        }
        reporter.downloads_planned(1);
        on_a_thread_of_its_own(|| async move {
            let client = Client::new(options.sources.surroundings)?;
            let remote = Remote {
                name,
                sha256,
                place: place.clone(),
                url: self.url.clone(),
                index: Index::from(self.origin.clone()),
                size: None,
            };
            let file = client.download(&remote, options.cache, reporter).await?;
            reporter.download_finished(&remote.name);
            Ok(file)
        })
    }
}
