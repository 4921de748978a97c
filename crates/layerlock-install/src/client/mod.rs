//! The HTTP client: pages and files, with redirects, credentials and retries.
//!
//! A request is a chain of hops. Redirects are followed here and not by reqwest,
//! so that each hop is given the credentials of its own origin and no other.
//! What comes is bounded: a page by its own limit, a file by what its index
//! promises, or by what any layer could hold.

mod connections;
mod download;
mod patience;
mod proxy;
mod retry;
mod source;
mod tls;
mod trusted;

use std::sync::Once;
use std::time::SystemTime;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Response, StatusCode};
use tokio::sync::Semaphore;
use url::Url;

use crate::credentials::{Found, Keychain};
use crate::index::{self, Index, ProjectPage, redacted};
use crate::wheel::MAX_UNPACKED;
use crate::{Error, Surroundings};
use connections::{Connections, Content};
pub(crate) use download::Remote;
use retry::{Failure, Retry, with_retries};

const MAX_REDIRECTS: usize = 10;
/// Pages of this many bytes may be in memory side by side. Of what is larger,
/// which few are, only one is.
const SMALL_PAGE: usize = 4 << 20;

pub(crate) struct Client<'a> {
    connections: Connections<'a>,
    keychain: Keychain<'a>,
    /// Who reads a large page has it.
    large_page: Semaphore,
    /// No file may have more bytes than this. An archive that is larger than what
    /// may be unpacked from one is of no use.
    max_file: u64,
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
        Ok(Self {
            connections: Connections::new(surroundings)?,
            keychain: Keychain::new(surroundings),
            large_page: Semaphore::new(1),
            max_file: MAX_UNPACKED,
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
                self.get(Content::Page, url, index, accept.clone()).await?;
            let content_type = content_type(&response);
            let mut body = Vec::new();
            let mut alone = None;
            while let Some(piece) = response
                .chunk()
                .await
                .map_err(|error| self.failed(&error, url))?
            {
                body.extend_from_slice(&piece);
                if body.len() > index::MAX_PAGE_BYTES {
                    // No more of it: whoever parses the page refuses it.
                    break;
                }
                if body.len() > SMALL_PAGE && alone.is_none() {
                    alone = self.large_page.acquire().await.ok();
                }
            }
            Ok((final_url, content_type, body, alone))
        };
        let retries = self.connections.patience.retries;
        let (url, content_type, body, _alone) = with_retries(retries, attempt, |_| {}).await?;
        // Relative links are relative to where the page came from at last.
        Ok(Page {
            links: ProjectPage::parse(&url, content_type.as_deref(), &body)?,
            shown: redacted(&url),
        })
    }

    /// The answer at the end of all redirects, and where that is.
    async fn get(
        &self,
        content: Content,
        url: &Url,
        index: &Index,
        headers: HeaderMap,
    ) -> Result<(Url, Response), Failure> {
        let mut at = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let (response, sent) = self.hop(content, &at, index, &headers).await?;
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
        content: Content,
        url: &Url,
        index: &Index,
        headers: &HeaderMap,
    ) -> Result<(Response, Option<Found>), Failure> {
        let mut url = url.clone();
        let own = index::take_credentials(&mut url).map(|credentials| Found {
            credentials,
            place: "the link's address".to_owned(),
        });
        let http = self.connections.client(content, &url, index)?;
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
                let response = request
                    .send()
                    .await
                    .map_err(|error| self.failed(&error, url))?;
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
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
            && let Some(error) = self.refused_by_proxy(url)
        {
            return Failure::from(error);
        }
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

    /// What to tell of a connection or an answer that broke.
    fn failed(&self, error: &reqwest::Error, url: &Url) -> Failure {
        let mut reason = with_causes(error);
        if reason.ends_with(TUNNEL_WANTS_CREDENTIALS)
            && let Some(error) = self.refused_by_proxy(url)
        {
            return Failure::from(error);
        }
        // Mostly it is the proxy that is not there, and not the index.
        if (error.is_connect() || error.is_timeout())
            && let Some(proxy) = self.connections.proxies.of_url(url)
        {
            let (named_by, shown) = (&proxy.named_by, proxy.shown());
            reason = format!("{reason} ({named_by} names the proxy {shown})");
        }
        let reason_is_certificate = reason.contains("peer certificate");
        Failure {
            error: Error::Request {
                url: redacted(url),
                reason,
            },
            // A certificate will be no other in a second.
            retry: if error.is_builder() || reason_is_certificate {
                Retry::Never
            } else {
                Retry::Soon
            },
        }
    }

    fn refused_by_proxy(&self, url: &Url) -> Option<Error> {
        let proxy = self.connections.proxies.of_url(url)?;
        Some(Error::ProxyCredentials {
            url: redacted(url),
            proxy: proxy.shown(),
            named_by: proxy.named_by.clone(),
            sent: proxy.has_credentials(),
        })
    }
}

/// What hyper says where a proxy answers 407 to CONNECT.
const TUNNEL_WANTS_CREDENTIALS: &str = "proxy authorization required";

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
