//! What a comparison of two exports can end in.

/// How many runs that differ, or that differ in bytes alone, are shown of one project.
pub(super) const SHOWN: usize = 6;

/// How a run ended.
pub(super) enum Verdict {
    SameBytes,
    /// With the lines that are written in another way.
    SameMeaning(Vec<String>),
    Refused,
    /// Poetry took too long.
    NoAnswer,
    Differs(Vec<String>),
    /// They differ, and are meant to.
    Explained,
}
