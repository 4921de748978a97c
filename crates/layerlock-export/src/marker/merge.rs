//! Two comparisons of one variable as one.

use pep440_rs::Version;

use super::constraint::{Compare, Constraint, Generic};
use super::dialect::Dialect;
use super::tree::{Atomic, Marker, Single};
use super::variable::{Operator, Variable};
use crate::ranges::{Range, Ranges};

/// What two comparisons amount to when joined by `and` (or, where not
/// `intersect`, by `or`), `None` where it takes two to say it.
pub(super) fn merge(dialect: Dialect, a: &Marker, b: &Marker, intersect: bool) -> Option<Marker> {
    let (variable, ours) = parts(a)?;
    let (other, theirs) = parts(b)?;
    if variable != other {
        return match (a, b) {
            (Marker::Single(a), Marker::Single(b)) if variable.is_python() && other.is_python() => {
                let (version, full) = if variable == Variable::PythonVersion {
                    (a, b)
                } else {
                    (b, a)
                };
                merge_python(dialect, version, full, intersect)
            }
            _ => None,
        };
    }
    if variable == Variable::Extra {
        return merge_extra(a, b, intersect);
    }
    match (ours, theirs) {
        (Set::Text(ours), Set::Text(theirs)) => {
            let joined = if intersect {
                ours.intersect(theirs)
            } else {
                ours.union(theirs)
            };
            text_marker(variable, joined, [(a, ours), (b, theirs)])
        }
        (Set::Versions(ours), Set::Versions(theirs)) => {
            let joined = join(dialect, ours, theirs, intersect);
            version_marker(variable, &joined, [(a, ours), (b, theirs)]).or_else(|| match (a, b) {
                (Marker::Single(a), Marker::Single(b))
                    if variable == Variable::PythonVersion && dialect == Dialect::Two =>
                {
                    merge_python_version(a, b, &joined, intersect)
                }
                _ => None,
            })
        }
        _ => None,
    }
}

/// Poetry 1 lets `< 3.11` end before the pre-releases of 3.11, so `<= 3.11.0a6` goes
/// further there.
fn join(dialect: Dialect, ours: &Ranges, theirs: &Ranges, intersect: bool) -> Ranges {
    let joined = |ours: &Ranges, theirs: &Ranges| {
        if intersect {
            ours.intersect(theirs)
        } else {
            ours.union(theirs)
        }
    };
    let has_prerelease = [ours, theirs].into_iter().any(Ranges::has_prerelease);
    if dialect == Dialect::One && has_prerelease {
        joined(&ours.before_prereleases(), &theirs.before_prereleases()).after_prereleases()
    } else {
        joined(ours, theirs)
    }
}

/// The versions of Python for which a comparison of `python_version` or
/// `python_full_version` holds: `python_version > "3.8"` is 3.9 and later,
/// since `python_version` has two numbers.
pub(crate) fn python_ranges(single: &Single) -> Option<Ranges> {
    let Constraint::Versions(ranges) = &single.constraint else {
        return None;
    };
    let value = single.value.as_str();
    let is_minor = value.matches('.').count() < 2 && !value.contains('*');
    if !is_minor {
        return Some(ranges.clone());
    }
    let (from, next) = match single.operator {
        Operator::In | Operator::NotIn => return Some(ranges.clone()),
        _ => minor(value)?,
    };
    Some(match single.operator {
        Operator::Equal => Range::between(from, next).into(),
        Operator::NotEqual => Ranges::of([Range::less_than(from), Range::at_least(next)]),
        Operator::LessOrEqual => Range::less_than(next).into(),
        Operator::Greater => Range::at_least(next).into(),
        _ => ranges.clone(),
    })
}

/// A minor version and the one after it. A lone `3` stands for `3.0`.
fn minor(value: &str) -> Option<(Version, Version)> {
    let version: Version = value.parse().ok()?;
    let [major, rest @ ..] = version.release() else {
        return None;
    };
    let minor = rest.first().copied().unwrap_or(0);
    Some((
        Version::new([*major, minor]),
        Version::new([*major, minor.saturating_add(1)]),
    ))
}

enum Set<'m> {
    Text(&'m Generic),
    Versions(&'m Ranges),
    Order,
}

fn parts(marker: &Marker) -> Option<(Variable, Set<'_>)> {
    match marker {
        Marker::Single(single) => Some((
            single.variable,
            match &single.constraint {
                Constraint::Text(generic) => Set::Text(generic),
                Constraint::Versions(ranges) => Set::Versions(ranges),
                Constraint::Order => Set::Order,
            },
        )),
        Marker::Atomic(atomic) => Some((atomic.variable, Set::Text(&atomic.constraint))),
        _ => None,
    }
}

/// Several extras can be asked for at once, so two different ones say nothing
/// of each other.
fn merge_extra(a: &Marker, b: &Marker, intersect: bool) -> Option<Marker> {
    let (Marker::Single(a), Marker::Single(b)) = (a, b) else {
        return None;
    };
    if a.value != b.value {
        return None;
    }
    Some(match (a.operator == b.operator, intersect) {
        (true, _) => Marker::Single(a.clone()),
        (false, true) => Marker::Empty,
        (false, false) => Marker::Any,
    })
}

fn text_marker(
    variable: Variable,
    joined: Generic,
    from: [(&Marker, &Generic); 2],
) -> Option<Marker> {
    match joined {
        Generic::Any => return Some(Marker::Any),
        Generic::Empty => return Some(Marker::Empty),
        _ => {}
    }
    if let Some((marker, _)) = from.into_iter().find(|(_, set)| **set == joined) {
        return Some(marker.clone());
    }
    match joined {
        Generic::One(Compare { operator, value }) => {
            let swapped = matches!(operator, Operator::In | Operator::NotIn);
            let single = Single::new(variable, operator, &value, swapped).ok()?;
            Some(Marker::Single(single))
        }
        Generic::AllOf(ref all) if all.iter().all(|one| one.operator == Operator::NotEqual) => {
            Some(Marker::Atomic(Atomic {
                variable,
                constraint: joined,
            }))
        }
        Generic::AnyOf(ref any)
            if any.iter().all(
                |part| matches!(part, Generic::One(one) if one.operator == Operator::Equal),
            ) =>
        {
            Some(Marker::Atomic(Atomic {
                variable,
                constraint: joined,
            }))
        }
        _ => None,
    }
}

fn version_marker(
    variable: Variable,
    joined: &Ranges,
    from: [(&Marker, &Ranges); 2],
) -> Option<Marker> {
    if joined.is_empty() {
        return Some(Marker::Empty);
    }
    if joined.is_any() {
        return Some(Marker::Any);
    }
    if let Some((marker, _)) = from.into_iter().find(|(_, set)| *set == joined) {
        return Some(marker.clone());
    }
    simple_marker(variable, joined)
}

/// The one comparison that a set of versions amounts to, if it does.
fn simple_marker(variable: Variable, ranges: &Ranges) -> Option<Marker> {
    let (operator, version) = if let Some(excluded) = ranges.excluded() {
        (Operator::NotEqual, excluded)
    } else {
        let [range] = ranges.as_slice() else {
            return None;
        };
        match (range.single(), &range.min, &range.max) {
            (Some(version), ..) => (Operator::Equal, version),
            (None, Some(min), None) if min.inclusive => (Operator::GreaterOrEqual, &min.version),
            (None, Some(min), None) => (Operator::Greater, &min.version),
            (None, None, Some(max)) if max.inclusive => (Operator::LessOrEqual, &max.version),
            (None, None, Some(max)) => (Operator::Less, &max.version),
            _ => return None,
        }
    };
    single(variable, operator, &version.to_string())
}

fn single(variable: Variable, operator: Operator, value: &str) -> Option<Marker> {
    Single::new(variable, operator, value, false)
        .ok()
        .map(Marker::Single)
}

/// Two comparisons of `python_version` that no single comparison of versions
/// can say, but that minor versions can.
fn merge_python_version(
    a: &Single,
    b: &Single,
    joined: &Ranges,
    intersect: bool,
) -> Option<Marker> {
    let variable = Variable::PythonVersion;
    match (joined.as_slice(), intersect) {
        ([range], true) => {
            // >= 3.8 and < 3.9 is == 3.8.
            if let Some(min) = &range.min
                && let Some(equal) = single(variable, Operator::Equal, &min.version.to_string())
                && let Marker::Single(candidate) = &equal
                && python_ranges(candidate).as_ref() == Some(joined)
            {
                return Some(equal);
            }
            // > 3.8 and < 3.9 is never.
            python_ranges(a)?
                .intersect(&python_ranges(b)?)
                .is_empty()
                .then_some(Marker::Empty)
        }
        ([_, _, ..], false) => {
            let union = python_ranges(a)?.union(&python_ranges(b)?);
            if union.is_any() {
                return Some(Marker::Any);
            }
            // == 3.8 or >= 3.9 is >= 3.8.
            simple_marker(variable, &union).or_else(|| match union.as_slice() {
                // == 3.8 or == 3.9 is >= 3.8 and < 3.10, which the next one
                // can be joined to.
                [range] => {
                    let half = |range: Range| simple_marker(variable, &range.into());
                    Some(Marker::And(vec![
                        half(Range {
                            min: range.min.clone(),
                            max: None,
                        })?,
                        half(Range {
                            min: None,
                            max: range.max.clone(),
                        })?,
                    ]))
                }
                _ => None,
            })
        }
        _ => None,
    }
}

/// A comparison of `python_version` and one of `python_full_version`.
fn merge_python(
    dialect: Dialect,
    version: &Single,
    full: &Single,
    intersect: bool,
) -> Option<Marker> {
    let ours = python_ranges(version)?;
    let Constraint::Versions(theirs) = &full.constraint else {
        return None;
    };
    let joined = join(dialect, &ours, theirs, intersect);
    if joined.is_empty() {
        return Some(Marker::Empty);
    }
    if joined.is_any() {
        return Some(Marker::Any);
    }
    if joined == ours {
        return Some(Marker::Single(version.clone()));
    }
    let merged = if joined == *theirs {
        full.clone()
    } else {
        match simple_marker(Variable::PythonFullVersion, &joined)? {
            Marker::Single(merged) => merged,
            _ => return None,
        }
    };
    if dialect == Dialect::One {
        return Some(Marker::Single(merged));
    }
    // < 3.14.0 is said shorter with two numbers.
    let short = merged
        .value
        .strip_suffix(".0")
        .filter(|short| short.matches('.').count() == 1)
        .filter(|_| matches!(merged.operator, Operator::Less | Operator::GreaterOrEqual));
    match short {
        Some(short) => single(Variable::PythonVersion, merged.operator, short),
        None => Some(Marker::Single(merged)),
    }
}
