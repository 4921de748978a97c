/*!
Turns errors of the SDK into those of this crate.

The SDK's own Display is "service error" or "dispatch failure". The cause is in the
error's code and message, or at the end of its chain of sources.

Some texts of AWS and the SDK repeat credentials. Every text passes through
[`without_credentials`] before it gets into an [`Error`].
*/

use std::error::Error as StdError;
use std::iter;
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::primitives::{DateTime, DateTimeFormat};

use crate::Error;
use crate::failed::{Class, Failed};

impl Failed {
    pub(super) fn new<E>(action: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let told = failure(action, error);
        Self {
            class: class(error, &told),
            retry_after: error.raw_response().and_then(retry_after),
            error: told,
        }
    }
}

fn class<E>(error: &SdkError<E, HttpResponse>, told: &Error) -> Class {
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    match (told, status) {
        (Error::Throttled { .. }, _) | (_, Some(429)) => Class::Throttled,
        (_, Some(500..)) => Class::Server,
        // A page of a proxy, which may be a sign-in, or half an answer.
        (Error::Answer { .. }, Some(200..300)) => Class::Network,
        (Error::Network { .. }, _) => match error {
            SdkError::TimeoutError(_) => Class::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Class::TimedOut,
            _ => Class::Network,
        },
        _ => Class::Final,
    }
}

/// The header `Retry-After`, in seconds or as a date.
fn retry_after(answer: &HttpResponse) -> Option<Duration> {
    let text = answer.headers().get("retry-after")?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::from_str(text, DateTimeFormat::HttpDate).ok()?;
    let date = SystemTime::try_from(date).ok()?;
    date.duration_since(SystemTime::now()).ok()
}

/// A request that no connection was made for, or no answer came to.
pub(super) fn no_connection(action: &'static str, error: &ConnectorError) -> Failed {
    Failed {
        error: Error::Network {
            action,
            reason: root_causes(error),
        },
        class: if error.is_timeout() {
            Class::TimedOut
        } else {
            Class::Network
        },
        retry_after: None,
    }
}

/// Why there are no credentials.
pub(super) fn credentials_error(error: &CredentialsError) -> Error {
    credentials("a request for credentials", error).unwrap_or_else(|| Error::Credentials {
        reason: root_causes(error),
    })
}

fn failure<E>(action: &'static str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    if let Some(error) = credentials(action, error) {
        return error;
    }
    // The outermost error only names its variant, which is matched below.
    let reason = root_causes(error.source().unwrap_or(error));
    match error {
        SdkError::ServiceError(answer) => match error.code() {
            Some(code) => {
                let message = without_credentials(error.message().unwrap_or_default());
                if answer.raw().status().is_server_error() && code != "SlowDown" {
                    Error::ServerFailed {
                        action,
                        code: code.to_owned(),
                        message,
                    }
                } else {
                    refusal(action, code, message)
                }
            }
            None => Error::Answer {
                action,
                reason: format!(
                    "HTTP status {} without an error code",
                    answer.raw().status()
                ),
            },
        },
        SdkError::ResponseError(answer) => Error::Answer {
            action,
            reason: format!("HTTP status {}, {reason}", answer.raw().status()),
        },
        SdkError::ConstructionFailure(_) => Error::Settings { reason },
        // The SDK has no variant for this. The request was not sent.
        SdkError::DispatchFailure(_) if reason.starts_with("endpoint ") => {
            Error::Settings { reason }
        }
        _ => Error::Network { action, reason },
    }
}

/// [Common errors](https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html)
/// and those of the Lambda operations.
fn refusal(action: &'static str, code: &str, message: String) -> Error {
    match code {
        "AccessDeniedException" | "AccessDenied" => Error::AccessDenied { action, message },
        "TooManyRequestsException"
        | "ThrottlingException"
        | "Throttling"
        // Of S3 and Systems Manager.
        | "SlowDown"
        | "TooManyRequests"
        | "RequestLimitExceeded"
        | "TooManyUpdates" => Error::Throttled { action, message },
        "CodeStorageExceededException" => Error::CodeStorageExceeded {
            message,
            used: None,
            limit: None,
        },
        // These messages quote the request's signature, so they are not repeated.
        "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => Error::Credentials {
            reason: format!("AWS answered {code}"),
        },
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "OptInRequired"
        | "NotAuthorized" => Error::Credentials {
            reason: format!("AWS answered {code}: {message}"),
        },
        _ => Error::Refused {
            action,
            code: code.to_owned(),
            message,
        },
    }
}

/// The error, if what failed was finding credentials.
fn credentials(action: &'static str, error: &(dyn StdError + 'static)) -> Option<Error> {
    let mut sources = sources(error);
    let found = sources.find_map(|source| source.downcast_ref::<CredentialsError>())?;
    // A role or sign-in requests credentials over the network, which can fail too.
    let offline = sources
        .filter_map(|source| source.downcast_ref::<ConnectorError>())
        .any(|error| error.is_io() || error.is_timeout());
    let reason = match found {
        CredentialsError::CredentialsNotLoaded(_) => {
            "none in the environment, the AWS profile or the machine's role".to_owned()
        }
        other => root_causes(other),
    };
    Some(if offline {
        Error::Network { action, reason }
    } else {
        Error::Credentials { reason }
    })
}

/// The last two messages of the chain; those before only say that something failed.
fn root_causes(error: &(dyn StdError + 'static)) -> String {
    let mut messages: Vec<String> = sources(error)
        .map(|source| in_words(without_credentials(&source.to_string())))
        .filter(|message| !matches!(&**message, "" | "other" | "io error" | "service error"))
        .collect();
    // Some repeat their source.
    messages.dedup_by(|next, last| last.ends_with(&**next));
    messages
        .split_off(messages.len().saturating_sub(2))
        .join(": ")
}

/// What AWS said, where the SDK has it as a value: `Error { code: "...", message: "..." }`,
/// after an error that only repeats the code.
fn in_words(text: String) -> String {
    let value = |name: &str| {
        let (_, rest) = text.split_once(&format!("{name}: \""))?;
        rest.split_once('"').map(|(value, _)| value)
    };
    if text.starts_with("unhandled error (") {
        return String::new();
    }
    match (
        text.starts_with("Error { "),
        value("code"),
        value("message"),
    ) {
        (true, Some(code), Some(message)) => format!("{message} ({code})"),
        (true, Some(code), None) => format!("AWS answered {code}"),
        _ => text,
    }
}

fn sources<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

/// The text up to where a credential could start.
///
/// After the first line about a refused signature AWS repeats the request that it
/// signed, session token included. The SDK repeats what a credential process wrote to
/// standard error, and an endpoint with its password.
fn without_credentials(text: &str) -> String {
    const MARKS: [&str; 4] = [
        "\n",
        "The Canonical String",
        " Stderr:",
        "failed to apply endpoint",
    ];
    let end = MARKS.iter().filter_map(|mark| text.find(mark)).min();
    text[..end.unwrap_or(text.len())].trim().to_owned()
}
