//! A constraint on Python as a marker.

use std::fmt::Write as _;

use pep440_rs::Version;

use super::algebra::Algebra;
use super::tree::Marker;
use crate::ranges::{Bound, Ranges};

/// The marker that a project's constraint on Python amounts to. `python_version`
/// has two numbers, so a bound with three is one of `python_full_version`, and
/// so is any that a part of a minor version lies beyond: `> 3.8` is more than
/// 3.8.0.
pub(crate) fn python_marker(algebra: &mut Algebra, constraint: &Ranges) -> Result<Marker, String> {
    if constraint.is_any() {
        return Ok(Marker::Any);
    }
    if constraint.is_empty() {
        return Ok(Marker::Empty);
    }
    let ranges = constraint.as_slice();
    let mut text = String::new();
    for (index, range) in ranges.iter().enumerate() {
        if index > 0 {
            text.push_str(" or ");
        }
        let mut part = String::new();
        if let Some(version) = range.single() {
            let _ = write!(part, "{} == \"{version}\"", name(version));
        } else {
            if let Some(min) = &range.min {
                part.push_str(&bound(min, ">=", ">", !min.inclusive));
            }
            if let Some(max) = &range.max {
                if range.min.is_some() {
                    part.push_str(" and ");
                }
                part.push_str(&bound(max, "<=", "<", max.inclusive));
            }
        }
        let _ = if ranges.len() > 1 {
            write!(text, "({part})")
        } else {
            write!(text, "{part}")
        };
    }
    algebra.parse(&text)
}

fn name(version: &Version) -> &'static str {
    if version.release().len() >= 3 {
        "python_full_version"
    } else {
        "python_version"
    }
}

/// One bound; `cuts` says that it lies within a minor version.
fn bound(bound: &Bound, inclusive: &str, exclusive: &str, cuts: bool) -> String {
    let operator = if bound.inclusive {
        inclusive
    } else {
        exclusive
    };
    let version = &bound.version;
    if cuts && version.release().len() < 3 {
        let mut release = version.release().to_vec();
        release.resize(3, 0);
        let full = version.clone().with_release(release);
        return format!("python_full_version {operator} \"{full}\"");
    }
    format!("{} {operator} \"{}\"", name(version), stable(version))
}

/// The version without what makes it a pre-release.
fn stable(version: &Version) -> Version {
    if version.any_prerelease() {
        version.only_release()
    } else {
        version.clone()
    }
}
