//! Which file of which index is the locked one.

use layerlock_client::{Client, RemoteFile, Site};
use layerlock_diagnostic::Place;
use layerlock_digest::Digest;

use crate::Error;
use crate::index::{Index, IndexFile, ProjectPage};
use crate::pages::fetch_project;
use crate::wheel::MAX_UNPACKED;

/// A file as the lock has it.
pub(crate) struct WantedFile<'a> {
    pub(crate) name: &'a str,
    /// None where the lock has no such hash.
    pub(crate) digest: Option<Digest>,
    /// Where the lock names it.
    pub(crate) place: &'a Place,
}

impl WantedFile<'_> {
    /// The locked file, as an index lists it.
    pub(crate) fn on_index(&self, file: &IndexFile, site: Site) -> RemoteFile {
        RemoteFile {
            name: file.name.clone(),
            digest: self.digest,
            url: file.url.clone(),
            site,
            size: file.size,
            max_bytes: MAX_UNPACKED,
        }
    }
}

/// Where the file was not found.
#[derive(Default)]
pub(crate) struct Misses {
    /// Pages, without credentials.
    pages: Vec<String>,
    /// Of the first file of a right name that its page gives another hash.
    mismatch: Option<Error>,
}

impl Misses {
    /// The file on a page, unless the page says that it has other bytes than
    /// those that were locked: it would be refused once fetched.
    pub(crate) fn find<'p>(
        &mut self,
        page: &'p ProjectPage,
        wanted: &WantedFile<'_>,
    ) -> Option<&'p IndexFile> {
        let file = page.file(wanted.name)?;
        let (Some(expected), Some(actual)) = (wanted.digest, file.digest) else {
            return Some(file);
        };
        if actual == expected {
            return Some(file);
        }
        self.mismatch.get_or_insert_with(|| Error::HashMismatch {
            file: file.name.clone(),
            expected: expected.into(),
            actual: actual.into(),
            url: file.url.to_string(),
            place: wanted.place.clone(),
        });
        None
    }

    /// Why there is no such file.
    pub(crate) fn error(self, file: &str) -> Error {
        self.mismatch.unwrap_or_else(|| Error::NotOnIndex {
            file: file.to_owned(),
            pages: self.pages,
        })
    }
}

/// Asks one index after the other for a project's page, until `take` has all that
/// it wants.
pub(crate) async fn search<T>(
    client: &Client,
    project: &str,
    indexes: &[Index],
    mut take: impl FnMut(&ProjectPage, &Index, &mut Misses) -> Option<T>,
) -> Result<Result<T, Misses>, Error> {
    let mut misses = Misses::default();
    for (number, index) in indexes.iter().enumerate() {
        let page = match fetch_project(client, index, project).await {
            Ok(page) => page,
            // The project is on another index, perhaps.
            Err(Error::Client(layerlock_client::Error::Status {
                url,
                status: 404 | 410,
            })) if number + 1 < indexes.len() => {
                misses.pages.push(url);
                continue;
            }
            Err(error) => return Err(error.of_index(index)),
        };
        misses.pages.push(page.url.to_string());
        if let Some(found) = take(&page.links, index, &mut misses) {
            return Ok(Ok(found));
        }
    }
    Ok(Err(misses))
}
