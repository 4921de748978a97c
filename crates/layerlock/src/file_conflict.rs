use std::fmt;

use layerlock_check::package_in;
use layerlock_layer::{LayerPlan, OwnerId};
use layerlock_lock::PackageName;

/// A path to which two packages bring different files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileConflict {
    /// The path in the layer.
    pub path: String,
    /// Whose file lies there, with its version: `alive-progress 3.2.0`.
    pub kept: String,
    /// Whose file does not.
    pub hidden: String,
}

impl FileConflict {
    /// All of a plan that the preferred packages do not settle, sorted by path.
    pub(crate) fn unsettled(plan: &LayerPlan, prefer: &[PackageName]) -> Vec<Self> {
        let is_preferred = |owner: &str| {
            let package = package_in(owner);
            prefer.iter().any(|name| Some(name.as_str()) == package)
        };
        let owner = |id: OwnerId| plan.owners()[id.index()].clone();
        let overlaps = plan.overlaps().iter();
        let conflicts = overlaps.map(|overlap| Self {
            path: overlap.path.to_string(),
            kept: owner(overlap.kept),
            hidden: owner(overlap.hidden),
        });
        conflicts
            .filter(|conflict| !is_preferred(&conflict.kept))
            .collect()
    }

    /// The line of `[tool.layerlock]` that has the other file taken; none where that is one
    /// of the project's own, which always lie over those of packages.
    pub(crate) fn preference(&self) -> Option<String> {
        let package = self.hidden_package()?;
        Some(format!("prefer = [\"{package}\"]"))
    }

    /// Whether the file that lies there is one of the project's own.
    pub(crate) fn is_kept_of_folder(&self) -> bool {
        package_in(&self.kept).is_none()
    }

    /// The name alone of the package whose file does not lie there.
    pub(crate) fn hidden_package(&self) -> Option<&str> {
        package_in(&self.hidden)
    }
}

/// `python/LICENSE comes from both about-time 4.2.1 and alive-progress 3.2.0`
impl fmt::Display for FileConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, kept, hidden } = self;
        let (first, second) = if kept < hidden {
            (kept, hidden)
        } else {
            (hidden, kept)
        };
        write!(f, "{path} comes from both {first} and {second}")
    }
}

/// Few enough to read, with the number of the rest.
const SHOWN: usize = 10;

/// Conflicts in one message.
pub(crate) struct FileConflicts<'a>(pub(crate) &'a [FileConflict]);

impl fmt::Display for FileConflicts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, conflict) in self.0.iter().take(SHOWN).enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{conflict}")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}
