//! Files: streamed to disk, hashed on the way, and gone on with where they broke
//! off.

use std::io::{Read, Write};
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;
use layerlock_diagnostic::Place;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_RANGE, RANGE,
};
use reqwest::{Response, StatusCode};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use url::Url;

use super::retry::{Failure, Retry, with_retries};
use super::{Client, Content, content_type};
use crate::index::{self, Index, IndexFile, redacted};
use crate::search::LockedFile;
use crate::{Cache, Error, Reporter};

/// As much of what is no wheel is read to say what it is.
const GLIMPSE: u64 = 64 * 1024;

/// An index may be wrong about a size by this many bytes, if the hash is right.
const LENIENCE: u64 = 1 << 20;

/// A file on an index, and what the lock says of it.
pub(crate) struct Remote {
    pub(crate) name: String,
    /// None where the lock has no hash, as for addresses in old ones.
    pub(crate) sha256: Option<[u8; 32]>,
    /// Where the lock says so.
    pub(crate) place: Place,
    pub(crate) url: Url,
    /// Whose link it is: the index, or a page of links.
    pub(crate) index: Index,
    /// Bytes, where the index tells (PEP 700).
    pub(crate) size: Option<u64>,
}

/// What has come of a file so far.
struct Unfinished {
    file: NamedTempFile,
    hasher: Sha256,
    length: u64,
    /// Which version of the file it is of, as the server names it.
    version: Option<HeaderValue>,
}

impl Unfinished {
    fn new(cache: &Cache) -> Result<Self, Error> {
        Ok(Self {
            file: cache.temporary_file()?,
            hasher: Sha256::new(),
            length: 0,
            version: None,
        })
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), Error> {
        self.hasher.update(piece);
        self.length += piece.len() as u64;
        self.file
            .write_all(piece)
            .map_err(Error::io("write", self.file.path()))
    }
}

impl Client<'_> {
    /// Streams a file into the cache's folder for unfinished things. A stream
    /// that breaks is gone on with where the server can do that, else begun
    /// again. What comes out has the locked hash.
    pub(crate) async fn download(
        &self,
        file: &Remote,
        cache: &Cache,
        reporter: &dyn Reporter,
    ) -> Result<NamedTempFile, Error> {
        let unfinished = Mutex::new(None);
        let attempt = || self.download_once(file, &unfinished, cache, reporter);
        with_retries(self.connections.patience.retries, attempt, |error| {
            reporter.download_restarted(&file.name, &error.to_string());
        })
        .await
    }

    async fn download_once(
        &self,
        file: &Remote,
        unfinished: &Mutex<Option<Unfinished>>,
        cache: &Cache,
        reporter: &dyn Reporter,
    ) -> Result<NamedTempFile, Failure> {
        let begun = lock(unfinished).take();
        let asked = self.get(
            Content::File,
            &file.url,
            &file.index,
            headers(begun.as_ref()),
        );
        let (final_url, mut response) = match asked.await {
            Ok(answer) => answer,
            Err(failure) => {
                // The server is down, and what came before is no worse for it.
                *lock(unfinished) = begun;
                return Err(failure);
            }
        };
        let mut was_resumed = false;
        let mut target = match begun {
            Some(begun) if goes_on(&response, begun.length) => {
                was_resumed = true;
                begun
            }
            _ if response.status() == StatusCode::PARTIAL_CONTENT => {
                return Err(Failure {
                    error: Error::Request {
                        url: redacted(&file.url),
                        reason: "another part came than was asked for".to_owned(),
                    },
                    retry: Retry::Soon,
                });
            }
            _ => Unfinished::new(cache)?,
        };
        target.version = response.headers().get(ETAG).cloned();
        let content_type = content_type(&response);
        reporter.download_started(&file.name, response.content_length().or(file.size));
        let announced = response.content_length().unwrap_or(0);
        file.refuse_beyond(
            self.max_file,
            target.length.saturating_add(announced),
            &final_url,
        )?;
        loop {
            match response.chunk().await {
                Ok(Some(piece)) => {
                    target.write(&piece)?;
                    file.refuse_beyond(self.max_file, target.length, &final_url)?;
                    reporter.download_progressed(&file.name, piece.len() as u64);
                }
                Ok(None) => break,
                Err(error) => {
                    *lock(unfinished) = Some(target);
                    return Err(self.failed(&error, &file.url));
                }
            }
        }
        let sha256: [u8; 32] = target.hasher.finalize().into();
        let Some(expected) = file.sha256.filter(|expected| *expected != sha256) else {
            return Ok(target.file);
        };
        let html = html_title(content_type.as_deref(), &target.file);
        let mut failure =
            file.other_than_locked(&final_url, html, target.length, [expected, sha256]);
        if was_resumed {
            // The parts may be of two files: not so from the start.
            failure.retry = Retry::Soon;
        }
        Err(failure)
    }
}

impl Remote {
    /// The locked file, as an index lists it.
    pub(crate) fn new(locked: &LockedFile<'_>, file: &IndexFile, index: &Index) -> Self {
        Self {
            name: file.name.clone(),
            sha256: locked.sha256,
            place: locked.place.clone(),
            url: file.url.clone(),
            index: index.clone(),
            size: file.size,
        }
    }

    /// Refuses a file of this many bytes or more, where that is too much. A server
    /// could go on for ever.
    fn refuse_beyond(&self, max: u64, length: u64, url: &Url) -> Result<(), Error> {
        let promised = self.size.map(|size| size.saturating_add(LENIENCE));
        if length <= promised.unwrap_or(max).min(max) {
            return Ok(());
        }
        Err(Error::TooLong {
            file: self.name.clone(),
            url: redacted(url),
            length,
            promised: self.size.filter(|_| length <= max),
        })
    }

    /// What is wrong with a whole answer that is not the locked file.
    fn other_than_locked(
        &self,
        url: &Url,
        html_title: Option<String>,
        length: u64,
        [expected, actual]: [[u8; 32]; 2],
    ) -> Failure {
        let file = self.name.clone();
        let url = redacted(url);
        if let Some(title) = html_title {
            return Failure::from(Error::PageInsteadOfFile { file, url, title });
        }
        match self.size {
            // Cut on the way: the next time it may come whole.
            Some(promised) if promised != length => Failure {
                error: Error::Length {
                    file,
                    url,
                    promised,
                    actual: length,
                },
                retry: Retry::Soon,
            },
            _ => Failure::from(Error::HashMismatch {
                file,
                expected: HEXLOWER.encode(&expected),
                actual: HEXLOWER.encode(&actual),
                url,
                place: self.place.clone(),
            }),
        }
    }
}

/// The bytes as they are, from where they broke off (RFC 9110, 14.2). If-Range
/// makes the server send all of a file that has changed meanwhile; where it names
/// no versions, the hash tells.
fn headers(begun: Option<&Unfinished>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if let Some(begun) = begun.filter(|begun| begun.length > 0)
        && let Ok(range) = HeaderValue::from_str(&format!("bytes={}-", begun.length))
    {
        headers.insert(RANGE, range);
        // A weak one says nothing about bytes.
        let version = begun.version.clone();
        let strong = version.filter(|version| !version.as_bytes().starts_with(b"W/"));
        headers.extend(strong.map(|version| (IF_RANGE, version)));
    }
    headers
}

/// Whether an answer is the rest of a file, from this byte on.
fn goes_on(response: &Response, from: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE);
    let range = range.and_then(|range| range.to_str().ok());
    response.status() == StatusCode::PARTIAL_CONTENT
        && range.is_some_and(|range| range.starts_with(&format!("bytes {from}-")))
}

/// The title (empty without one) of what came in a file's place, where that is a
/// page for people.
fn html_title(content_type: Option<&str>, file: &NamedTempFile) -> Option<String> {
    let mut head = Vec::new();
    fs_err::File::open(file.path())
        .and_then(|file| file.take(GLIMPSE).read_to_end(&mut head))
        .ok()?;
    let text = String::from_utf8_lossy(&head);
    let is_labelled = content_type.is_some_and(|kind| {
        let kind = kind.trim_start().to_ascii_lowercase();
        kind.starts_with("text/html")
    });
    (is_labelled || text.trim_start().starts_with('<'))
        .then(|| index::html_title(&text).unwrap_or_default())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use layerlock_testkit::{Fault, LoopbackIndex, WheelBuilder};

    use super::*;
    use crate::index::IndexUrl;
    use crate::{Silent, Surroundings};

    /// Where no index promises a size, what any layer could hold is the limit.
    #[test]
    fn a_file_of_which_nothing_is_known_is_bounded_too() {
        let wheel = WheelBuilder::new("demo", "1.0").build();
        let index = LoopbackIndex::with_wheels([&wheel]);
        let piece = vec![b'x'; 1000];
        let endless = Fault::Endless { piece, gzip: false };
        index.fault(&index.file_path(&wheel), endless);
        let surroundings = Surroundings::default();
        let mut client = Client::new(&surroundings).unwrap();
        client.max_file = 1 << 20;
        let mut remote = Remote {
            name: wheel.file_name.clone(),
            sha256: None,
            place: Place {
                path: "poetry.lock".into(),
                line: 1,
                column: 1,
                span: 0..0,
            },
            url: Url::parse(&index.file_url(&wheel)).unwrap(),
            index: IndexUrl::parse(&index.url()).unwrap().into(),
            size: None,
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let cache = Cache::temporary().unwrap();
        for size in [None, Some(u64::MAX)] {
            remote.size = size;
            let error = runtime
                .block_on(client.download(&remote, &cache, &Silent))
                .unwrap_err();
            assert!(
                matches!(error, Error::TooLong { promised: None, length, .. }
                    if length > 1 << 20 && length < 2 << 20),
                "{error:?}"
            );
        }
    }
}
