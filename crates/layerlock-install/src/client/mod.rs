//! The HTTP client: pages and files, with redirects, credentials and retries.
//!
//! A request is a chain of hops. Redirects are followed here and not by reqwest,
//! so that each hop is given the credentials of its own origin and no other.
//! Proxies are reqwest's: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.

mod download;
mod retry;
mod tls;

use std::sync::Once;
use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode};
use url::Url;

use crate::credentials::{Found, Keychain};
use crate::index::{self, Index, ProjectPage, redacted};
use crate::{Error, Surroundings};
pub(crate) use download::Remote;
use retry::{Failure, Retry, with_retries};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Between two pieces of an answer: slow is fine, silent is not.
const READ_TIMEOUT: Duration = Duration::from_mins(1);
const MAX_REDIRECTS: usize = 10;

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
        let accept = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(index::ACCEPT))]);
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

    /// The answer at the end of all redirects, and where that is.
    async fn get(
        &self,
        http: &reqwest::Client,
        url: &Url,
        index: &Index,
        headers: HeaderMap,
    ) -> Result<(Url, Response), Failure> {
        let mut at = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let (response, sent) = self.hop(http, &at, index, &headers).await?;
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
        headers: &HeaderMap,
    ) -> Result<(Response, Option<Found>), Failure> {
        let mut url = url.clone();
        let own = index::take_credentials(&mut url).map(|credentials| Found {
            credentials,
            place: "the link's address".to_owned(),
        });
        let send = |found: Option<Found>| {
            let request = http.get(url.clone()).headers(headers.clone());
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
            let was_password = sent
                .as_ref()
                .is_some_and(|sent| sent.credentials.password.is_some());
            return Failure::from(Error::Unauthorized {
                url: shown,
                status: status.as_u16(),
                index: index.name.clone(),
                looked_in: if was_password {
                    Vec::new()
                } else {
                    self.keychain.places(url, index)
                },
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
