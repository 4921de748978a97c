//! How each server is connected to: by which proxy, with which certificates.
//!
//! One HTTP client has one answer to these, so there is a client for each that is
//! needed: the usual one, one for hosts whose certificates do not matter, one for
//! each source that has certificates of its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use reqwest::redirect::Policy;
use reqwest::{Certificate, Identity};
use url::Url;

use super::patience::Patience;
use super::proxy::Proxies;
use super::source::{Check, OfSource};
use super::trusted::TrustedHosts;
use super::{tls, with_causes};
use crate::index::Index;
use crate::{Error, Surroundings};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Content {
    Page,
    /// A wheel is compressed already, and some servers would label it so.
    File,
}

/// Whom to believe that he is who he says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Trust {
    Usual,
    /// A host that is trusted, whatever it shows.
    Everybody,
    /// The index of this name, which Poetry has certificates for.
    Source(String),
}

pub(super) struct Connections<'a> {
    surroundings: &'a Surroundings,
    pub(super) proxies: Proxies,
    pub(super) patience: Patience,
    trusted: TrustedHosts,
    roots: Option<Vec<Certificate>>,
    identity: Option<Identity>,
    clients: Mutex<HashMap<(Content, Trust), reqwest::Client>>,
}

impl<'a> Connections<'a> {
    pub(super) fn new(surroundings: &'a Surroundings) -> Result<Self, Error> {
        Ok(Self {
            surroundings,
            proxies: Proxies::of(surroundings)?,
            patience: Patience::of(surroundings)?,
            trusted: TrustedHosts::of(surroundings)?,
            roots: tls::roots(surroundings)?,
            identity: tls::identity(surroundings)?,
            clients: Mutex::default(),
        })
    }

    /// The client for a request to `url`, which `index` led to.
    pub(super) fn client(
        &self,
        content: Content,
        url: &Url,
        index: &Index,
    ) -> Result<reqwest::Client, Error> {
        let key = (content, self.trust(url, index));
        // Held while a client is made, so that each is made once.
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let client = self.make(content, &key.1)?;
        clients.insert(key, client.clone());
        Ok(client)
    }

    fn trust(&self, url: &Url, index: &Index) -> Trust {
        if url.scheme() != "https" {
            return Trust::Usual;
        }
        match &index.name {
            Some(name)
                if index.url.same_origin(url)
                    && OfSource::of(name, self.surroundings).is_some() =>
            {
                Trust::Source(name.clone())
            }
            _ if self.trusted.has(url) => Trust::Everybody,
            _ => Trust::Usual,
        }
    }

    fn make(&self, content: Content, trust: &Trust) -> Result<reqwest::Client, Error> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("layerlock/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(self.patience.connect)
            .read_timeout(self.patience.read);
        let builder = match content {
            Content::Page => builder,
            Content::File => builder.no_gzip(),
        };
        let of_source = match trust {
            Trust::Usual => OfSource::default(),
            Trust::Everybody => OfSource {
                check: Check::Nothing,
                identity: None,
            },
            Trust::Source(name) => OfSource::of(name, self.surroundings).unwrap_or_default(),
        };
        let builder = match (&of_source.check, &self.roots) {
            (Check::Nothing, _) => builder.tls_danger_accept_invalid_certs(true),
            (Check::Bundle(bundle), _) => builder.tls_certs_only(bundle.load()?),
            (Check::Usual, Some(roots)) => builder.tls_certs_only(roots.iter().cloned()),
            (Check::Usual, None) => builder,
        };
        let identity = match of_source.identity {
            Some(bundle) => Some(bundle.identity()?),
            None => self.identity.clone(),
        };
        let builder = match identity {
            Some(identity) => builder.identity(identity),
            None => builder,
        };
        self.proxies
            .add_to(builder)?
            .build()
            .map_err(|error| Error::Client(with_causes(&error)))
    }
}
