//! Options that cannot be used as they are, which clap alone does not know.

use clap::error::ErrorKind;

/// What is wrong, for people.
#[derive(Debug)]
pub(crate) struct Misuse {
    pub(super) kind: ErrorKind,
    pub(super) message: String,
}

impl Misuse {
    /// An option that cannot be used with the others.
    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::ArgumentConflict,
            message: message.into(),
        }
    }

    /// A value that an option does not take.
    pub(super) fn value(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::ValueValidation,
            message: message.into(),
        }
    }
}
