//! How each server is connected to: by which proxy, with which certificates.
//!
//! One HTTP client has one answer to these, so there is a client for each that is
//! needed: the usual one, one for hosts whose certificates do not matter, one for
//! each source that has certificates of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use reqwest::redirect::Policy;
use reqwest::{Certificate, Identity};

use super::proxy::Proxies;
use super::reason::{self, Cause};
use super::source_certificates::{Check, SourceCertificates, SourceFiles};
use super::timeouts::Timeouts;
use super::tls;
use super::trusted_hosts::TrustedHosts;
use crate::{Error, MachineConfig, SafeUrl, Site};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Content {
    Page,
    /// A wheel is compressed already, and some servers would label it so.
    File,
}

/// Which certificates are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Trust {
    /// Those that the system or the user's bundles vouch for.
    Usual,
    /// Every one: the user trusts the host.
    AnyCertificate,
    /// Those that Poetry has for the source of this name.
    Source(String),
}

pub(super) struct Connections {
    machine: Arc<MachineConfig>,
    source_files: OnceLock<SourceFiles>,
    pub(super) proxies: Proxies,
    pub(super) timeouts: Timeouts,
    trusted: TrustedHosts,
    roots: Option<Vec<Certificate>>,
    identity: Option<Identity>,
    clients: Mutex<HashMap<(Content, Trust), reqwest::Client>>,
}

impl Connections {
    pub(super) fn new(machine: Arc<MachineConfig>) -> Result<Self, Error> {
        Ok(Self {
            source_files: OnceLock::new(),
            proxies: Proxies::read(&machine)?,
            timeouts: Timeouts::read(&machine)?,
            trusted: TrustedHosts::read(&machine)?,
            roots: tls::roots(&machine)?,
            identity: tls::identity(&machine)?,
            clients: Mutex::default(),
            machine,
        })
    }

    /// The client for a request to `url`, which `site` led to.
    pub(super) fn client(
        &self,
        content: Content,
        url: &SafeUrl,
        site: &Site,
    ) -> Result<reqwest::Client, Error> {
        let key = (content, self.trust(url, site));
        // Held while a client is made, so that each is made once.
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let client = self.make(content, &key.1)?;
        clients.insert(key, client.clone());
        Ok(client)
    }

    fn trust(&self, url: &SafeUrl, site: &Site) -> Trust {
        if url.url().scheme() != "https" {
            return Trust::Usual;
        }
        match &site.name {
            Some(name)
                if site.url.has_same_origin(url) && self.certificates_for(name).is_some() =>
            {
                Trust::Source(name.clone())
            }
            _ if self.trusted.contains(url.url()) => Trust::AnyCertificate,
            _ => Trust::Usual,
        }
    }

    fn certificates_for(&self, name: &str) -> Option<SourceCertificates> {
        let files = self
            .source_files
            .get_or_init(|| SourceFiles::read(&self.machine));
        files.find(name, &self.machine.variables)
    }

    fn make(&self, content: Content, trust: &Trust) -> Result<reqwest::Client, Error> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("layerlock/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(self.timeouts.connect)
            .read_timeout(self.timeouts.read);
        let builder = match content {
            Content::Page => builder,
            Content::File => builder.no_gzip(),
        };
        let of_source = match trust {
            Trust::Usual => SourceCertificates::default(),
            Trust::AnyCertificate => SourceCertificates {
                check: Check::Nothing,
                identity: None,
            },
            Trust::Source(name) => self.certificates_for(name).unwrap_or_default(),
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
        self.proxies.add_to(builder)?.build().map_err(|error| {
            let reason = reason::innermost(&error);
            match Cause::of(&error) {
                Cause::OpenFiles => Error::OpenFiles(reason),
                _ => Error::Start(reason),
            }
        })
    }
}
