//! A requirement of a project.

use std::ops::Range;

/// A requirement as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Requirement {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}
