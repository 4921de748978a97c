//! How counts are told.

/// Where a line is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One line that is drawn over and over.
    Terminal,
    /// Lines under each other, each of which has to say what it is about.
    Log,
}

impl Form {
    /// What stands before counts, between two counts, between two sizes, and between
    /// parts.
    pub(super) fn words(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Terminal => ("", "/", "/", "  "),
            Self::Log => ("fetching ", " of ", " of ", ", "),
        }
    }
}

/// `16.5`
#[expect(
    clippy::cast_precision_loss,
    reason = "four digits are shown, and no layer comes near 2^53 bytes"
)]
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}
