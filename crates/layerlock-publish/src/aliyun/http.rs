//! Requests over HTTP, each sent once, and their answers.

use std::error::Error as StdError;
use std::sync::Once;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy as Redirects;
use reqwest::{Client, Method, Response};

use crate::failed::{Class, Failed};
use crate::{Error, FcError};

/// For establishing a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For all of a request that carries no zip.
pub(super) const TIMEOUT: Duration = Duration::from_secs(20);
/// The same for one that makes Function Compute read a zip.
pub(super) const COPY_TIMEOUT: Duration = Duration::from_mins(2);
/// The same for one with a zip, which is watched on its way.
pub(super) const UPLOAD_TIMEOUT: Duration = Duration::from_hours(6);

/// How much of an answer is read: more is none of an API.
const LONGEST_ANSWER: usize = 16 << 20;

/// Connections, with the proxies of the environment and the certificates of the machine.
#[derive(Debug, Clone)]
pub(super) struct Http {
    client: Client,
}

/// A request that is signed.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<reqwest::Body>,
    pub(super) timeout: Duration,
}

/// All of an answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Http {
    pub(super) fn new() -> Result<Self, Error> {
        static PROVIDER: Once = Once::new();
        // Another library in the process may have chosen one already.
        PROVIDER.call_once(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            // A signature is for one host.
            .redirect(Redirects::none())
            // A zip is to come as it is.
            .gzip(false)
            .build();
        let client = client.map_err(|error| FcError::Settings {
            reason: reason(&error),
        })?;
        Ok(Self { client })
    }

    /// Sends it, and waits for the head of the answer.
    pub(super) async fn open(
        &self,
        action: &'static str,
        request: Request,
    ) -> Result<Response, Failed> {
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_str(value),
            ) else {
                // Its value may be a credential.
                return Err(finally(FcError::Settings {
                    reason: format!("the value of the header {name} cannot be sent"),
                }));
            };
            headers.insert(name, value);
        }
        let mut built = self
            .client
            .request(request.method, &request.url)
            .headers(headers)
            .timeout(request.timeout);
        if let Some(body) = request.body {
            built = built.body(body);
        }
        built
            .send()
            .await
            .map_err(|error| no_answer(action, &error))
    }

    /// Sends it, and reads all of the answer.
    pub(super) async fn send(
        &self,
        action: &'static str,
        request: Request,
    ) -> Result<Answer, Failed> {
        read(action, self.open(action, request).await?).await
    }
}

/// Reads all of an answer.
pub(super) async fn read(action: &'static str, mut answer: Response) -> Result<Answer, Failed> {
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(piece)) if body.len() + piece.len() <= LONGEST_ANSWER => {
                body.extend_from_slice(&piece);
            }
            Ok(Some(_)) => {
                return Err(finally(FcError::Answer {
                    action,
                    reason: format!("it has more than {LONGEST_ANSWER} bytes"),
                }));
            }
            Ok(None) => break,
            Err(error) => return Err(no_answer(action, &error)),
        }
    }
    Ok(Answer {
        status,
        headers,
        body,
    })
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header, if it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An error that another attempt will not change.
pub(super) fn finally(error: FcError) -> Failed {
    Failed::finally(error.into())
}

/// No answer, or a part of one: nobody knows whether the request was carried out.
pub(super) fn no_answer(action: &'static str, error: &reqwest::Error) -> Failed {
    let network = FcError::Network {
        action,
        reason: reason(error),
    };
    Failed {
        class: if error.is_builder() {
            Class::Final
        } else if error.is_timeout() {
            Class::TimedOut
        } else {
            Class::Network
        },
        error: network.into(),
        retry_after: None,
    }
}

/// The innermost cause: those around it say that something failed. No URL is in it.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() && !error.is_connect() {
        return "it took too long".to_owned();
    }
    let mut innermost: &dyn StdError = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    if innermost.downcast_ref::<reqwest::Error>().is_some() {
        return "the request could not be sent".to_owned();
    }
    text
}
