//! Answers that are errors: which ones, and what another attempt may change.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::http::Answer;
use crate::FcError;
use crate::failed::{Class, Failed};

/// What an error is told of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The action, as RAM calls it.
    pub(super) action: &'static str,
    pub(super) region: &'a str,
    pub(super) layer: &'a str,
    pub(super) version: Option<u64>,
    /// The bucket of a request to OSS.
    pub(super) bucket: &'a str,
}

impl<'a> Asked<'a> {
    pub(super) fn new(action: &'static str, region: &'a str) -> Self {
        Self {
            action,
            region,
            layer: "",
            version: None,
            bucket: "",
        }
    }

    pub(super) fn of_layer(self, layer: &'a str) -> Self {
        Self { layer, ..self }
    }

    pub(super) fn of_version(self, version: u64) -> Self {
        Self {
            version: Some(version),
            ..self
        }
    }

    pub(super) fn of_bucket(self, bucket: &'a str) -> Self {
        Self { bucket, ..self }
    }

    fn resource(&self) -> String {
        match (self.bucket, self.layer) {
            ("", "") => String::new(),
            ("", layer) => format!("layers/{layer}"),
            (bucket, _) => format!("the bucket {bucket}"),
        }
    }
}

/// What an answer says of an error.
struct Told {
    code: String,
    message: String,
}

/// The code of an answer's error, where it has one.
pub(super) fn code(answer: &Answer) -> Option<String> {
    told(answer).map(|told| told.code)
}

/// The error of an answer without success.
pub(super) fn refused(asked: &Asked<'_>, answer: &Answer) -> Failed {
    let status = answer.status;
    let error = match told(answer) {
        Some(told) => error(asked, status, told),
        None => FcError::Answer {
            action: asked.action,
            reason: format!("HTTP status {status} without an error code"),
        },
    };
    let class = match (&error, status) {
        (FcError::Throttled { .. }, _) | (_, 429) => Class::Throttled,
        (_, 500..) => Class::Server,
        _ => Class::Final,
    };
    Failed {
        retry_after: match class {
            Class::Throttled | Class::Server => retry_after(answer),
            _ => None,
        },
        error: error.into(),
        class,
    }
}

/// An answer with success that is none of the API: a page of a proxy, or half an answer.
pub(super) fn unexpected(action: &'static str, reason: &str) -> Failed {
    let error = FcError::Answer {
        action,
        reason: reason.to_owned(),
    };
    Failed {
        error: error.into(),
        class: Class::Network,
        retry_after: None,
    }
}

fn told(answer: &Answer) -> Option<Told> {
    let text = String::from_utf8_lossy(&answer.body);
    let json = serde_json::from_str::<Value>(&text).unwrap_or_default();
    let member = |names: [&str; 3]| {
        let mut found = names.iter().filter_map(|name| json[name].as_str());
        found.next().map(str::to_owned)
    };
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        rest.split_once("</").map(|(value, _)| value.to_owned())
    };
    // The older API: `ErrorCode` and `ErrorMessage`. OSS: XML, and a header with HEAD.
    let code = member(["Code", "code", "ErrorCode"])
        .or_else(|| element("Code"))
        .or_else(|| header_code(answer))?;
    let message = member(["Message", "message", "ErrorMessage"]).or_else(|| element("Message"));
    Some(Told {
        message: without_credentials(&message.unwrap_or_default()),
        code,
    })
}

/// Answers of OSS to HEAD have no body.
fn header_code(answer: &Answer) -> Option<String> {
    let code = answer.header("x-oss-ec").map(str::to_owned);
    code.or_else(|| match answer.status {
        403 => Some("AccessDenied".to_owned()),
        404 => Some("NoSuchKey".to_owned()),
        _ => None,
    })
    .filter(|_| answer.header("x-oss-request-id").is_some())
}

/// The text up to where a credential could start: after a refused signature the server
/// repeats what it signed, session token included.
fn without_credentials(text: &str) -> String {
    const MARKS: [&str; 6] = [
        "\n",
        "server string to sign",
        "server StringToSign",
        "StringToSign",
        "CanonicalRequest",
        "canonical request",
    ];
    let end = MARKS.iter().filter_map(|mark| text.find(mark)).min();
    let text = &text[..end.unwrap_or(text.len())];
    text.trim().trim_end_matches([':', ',', '.']).to_owned()
}

/// [Error codes of Function Compute](https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/developer-reference/error-codes)
/// and [of OSS](https://www.alibabacloud.com/help/en/oss/developer-reference/error-responses).
fn error(asked: &Asked<'_>, status: u16, told: Told) -> FcError {
    let action = asked.action;
    let Told { code, message } = told;
    if is_throttling(&code) || status == 429 {
        return FcError::Throttled { action, message };
    }
    if status >= 500 {
        return FcError::ServerFailed {
            action,
            code,
            message,
        };
    }
    if is_about_the_signature(&code) {
        return FcError::Signature {
            action,
            code,
            message,
        };
    }
    let (layer, region) = (asked.layer.to_owned(), asked.region.to_owned());
    match &*code {
        "AccessDenied" | "NoPermission" | "Forbidden" | "Forbidden.RAM" => FcError::Denied {
            action,
            resource: asked.resource(),
            message,
        },
        "LayerNotFound" => FcError::NoLayer { layer, region },
        "LayerVersionNotFound" => FcError::NoVersion {
            layer,
            version: asked.version.map(|it| it.to_string()).unwrap_or_default(),
            region,
        },
        "InvalidArgument" | "MissingRequiredParameter" if asked.bucket.is_empty() => {
            FcError::Argument { action, message }
        }
        "InvalidRegion" | "RegionNotSupported" | "PathNotSupported" | "RegionMismatch" => {
            FcError::Region {
                action,
                region,
                code,
                message,
            }
        }
        _ if !asked.bucket.is_empty() => FcError::Bucket {
            bucket: asked.bucket.to_owned(),
            reason: match &*code {
                "NoSuchBucket" => "there is no bucket of this name".to_owned(),
                _ => format!("{message} ({code})"),
            },
        },
        _ => FcError::Refused {
            action,
            code,
            message,
        },
    }
}

fn is_throttling(code: &str) -> bool {
    code.starts_with("Throttling")
        || matches!(
            code,
            "ResourceThrottled" | "TooManyRequests" | "QpsLimitExceeded" | "ResourceExhausted"
        )
}

fn is_about_the_signature(code: &str) -> bool {
    code.starts_with("InvalidAccessKeyI")
        || code.starts_with("InvalidSecurityToken")
        || code.starts_with("SignatureNotMatch")
        || code.starts_with("SignatureDoesNotMatch")
        || code.starts_with("IncompleteSignature")
        || code.starts_with("InvalidTimeStamp")
        || matches!(
            code,
            "InvalidSignature"
                | "SecurityTokenExpired"
                | "ExpiredSecurityToken"
                | "SecurityTokenMalformed"
                | "RequestTimeTooSkewed"
                | "InactiveAccessKeyId"
                | "MissingSecurityToken"
        )
}

/// How long the server asks to wait: `x-acs-retry-after`, which the official SDK reads in
/// milliseconds (what is less than 60 can only be meant in seconds), else `Retry-After`.
fn retry_after(answer: &Answer) -> Option<Duration> {
    let own = answer.header("x-acs-retry-after");
    if let Some(asked) = own.and_then(|text| text.trim().parse().ok()) {
        return match asked {
            0 => None,
            1..=60 => Some(Duration::from_secs(asked)),
            _ => Some(Duration::from_millis(asked)),
        };
    }
    let text = answer.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    date.duration_since(SystemTime::now()).ok()
}

#[cfg(test)]
mod tests {
    use layerlock_diagnostic::{Diagnose as _, ErrorKind};
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn asked() -> Asked<'static> {
        Asked::new("fc:GetLayerVersion", "cn-hangzhou")
            .of_layer("web")
            .of_version(3)
    }

    #[test]
    fn each_code_has_its_sentence_kind_and_patience() {
        for (status, code, text, kind, class) in [
            (
                404,
                "LayerNotFound",
                "there is no layer web in cn-hangzhou",
                ErrorKind::Provider,
                Class::Final,
            ),
            (
                404,
                "LayerVersionNotFound",
                "there is no version 3 of the layer web in cn-hangzhou",
                ErrorKind::Provider,
                Class::Final,
            ),
            (
                403,
                "AccessDenied",
                "Alibaba Cloud denied fc:GetLayerVersion on layers/web: told",
                ErrorKind::Provider,
                Class::Final,
            ),
            (
                403,
                "SignatureNotMatch",
                "Alibaba Cloud does not accept the credentials at fc:GetLayerVersion: told \
                 (SignatureNotMatch)",
                ErrorKind::Provider,
                Class::Final,
            ),
            (
                429,
                "ResourceThrottled",
                "Alibaba Cloud throttled fc:GetLayerVersion: told",
                ErrorKind::Provider,
                Class::Throttled,
            ),
            (
                500,
                "InternalServerError",
                "Alibaba Cloud failed at fc:GetLayerVersion: told (InternalServerError)",
                ErrorKind::Network,
                Class::Server,
            ),
            (
                400,
                "InvalidArgument",
                "Function Compute does not take an argument of fc:GetLayerVersion: told",
                ErrorKind::Provider,
                Class::Final,
            ),
        ] {
            let body = format!(r#"{{"RequestId":"r","Code":"{code}","Message":"told"}}"#);
            let failed = refused(&asked(), &answer(status, &body));
            assert_eq!(failed.error.to_string(), text);
            assert_eq!((failed.error.kind(), failed.class), (kind, class), "{code}");
        }
    }

    #[test]
    fn what_was_signed_is_not_repeated() {
        let body = r#"{"Code":"SignatureNotMatch","Message":"no match, server string to sign: CAIS-token"}"#;
        let failed = refused(&asked(), &answer(403, body));
        assert!(
            !failed.error.to_string().contains("CAIS"),
            "{}",
            failed.error
        );
    }

    #[test]
    fn errors_of_oss_are_xml() {
        let body = "<Error><Code>NoSuchBucket</Code><Message>none</Message></Error>";
        let asked = Asked::new("oss:PutObject", "cn-hangzhou").of_bucket("layers");
        let failed = refused(&asked, &answer(404, body));
        let text = "the bucket layers cannot be used: there is no bucket of this name";
        assert_eq!(failed.error.to_string(), text);
    }

    #[test]
    fn a_page_of_a_proxy_is_no_answer() {
        let failed = refused(&asked(), &answer(503, "<html>"));
        assert_eq!(failed.class, Class::Server);
        assert_eq!(
            failed.error.to_string(),
            "unexpected response to fc:GetLayerVersion: HTTP status 503 without an error code"
        );
    }

    #[test]
    fn the_server_says_how_long_to_wait() {
        for (name, value, wait) in [
            ("x-acs-retry-after", "1500", Some(1500)),
            ("x-acs-retry-after", "2", Some(2000)),
            ("retry-after", "3", Some(3000)),
            ("x-acs-retry-after", "soon", None),
        ] {
            let mut throttled = answer(429, r#"{"Code":"Throttling.User"}"#);
            let value = HeaderValue::from_static(value);
            throttled.headers.insert(name, value);
            let failed = refused(&asked(), &throttled);
            assert_eq!(failed.retry_after, wait.map(Duration::from_millis));
        }
    }
}
