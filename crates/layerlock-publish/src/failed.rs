//! Requests that failed, of whichever provider, and what another attempt may change.

use std::time::Duration;

use crate::Error;

/// A request that failed, and what that says of another attempt.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) class: Class,
    /// How long the server asks to wait.
    pub(crate) retry_after: Option<Duration>,
}

/// What may pass. But for [`Throttled`](Self::Throttled), nobody knows whether the request
/// was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Refused, because there are too many requests.
    Throttled,
    /// The server failed.
    Server,
    /// There was no answer, or a part of one.
    Network,
    /// There was no answer in time.
    TimedOut,
    /// It will not pass.
    Final,
}

impl Failed {
    /// An error that another attempt will not change.
    pub(crate) fn finally(error: Error) -> Self {
        Self {
            error,
            class: Class::Final,
            retry_after: None,
        }
    }
}
