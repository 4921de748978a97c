//! The HTTP client: pages and files, with redirects, credentials and retries.
//!
//! A request is a chain of hops. Redirects are followed here and not by reqwest,
//! so that each hop is given the credentials of its own origin and no other.
//! Proxies are reqwest's: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.

mod retry;
mod tls;

use std::io::Write;
use std::sync::Once;
use std::time::{Duration, SystemTime};

use data_encoding::HEXLOWER;
use layerlock_export::Place;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use url::Url;

use crate::credentials::{Found, Keychain};
use crate::index::{self, Index, ProjectPage, redacted};
use crate::{Cache, Error, Reporter, Surroundings};
use retry::{Failure, Retry, with_retries};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Between two pieces of an answer: slow is fine, silent is not.
const READ_TIMEOUT: Duration = Duration::from_mins(1);
const MAX_REDIRECTS: usize = 10;
/// As much of what is no wheel is read to say what it is.
const GLIMPSE: u64 = 64 * 1024;

pub(crate) struct Client<'a> {
    pages: reqwest::Client,
    files: reqwest::Client,
    keychain: Keychain<'a>,
}

/// A page with links to files.
pub(crate) struct Page {
    /// Where it came from after all redirects, without credentials.
    pub(crate) shown: String,
    pub(crate) links: ProjectPage,
}

/// A file on an index, and what the lock says of it.
pub(crate) struct Remote {
    pub(crate) name: String,
    pub(crate) sha256: [u8; 32],
    /// Where the lock says so.
    pub(crate) place: Place,
    pub(crate) url: Url,
    /// Whose link it is: the index, or a page of links.
    pub(crate) index: Index,
    /// Bytes, where the index tells (PEP 700).
    pub(crate) size: Option<u64>,
}

impl<'a> Client<'a> {
    pub(crate) fn new(surroundings: &'a Surroundings) -> Result<Self, Error> {
        static PROVIDER: Once = Once::new();
        // Another library in the process may have chosen one already.
        PROVIDER.call_once(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let roots = tls::roots(surroundings)?;
        let builder = || {
            let builder = reqwest::Client::builder()
                .user_agent(concat!("layerlock/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::none())
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT);
            match &roots {
                Some(roots) => builder.tls_certs_only(roots.iter().cloned()),
                None => builder,
            }
        };
        let start = |builder: reqwest::ClientBuilder| {
            builder
                .build()
                .map_err(|error| Error::Client(with_causes(&error)))
        };
        Ok(Self {
            pages: start(builder())?,
            // A wheel is compressed already, and some servers would label it so.
            files: start(builder().no_gzip())?,
            keychain: Keychain::new(surroundings),
        })
    }

    /// Gets the page of a project on an index.
    pub(crate) async fn project(&self, index: &Index, project: &str) -> Result<Page, Error> {
        self.page(&index.url.project_page(project), index).await
    }

    /// Gets a page with links; `index` is whose credentials may be sent for it.
    pub(crate) async fn page(&self, url: &Url, index: &Index) -> Result<Page, Error> {
        let accept = (ACCEPT, index::ACCEPT);
        let attempt = || async {
            let (final_url, mut response) =
                self.get(&self.pages, url, index, accept.clone()).await?;
            let content_type = content_type(&response);
            let mut body = Vec::new();
            while let Some(piece) = response
                .chunk()
                .await
                .map_err(|error| failed(&error, url))?
            {
                body.extend_from_slice(&piece);
                if body.len() > index::MAX_PAGE_BYTES {
                    // No more of it: whoever parses the page refuses it.
                    break;
                }
            }
            Ok((final_url, content_type, body))
        };
        let (url, content_type, body) = with_retries(attempt, |_| {}).await?;
        // Relative links are relative to where the page came from at last.
        Ok(Page {
            links: ProjectPage::parse(&url, content_type.as_deref(), &body)?,
            shown: redacted(&url),
        })
    }

    /// Streams a file into the cache's folder for unfinished things, hashing on
    /// the way. A stream that breaks is begun again from its start. What comes
    /// out has the locked hash.
    pub(crate) async fn download(
        &self,
        file: &Remote,
        cache: &Cache,
        reporter: &dyn Reporter,
    ) -> Result<NamedTempFile, Error> {
        let attempt = || self.download_once(file, cache, reporter);
        with_retries(attempt, |error| {
            reporter.download_restarted(&file.name, &error.to_string());
        })
        .await
    }

    async fn download_once(
        &self,
        file: &Remote,
        cache: &Cache,
        reporter: &dyn Reporter,
    ) -> Result<NamedTempFile, Failure> {
        let Remote {
            name,
            url,
            index,
            size,
            ..
        } = file;
        let identity = (ACCEPT_ENCODING, "identity");
        let (final_url, mut response) = self.get(&self.files, url, index, identity).await?;
        let content_type = content_type(&response);
        reporter.download_started(name, response.content_length().or(*size));
        let mut target = cache.temporary_file()?;
        let mut hasher = Sha256::new();
        let mut length = 0;
        while let Some(piece) = response
            .chunk()
            .await
            .map_err(|error| failed(&error, url))?
        {
            hasher.update(&piece);
            length += piece.len() as u64;
            target
                .write_all(&piece)
                .map_err(Error::io("write", target.path()))?;
            reporter.download_progressed(name, piece.len() as u64);
        }
        let sha256: [u8; 32] = hasher.finalize().into();
        if sha256 == file.sha256 {
            return Ok(target);
        }
        // Not the locked file. What came instead?
        if let Some(title) = html_title(content_type.as_deref(), &target) {
            return Err(Failure::from(Error::PageInsteadOfFile {
                file: name.clone(),
                url: redacted(&final_url),
                title,
            }));
        }
        if let Some(promised) = size.filter(|size| *size != length) {
            return Err(Failure {
                error: Error::Length {
                    file: name.clone(),
                    url: redacted(&final_url),
                    promised,
                    actual: length,
                },
                retry: Retry::Soon,
            });
        }
        Err(Failure::from(Error::HashMismatch {
            file: name.clone(),
            expected: HEXLOWER.encode(&file.sha256),
            actual: HEXLOWER.encode(&sha256),
            url: redacted(&final_url),
            place: file.place.clone(),
        }))
    }

    /// The answer at the end of all redirects, and where that is.
    async fn get(
        &self,
        http: &reqwest::Client,
        url: &Url,
        index: &Index,
        header: (HeaderName, &'static str),
    ) -> Result<(Url, Response), Failure> {
        let mut at = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let (response, sent) = self.hop(http, &at, index, header.clone()).await?;
            let status = response.status();
            if status.is_success() {
                return Ok((at, response));
            }
            match response.headers().get(LOCATION) {
                Some(target) if status.is_redirection() => at = redirected(&at, target)?,
                _ => return Err(self.refused(&at, index, &response, sent)),
            }
        }
        Err(Failure::from(Error::Request {
            url: redacted(url),
            reason: format!(
                "more than {MAX_REDIRECTS} redirects, the last to {}",
                redacted(&at)
            ),
        }))
    }

    /// One request and its answer, with the credentials that were sent. Where
    /// the server wants some and no password was known, the places are asked for
    /// which asking is not free.
    async fn hop(
        &self,
        http: &reqwest::Client,
        url: &Url,
        index: &Index,
        (header, value): (HeaderName, &'static str),
    ) -> Result<(Response, Option<Found>), Failure> {
        let mut url = url.clone();
        let own = index::take_credentials(&mut url).map(|credentials| Found {
            credentials,
            place: "the link's address".to_owned(),
        });
        let send = |found: Option<Found>| {
            let request = http
                .get(url.clone())
                .header(header.clone(), HeaderValue::from_static(value));
            let request = match &found {
                Some(Found { credentials, .. }) => {
                    request.basic_auth(&credentials.user, credentials.password.as_ref())
                }
                None => request,
            };
            let url = &url;
            async move {
                let response = request.send().await.map_err(|error| failed(&error, url))?;
                Ok::<_, Failure>((response, found))
            }
        };
        let (response, sent) = send(own.or_else(|| self.keychain.find(&url, index))).await?;
        let knew_password = sent
            .as_ref()
            .is_some_and(|sent| sent.credentials.password.is_some());
        if response.status() == StatusCode::UNAUTHORIZED
            && !knew_password
            && let Some(found) = self.keychain.find_after_refusal(&url, index).await
        {
            return send(Some(found)).await;
        }
        Ok((response, sent))
    }

    fn refused(
        &self,
        url: &Url,
        index: &Index,
        response: &Response,
        sent: Option<Found>,
    ) -> Failure {
        let status = response.status();
        let shown = redacted(url);
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Failure::from(Error::Unauthorized {
                url: shown,
                status: status.as_u16(),
                index: index.name.clone(),
                looked_in: self.keychain.places(url, index),
                sent: sent.map(|found| found.place),
            });
        }
        let retry = retry::of_status(status);
        let wait = match retry {
            Retry::Never => None,
            _ => retry::wait_asked_for(response.headers(), SystemTime::now()),
        };
        match wait {
            Some(wait) if !retry::is_bearable(wait) => Failure::from(Error::Busy {
                url: shown,
                status: status.as_u16(),
                seconds: wait.as_secs(),
            }),
            wait => Failure {
                error: Error::Status {
                    url: shown,
                    status: status.as_u16(),
                },
                retry: wait.map_or(retry, Retry::After),
            },
        }
    }
}

/// Where a Location header leads, relative to where it came from.
fn redirected(from: &Url, location: &HeaderValue) -> Result<Url, Failure> {
    let to = location
        .to_str()
        .ok()
        .and_then(|location| from.join(location).ok());
    match to {
        Some(to) if matches!(to.scheme(), "http" | "https") => Ok(to),
        other => Err(Failure::from(Error::Request {
            url: redacted(from),
            reason: match other {
                Some(to) => format!("it redirects to {}, which is not http", redacted(&to)),
                None => "it redirects to what is no address".to_owned(),
            },
        })),
    }
}

fn content_type(response: &Response) -> Option<String> {
    let value = response.headers().get(CONTENT_TYPE)?;
    value.to_str().ok().map(str::to_owned)
}

/// The title (empty without one) of what came in a file's place, where that is a
/// page for people.
fn html_title(content_type: Option<&str>, file: &NamedTempFile) -> Option<String> {
    use std::io::Read;

    let mut head = Vec::new();
    let read =
        fs_err::File::open(file.path()).and_then(|file| file.take(GLIMPSE).read_to_end(&mut head));
    read.ok()?;
    let labelled =
        content_type.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
    let text = String::from_utf8_lossy(&head);
    (labelled || text.trim_start().starts_with('<'))
        .then(|| index::html_title(&text).unwrap_or_default())
}

fn failed(error: &reqwest::Error, url: &Url) -> Failure {
    Failure {
        error: Error::Request {
            url: redacted(url),
            reason: with_causes(error),
        },
        retry: if error.is_builder() {
            Retry::Never
        } else {
            Retry::Soon
        },
    }
}

/// The innermost cause says what happened ("connection refused"); what lies
/// around it repeats the address, credentials included.
fn with_causes(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let text = cause.to_string();
    if error.is_timeout() {
        return format!("timed out ({text})");
    }
    text
}
