/*!
Downloading the zip of a version.

`GetLayerVersion` tells a URL, signed for ten minutes, from which anyone may download the
zip. It is a request of its own, to S3, over the HTTP client of the requests to Lambda: so
proxies and certificates are the same. The zip goes into a file piece by piece and is hashed
on its way. Where that ends early, it begins anew, with a new URL.

The URL holds a credential, and is in no message.
*/

use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use aws_sdk_lambda::config::http::{HttpRequest, HttpResponse};
use aws_sdk_lambda::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_lambda::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_lambda::error::BoxError;
use aws_sdk_lambda::primitives::{ByteStream, SdkBody};
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector as _, HttpConnectorSettings,
};
use fs_err as fs;
use layerlock_digest::{Algorithm, Hasher};
use tokio::time::timeout;

use super::failure::no_connection;
use super::timeouts::{CONNECT_TIMEOUT, READ_TIMEOUT};
use super::{AwsLambda, to_number};
use crate::error::NO_URL;
use crate::failed::{Class, Failed};
use crate::patience::patiently;
use crate::{Error, LayerVersion};

const ACTION: &str = "lambda:GetLayerVersion";
/// Not an action: the URL is what allows it.
const DOWNLOAD: &str = "the download of a layer's zip";

/// How much of an error is read.
const LONGEST_ERROR: usize = 1 << 14;

/// Where the zip is, and what to ask there with.
struct Location {
    url: String,
    components: RuntimeComponents,
}

impl AwsLambda {
    /// The version with what a list does not tell.
    pub(super) async fn detail_async(&self, version: &LayerVersion) -> Result<LayerVersion, Error> {
        let content = self.content(version).await?;
        let content = content.ok_or_else(|| gone(version))?;
        Ok(LayerVersion {
            code_sha256: content.code_sha256,
            size: u64::try_from(content.code_size).ok(),
            ..version.clone()
        })
    }

    pub(super) async fn download_async(
        &self,
        version: &LayerVersion,
        to: &Path,
    ) -> Result<(), Error> {
        patiently(self.policy, || self.try_download(version, to)).await
    }

    async fn try_download(&self, version: &LayerVersion, to: &Path) -> Result<(), Failed> {
        let location = self.location(version).await?;
        let answer = get(&location).await?;
        if !answer.status().is_success() {
            return Err(self.refused(answer).await);
        }
        self.write(answer.into_body(), version, to).await
    }

    async fn location(&self, version: &LayerVersion) -> Result<Location, Failed> {
        let number = to_number(version.version).map_err(Failed::finally)?;
        let kept = Kept::default();
        let request = self.client.get_layer_version().layer_name(&version.layer);
        let request = request.version_number(number).customize();
        let answer = request.interceptor(kept.clone()).send().await;
        let answer = answer.map_err(|error| Failed::new(ACTION, &error))?;
        let url = answer.content.and_then(|content| content.location);
        match (url, kept.components.get()) {
            (Some(url), Some(components)) => Ok(Location {
                url,
                components: components.clone(),
            }),
            _ => Err(Failed::finally(Error::Answer {
                action: ACTION,
                reason: "it does not say where the zip is".to_owned(),
            })),
        }
    }

    /// Why there is no zip.
    async fn refused(&self, answer: HttpResponse) -> Failed {
        let status = answer.status().as_u16();
        let mut text = Vec::new();
        let mut body = ByteStream::new(answer.into_body());
        while text.len() < LONGEST_ERROR {
            match timeout(READ_TIMEOUT.min(self.policy.stall), body.next()).await {
                Ok(Some(Ok(piece))) => text.extend_from_slice(&piece),
                _ => break,
            }
        }
        let text = String::from_utf8_lossy(&text);
        let message = format!("HTTP status {status}");
        // `<Error><Code>AccessDenied</Code>...`, of which other parts repeat the URL.
        let code = text.split_once("<Code>");
        let code = code.and_then(|(_, rest)| rest.split_once("</Code>"));
        let (class, error) = match (status, code) {
            (429, _) => (
                Class::Throttled,
                Error::Throttled {
                    action: DOWNLOAD,
                    message,
                },
            ),
            (500.., Some((code, _))) => (
                Class::Server,
                Error::ServerFailed {
                    action: DOWNLOAD,
                    code: code.to_owned(),
                    message,
                },
            ),
            (_, Some((code, _))) => (
                Class::Final,
                Error::Refused {
                    action: DOWNLOAD,
                    code: code.to_owned(),
                    message,
                },
            ),
            (_, None) => (
                if status >= 500 {
                    Class::Server
                } else {
                    Class::Final
                },
                Error::Answer {
                    action: DOWNLOAD,
                    reason: format!("{message} without an error code"),
                },
            ),
        };
        Failed {
            error,
            class,
            retry_after: None,
        }
    }

    /// Writes the zip, which must be the version's.
    async fn write(&self, body: SdkBody, version: &LayerVersion, to: &Path) -> Result<(), Failed> {
        let failed = |error: std::io::Error| Failed::finally(error.into());
        let cut = |class, reason: String| Failed {
            error: Error::Network {
                action: DOWNLOAD,
                reason,
            },
            class,
            retry_after: None,
        };
        let mut file = fs::File::create(to).map_err(failed)?;
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut size = 0;
        let mut body = ByteStream::new(body);
        loop {
            let piece = match timeout(self.policy.stall, body.next()).await {
                Ok(Some(Ok(piece))) => piece,
                Ok(None) => break,
                Ok(Some(Err(_))) => {
                    let reason = format!("the connection was lost after {size} bytes");
                    return Err(cut(Class::Network, reason));
                }
                Err(_) => {
                    let stall = self.policy.stall.as_secs();
                    let reason = format!("nothing came for {stall} s");
                    return Err(cut(Class::TimedOut, reason));
                }
            };
            size += piece.len() as u64;
            // No more than was promised: what comes is not trusted yet.
            if version.size.is_some_and(|expected| size > expected) {
                break;
            }
            hasher.update(&piece);
            file.write_all(&piece).map_err(failed)?;
        }
        let found = hasher.finish().base64();
        if version.code_sha256.as_ref() == Some(&found) {
            return Ok(());
        }
        Err(Failed::finally(Error::Download {
            arn: version.arn.clone(),
            expected: version.code_sha256.clone().unwrap_or_default(),
            found,
        }))
    }
}

async fn get(location: &Location) -> Result<HttpResponse, Failed> {
    let Location { url, components } = location;
    let mut request = HttpRequest::new(SdkBody::empty());
    let is_url = url.starts_with("https://") || url.starts_with("http://");
    if !is_url || request.set_uri(url.as_str()).is_err() {
        return Err(Failed::finally(Error::Answer {
            action: ACTION,
            reason: NO_URL.to_owned(),
        }));
    }
    let Some(client) = components.http_client() else {
        return Err(Failed::finally(Error::Settings {
            reason: "there is no HTTP client".to_owned(),
        }));
    };
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .build();
    let connector = client.http_connector(&settings, components);
    let answer = connector.call(request).await;
    answer.map_err(|error| no_connection(DOWNLOAD, &error))
}

fn gone(version: &LayerVersion) -> Error {
    Error::NoVersion {
        arn: version.arn.clone(),
    }
}

/// Keeps what the SDK sends a request with, which it gives to nobody else.
#[derive(Debug, Default, Clone)]
struct Kept {
    components: Arc<OnceLock<RuntimeComponents>>,
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Kept {
    fn name(&self) -> &'static str {
        "Kept"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let _ = self.components.set(components.clone());
        Ok(())
    }
}
