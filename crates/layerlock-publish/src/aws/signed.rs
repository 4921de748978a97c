/*!
Requests to S3 and Systems Manager, signed by hand.

There are six kinds of them. The SDK's crate for S3 alone takes about two minutes to build
and brings eight more; what it would do for these requests is here: the signature, over the same HTTP client and credentials as the requests to Lambda, and the
code and message of an error. An error becomes one of the SDK's, so that it is told and
retried like those of Lambda.
*/

use std::error::Error as StdError;
use std::fmt;
use std::time::SystemTime;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sdk_lambda::config::StalledStreamProtectionConfig;
use aws_sdk_lambda::config::http::{HttpRequest, HttpResponse};
use aws_sdk_lambda::error::{ErrorMetadata, ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::primitives::SdkBody;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningError,
    SigningInstructions, SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_xml::decode::{Document, try_data};
use bytes::Bytes;
use layerlock_digest::Digest;
use serde_json::Value;

use super::endpoint::Service;
use super::failure::credentials_error;
use crate::Error;
use crate::failed::{Class, Failed};

/// Signs requests to the services of one region, and sends them.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) config: SdkConfig,
    pub(super) region: String,
}

/// One request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) service: Service,
    /// The IAM action that has to be allowed.
    pub(super) action: &'static str,
    pub(super) method: &'static str,
    /// `https://host:port`
    pub(super) origin: String,
    /// Path and query, encoded.
    pub(super) target: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) payload: Payload,
    pub(super) timeouts: TimeoutConfig,
}

/// What a request carries.
#[derive(Debug)]
pub(super) struct Payload {
    pub(super) body: SdkBody,
    pub(super) digest: Digest,
    /// How many bytes it has, where the request says that.
    pub(super) length: Option<u64>,
}

impl Payload {
    pub(super) fn none() -> Self {
        Self {
            body: SdkBody::empty(),
            digest: Digest::sha256_of(b""),
            length: None,
        }
    }

    pub(super) fn bytes(bytes: Vec<u8>) -> Self {
        Self {
            digest: Digest::sha256_of(&bytes),
            length: Some(bytes.len() as u64),
            body: SdkBody::from(bytes),
        }
    }
}

/// An answer that grants what was asked for.
#[derive(Debug)]
pub(super) struct Answer {
    response: HttpResponse,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)
    }

    pub(super) fn body(&self) -> &[u8] {
        self.response.body().bytes().unwrap_or_default()
    }
}

/// A request that was not granted.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) failed: Failed,
    /// What the service said, where it was the service that answered.
    pub(super) told: Option<Told>,
}

impl Refused {
    pub(super) fn status(&self) -> Option<u16> {
        self.told.as_ref().map(|told| told.status)
    }

    pub(super) fn code(&self) -> Option<&str> {
        self.told.as_ref().and_then(ProvideErrorMetadata::code)
    }
}

impl From<Failed> for Refused {
    fn from(failed: Failed) -> Self {
        Self { failed, told: None }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Failed::finally(error).into()
    }
}

/// An error of a service.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) metadata: ErrorMetadata,
    pub(super) status: u16,
    /// The bucket's region, where it is the error that it is not this one.
    pub(super) region: Option<String>,
    /// Where to ask instead.
    pub(super) location: Option<String>,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP status {}", self.status)
    }
}

impl StdError for Told {}

impl ProvideErrorMetadata for Told {
    fn meta(&self) -> &ErrorMetadata {
        &self.metadata
    }
}

impl Signed {
    pub(super) async fn send(&self, request: Request) -> Result<Answer, Refused> {
        let action = request.action;
        let Some(http_client) = self.config.http_client() else {
            return Err(Error::Settings {
                reason: "there is no HTTP client".to_owned(),
            }
            .into());
        };
        let operation = Operation::builder()
            .service_name(request.service.name())
            .operation_name(action)
            .behavior_version(BehaviorVersion::latest())
            .http_client(http_client)
            .endpoint_url(&request.origin)
            // It is signed already, and retried by the caller.
            .no_auth()
            .no_retry()
            .timeout_config(request.timeouts.clone())
            // Uploads are watched by the caller.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .serializer(|request: HttpRequest| Ok(request))
            .deserializer(answer)
            .build();
        let request = self.signed(request).await?;
        operation.invoke(request).await.map_err(|error| Refused {
            failed: failed(action, &error),
            told: match error {
                SdkError::ServiceError(context) => Some(context.into_err()),
                _ => None,
            },
        })
    }

    async fn signed(&self, request: Request) -> Result<HttpRequest, Refused> {
        let credentials = match self.config.credentials_provider() {
            Some(provider) => provider.provide_credentials().await,
            None => {
                return Err(Error::Credentials {
                    reason: "none are configured".to_owned(),
                }
                .into());
            }
        };
        let credentials = credentials.map_err(|error| {
            let error = credentials_error(&error);
            let class = match error {
                Error::Network { .. } => Class::Network,
                _ => Class::Final,
            };
            Failed {
                error,
                class,
                retry_after: None,
            }
        })?;
        let signature = signature(&request, &self.region, credentials, SystemTime::now());
        // What the SDK says of it may quote a header.
        let (signature, _) = signature
            .map_err(|_| Error::Settings {
                reason: format!("a request for {} cannot be signed", request.action),
            })?
            .into_parts();
        http(request, &signature).ok_or_else(|| {
            Error::Settings {
                reason: "a request cannot have such a path or header".to_owned(),
            }
            .into()
        })
    }
}

/// The headers that sign a request at a time.
fn signature(
    request: &Request,
    region: &str,
    credentials: Credentials,
    time: SystemTime,
) -> Result<aws_sigv4::SigningOutput<SigningInstructions>, SigningError> {
    let mut settings = SigningSettings::default();
    if request.service == Service::S3 {
        // Names of objects are what they are: `a/../b` is one.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(request.service.name())
        .time(time)
        .settings(settings)
        .build();
    #[expect(clippy::expect_used, reason = "each of its fields is set above")]
    let parameters = parameters.expect("all fields are set").into();
    let headers = request.headers.iter();
    let signable = SignableRequest::new(
        request.method,
        format!("{}{}", request.origin, request.target),
        headers.map(|(name, value)| (*name, value.as_str())),
        SignableBody::Precomputed(request.payload.digest.hex()),
    )?;
    sign(signable, &parameters)
}

fn http(request: Request, signature: &SigningInstructions) -> Option<HttpRequest> {
    let mut http = HttpRequest::new(request.payload.body);
    http.set_method(request.method).ok()?;
    http.set_uri(request.target).ok()?;
    let length = request.payload.length.map(|length| length.to_string());
    let headers = request.headers.iter();
    let headers = headers.map(|(name, value)| (*name, value.as_str()));
    let headers = headers.chain(signature.headers());
    for (name, value) in headers.chain(length.as_deref().map(|it| ("content-length", it))) {
        let name = name.to_owned();
        http.headers_mut().try_insert(name, value.to_owned()).ok()?;
    }
    let agent = concat!("layerlock/", env!("CARGO_PKG_VERSION"));
    http.headers_mut().insert("user-agent", agent);
    Some(http)
}

fn answer(response: &HttpResponse) -> Result<Answer, OrchestratorError<Told>> {
    if !response.status().is_success() {
        return Err(OrchestratorError::operation(told(response)));
    }
    let mut kept = HttpResponse::new(
        response.status(),
        SdkBody::from(Bytes::copy_from_slice(
            response.body().bytes().unwrap_or_default(),
        )),
    );
    kept.headers_mut().clone_from(response.headers());
    Ok(Answer { response: kept })
}

/// What an answer that is no success tells.
fn told(response: &HttpResponse) -> Told {
    let header = |name: &str| response.headers().get(name).map(str::to_owned);
    let body = response.body().bytes().unwrap_or_default();
    let status = response.status().as_u16();
    let words = Words::of_json(body, header("x-amzn-errortype"))
        .or_else(|| Words::of_xml(body))
        .or_else(|| Words::of_status(status).filter(|_| body.is_empty()))
        .unwrap_or_default();
    let mut metadata = ErrorMetadata::builder();
    if let Some(code) = words.code {
        metadata = metadata.code(code);
    }
    if let Some(message) = words.message {
        metadata = metadata.message(message);
    }
    Told {
        metadata: metadata.build(),
        status,
        region: header("x-amz-bucket-region").or(words.region),
        location: header("location"),
    }
}

/// Code and message of an error.
#[derive(Debug, Default, PartialEq, Eq)]
struct Words {
    code: Option<String>,
    message: Option<String>,
    region: Option<String>,
}

impl Words {
    /// As Systems Manager sends them: `{"__type": "com.amazonaws.ssm#Code", "message": ...}`.
    fn of_json(body: &[u8], header: Option<String>) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let code = header.or_else(|| text("__type")).or_else(|| text("code"))?;
        // `namespace#Code:address`
        let code = code.rsplit('#').next()?.split(':').next()?;
        Some(Self {
            code: Some(code.to_owned()),
            message: text("message").or_else(|| text("Message")),
            region: None,
        })
    }

    /// As S3 sends them: `<Error><Code>...</Code><Message>...</Message></Error>`. What else
    /// there is may quote a credential.
    fn of_xml(body: &[u8]) -> Option<Self> {
        let mut document = Document::new(std::str::from_utf8(body).ok()?);
        let mut root = document.root_element().ok()?;
        if !root.start_el().matches("Error") {
            return None;
        }
        let mut words = Self::default();
        while let Some(mut element) = root.next_tag() {
            let field = match element.start_el().local() {
                "Code" => &mut words.code,
                "Message" => &mut words.message,
                "Region" => &mut words.region,
                _ => continue,
            };
            *field = Some(try_data(&mut element).ok()?.into_owned());
        }
        words.code.is_some().then_some(words)
    }

    /// As the AWS CLI names them: an answer to HEAD has no body.
    fn of_status(status: u16) -> Option<Self> {
        let (code, message) = match status {
            301 => ("PermanentRedirect", "Moved Permanently"),
            307 => ("TemporaryRedirect", "Temporary Redirect"),
            400 => ("BadRequest", "Bad Request"),
            403 => ("AccessDenied", "Forbidden"),
            404 => ("NotFound", "Not Found"),
            409 => ("Conflict", "Conflict"),
            412 => ("PreconditionFailed", "Precondition Failed"),
            429 => ("TooManyRequests", "Too Many Requests"),
            500 => ("InternalError", "Internal Server Error"),
            503 => ("SlowDown", "Service Unavailable"),
            _ => return None,
        };
        Some(Self {
            code: Some(code.to_owned()),
            message: Some(message.to_owned()),
            region: None,
        })
    }
}

/// As for Lambda, and what S3 alone says.
fn failed(action: &'static str, error: &SdkError<Told, HttpResponse>) -> Failed {
    let failed = Failed::new(action, error);
    let told = error.as_service_error();
    let class = match told.and_then(ProvideErrorMetadata::code) {
        // Another upload of the same is under way, or the bucket is being made.
        Some("ConditionalRequestConflict" | "OperationAborted" | "TooManyUpdates") => {
            Class::Throttled
        }
        // What was sent did not arrive in time, or not all of it.
        Some("RequestTimeout" | "IncompleteBody") => Class::Network,
        _ => failed.class,
    };
    Failed { class, ..failed }
}

/// The text of an element in an answer of S3.
pub(super) fn xml_text(body: &[u8], name: &str) -> Option<String> {
    let mut document = Document::new(std::str::from_utf8(body).ok()?);
    let mut root = document.root_element().ok()?;
    while let Some(mut element) = root.next_tag() {
        if element.start_el().matches(name) {
            return Some(try_data(&mut element).ok()?.into_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// The examples of
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>
    #[test]
    fn requests_are_signed_as_aws_shows_it() {
        let sign = |method, target: &str, headers, body: &[u8]| {
            let request = Request {
                service: Service::S3,
                action: "s3:GetObject",
                method,
                origin: "https://examplebucket.s3.amazonaws.com".to_owned(),
                target: target.to_owned(),
                headers,
                payload: Payload::bytes(body.to_vec()),
                timeouts: TimeoutConfig::disabled(),
            };
            let credentials = Credentials::new(
                "AKIAIOSFODNN7EXAMPLE",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                None,
                None,
                "test",
            );
            // 2013-05-24T00:00:00Z
            let time = UNIX_EPOCH + Duration::from_hours(380_376);
            let signature = signature(&request, "us-east-1", credentials, time);
            let (headers, signature) = signature.unwrap().into_parts();
            let request = http(request, &headers).unwrap();
            let authorization = request.headers().get("authorization").unwrap();
            assert!(authorization.ends_with(&signature), "{authorization}");
            signature
        };
        assert_eq!(
            sign(
                "GET",
                "/test.txt",
                vec![("range", "bytes=0-9".to_owned())],
                b""
            ),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        let headers = vec![
            ("date", "Fri, 24 May 2013 00:00:00 GMT".to_owned()),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY".to_owned()),
        ];
        assert_eq!(
            sign(
                "PUT",
                "/test%24file.text",
                headers,
                b"Welcome to Amazon S3."
            ),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        );
        assert_eq!(
            sign("GET", "/?lifecycle", Vec::new(), b""),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        );
    }

    #[test]
    fn code_and_message_are_read_off_both_kinds_of_errors() {
        let words = |code: &str, message: &str| {
            Some(Words {
                code: Some(code.to_owned()),
                message: Some(message.to_owned()),
                region: None,
            })
        };
        let xml = br#"<?xml version="1.0" encoding="UTF-8"?>
            <Error><Code>SignatureDoesNotMatch</Code><Message>It &lt;differs&gt;</Message>
            <AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId><HostId>x</HostId></Error>"#;
        assert_eq!(
            Words::of_xml(xml),
            words("SignatureDoesNotMatch", "It <differs>")
        );
        let xml =
            b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>";
        assert_eq!(
            Words::of_xml(xml).unwrap().region.as_deref(),
            Some("eu-west-1")
        );
        for other in [
            &b"<html><Code>x</Code></html>"[..],
            b"",
            b"<Error><Code",
            b"\xff",
        ] {
            assert_eq!(Words::of_xml(other), None);
        }
        let json = br#"{"__type": "com.amazonaws.ssm#ParameterNotFound", "message": "no"}"#;
        assert_eq!(Words::of_json(json, None), words("ParameterNotFound", "no"));
        let header = Some("ThrottlingException:http://x/".to_owned());
        let json = br#"{"Message": "slower"}"#;
        assert_eq!(
            Words::of_json(json, header),
            words("ThrottlingException", "slower")
        );
    }
}
