//! Two sides next to each other, package by package.

use std::collections::BTreeSet;

use super::report::{DiffReport, PackageChange, PackageDiff, PackageState};
use super::side::Side;

/// What is different between two sides.
pub(super) fn compare(before: Side, after: Side) -> DiffReport {
    let names: BTreeSet<_> = before
        .packages
        .keys()
        .chain(after.packages.keys())
        .collect();
    let mut packages = Vec::new();
    let mut unchanged = 0;
    for name in names {
        let (old, new) = (before.packages.get(name), after.packages.get(name));
        match change(old, new) {
            Some(change) => packages.push(PackageDiff {
                name: name.clone(),
                change,
                before: old.cloned(),
                after: new.cloned(),
            }),
            None => unchanged += usize::from(name.is_some()),
        }
    }
    // What belongs to no package is told last.
    packages.sort_by_key(|package| package.name.is_none());
    DiffReport {
        before: before.summary,
        after: after.summary,
        packages,
        unchanged,
    }
}

fn change(before: Option<&PackageState>, after: Option<&PackageState>) -> Option<PackageChange> {
    let (before, after) = match (before, after) {
        (None, Some(_)) => return Some(PackageChange::Added),
        (Some(_), None) => return Some(PackageChange::Removed),
        (Some(before), Some(after)) => (before, after),
        (None, None) => return None,
    };
    // Where one side has no bytes to tell, they are not compared.
    let is_resized = |of: fn(&PackageState) -> Option<u64>| match (of(before), of(after)) {
        (Some(before), Some(after)) => before != after,
        _ => false,
    };
    if before.versions != after.versions {
        Some(PackageChange::Moved)
    } else if is_resized(|it| it.unzipped_size) || is_resized(|it| it.zipped_size) {
        Some(PackageChange::Resized)
    } else {
        None
    }
}
