//! What `diff` tells. The field names are the interface of `--json`.

use serde::Serialize;

/// What is different. Displays as people read it.
#[derive(Debug, Clone, Serialize)]
pub struct DiffReport {
    /// The earlier side.
    pub before: DiffSide,
    /// The later side.
    pub after: DiffSide,
    /// The packages that are different, by name; without one, the files of no package.
    pub packages: Vec<PackageDiff>,
    /// How many packages are the same on both sides.
    pub unchanged: usize,
}

/// One of the two.
#[derive(Debug, Clone, Serialize)]
pub struct DiffSide {
    /// What it was named by, or the version that it is.
    pub name: String,
    /// How many packages it has.
    pub package_count: usize,
    /// Bytes of all files, unpacked; none of a lock.
    pub unzipped_size: Option<u64>,
    /// Bytes of the zip, where it is one.
    pub zip_size: Option<u64>,
    /// How many files; none of a lock.
    pub file_count: Option<usize>,
}

/// What became of a package.
#[derive(Debug, Clone, Serialize)]
pub struct PackageDiff {
    /// Its name; none for the files of no package.
    pub name: Option<String>,
    /// What happened to it.
    pub change: PackageChange,
    /// What the earlier side has.
    pub before: Option<PackageState>,
    /// What the later side has.
    pub after: Option<PackageState>,
}

/// What happened to a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageChange {
    /// Only the later side has it.
    Added,
    /// Only the earlier side has it.
    Removed,
    /// It is of another version.
    Moved,
    /// It is of the same version, with other bytes.
    Resized,
}

/// A package on one side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PackageState {
    /// Its version; a lock may have several, and a layer tell none.
    pub versions: Vec<String>,
    /// Bytes of its files, unpacked; none in a lock.
    pub unzipped_size: Option<u64>,
    /// Bytes that they take up in the zip, without headers.
    pub zipped_size: Option<u64>,
}

impl DiffReport {
    /// Whether anything is different.
    pub fn has_changes(&self) -> bool {
        !self.packages.is_empty()
    }
}
