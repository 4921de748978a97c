//! What one comparison allows, in a form that can be joined with another.

use super::variable::{Operator, Variable};
use crate::constraint::parse_part;
use crate::ranges::Ranges;

/// What a comparison allows its variable to be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Constraint {
    /// Versions.
    Versions(Ranges),
    /// Texts.
    Text(Generic),
    /// Texts that come before or after another one. Nothing can be said about
    /// two of these.
    Order,
}

/// A set of texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Generic {
    Any,
    Empty,
    One(Compare),
    AllOf(Vec<Compare>),
    /// Each is a `One` or an `AllOf`.
    AnyOf(Vec<Self>),
}

/// One comparison with a text. [`Operator::In`] is `"value" in variable`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Compare {
    pub(crate) operator: Operator,
    pub(crate) value: String,
}

impl Constraint {
    /// What a comparison allows, `None` where it makes no sense.
    pub(crate) fn new(
        variable: Variable,
        operator: Operator,
        value: &str,
        swapped: bool,
    ) -> Option<Self> {
        let is_version = matches!(
            variable,
            Variable::PlatformRelease | Variable::ImplementationVersion
        ) && !swapped;
        if is_version || variable.is_python() {
            if let Some(ranges) = versions(operator, value) {
                return Some(Self::Versions(ranges));
            }
            if variable.is_python() {
                return None;
            }
        }
        let one = |operator, value: &str| {
            Generic::One(Compare {
                operator,
                value: value.trim().to_owned(),
            })
        };
        Some(Self::Text(match operator {
            Operator::Equal | Operator::Identical => one(Operator::Equal, value),
            Operator::NotEqual => one(Operator::NotEqual, value),
            Operator::In | Operator::NotIn if variable == Variable::Extra => return None,
            Operator::In | Operator::NotIn if swapped => one(operator, value),
            Operator::In => listed(value)
                .map(|value| one(Operator::Equal, value))
                .reduce(|any, one| any.union(&one))?,
            Operator::NotIn => listed(value)
                .map(|value| one(Operator::NotEqual, value))
                .reduce(|all, one| all.intersect(&one))?,
            Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual
                if variable != Variable::Extra =>
            {
                return Some(Self::Order);
            }
            _ => return None,
        }))
    }
}

fn versions(operator: Operator, value: &str) -> Option<Ranges> {
    let negated = match operator {
        Operator::In => false,
        Operator::NotIn => true,
        Operator::Identical => return None,
        _ => return parse_part(operator.as_str(), value.trim()),
    };
    let mut ranges: Option<Ranges> = None;
    for version in listed(value) {
        // `"3.8"` in a list stands for every 3.8.
        let version = if version.split('.').count() < 3 {
            format!("{version}.*")
        } else {
            version.to_owned()
        };
        let one = parse_part(if negated { "!=" } else { "==" }, &version)?;
        ranges = Some(match ranges {
            Some(ranges) if negated => ranges.intersect(&one),
            Some(ranges) => ranges.union(&one),
            None => one,
        });
    }
    ranges
}

fn listed(value: &str) -> impl Iterator<Item = &str> {
    value
        .split([' ', ',', '|'])
        .filter(|value| !value.is_empty())
}

impl Compare {
    fn new(operator: Operator, value: &str) -> Self {
        Self {
            operator,
            value: value.to_owned(),
        }
    }

    fn allows(&self, actual: &str) -> bool {
        match self.operator {
            Operator::NotEqual => actual != self.value,
            Operator::In => actual.contains(&self.value),
            Operator::NotIn => !actual.contains(&self.value),
            _ => actual == self.value,
        }
    }

    fn negated(&self) -> Self {
        let operator = match self.operator {
            Operator::NotEqual => Operator::Equal,
            Operator::In => Operator::NotIn,
            Operator::NotIn => Operator::In,
            _ => Operator::NotEqual,
        };
        Self::new(operator, &self.value)
    }

    /// Whether whatever `other` allows is allowed here as well.
    fn contains(&self, other: &Self) -> bool {
        match (self.operator, other.operator) {
            (_, Operator::Equal) => self.allows(&other.value),
            (Operator::In, Operator::In) => other.value.contains(&self.value),
            (Operator::NotIn | Operator::NotEqual, Operator::NotIn) => {
                self.value.contains(&other.value)
            }
            _ => self == other,
        }
    }

    /// Whether nothing is allowed by both.
    fn excludes(&self, other: &Self) -> bool {
        match (self.operator, other.operator) {
            (Operator::Equal, _) => !other.allows(&self.value),
            (_, Operator::Equal) => !self.allows(&other.value),
            (Operator::In, Operator::NotIn) => self.value.contains(&other.value),
            (Operator::NotIn, Operator::In) => other.value.contains(&self.value),
            _ => false,
        }
    }

    fn intersect(&self, other: &Self) -> Generic {
        if self.contains(other) {
            Generic::One(other.clone())
        } else if other.contains(self) {
            Generic::One(self.clone())
        } else if self.excludes(other) {
            Generic::Empty
        } else {
            Generic::AllOf(vec![self.clone(), other.clone()])
        }
    }

    fn union(&self, other: &Self) -> Generic {
        if self.contains(other) {
            Generic::One(self.clone())
        } else if other.contains(self) {
            Generic::One(other.clone())
        } else if self.negated().excludes(&other.negated()) {
            // What neither allows is nothing.
            Generic::Any
        } else {
            Generic::AnyOf(vec![
                Generic::One(self.clone()),
                Generic::One(other.clone()),
            ])
        }
    }
}

impl Generic {
    pub(crate) fn allows(&self, actual: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Empty => false,
            Self::One(one) => one.allows(actual),
            Self::AllOf(all) => all.iter().all(|one| one.allows(actual)),
            Self::AnyOf(any) => any.iter().any(|one| one.allows(actual)),
        }
    }

    /// The comparisons and the word between them.
    pub(crate) fn parts(&self) -> (Vec<&Compare>, &'static str) {
        match self {
            Self::Any | Self::Empty => (Vec::new(), ""),
            Self::One(one) => (vec![one], ""),
            Self::AllOf(all) => (all.iter().collect(), " and "),
            Self::AnyOf(any) => (any.iter().flat_map(|part| part.parts().0).collect(), " or "),
        }
    }

    pub(crate) fn intersect(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Any, other) | (other, Self::Any) => other.clone(),
            (Self::Empty, _) | (_, Self::Empty) => Self::Empty,
            (Self::One(a), Self::One(b)) => a.intersect(b),
            (Self::AllOf(all), Self::One(one)) | (Self::One(one), Self::AllOf(all)) => {
                all_and_one(all, one)
            }
            (Self::AllOf(ours), Self::AllOf(theirs)) => {
                theirs.iter().fold(Self::AllOf(ours.clone()), |all, one| {
                    all.intersect(&Self::One(one.clone()))
                })
            }
            (Self::AnyOf(ours), Self::AnyOf(theirs)) => {
                if theirs.iter().all(|one| ours.contains(one)) && theirs.len() < ours.len() {
                    return other.clone();
                }
                if ours.iter().all(|one| theirs.contains(one)) {
                    return self.clone();
                }
                any_of(
                    ours.iter()
                        .flat_map(|a| theirs.iter().map(|b| a.intersect(b))),
                )
            }
            (Self::AnyOf(any), one) | (one, Self::AnyOf(any)) => {
                any_of(any.iter().map(|part| part.intersect(one)))
            }
        }
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Empty, other) | (other, Self::Empty) => other.clone(),
            (Self::One(a), Self::One(b)) => a.union(b),
            (Self::AllOf(all), Self::One(one)) | (Self::One(one), Self::AllOf(all)) => {
                all_or_one(all, one)
            }
            (Self::AllOf(ours), Self::AllOf(theirs)) => all_or_all(ours, theirs),
            (Self::AnyOf(any), other) => any_or(any, other),
            (other, Self::AnyOf(any)) => match other {
                Self::One(_) => any_or(std::slice::from_ref(other), &Self::AnyOf(any.clone())),
                _ => any_or(any, other),
            },
        }
    }
}

fn all_and_one(all: &[Compare], one: &Compare) -> Generic {
    if all.iter().any(|part| part.excludes(one)) {
        return Generic::Empty;
    }
    if all.iter().all(|part| part.contains(one)) {
        return Generic::One(one.clone());
    }
    if all.iter().any(|part| one.contains(part)) {
        return Generic::AllOf(all.to_vec());
    }
    Generic::AllOf(all.iter().chain([one]).cloned().collect())
}

fn all_or_one(all: &[Compare], one: &Compare) -> Generic {
    if all.iter().any(|part| one.contains(part)) {
        return Generic::One(one.clone());
    }
    // Each part of the conjunction is joined by itself: (A and B) or C is
    // (A or C) and (B or C).
    let mut rest = Vec::new();
    for part in all {
        match part.union(one) {
            Generic::Any => {}
            Generic::One(union) if union == *part => rest.push(union),
            _ => {
                return Generic::AnyOf(vec![
                    Generic::AllOf(all.to_vec()),
                    Generic::One(one.clone()),
                ]);
            }
        }
    }
    match rest.len() {
        0 => Generic::Any,
        1 => Generic::One(rest.remove(0)),
        _ => Generic::AllOf(rest),
    }
}

fn all_or_all(ours: &[Compare], theirs: &[Compare]) -> Generic {
    if theirs
        .iter()
        .chain(ours)
        .any(|one| one.operator != Operator::NotEqual)
    {
        return Generic::AnyOf(vec![
            Generic::AllOf(ours.to_vec()),
            Generic::AllOf(theirs.to_vec()),
        ]);
    }
    let mut common: Vec<_> = ours
        .iter()
        .filter(|one| theirs.contains(one))
        .cloned()
        .collect();
    match common.len() {
        0 => Generic::Any,
        1 => Generic::One(common.remove(0)),
        _ => Generic::AllOf(common),
    }
}

/// `A or B or ...` joined with another set.
fn any_or(any: &[Generic], other: &Generic) -> Generic {
    let theirs = match other {
        Generic::AnyOf(parts) => parts.clone(),
        one => vec![one.clone()],
    };
    let mut parts = any.to_vec();
    for theirs in theirs {
        // A part may swallow the new one, or be swallowed by it.
        let mut new = theirs;
        let mut kept = Vec::new();
        let mut swallowed = false;
        for part in parts {
            match part.union(&new) {
                Generic::Any => return Generic::Any,
                Generic::AnyOf(_) => kept.push(part),
                union if union == part => {
                    swallowed = true;
                    kept.push(part);
                }
                union => new = union,
            }
        }
        parts = kept;
        if !swallowed {
            parts.push(new);
        }
    }
    any_of(parts)
}

fn any_of(parts: impl IntoIterator<Item = Generic>) -> Generic {
    let mut kept: Vec<Generic> = Vec::new();
    for part in parts {
        match part {
            Generic::Empty => {}
            Generic::Any => return Generic::Any,
            part if kept.contains(&part) => {}
            part => kept.push(part),
        }
    }
    match kept.len() {
        0 => Generic::Empty,
        1 => kept.remove(0),
        _ => Generic::AnyOf(kept),
    }
}
