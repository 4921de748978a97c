//! Layers of functions that are not the project's.

use layerlock_target::Target;

/// A layer that somebody else published, with what is known of it.
#[derive(Debug, Clone)]
pub(super) struct Foreign {
    pub(super) arn: String,
    /// Bytes of its files.
    pub(super) unzipped: Option<u64>,
    /// The architectures that it is for; none where nobody says.
    pub(super) architectures: Vec<String>,
    /// The same of runtimes.
    pub(super) runtimes: Vec<String>,
}

impl Foreign {
    /// What it is for, where that is not the target.
    pub(super) fn misfit(&self, target: Target) -> Option<String> {
        let other = |stated: &[String], here: &str| {
            let is_other = !stated.is_empty() && !stated.iter().any(|one| one == here);
            is_other.then(|| stated.join(", "))
        };
        other(&self.architectures, target.architecture.name())
            .or_else(|| other(&self.runtimes, target.runtime.identifier()))
    }
}
