//! Fetching what is no wheel of an index: source distributions, and files at a URL.

use layerlock_client::{RemoteFile, SafeUrl, Site};
use layerlock_diagnostic::Place;
use layerlock_digest::Digest;
use layerlock_lock::{LockedPackage, is_plain_file_name};
use tempfile::NamedTempFile;

use crate::download::download;
use crate::index::{IndexUrlError, parse_http};
use crate::local::{self, LocalFiles};
use crate::locked_url;
use crate::search::{WantedFile, search};
use crate::wheel::MAX_UNPACKED;
use crate::{Error, FetchOptions, Reporter};

/// Fetches a file of a package that has the locked hash: from this machine, else
/// from the package's indexes.
pub(crate) fn fetch_locked(
    package: &LockedPackage,
    name: &str,
    digest: &Digest,
    options: &FetchOptions<'_>,
    reporter: &dyn Reporter,
) -> Result<NamedTempFile, Error> {
    // Without a cache of layerlock, Poetry's is not used either.
    let poetry = (!options.cache.is_temporary()).then_some(options.sources.session.machine());
    let found = LocalFiles::search([name], &options.all_find_links(), poetry);
    let locked = locked_url::local_file(package, name);
    for path in found.named(name).iter().chain(&locked) {
        if let Some(file) = local::take(path, digest, options.cache)? {
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
    let session = options.sources.session;
    session.block_on(|| async move {
        let client = session.client()?;
        let place = &package.place;
        if let Some(remote) = locked_url::remote_file(package, name, *digest, &options.sources)? {
            let file = download(client, &remote, place, options.cache, reporter).await;
            let file = file.map_err(|error| locked_url::failed(error, name, package))?;
            reporter.download_finished(name);
            return Ok(file);
        }
        let indexes = options.sources.indexes_for(package)?;
        let wanted = WantedFile {
            name,
            digest: Some(*digest),
            place: &package.place,
        };
        let project = package.name.as_str();
        let found = search(client, project, &indexes, |page, index, misses| {
            let file = misses.find(page, &wanted)?;
            Some(wanted.on_index(file, index.site()))
        });
        let remote = found.await?.map_err(|misses| misses.error(name))?;
        let file = download(client, &remote, place, options.cache, reporter).await?;
        reporter.download_finished(name);
        Ok(file)
    })
}

/// The URL of a file that the lock names.
pub(crate) struct FileUrl {
    url: SafeUrl,
    /// The last part of its path: a plain file name, since files are named by it.
    file_name: String,
}

impl FileUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, IndexUrlError> {
        let url = parse_http(text)?.without_fragment();
        // Decoded, it may have slashes.
        let file_name = url.file_name();
        if !is_plain_file_name(&file_name) {
            let url = url.to_string();
            return Err(IndexUrlError::FileName { url });
        }
        Ok(Self { url, file_name })
    }

    /// The last part of its path, a plain file name.
    pub(crate) fn file_name(&self) -> &str {
        &self.file_name
    }

    /// For people, and as what a build is kept by: without secrets.
    pub(crate) fn shown(&self) -> String {
        self.url.without_credentials().to_string()
    }

    /// Fetches the file, which has to have the hash, if one is known.
    pub(crate) fn fetch(
        &self,
        digest: Option<Digest>,
        place: &Place,
        options: &FetchOptions<'_>,
        reporter: &dyn Reporter,
    ) -> Result<NamedTempFile, Error> {
        let name = self.file_name.clone();
        if options.offline {
            return Err(Error::Offline { file: name });
        }
        reporter.downloads_planned(1);
        let remote = RemoteFile {
            name,
            digest,
            url: self.url.without_credentials(),
            // What follows the path is the file's own.
            site: Site {
                name: None,
                url: self.url.without_query(),
            },
            size: None,
            max_bytes: MAX_UNPACKED,
        };
        let session = options.sources.session;
        session.block_on(|| async {
            let client = session.client()?;
            let file = download(client, &remote, place, options.cache, reporter)
                .await
                .map_err(|error| match error {
                    Error::Client(error) => Error::FileAtUrl {
                        file: remote.name.clone(),
                        error,
                        place: place.clone(),
                    },
                    error => error,
                })?;
            reporter.download_finished(&remote.name);
            Ok(file)
        })
    }
}
