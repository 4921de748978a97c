//! What is different between two layers, or between two locks.

mod comparand;
mod compare;
mod report;
mod side;
mod text;

use crate::upkeep::UpkeepSettings;
use crate::{Error, Reporter};

pub use comparand::Comparand;
use compare::compare;
pub use report::{DiffReport, DiffSide, PackageChange, PackageDiff, PackageState};
use side::Side;

/// What to compare.
#[derive(Debug, Clone)]
pub struct DiffSettings {
    /// The earlier one.
    pub before: Comparand,
    /// The later one.
    pub after: Comparand,
    /// Where published versions are, and of which layer.
    pub upkeep: UpkeepSettings,
}

/// Compares two layers or locks, package by package.
pub fn diff(diff: &DiffSettings, reporter: &dyn Reporter) -> Result<DiffReport, Error> {
    let before = Side::read(&diff.before, &diff.after, &diff.upkeep, reporter)?;
    let after = Side::read(&diff.after, &diff.before, &diff.upkeep, reporter)?;
    Ok(compare(before, after))
}
