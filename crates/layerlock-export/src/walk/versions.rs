//! Which versions of a package a constraint allows.
//!
//! Unlike a version of Python, a version of a package that is a pre-release,
//! a post-release or a local build is not just any version between two others
//! (PEP 440, "Exclusive ordered comparison" and "Version matching").

use pep440_rs::Version;

use crate::ranges::{Range, Ranges};

/// Whether the constraint allows the version.
pub(super) fn allows(constraint: &Ranges, version: &Version) -> bool {
    match constraint.excluded() {
        Some(excluded) if excluded.is_local() => excluded != version,
        _ => constraint
            .as_slice()
            .iter()
            .any(|range| range_allows(range, version)),
    }
}

fn range_allows(range: &Range, version: &Version) -> bool {
    if let Some(single) = range.single() {
        return *single == *comparable(version, single);
    }
    if let Some(min) = &range.min {
        let mut other = comparable(version, &min.version).into_owned();
        // 2.0.post1 is not more than 2.0.
        if !min.version.is_post() {
            other = other.with_post(None);
        }
        if other < min.version || (!min.inclusive && other == min.version) {
            return false;
        }
    }
    if let Some(max) = &range.max {
        // 2.0rc1 is not less than 2.0, unless that is a pre-release itself.
        let end = if max.inclusive || max.version.any_prerelease() {
            max.version.clone()
        } else {
            max.version.clone().with_dev(Some(0))
        };
        let other = comparable(version, &end);
        if *other > end || (!max.inclusive && (*other == end || *other == max.version)) {
            return false;
        }
    }
    true
}

/// The version without its local part, where the other one has none.
fn comparable<'v>(version: &'v Version, other: &Version) -> std::borrow::Cow<'v, Version> {
    if version.is_local() && !other.is_local() {
        std::borrow::Cow::Owned(version.clone().without_local())
    } else {
        std::borrow::Cow::Borrowed(version)
    }
}

#[cfg(test)]
mod tests {
    use crate::constraint::parse;

    fn allows(constraint: &str, version: &str) -> bool {
        super::allows(&parse(constraint).unwrap(), &version.parse().unwrap())
    }

    #[test]
    fn pre_releases_are_not_before_their_release() {
        assert!(!allows("<2.0", "2.0rc1"));
        assert!(!allows("^1.0", "2.0.dev1"));
        assert!(allows("<2.0rc2", "2.0rc1"));
        assert!(allows(">=2.0rc1", "2.0"));
        assert!(allows("<=2.0", "2.0rc1"));
    }

    #[test]
    fn post_releases_and_local_builds_count_as_their_release() {
        assert!(!allows(">2.0", "2.0.post1"));
        assert!(allows(">2.0.post0", "2.0.post1"));
        assert!(allows(">=2.0", "2.0.post1"));
        assert!(!allows("<=2.0", "2.0.post1"));
        assert!(allows("2.0", "2.0+cpu"));
        assert!(allows("<=2.0", "2.0+cpu"));
        assert!(!allows(">2.0", "2.0+cpu"));
        assert!(!allows("2.0+cpu", "2.0"));
        assert!(allows("!=2.0+cpu", "2.0"));
        assert!(!allows("!=2.0", "2.0"));
    }
}
