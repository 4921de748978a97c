//! A certificate of 127.0.0.1, for servers that speak https.

use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate and its key, signed by nobody but itself.
#[derive(Debug, Clone)]
pub struct Identity {
    certificate: String,
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
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())
            .expect("a key that was just made");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider speaks TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate with its own key");
        Self {
            certificate: made.cert.pem(),
            server: Arc::new(server),
        }
    }

    /// The certificate in PEM form: who trusts it reaches the server.
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
