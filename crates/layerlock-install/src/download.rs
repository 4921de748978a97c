//! Downloads into the cache.

use layerlock_client::{Client, Progress, RemoteFile};
use layerlock_diagnostic::Place;
use tempfile::NamedTempFile;

use crate::{Cache, Error, Reporter};

/// Streams a file into the cache's directory for unfinished things. What comes out
/// has the locked hash; `place` is where the lock names the file.
pub(crate) async fn download(
    client: &Client,
    file: &RemoteFile,
    place: &Place,
    cache: &Cache,
    reporter: &dyn Reporter,
) -> Result<NamedTempFile, Error> {
    let progress = |progress: Progress<'_>| match progress {
        Progress::Started(size) => reporter.download_started(&file.name, size),
        Progress::Received(bytes) => reporter.download_progressed(&file.name, bytes),
        Progress::Restarted(error) => {
            reporter.download_restarted(&file.name, &error.to_string());
        }
    };
    let downloaded = client.download(file, cache.temporary_file()?, &progress);
    downloaded.await.map_err(|error| match error {
        layerlock_client::Error::HashMismatch {
            file,
            expected,
            actual,
            url,
        } => Error::HashMismatch {
            file,
            expected,
            actual,
            url,
            place: place.clone(),
        },
        error => error.into(),
    })
}
