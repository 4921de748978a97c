//! Poetry's constraint grammar, for versions of Python.
//!
//! A constraint is a list of alternatives (`|` or `||`), each a list of parts
//! that must all hold (separated by commas or blanks). A part is a version
//! with an operator: `^3.11`, `~3.11`, `~=3.11`, `>=`, `>`, `<`, `<=`, `==`,
//! `=`, `!=`, none (the same as `==`), or a version that ends in `.*`.
//!
//! Pre-releases are ordered like any other version, so `<3.14` lets 3.14.0rc1
//! in. That is how Poetry reads constraints on Python, though not on packages.

use std::fmt;

use pep440_rs::Version;

use crate::ranges::{Range, Ranges};

/// The versions of Python that a project or a package allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonConstraint {
    text: String,
    ranges: Ranges,
}

/// A text that is no constraint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` is not a version constraint")]
pub struct ConstraintError {
    /// The part of the text that could not be read.
    pub part: String,
}

impl PythonConstraint {
    /// Reads a constraint as Poetry writes it in `tool.poetry.dependencies.python`,
    /// `requires-python` or `python-versions`.
    pub fn parse(text: &str) -> Result<Self, ConstraintError> {
        Ok(Self {
            text: text.to_owned(),
            ranges: parse(text)?,
        })
    }

    /// The constraint that allows every version.
    pub fn any() -> Self {
        Self {
            text: "*".to_owned(),
            ranges: Ranges::any(),
        }
    }

    /// The constraint as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether every version is allowed.
    pub fn is_any(&self) -> bool {
        self.ranges.is_any()
    }

    /// Whether this very version is allowed.
    pub fn allows(&self, version: &Version) -> bool {
        self.ranges.allows(version)
    }

    /// Whether some release of a minor version is allowed: 3.12 is by
    /// `>=3.12.4`, whose first four releases are not.
    pub fn allows_minor(&self, major: u64, minor: u64) -> bool {
        let next = Version::new([major, minor.saturating_add(1)]).with_dev(Some(0));
        let releases = Range::between(Version::new([major, minor]), next);
        !self.ranges.intersect(&releases.into()).is_empty()
    }

    /// The patch release of a minor version that is allowed and nearest to this one:
    /// the first from it on, else the last before it.
    pub fn nearest_patch(&self, major: u64, minor: u64, patch: u64) -> Option<u64> {
        let is_allowed = |patch: &u64| self.allows(&Version::new([major, minor, *patch]));
        (patch..=LAST_PATCH)
            .find(is_allowed)
            .or_else(|| (0..patch).rev().find(is_allowed))
    }

    pub(crate) fn ranges(&self) -> &Ranges {
        &self.ranges
    }
}

/// No minor version of Python has had as many patch releases.
pub(crate) const LAST_PATCH: u64 = 99;

impl fmt::Display for PythonConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads a constraint.
pub(crate) fn parse(text: &str) -> Result<Ranges, ConstraintError> {
    let text = text.trim();
    // `||` and `|` mean the same.
    let alternatives = text.replace("||", "|");
    let mut union: Option<Ranges> = None;
    for alternative in alternatives.split('|') {
        let parsed = parse_alternative(alternative)?;
        union = Some(match union {
            Some(union) => union.union(&parsed),
            None => parsed,
        });
    }
    union.ok_or_else(|| ConstraintError {
        part: text.to_owned(),
    })
}

fn parse_alternative(text: &str) -> Result<Ranges, ConstraintError> {
    let error = || ConstraintError {
        part: text.trim().to_owned(),
    };
    let mut rest = text.trim();
    let mut intersection: Option<Ranges> = None;
    while !rest.is_empty() {
        let operator_end = rest.find(|c| !"^~=<>!".contains(c)).unwrap_or(rest.len());
        let (operator, after) = rest.split_at(operator_end);
        let after = after.trim_start();
        let version_end = after
            .find(|c: char| c == ',' || c.is_whitespace())
            .unwrap_or(after.len());
        let (version, after) = after.split_at(version_end);
        let part = parse_part(operator, version).ok_or_else(error)?;
        intersection = Some(match intersection {
            Some(ranges) => ranges.intersect(&part),
            None => part,
        });
        // One comma at most between two parts; a trailing one is let pass.
        rest = after.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    intersection.ok_or_else(error)
}

/// One operator with its version, `None` if either is none.
pub(crate) fn parse_part(operator: &str, text: &str) -> Option<Ranges> {
    let is_any = text
        .strip_prefix(['v', 'V'])
        .unwrap_or(text)
        .split('.')
        .all(|part| matches!(part, "*" | "x" | "X"));
    if operator.is_empty() && is_any {
        return Some(Ranges::any());
    }
    let (text, wildcard) = match text.trim_end_matches(".*") {
        short if short.len() < text.len() => (short, true),
        _ => (text, false),
    };
    let version: Version = text.parse().ok()?;
    Some(match operator {
        "^" if !wildcard => Range::between(version.clone(), next_breaking(&version)).into(),
        "~" if !wildcard => {
            let index = usize::from(version.release().len() > 1);
            Range::between(version.clone(), bump(&version, index)).into()
        }
        "~=" if !wildcard => {
            // The last number may grow, and only that.
            let index = version.release().len().saturating_sub(2);
            Range::between(version.clone(), bump(&version, index)).into()
        }
        // Poetry takes `>=3.8.*` for `>=3.8`, as pip once did.
        ">=" => Range::at_least(version).into(),
        ">" => Range::more_than(version).into(),
        "<" => Range::less_than(version).into(),
        "<=" => Range::at_most(version).into(),
        "" | "=" | "==" if wildcard => wildcard_range(version)?.into(),
        "!=" if wildcard => {
            let Range { min, max } = wildcard_range(version)?;
            Ranges::of([
                Range::less_than(min?.version),
                Range::at_least(max?.version),
            ])
        }
        "" | "=" | "==" => Range::exactly(version).into(),
        "!=" => Ranges::except(&version),
        _ => return None,
    })
}

/// `3.8.*`: from 3.8 to before 3.9.
fn wildcard_range(version: Version) -> Option<Range> {
    let last = version.release().len().checked_sub(1)?;
    if version.any_prerelease() || version.is_post() || version.is_local() {
        return None;
    }
    let next = bump(&version, last);
    Some(Range::between(version, next))
}

/// The first version that a caret excludes: the leftmost number that is not
/// zero, or the last one where all are, grows.
fn next_breaking(version: &Version) -> Version {
    let release = version.release();
    let index = release
        .iter()
        .take(3)
        .position(|&part| part > 0)
        .unwrap_or(release.len().min(3) - 1);
    bump(version, index)
}

/// The version with the number at `index` grown by one and zeros after it, as
/// many numbers long as before (so that `^3.11` ends at 4.0, not at 4).
fn bump(version: &Version, index: usize) -> Version {
    let mut release = version.release().to_vec();
    if let Some(part) = release.get_mut(index) {
        *part = part.saturating_add(1);
    }
    for part in release.iter_mut().skip(index + 1) {
        *part = 0;
    }
    Version::new(release).with_epoch(version.epoch())
}

/// Versions as they are written, for people; none where any may be.
pub(crate) fn versions(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text
        .strip_prefix('(')
        .and_then(|it| it.strip_suffix(')'))
        .unwrap_or(text);
    (!text.is_empty() && text != "*").then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use pep440_rs::VersionSpecifiers;
    use proptest::prelude::*;

    use super::*;

    /// Which of some versions a constraint allows.
    fn allowed(constraint: &str) -> String {
        let constraint = PythonConstraint::parse(constraint).unwrap();
        let versions = "2.7.18 3.0.0 3.8.0 3.8.20 3.9.0 3.9.7 3.10.2 3.11.0 3.12.4 4.0.0";
        let allowed: Vec<_> = versions
            .split(' ')
            .filter(|version| constraint.allows(&version.parse().unwrap()))
            .collect();
        allowed.join(" ")
    }

    #[test]
    fn operators() {
        assert_eq!(allowed("^3.9"), "3.9.0 3.9.7 3.10.2 3.11.0 3.12.4");
        assert_eq!(
            allowed("^3"),
            "3.0.0 3.8.0 3.8.20 3.9.0 3.9.7 3.10.2 3.11.0 3.12.4"
        );
        assert_eq!(allowed("~3.9"), "3.9.0 3.9.7");
        assert_eq!(allowed("~3.9.1"), "3.9.7");
        assert_eq!(allowed("~3"), allowed("^3"));
        assert_eq!(allowed("~=3.9"), allowed("^3.9"));
        assert_eq!(allowed("~=3.9.1"), allowed("~3.9.1"));
        assert_eq!(allowed(">= 3.10"), "3.10.2 3.11.0 3.12.4 4.0.0");
        assert_eq!(allowed(">3.9, <=3.11"), "3.9.7 3.10.2 3.11.0");
        assert_eq!(allowed(">3.9 <=3.11"), allowed(">3.9,<=3.11,"));
        assert_eq!(allowed("3.9"), "3.9.0");
        assert_eq!(allowed("=3.9.0"), "3.9.0");
        assert_eq!(allowed("==3.8.*"), "3.8.0 3.8.20");
        assert_eq!(allowed("3.8.*"), allowed("==3.8.*"));
        assert_eq!(allowed(">=3.9,!=3.9.7,<3.11"), "3.9.0 3.10.2");
        assert_eq!(allowed("!=3.*"), "2.7.18 4.0.0");
        assert_eq!(allowed("~2.7 || >=3.11"), "2.7.18 3.11.0 3.12.4 4.0.0");
        assert_eq!(allowed("~2.7|>=3.11"), allowed("~2.7 || >=3.11"));
        assert_eq!(allowed(">=3.9,<3.9"), "");
        assert!(PythonConstraint::parse("*").unwrap().is_any());
        assert!(PythonConstraint::parse("<3.9 || >=3.9").unwrap().is_any());
    }

    #[test]
    fn what_is_no_constraint() {
        for text in [
            "", ",", "||", "three", ">=", "^3.*", "===3.9", "<>3.9", ">=3.9 ||", "3.9-",
        ] {
            assert!(PythonConstraint::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_minor_version_is_allowed_by_one_release() {
        let minors = |constraint: &str| {
            let constraint = PythonConstraint::parse(constraint).unwrap();
            let minors = (8..=14).filter(|minor| constraint.allows_minor(3, *minor));
            minors.collect::<Vec<_>>()
        };
        assert_eq!(minors(">=3.9.4,<3.12"), [9, 10, 11]);
        assert_eq!(minors(">3.9,<=3.12"), [9, 10, 11, 12]);
        assert_eq!(minors("^3.11,!=3.12.*"), [11, 13, 14]);
        assert_eq!(minors("<3.9.1"), [8, 9]);
        // A release candidate of 3.13 is no 3.12.
        assert_eq!(minors(">=3.13.0rc1"), [13, 14]);
    }

    #[test]
    fn the_nearest_patch_release_is_one_that_is_allowed() {
        for (constraint, patch, expected) in [
            ("^3.12", 10, Some(10)),
            ("3.12.3", 10, Some(3)),
            ("^3.12.11", 10, Some(11)),
            ("~3.12.11", 10, Some(11)),
            ("<3.12.5", 10, Some(4)),
            (">=3.12.2,<3.12.5 || 3.12.13", 10, Some(13)),
            (">=3.11,!=3.12.10", 10, Some(11)),
            ("^3.13", 10, None),
        ] {
            let parsed = PythonConstraint::parse(constraint).unwrap();
            assert_eq!(parsed.nearest_patch(3, 12, patch), expected, "{constraint}");
        }
    }

    prop_compose! {
        fn release()(major in 2u64..4, rest in prop::collection::vec(0u64..4, 0..3)) -> String {
            let parts: Vec<_> = std::iter::once(major).chain(rest).map(|n| n.to_string()).collect();
            parts.join(".")
        }
    }

    fn specifier() -> impl Strategy<Value = String> {
        let plain = prop::sample::select(vec![">=", ">", "<", "<=", "==", "!="]);
        let wildcard = prop::sample::select(vec!["==", "!="]);
        prop_oneof![
            (plain, release()).prop_map(|(operator, version)| format!("{operator}{version}")),
            (wildcard, release()).prop_map(|(operator, version)| format!("{operator}{version}.*")),
            (release(), 0u64..4).prop_map(|(version, last)| format!("~={version}.{last}")),
        ]
    }

    proptest! {
        // Versions of three numbers: pep440_rs lets 3 (not 3.0) match 3.1.*.
        #[test]
        fn agrees_with_pep_440(
            specifiers in prop::collection::vec(specifier(), 1..4),
            version in "[23]\\.[0-3]\\.[0-3]",
        ) {
            let text = specifiers.join(",");
            let expected: VersionSpecifiers = text.parse().unwrap();
            let version: Version = version.parse().unwrap();
            let constraint = PythonConstraint::parse(&text).unwrap();
            prop_assert_eq!(constraint.allows(&version), expected.contains(&version));
        }

        #[test]
        fn alternatives_allow_what_either_does(
            a in specifier(),
            b in specifier(),
            version in release(),
        ) {
            let version: Version = version.parse().unwrap();
            let allows = |text: &str| PythonConstraint::parse(text).unwrap().allows(&version);
            prop_assert_eq!(allows(&format!("{a} || {b}")), allows(&a) || allows(&b));
        }

        #[test]
        fn no_text_is_too_odd(text in "[\\^~<>=!|,. x*v0-9a-c+-]{0,24}|\\PC{0,12}") {
            if let Ok(constraint) = PythonConstraint::parse(&text) {
                constraint.allows_minor(3, u64::MAX);
            }
        }
    }
}
