//! Errors as programs read them. The field names are the interface of `--json`.

use std::collections::HashSet;
use std::fmt::Display;
use std::path::PathBuf;

use layerlock_diagnostic::{Diagnose, ErrorKind, Place, mask_user_info};
use serde::Serialize;

use crate::Error;
use crate::error_text::with_causes;
use crate::report::path_text;

/// What a job that failed gives programs instead of its report.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorReport {
    /// What failed.
    pub error: ErrorDetails,
}

/// All that an error tells.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorDetails {
    /// The command's exit code.
    pub code: u8,
    /// The name of its [`ErrorKind`].
    pub kind: &'static str,
    /// What failed, on what and why.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The package that it is about, by its normalised name.
    pub package: Option<String>,
    /// The place in a file of the user that is to blame.
    pub place: Option<ErrorPlace>,
}

/// A place in a file.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorPlace {
    /// The file.
    #[serde(serialize_with = "path_text")]
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl ErrorReport {
    /// What there is to tell of an error.
    pub fn new(error: &Error) -> Self {
        Self {
            error: ErrorDetails {
                place: error.place().map(ErrorPlace::new),
                ..ErrorDetails::new(error, &with_causes(error))
            },
        }
    }

    /// An error that has no more than a message and a hint.
    pub fn of_message(kind: ErrorKind, message: &str, hint: Option<&str>) -> Self {
        Self {
            error: ErrorDetails {
                code: kind.exit_code(),
                kind: kind.name(),
                message: mask_user_info(message),
                hint: hint.map(mask_user_info),
                package: None,
                place: None,
            },
        }
    }
}

impl ErrorDetails {
    /// An error, and what it happened to.
    pub(crate) fn in_context(what: &dyn Display, error: &dyn Diagnose) -> Self {
        Self::new(error, &format!("{what}: {}", with_causes(error)))
    }

    fn new(error: &dyn Diagnose, message: &str) -> Self {
        Self {
            code: error.kind().exit_code(),
            kind: error.kind().name(),
            message: mask_user_info(message),
            hint: error.hint().as_deref().map(mask_user_info),
            package: error.package(),
            place: None,
        }
    }
}

/// The exit code of a command of which these failed: that of a refusal by the provider before
/// others, and that of the network after all others. `None` where nothing failed.
pub(crate) fn exit_code<'e>(errors: impl Iterator<Item = &'e ErrorDetails>) -> Option<u8> {
    let rank = |code: &u8| {
        if *code == ErrorKind::Provider.exit_code() {
            0
        } else if *code == ErrorKind::Network.exit_code() {
            2
        } else {
            1
        }
    };
    errors.map(|error| error.code).min_by_key(rank)
}

/// Errors of different messages: one fault of a place may be that of several versions.
pub(crate) fn each_once<'e>(
    errors: impl Iterator<Item = &'e ErrorDetails>,
) -> impl Iterator<Item = &'e ErrorDetails> {
    let mut told = HashSet::new();
    errors.filter(move |error| told.insert(&error.message))
}

impl ErrorPlace {
    fn new(place: &Place) -> Self {
        Self {
            file: place.path.clone(),
            line: place.line,
            column: place.column,
        }
    }
}
