//! A requirement of a project.

use std::ops::Range;

use crate::Error;
use crate::document::{Document, Value};

/// A requirement as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Requirement {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

/// The requirements of a list.
pub(super) fn requirements(
    document: &Document,
    values: &[Value<'_>],
) -> Result<Vec<Requirement>, Error> {
    let requirements = values.iter().map(|value| {
        Ok(Requirement {
            text: document.string(value, "a requirement")?.to_owned(),
            span: value.span(),
        })
    });
    requirements.collect()
}
