//! A certificate for 127.0.0.1, for HTTPS servers.

use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// A self-signed certificate and its key.
#[derive(Debug, Clone)]
pub struct Identity {
    certificate: String,
    der: CertificateDer<'static>,
    key: String,
    key_der: Vec<u8>,
    server: Arc<ServerConfig>,
}

impl Identity {
    /// A new one, for `127.0.0.1` and `localhost`.
    ///
    /// # Panics
    ///
    /// Where the machine has no randomness.
    pub fn generate() -> Self {
        let names = ["127.0.0.1", "localhost"].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate for two names");
        let key_der = made.signing_key.serialize_der();
        let der = made.cert.der().clone();
        Self {
            certificate: made.cert.pem(),
            server: server(&der, &key_der, None),
            key: made.signing_key.serialize_pem(),
            der,
            key_der,
        }
    }

    /// The same identity for a server that accepts only `client`.
    #[must_use]
    pub fn demanding(&self, client: &Self) -> Self {
        Self {
            server: server(&self.der, &self.key_der, Some(&client.der)),
            ..self.clone()
        }
    }

    /// The certificate and its key in PEM form, for a client that presents it.
    pub fn with_key(&self) -> String {
        format!("{}{}", self.certificate, self.key)
    }

    /// The certificate in PEM form, for a client that trusts it.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    pub(crate) fn secure(
        &self,
        stream: TcpStream,
    ) -> std::io::Result<StreamOwned<ServerConnection, TcpStream>> {
        let connection =
            ServerConnection::new(Arc::clone(&self.server)).map_err(std::io::Error::other)?;
        Ok(StreamOwned::new(connection, stream))
    }
}

fn server(
    certificate: &CertificateDer<'static>,
    key: &[u8],
    client: Option<&CertificateDer<'static>>,
) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("the provider speaks TLS 1.2 and 1.3");
    let builder = match client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let mut roots = RootCertStore::empty();
            roots.add(client.clone()).expect("a certificate");
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(verifier.build().expect("one root is enough"))
        }
    };
    let key = PrivateKeyDer::try_from(key.to_vec()).expect("a key that was just made");
    let config = builder.with_single_cert(vec![certificate.clone()], key);
    Arc::new(config.expect("a certificate with its own key"))
}
