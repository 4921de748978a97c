//! Files of an index whose URL the lock has: no page of the index has to be asked.
//!
//! The lock's hash makes the URL safe, as it does for a page: the bytes must be the
//! locked ones. Credentials are those of the index, and for its own origin alone.

use std::path::PathBuf;

use layerlock_client::{RemoteFile, Site};
use layerlock_digest::Digest;
use layerlock_lock::{LockedFile, LockedPackage, PackageSource};

use crate::index::parse_http;
use crate::wheel::MAX_UNPACKED;
use crate::{Error, Sources};

fn locked_file<'p>(package: &'p LockedPackage, name: &str) -> Option<(&'p LockedFile, &'p str)> {
    let file = package.files.iter().find(|file| file.name == name)?;
    Some((file, file.url.as_deref()?))
}

/// The file at its locked URL, unless the user named an index for all files.
pub(crate) fn remote_file(
    package: &LockedPackage,
    name: &str,
    digest: Digest,
    sources: &Sources<'_>,
) -> Result<Option<RemoteFile>, Error> {
    let Some((file, text)) = locked_file(package, name) else {
        return Ok(None);
    };
    if sources.option.is_some() || text.starts_with(FILE_SCHEME) {
        return Ok(None);
    }
    let url = parse_http(text).map_err(|error| Error::LockedUrl {
        error,
        place: package.place.clone(),
    })?;
    let site = match &package.source {
        PackageSource::Registry { url: Some(_), .. } => {
            let indexes = sources.indexes_for(package)?;
            indexes.first().map(crate::index::Index::site)
        }
        _ => None,
    };
    Ok(Some(RemoteFile {
        name: name.to_owned(),
        digest: Some(digest),
        site: site.unwrap_or_else(|| Site {
            name: None,
            url: url.without_query(),
        }),
        url: url.without_fragment(),
        size: file.size,
        max_bytes: MAX_UNPACKED,
    }))
}

const FILE_SCHEME: &str = "file:";

/// Where the file is on this machine, where its locked URL says so.
pub(crate) fn local_file(package: &LockedPackage, name: &str) -> Option<PathBuf> {
    let (_, url) = locked_file(package, name)?;
    if !url.starts_with(FILE_SCHEME) {
        return None;
    }
    url::Url::parse(url).ok()?.to_file_path().ok()
}

/// What a download of such a file failed of, with the place in the lock.
pub(crate) fn failed(error: Error, name: &str, package: &LockedPackage) -> Error {
    match error {
        Error::Client(error) => Error::FileAtUrl {
            file: name.to_owned(),
            error,
            place: package.place.clone(),
        },
        error => error,
    }
}
