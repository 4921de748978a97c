//! Requests, each a chain of hops.
//!
//! Redirects are followed here and not by reqwest, so that each hop is given the
//! credentials of its own origin and no other.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::SystemTime;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connections::{Connections, Content};
use super::failure::{Failure, Retry};
use super::patience::Patience;
use super::reason::{self, Cause};
use super::retry;
use crate::credentials::{FoundCredentials, Keychain};
use crate::{Credentials, Error, MachineConfig, SafeUrl, Site};

const MAX_REDIRECTS: usize = 10;

/// Gets pages and files.
pub struct Client {
    connections: Connections,
    keychain: Keychain,
    /// What was sent, or would be.
    secrets: Mutex<HashSet<Credentials>>,
    /// Its one permit is held as long as a large page is in memory.
    large_page: Arc<Semaphore>,
}

impl Client {
    /// Reads what the machine says of proxies, certificates, timeouts and trusted
    /// hosts.
    pub(crate) fn new(machine: &Arc<MachineConfig>) -> Result<Self, Error> {
        static PROVIDER: Once = Once::new();
        // Another library in the process may have chosen one already.
        PROVIDER.call_once(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        Ok(Self {
            connections: Connections::new(Arc::clone(machine))?,
            keychain: Keychain::new(Arc::clone(machine)),
            secrets: Mutex::default(),
            large_page: Arc::new(Semaphore::new(1)),
        })
    }

    /// The credentials that are kept for a URL, where it costs nothing to ask.
    pub fn known_credentials(&self, url: &SafeUrl, site: &Site) -> Option<Credentials> {
        let own = url.credentials();
        // Of a user name alone, the keyring may have said the password before.
        let with_password = own.filter(|own| own.password.is_some()).cloned();
        let found = with_password
            .or_else(|| Some(self.keychain.find(url, site)?.credentials))
            .or_else(|| own.cloned())?;
        self.remember(&found);
        Some(found)
    }

    /// A text that a server or a program said, without the credentials of this run.
    pub fn hide_secrets(&self, text: &str) -> String {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let hide = |text: String, secret: &Credentials| secret.hide_in(&text);
        secrets.iter().fold(text.to_owned(), hide)
    }

    fn remember(&self, credentials: &Credentials) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if !secrets.contains(credentials) {
            secrets.insert(credentials.clone());
        }
    }

    /// Tries after the first.
    pub(super) fn retries(&self) -> usize {
        self.connections.timeouts.retries
    }

    /// For one page or file.
    pub(super) fn patience(&self) -> Patience {
        Patience::new(self.connections.timeouts.in_all)
    }

    /// Waits until no other large page is in memory.
    pub(super) async fn large_page_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.large_page).acquire_owned().await.ok()
    }

    /// The answer at the end of all redirects, and where that is.
    pub(super) async fn get(
        &self,
        content: Content,
        url: &SafeUrl,
        site: &Site,
        headers: HeaderMap,
        patience: &Patience,
    ) -> Result<(SafeUrl, Response), Failure> {
        let mut at = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let (response, sent) = self.hop(content, &at, site, &headers, patience).await?;
            let status = response.status();
            if status.is_success() {
                return Ok((at, response));
            }
            match response.headers().get(LOCATION) {
                Some(target) if status.is_redirection() => at = redirected(&at, target)?,
                _ => return Err(self.refused(&at, site, &response, sent)),
            }
        }
        Err(Failure::from(Error::Request {
            url: url.to_string(),
            reason: format!("more than {MAX_REDIRECTS} redirects, the last to {at}"),
        }))
    }

    /// One request and its answer, with the credentials that were sent. Where
    /// the server wants some and no password was known, the places are asked for
    /// which asking is not free.
    async fn hop(
        &self,
        content: Content,
        url: &SafeUrl,
        site: &Site,
        headers: &HeaderMap,
        patience: &Patience,
    ) -> Result<(Response, Option<FoundCredentials>), Failure> {
        let own = url.credentials().map(|credentials| FoundCredentials {
            credentials: credentials.clone(),
            place: "the link's URL".to_owned(),
        });
        let http = self.connections.client(content, url, site)?;
        let send = |found: Option<FoundCredentials>| {
            if let Some(found) = &found {
                self.remember(&found.credentials);
            }
            let request = http.get(url.url().clone()).headers(headers.clone());
            let request = match &found {
                Some(FoundCredentials { credentials, .. }) => {
                    request.basic_auth(&credentials.user, credentials.password.as_ref())
                }
                None => request,
            };
            async move {
                let answer = patience.wait(url, request.send()).await?;
                let response = answer.map_err(|error| self.failed(&error, url))?;
                Ok::<_, Failure>((response, found))
            }
        };
        let (response, sent) = send(own.or_else(|| self.keychain.find(url, site))).await?;
        let knew_password = sent.as_ref().is_some_and(FoundCredentials::has_password);
        if response.status() == StatusCode::UNAUTHORIZED
            && !knew_password
            && let Some(found) = self.keychain.find_after_refusal(url, site).await
        {
            // Somebody may have been asked for it.
            patience.restart();
            return send(Some(found)).await;
        }
        Ok((response, sent))
    }

    fn refused(
        &self,
        url: &SafeUrl,
        site: &Site,
        response: &Response,
        sent: Option<FoundCredentials>,
    ) -> Failure {
        let status = response.status();
        let shown = url.to_string();
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
            && let Some(error) = self.refused_by_proxy(url)
        {
            return Failure::from(error);
        }
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            let was_password = sent.as_ref().is_some_and(FoundCredentials::has_password);
            return Failure::from(Error::Unauthorized {
                url: shown,
                status: status.as_u16(),
                site: site.name.clone(),
                looked_in: if was_password {
                    Vec::new()
                } else {
                    self.keychain.places(url, site)
                },
                sent: sent.map(|found| found.place),
            });
        }
        let retry = retry::for_status(status);
        let wait = match retry {
            Retry::Never => None,
            _ => retry::wait_asked_for(response.headers(), SystemTime::now()),
        };
        match wait {
            Some(wait) if !retry::is_short_enough(wait) => Failure::from(Error::Busy {
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
    pub(super) fn failed(&self, error: &reqwest::Error, url: &SafeUrl) -> Failure {
        let mut reason = reason::innermost(error);
        let cause = Cause::of(error);
        if cause == Cause::ProxyCredentials
            && let Some(error) = self.refused_by_proxy(url)
        {
            return Failure::from(error);
        }
        if cause == Cause::OpenFiles {
            return Failure::from(Error::OpenFiles(reason));
        }
        // Mostly it is the proxy that is not there, and not the site.
        if (error.is_connect() || error.is_timeout())
            && let Some(proxy) = self.connections.proxies.find(url)
        {
            let (named_by, shown) = (&proxy.named_by, &proxy.url);
            reason = format!("{reason} ({named_by} names the proxy {shown})");
        }
        let url = url.to_string();
        if cause == Cause::Certificate {
            // It will be no other in a second.
            return Failure::from(Error::Certificate { url, reason });
        }
        Failure {
            error: Error::Request { url, reason },
            retry: if error.is_builder() {
                Retry::Never
            } else {
                Retry::Soon
            },
        }
    }

    fn refused_by_proxy(&self, url: &SafeUrl) -> Option<Error> {
        let proxy = self.connections.proxies.find(url)?;
        Some(Error::ProxyCredentials {
            url: url.to_string(),
            proxy: proxy.url.to_string(),
            named_by: proxy.named_by.clone(),
            sent: proxy.url.credentials().is_some(),
        })
    }
}

/// Where a Location header leads, relative to where it came from.
fn redirected(from: &SafeUrl, location: &HeaderValue) -> Result<SafeUrl, Failure> {
    let to = location
        .to_str()
        .ok()
        .and_then(|location| from.join(location));
    match to {
        Some(to) if matches!(to.url().scheme(), "http" | "https") => Ok(to),
        other => Err(Failure::from(Error::Request {
            url: from.to_string(),
            reason: match other {
                Some(to) => format!("it redirects to {to}, which is not http"),
                None => "it redirects to what is no URL".to_owned(),
            },
        })),
    }
}

pub(super) fn content_type(response: &Response) -> Option<String> {
    let value = response.headers().get(CONTENT_TYPE)?;
    value.to_str().ok().map(str::to_owned)
}
