//! The range of Pythons that a lock is for.

use std::str::FromStr;

use pep440_rs::{Operator, Version, VersionSpecifier, VersionSpecifiers};
use pep508_rs::MarkerTree;

use super::outdated::stale;
use crate::Error;
use crate::lock::Lock;
use crate::project::UvProject;

/// The minor and patch releases for which ranges are compared, and then those of Python 4.
const MINORS: u64 = 40;
const PATCHES: u64 = 40;

/// The lock's range begins and ends where that of all projects of the workspace does. What
/// they leave out in between uv does not compare either.
pub(super) fn check(lock: &Lock, members: &[&UvProject]) -> Result<(), Error> {
    let Some(locked) = &lock.head.supported.python else {
        return Ok(());
    };
    let ranges = members.iter().filter_map(|project| {
        let (text, span) = project.requires_python.as_ref()?;
        let range = VersionSpecifiers::from_str(text).ok()?;
        Some((*project, text, span, range))
    });
    let ranges: Vec<_> = ranges.collect();
    let Some(first) = ranges.first() else {
        return Ok(());
    };
    let all: Vec<&VersionSpecifiers> = ranges.iter().map(|(.., range)| range).collect();
    if all.iter().all(|range| **range == locked.specifiers) {
        return Ok(());
    }
    let now = bounds(&all);
    let then = bounds(&[&locked.specifiers]);
    if now == then {
        return Ok(());
    }
    let is_to_blame = |range: &VersionSpecifiers| {
        let own = bounds(&[range]);
        own.0 == now.0 && now.0 != then.0 || own.1 == now.1 && now.1 != then.1
    };
    let mut by_project = ranges.iter();
    let blamed = by_project.find(|(.., range)| is_to_blame(range));
    let (project, text, span, _) = blamed.unwrap_or(first);
    let what = format!(
        "it is for Python `{}`, and the project asks for `{text}`",
        locked.text
    );
    Err(stale(lock, what, project.place((*span).clone())))
}

/// The first and the last release that all ranges allow.
fn bounds(ranges: &[&VersionSpecifiers]) -> (Option<[u64; 3]>, Option<[u64; 3]>) {
    let of_three = (0..MINORS).flat_map(|minor| (0..PATCHES).map(move |patch| [3, minor, patch]));
    let releases = of_three.chain((0..MINORS).map(|minor| [4, minor, 0]));
    let is_allowed = |release: &[u64; 3]| {
        let version = Version::new(release);
        ranges.iter().all(|range| range.contains(&version))
    };
    let mut allowed = releases.filter(is_allowed);
    let first = allowed.next();
    (first, allowed.next_back().or(first))
}

/// The lock's range as a marker: markers are simplified by it.
pub(super) fn marker(lock: &Lock) -> MarkerTree {
    let range = lock.head.supported.python.as_ref();
    range.map_or(MarkerTree::TRUE, |range| marker_of(&range.specifiers))
}

/// A range of Pythons as a marker.
pub(super) fn marker_of(range: &VersionSpecifiers) -> MarkerTree {
    let mut marker = MarkerTree::TRUE;
    for specifier in range.iter() {
        if let Ok(tree) = MarkerTree::from_str(&comparison(specifier)) {
            marker.and(tree);
        }
    }
    marker
}

fn comparison(specifier: &VersionSpecifier) -> String {
    let version = specifier.version();
    match specifier.operator() {
        Operator::EqualStar => format!("python_full_version == '{version}.*'"),
        Operator::NotEqualStar => format!("python_full_version != '{version}.*'"),
        operator => format!("python_full_version {operator} '{version}'"),
    }
}
