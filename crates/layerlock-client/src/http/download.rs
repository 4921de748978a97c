//! Files: streamed to disk, hashed on the way, and continued where they broke off.

use std::io::{Read, Seek, SeekFrom, Write};

use layerlock_digest::{Algorithm, Digest, Hasher};
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_RANGE, RANGE,
};
use reqwest::{Response, StatusCode};
use tempfile::NamedTempFile;
use tokio::sync::Mutex;

use super::client::{Client, content_type};
use super::connections::Content;
use super::failure::{Failure, Retry};
use super::patience::Patience;
use super::retry::with_retries;
use crate::{Error, SafeUrl, Site};

/// As much of an unexpected file is read to say what it is, in bytes.
const HEAD: u64 = 64 * 1024;

/// An index may be wrong about a size by this many bytes, if the hash is right.
const TOLERANCE: u64 = 1 << 20;

/// A file on a server, and what is known of it.
#[derive(Debug, Clone)]
pub struct RemoteFile {
    /// What to call it.
    pub name: String,
    /// The digest that it must have. None where nobody knows.
    pub digest: Option<Digest>,
    /// Where it is.
    pub url: SafeUrl,
    /// What led to it.
    pub site: Site,
    /// Bytes, where its index tells.
    pub size: Option<u64>,
    /// It may have no more bytes than this: a server could go on for ever.
    pub max_bytes: u64,
}

/// What happens on the way.
#[derive(Debug)]
pub enum Progress<'a> {
    /// An answer begins, with this many bytes to come where that is known. It may
    /// be one to a later try, which continues where the last one broke off.
    Started(Option<u64>),
    /// This many bytes came.
    Received(u64),
    /// Another try begins, and why.
    Restarted(&'a Error),
}

impl Client {
    /// Streams a file into `into`, which is empty. A stream that breaks is continued
    /// where the server can do that, else begun again. What comes out has the digest
    /// that it must have.
    pub async fn download(
        &self,
        file: &RemoteFile,
        into: NamedTempFile,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<NamedTempFile, Error> {
        let partial = Mutex::new(Partial::new(into, file));
        let patience = self.patience();
        let attempt = || self.download_once(file, &partial, &patience, progress);
        with_retries(self.retries(), &patience, attempt, |error| {
            progress(Progress::Restarted(error));
        })
        .await?;
        Ok(partial.into_inner().file)
    }

    async fn download_once(
        &self,
        file: &RemoteFile,
        partial: &Mutex<Partial>,
        patience: &Patience,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<(), Failure> {
        let mut partial = partial.lock().await;
        // Where this fails the server is down, and what came before is no worse.
        let (final_url, mut response) = self
            .get(
                Content::File,
                &file.url,
                &file.site,
                headers(&partial),
                patience,
            )
            .await?;
        let is_rest = is_rest(&response, partial.length);
        if !is_rest {
            partial.clear()?;
            if response.status() == StatusCode::PARTIAL_CONTENT {
                return Err(Failure {
                    error: Error::Request {
                        url: file.url.to_string(),
                        reason: "another part came than was asked for".to_owned(),
                    },
                    retry: Retry::Soon,
                });
            }
        }
        partial.version = response.headers().get(ETAG).cloned();
        let announced = response.content_length();
        progress(Progress::Started(announced.or(file.size)));
        let whole = partial.length.saturating_add(announced.unwrap_or(0));
        file.refuse_beyond(whole, &final_url)?;
        while let Some(piece) = patience
            .wait(&file.url, response.chunk())
            .await?
            .map_err(|error| self.failed(&error, &file.url))?
        {
            patience.received(piece.len());
            partial.write(&piece)?;
            file.refuse_beyond(partial.length, &final_url)?;
            progress(Progress::Received(piece.len() as u64));
        }
        let actual = partial.hasher.clone().finish();
        let Some(expected) = file.digest.filter(|expected| *expected != actual) else {
            return Ok(());
        };
        let html = title_if_page_for_people(content_type(&response).as_deref(), &partial.file)
            .map(|title| self.hide_secrets(&title));
        let is_cut = lacks_its_end(&file.name, &partial.file);
        let digests = [expected, actual];
        let mut failure =
            file.other_than_expected(&final_url, html, is_cut, partial.length, digests);
        if is_rest {
            // The parts may be of two files: not so from the start.
            failure.retry = Retry::Soon;
        }
        partial.clear()?;
        Err(failure)
    }
}

impl RemoteFile {
    /// Refuses a file of this many bytes or more, where that is too much.
    fn refuse_beyond(&self, length: u64, url: &SafeUrl) -> Result<(), Error> {
        let promised = self.size.map(|size| size.saturating_add(TOLERANCE));
        let max = self.max_bytes;
        if length <= promised.unwrap_or(max).min(max) {
            return Ok(());
        }
        Err(Error::TooLong {
            file: self.name.clone(),
            url: url.to_string(),
            length,
            promised: self.size.filter(|_| length <= max),
        })
    }

    /// What is wrong with a whole answer that is not the expected file.
    fn other_than_expected(
        &self,
        url: &SafeUrl,
        html_title: Option<String>,
        is_cut: bool,
        length: u64,
        [expected, actual]: [Digest; 2],
    ) -> Failure {
        let file = self.name.clone();
        let url = url.to_string();
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
            None if is_cut => Failure {
                error: Error::Request {
                    url,
                    reason: format!("{file} ends in the middle, after {length} bytes"),
                },
                retry: Retry::Soon,
            },
            promised => Failure {
                error: Error::HashMismatch {
                    file,
                    expected: Box::new(expected),
                    actual: Box::new(actual),
                    url,
                },
                // Where nobody says how long it is, it may have been cut.
                retry: promised.map_or(Retry::Soon, |_| Retry::Never),
            },
        }
    }
}

/// What has come of a file so far.
struct Partial {
    file: NamedTempFile,
    algorithm: Algorithm,
    hasher: Hasher,
    length: u64,
    /// Which version of the file it is of, as the server names it.
    version: Option<HeaderValue>,
}

impl Partial {
    fn new(file: NamedTempFile, remote: &RemoteFile) -> Self {
        let algorithm = remote
            .digest
            .map_or(Algorithm::Sha256, |digest| digest.algorithm());
        Self {
            file,
            algorithm,
            hasher: Hasher::new(algorithm),
            length: 0,
            version: None,
        }
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), Error> {
        self.hasher.update(piece);
        self.length += piece.len() as u64;
        let written = self.file.write_all(piece);
        written.map_err(|source| self.failed(source))
    }

    /// Begins again.
    fn clear(&mut self) -> Result<(), Error> {
        if self.length == 0 {
            return Ok(());
        }
        self.hasher = Hasher::new(self.algorithm);
        self.length = 0;
        self.version = None;
        let file = self.file.as_file_mut();
        let cleared = file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0)));
        cleared.map(drop).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::Write {
            path: self.file.path().to_owned(),
            source,
        }
    }
}

/// The bytes as they are, from where they broke off (RFC 9110, 14.2). If-Range
/// makes the server send all of a file that has changed meanwhile; where it names
/// no versions, the hash tells.
fn headers(partial: &Partial) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if partial.length > 0
        && let Ok(range) = HeaderValue::from_str(&format!("bytes={}-", partial.length))
    {
        headers.insert(RANGE, range);
        // A weak one says nothing about bytes.
        let version = partial.version.clone();
        let strong = version.filter(|version| !version.as_bytes().starts_with(b"W/"));
        headers.extend(strong.map(|version| (IF_RANGE, version)));
    }
    headers
}

/// Whether an answer is the rest of a file, from this byte on.
fn is_rest(response: &Response, from: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE);
    let range = range.and_then(|range| range.to_str().ok());
    response.status() == StatusCode::PARTIAL_CONTENT
        && range.is_some_and(|range| range.starts_with(&format!("bytes {from}-")))
}

/// Whether a wheel or another zip has no end record in its last bytes (APPNOTE 4.3.16): it was
/// cut on the way.
fn lacks_its_end(name: &str, file: &NamedTempFile) -> bool {
    const END: &[u8] = b"PK\x05\x06";
    const LONGEST_END: u64 = 22 + 0xffff;
    let extension = std::path::Path::new(name).extension();
    if !extension.is_some_and(|it| it == "whl" || it == "zip") {
        return false;
    }
    let tail = || -> std::io::Result<Vec<u8>> {
        let mut file = fs_err::File::open(file.path())?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LONGEST_END)))?;
        let mut tail = Vec::new();
        file.take(LONGEST_END).read_to_end(&mut tail)?;
        Ok(tail)
    };
    tail().is_ok_and(|tail| !tail.windows(END.len()).any(|bytes| bytes == END))
}

/// The title (empty without one) of what came in a file's place, where that is a
/// page for people.
fn title_if_page_for_people(content_type: Option<&str>, file: &NamedTempFile) -> Option<String> {
    let mut head = Vec::new();
    fs_err::File::open(file.path())
        .and_then(|file| file.take(HEAD).read_to_end(&mut head))
        .ok()?;
    let text = String::from_utf8_lossy(&head);
    let is_labelled = content_type.is_some_and(|kind| {
        let kind = kind.trim_start().to_ascii_lowercase();
        kind.starts_with("text/html")
    });
    (is_labelled || text.trim_start().starts_with('<'))
        .then(|| crate::html::title(text.as_bytes()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use layerlock_testkit::{Fault, LoopbackIndex, WheelBuilder};

    use super::*;
    use crate::{MachineConfig, Session};

    /// Where no index promises a size, the caller's limit counts.
    #[test]
    fn a_file_of_which_nothing_is_known_is_bounded_too() {
        let wheel = WheelBuilder::new("demo", "1.0").build();
        let index = LoopbackIndex::with_wheels([&wheel]);
        let piece = vec![b'x'; 1000];
        let endless = Fault::Endless { piece, gzip: false };
        index.fault(&index.file_path(&wheel), endless);
        let session = Session::new(MachineConfig::default());
        let url = SafeUrl::parse(&index.file_url(&wheel)).unwrap();
        let mut file = RemoteFile {
            name: wheel.file_name.clone(),
            digest: None,
            site: Site {
                name: None,
                url: url.clone(),
            },
            url,
            size: None,
            max_bytes: 1 << 20,
        };
        for size in [None, Some(u64::MAX)] {
            file.size = size;
            let into = NamedTempFile::new().unwrap();
            let error = session
                .block_on(|| session.client().unwrap().download(&file, into, &|_| ()))
                .unwrap_err();
            assert!(
                matches!(error, Error::TooLong { promised: None, length, .. }
                    if length > 1 << 20 && length < 2 << 20),
                "{error:?}"
            );
        }
    }
}
