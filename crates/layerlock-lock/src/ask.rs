//! Who asks for a package, and how.

use crate::PackageName;

/// A dependency of the project, or of a package, on one that is selected: what explains
/// why that one is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ask {
    /// The package that asks; the project itself where there is none.
    pub by: Option<PackageName>,
    /// The package that is asked for.
    pub package: PackageName,
    /// The group of the project that the dependency is in, where the project asks.
    pub group: Option<String>,
    /// The extras of who asks, one of which is chosen and brings the dependency in; without
    /// them it is always there.
    pub behind: Vec<String>,
    /// The extras of the package that are asked for.
    pub extras: Vec<String>,
    /// The versions that may be, as they are written; none where any may.
    pub versions: Option<String>,
    /// The marker that holds, without what it says of extras.
    pub marker: Option<String>,
}

impl Ask {
    /// What is asked for without a group, an extra, a version or a marker.
    pub fn plain(by: Option<PackageName>, package: PackageName) -> Self {
        Self {
            by,
            package,
            group: None,
            behind: Vec::new(),
            extras: Vec::new(),
            versions: None,
            marker: None,
        }
    }
}
