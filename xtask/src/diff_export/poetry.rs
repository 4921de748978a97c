//! The Poetry versions that exports are compared with.

use crate::tools::Tool;

/// A pinned Poetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Poetry {
    /// 1.1: what users of the oldest locks may still run.
    Oldest,
    /// 1.8: the model for locks before 2.1.
    Old,
    /// The newest: the model for locks of 2.1.
    New,
}

impl Poetry {
    pub(crate) const ALL: [Self; 3] = [Self::Oldest, Self::Old, Self::New];

    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::Oldest => "1.1.15",
            Self::Old => "1.8.5",
            Self::New => "2.5.1",
        }
    }

    /// Whether an export of such a lock is compared with this Poetry's.
    pub(crate) fn reads(self, lock_version: &str) -> bool {
        match self {
            Self::Oldest => matches!(lock_version, "1.0" | "1.1"),
            Self::Old => matches!(lock_version, "1.0" | "1.1" | "2.0"),
            Self::New => lock_version == "2.1",
        }
    }

    pub(crate) fn tool(self) -> Tool {
        match self {
            Self::Oldest => Tool::Poetry11,
            Self::Old => Tool::Poetry18,
            Self::New => Tool::Poetry,
        }
    }
}
