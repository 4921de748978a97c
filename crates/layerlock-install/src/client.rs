//! The HTTP client: pages and files, with retries.

use std::io::Write;
use std::sync::Once;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue};
use reqwest::{RequestBuilder, Response, StatusCode};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use url::Url;

use crate::index::{self, IndexUrl, redacted};
use crate::{Cache, Error, Reporter};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Between two pieces of an answer: slow is fine, silent is not.
const READ_TIMEOUT: Duration = Duration::from_mins(1);
const RETRIES: usize = 3;

pub(crate) struct Client {
    pages: reqwest::Client,
    files: reqwest::Client,
}

/// A page as it came.
pub(crate) struct Page {
    /// Where it came from after all redirects: links are relative to it.
    pub(crate) url: Url,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// A file as it came.
pub(crate) struct Download {
    pub(crate) file: NamedTempFile,
    pub(crate) sha256: [u8; 32],
}

impl Client {
    pub(crate) fn new() -> Result<Self, Error> {
        static PROVIDER: Once = Once::new();
        // Another library in the process may have chosen one already.
        PROVIDER.call_once(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("layerlock/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT)
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
        })
    }

    /// Gets a project's page.
    pub(crate) async fn page(&self, index: &IndexUrl, project: &str) -> Result<Page, Error> {
        let url = &index.project_page(project);
        let attempt = || async {
            let request = self.pages.get(url.clone()).header(ACCEPT, index::ACCEPT);
            let mut response = check(authorized(request, url, index).send().await, url)?;
            let content_type = response
                .headers()
                .get(CONTENT_TYPE)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned);
            let final_url = response.url().clone();
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
            Ok(Page {
                url: final_url,
                content_type,
                body,
            })
        };
        attempt
            .retry(backoff())
            .when(Failure::may_pass)
            .await
            .map_err(|failure: Failure| failure.error)
    }

    /// Streams a file into the cache's folder for unfinished things, hashing on
    /// the way. A stream that breaks is begun again from its start.
    pub(crate) async fn download(
        &self,
        url: &Url,
        index: &IndexUrl,
        name: &str,
        cache: &Cache,
        reporter: &dyn Reporter,
    ) -> Result<Download, Error> {
        let attempt = || async {
            let request = self
                .files
                .get(url.clone())
                .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            let mut response = check(authorized(request, url, index).send().await, url)?;
            let expected = response.content_length();
            reporter.download_started(name, expected);
            let mut file = cache.temporary_file()?;
            let mut hasher = Sha256::new();
            while let Some(piece) = response
                .chunk()
                .await
                .map_err(|error| failed(&error, url))?
            {
                hasher.update(&piece);
                file.write_all(&piece)
                    .map_err(Error::io("write", file.path()))?;
                reporter.download_progressed(name, piece.len() as u64);
            }
            Ok(Download {
                file,
                sha256: hasher.finalize().into(),
            })
        };
        attempt
            .retry(backoff())
            .when(Failure::may_pass)
            .notify(|failure: &Failure, _| {
                reporter.download_restarted(name, &failure.error.to_string());
            })
            .await
            .map_err(|failure| failure.error)
    }
}

/// The index's credentials go to the index alone, not to the host that its
/// links lead to.
fn authorized(request: RequestBuilder, url: &Url, index: &IndexUrl) -> RequestBuilder {
    match index.credentials() {
        Some(credentials) if index.same_origin(url) => {
            request.basic_auth(&credentials.user, credentials.password.as_ref())
        }
        _ => request,
    }
}

fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_times(RETRIES)
        .with_jitter()
}

/// An error, and whether another try may succeed.
struct Failure {
    error: Error,
    may_pass: bool,
}

impl Failure {
    fn may_pass(&self) -> bool {
        self.may_pass
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            may_pass: false,
        }
    }
}

fn check(response: reqwest::Result<Response>, url: &Url) -> Result<Response, Failure> {
    let response = response.map_err(|error| failed(&error, url))?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    Err(Failure {
        error: Error::Status {
            url: redacted(url),
            status: status.as_u16(),
        },
        may_pass: status.is_server_error()
            || matches!(
                status,
                StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
            ),
    })
}

fn failed(error: &reqwest::Error, url: &Url) -> Failure {
    Failure {
        error: Error::Request {
            url: redacted(url),
            reason: with_causes(error),
        },
        may_pass: !error.is_builder() && !error.is_redirect(),
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
