//! Sets of versions as sorted, disjoint ranges.
//!
//! The bounds keep the spelling they were written in (`4` and `4.0` are equal,
//! but an export prints the one that the project has), so every operation says
//! whose bound survives where two are equal: that of the left operand for an
//! intersection, that of the right one for a union, as in Poetry.

use std::cmp::Ordering;
use std::hash::Hash;

use pep440_rs::Version;

/// One end of a range.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Bound {
    pub(crate) version: Version,
    pub(crate) inclusive: bool,
}

/// All versions between two bounds; no bound is infinity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Range {
    pub(crate) min: Option<Bound>,
    pub(crate) max: Option<Bound>,
}

/// A set of versions: its ranges ascend and neither overlap nor touch.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Ranges(Vec<Range>);

impl Range {
    pub(crate) fn at_least(version: Version) -> Self {
        Self::new(Some((version, true)), None)
    }

    pub(crate) fn more_than(version: Version) -> Self {
        Self::new(Some((version, false)), None)
    }

    pub(crate) fn less_than(version: Version) -> Self {
        Self::new(None, Some((version, false)))
    }

    pub(crate) fn at_most(version: Version) -> Self {
        Self::new(None, Some((version, true)))
    }

    /// `from <= version < to`.
    pub(crate) fn between(from: Version, to: Version) -> Self {
        Self::new(Some((from, true)), Some((to, false)))
    }

    pub(crate) fn exactly(version: Version) -> Self {
        Self::new(Some((version.clone(), true)), Some((version, true)))
    }

    fn new(min: Option<(Version, bool)>, max: Option<(Version, bool)>) -> Self {
        let bound = |(version, inclusive)| Bound { version, inclusive };
        Self {
            min: min.map(bound),
            max: max.map(bound),
        }
    }

    /// The one version in the range, where there is just one.
    pub(crate) fn single(&self) -> Option<&Version> {
        match (&self.min, &self.max) {
            (Some(min), Some(max))
                if min.inclusive && max.inclusive && min.version == max.version =>
            {
                Some(&max.version)
            }
            _ => None,
        }
    }

    fn is_empty(&self) -> bool {
        match (&self.min, &self.max) {
            (Some(min), Some(max)) => match min.version.cmp(&max.version) {
                Ordering::Less => false,
                Ordering::Equal => !(min.inclusive && max.inclusive),
                Ordering::Greater => true,
            },
            _ => false,
        }
    }

    fn intersect(&self, other: &Self) -> Self {
        // A single version keeps its own spelling.
        if other.single().is_some() && self.contains(other) {
            return other.clone();
        }
        if self.single().is_some() && other.contains(self) {
            return self.clone();
        }
        Self {
            min: match compare_mins(self.min.as_ref(), other.min.as_ref()) {
                Ordering::Less => other.min.clone(),
                _ => self.min.clone(),
            },
            max: match compare_maxs(self.max.as_ref(), other.max.as_ref()) {
                Ordering::Greater => other.max.clone(),
                _ => self.max.clone(),
            },
        }
    }

    fn contains(&self, other: &Self) -> bool {
        compare_mins(self.min.as_ref(), other.min.as_ref()).is_le()
            && compare_maxs(self.max.as_ref(), other.max.as_ref()).is_ge()
    }

    /// Whether there is no version between the end of this range and the
    /// start of a later one.
    fn reaches(&self, later: &Self) -> bool {
        match (&self.max, &later.min) {
            (Some(max), Some(min)) => match max.version.cmp(&min.version) {
                Ordering::Less => false,
                Ordering::Equal => max.inclusive || min.inclusive,
                Ordering::Greater => true,
            },
            _ => true,
        }
    }
}

/// Orders lower bounds by what they let in: a smaller one lets in more.
fn compare_mins(a: Option<&Bound>, b: Option<&Bound>) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(a), Some(b)) => a
            .version
            .cmp(&b.version)
            .then(b.inclusive.cmp(&a.inclusive)),
    }
}

/// Orders upper bounds by what they let in: a greater one lets in more.
fn compare_maxs(a: Option<&Bound>, b: Option<&Bound>) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => a
            .version
            .cmp(&b.version)
            .then(a.inclusive.cmp(&b.inclusive)),
    }
}

impl From<Range> for Ranges {
    fn from(range: Range) -> Self {
        Self(if range.is_empty() {
            Vec::new()
        } else {
            vec![range]
        })
    }
}

impl Ranges {
    pub(crate) fn any() -> Self {
        Self(vec![Range::default()])
    }

    /// Everything but one version.
    pub(crate) fn except(version: &Version) -> Self {
        Self(vec![
            Range::less_than(version.clone()),
            Range::more_than(version.clone()),
        ])
    }

    pub(crate) fn as_slice(&self) -> &[Range] {
        &self.0
    }

    pub(crate) fn is_any(&self) -> bool {
        matches!(
            &self.0[..],
            [Range {
                min: None,
                max: None
            }]
        )
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one version that is left out, where nothing else is.
    pub(crate) fn excluded(&self) -> Option<&Version> {
        match &self.0[..] {
            [
                Range {
                    min: None,
                    max: Some(below),
                },
                Range {
                    min: Some(above),
                    max: None,
                },
            ] if below.version == above.version => Some(&below.version),
            _ => None,
        }
    }

    pub(crate) fn allows(&self, version: &Version) -> bool {
        let point = Range::exactly(version.clone());
        self.0.iter().any(|range| range.contains(&point))
    }

    pub(crate) fn contains(&self, other: &Self) -> bool {
        other
            .0
            .iter()
            .all(|theirs| self.0.iter().any(|ours| ours.contains(theirs)))
    }

    pub(crate) fn intersect(&self, other: &Self) -> Self {
        Self::of(
            self.0
                .iter()
                .flat_map(|ours| other.0.iter().map(|theirs| ours.intersect(theirs))),
        )
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        Self::of(self.0.iter().chain(&other.0).cloned())
    }

    /// Whether a bound is a pre-release.
    pub(crate) fn has_prerelease(&self) -> bool {
        let bounds = self.0.iter().flat_map(|range| [&range.min, &range.max]);
        bounds.flatten().any(|bound| bound.version.any_prerelease())
    }

    /// The same with each exclusive upper bound moved before its pre-releases.
    pub(crate) fn before_prereleases(&self) -> Self {
        self.with_ends(|version| {
            (!version.any_prerelease()).then(|| version.clone().with_dev(Some(0)))
        })
    }

    /// The reverse of [`before_prereleases`](Self::before_prereleases).
    pub(crate) fn after_prereleases(&self) -> Self {
        self.with_ends(|version| {
            (version.dev() == Some(0) && !version.is_pre()).then(|| version.clone().with_dev(None))
        })
    }

    fn with_ends(&self, moved: impl Fn(&Version) -> Option<Version>) -> Self {
        let mut ranges = self.0.clone();
        for range in &mut ranges {
            if let Some(max) = range.max.as_mut().filter(|max| !max.inclusive)
                && let Some(version) = moved(&max.version)
            {
                max.version = version;
            }
        }
        Self(ranges)
    }

    pub(crate) fn of(ranges: impl IntoIterator<Item = Range>) -> Self {
        let mut sorted: Vec<_> = ranges
            .into_iter()
            .filter(|range| !range.is_empty())
            .collect();
        // Stable: equal ranges stay in the order they came in.
        sorted.sort_by(|a, b| {
            compare_mins(a.min.as_ref(), b.min.as_ref())
                .then_with(|| compare_maxs(a.max.as_ref(), b.max.as_ref()))
        });
        let mut merged: Vec<Range> = Vec::with_capacity(sorted.len());
        for range in sorted {
            match merged.last_mut() {
                Some(last) if last.reaches(&range) => {
                    if compare_mins(last.min.as_ref(), range.min.as_ref()).is_eq() {
                        last.min = range.min;
                    }
                    if compare_maxs(last.max.as_ref(), range.max.as_ref()).is_le() {
                        last.max = range.max;
                    }
                }
                _ => merged.push(range),
            }
        }
        Self(merged)
    }
}
