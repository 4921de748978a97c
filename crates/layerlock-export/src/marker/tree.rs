//! Markers as trees of comparisons.

use std::collections::BTreeSet;
use std::fmt;

use layerlock_lock::normalize_name as normalize;
use pep440_rs::Version;
use pep508_rs::MarkerEnvironment;

use super::constraint::{Constraint, Generic};
use super::variable::{Operator, Variable};

/// A marker: a condition on the environment that a package is installed in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Marker {
    /// Always true.
    Any,
    /// Never true.
    Empty,
    /// One comparison.
    Single(Single),
    /// Comparisons of one variable that were merged and stay together.
    Atomic(Atomic),
    /// True where all of these are.
    And(Vec<Self>),
    /// True where one of these is.
    Or(Vec<Self>),
}

/// A comparison of a variable with a text.
#[derive(Debug, Clone)]
pub(crate) struct Single {
    pub(crate) variable: Variable,
    pub(crate) operator: Operator,
    pub(crate) value: String,
    /// Whether the text is on the left: `"tegra" in platform_release`.
    pub(crate) swapped: bool,
    /// What the comparison allows; it follows from the other fields.
    pub(crate) constraint: Constraint,
}

/// Several comparisons of one variable: `==` joined by `or`, or `!=` by `and`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Atomic {
    pub(crate) variable: Variable,
    pub(crate) constraint: Generic,
}

impl Marker {
    /// Whether the marker holds in an environment, with these extras asked
    /// for (normalised names).
    pub(crate) fn evaluate(
        &self,
        environment: &MarkerEnvironment,
        extras: &BTreeSet<String>,
    ) -> bool {
        match self {
            Self::Any => true,
            Self::Empty => false,
            Self::Single(single) => single.evaluate(environment, extras),
            Self::Atomic(atomic) => atomic
                .constraint
                .allows(atomic.variable.value_in(environment)),
            Self::And(parts) => parts.iter().all(|part| part.evaluate(environment, extras)),
            Self::Or(parts) => parts.iter().any(|part| part.evaluate(environment, extras)),
        }
    }
}

impl Marker {
    /// The comparisons in it, in their order.
    pub(crate) fn singles(&self) -> Vec<&Single> {
        match self {
            Self::Any | Self::Empty | Self::Atomic(_) => Vec::new(),
            Self::Single(single) => vec![single],
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::singles).collect(),
        }
    }

    /// The text that Poetry 1.8 prints: it puts parentheses around all that is
    /// neither one comparison nor several joined by `and`.
    pub(crate) fn text_of_poetry_1(&self) -> String {
        match self {
            Self::And(parts) => {
                let parts: Vec<_> = parts
                    .iter()
                    .map(|part| match part {
                        Self::Single(_) | Self::And(_) => part.text_of_poetry_1(),
                        _ => format!("({})", part.text_of_poetry_1()),
                    })
                    .collect();
                parts.join(" and ")
            }
            Self::Or(parts) => {
                let parts: Vec<_> = parts.iter().map(Self::text_of_poetry_1).collect();
                parts.join(" or ")
            }
            other => other.to_string(),
        }
    }
}

impl Single {
    fn evaluate(&self, environment: &MarkerEnvironment, extras: &BTreeSet<String>) -> bool {
        match self.variable {
            Variable::Extra => self.holds_for_extras(extras),
            variable => self.holds_for(variable.value_in(environment)),
        }
    }

    /// `extra == "x"` is true where x is one of the extras asked for.
    pub(crate) fn holds_for_extras(&self, extras: &BTreeSet<String>) -> bool {
        extras.contains(&normalize(&self.value)) == (self.operator != Operator::NotEqual)
    }

    /// Versions are compared as versions where both sides are some, all else
    /// as text.
    fn holds_for(&self, actual: &str) -> bool {
        match &self.constraint {
            Constraint::Versions(allowed) => match actual.parse::<Version>() {
                Ok(version) => allowed.allows(&version),
                Err(_) => match self.operator {
                    Operator::Equal | Operator::Identical | Operator::In => actual == self.value,
                    Operator::NotEqual | Operator::NotIn => actual != self.value,
                    _ => false,
                },
            },
            Constraint::Text(generic) => generic.allows(actual),
            Constraint::Order => {
                let order = actual.cmp(self.value.as_str());
                match self.operator {
                    Operator::Less => order.is_lt(),
                    Operator::LessOrEqual => order.is_le(),
                    Operator::Greater => order.is_gt(),
                    Operator::GreaterOrEqual => order.is_ge(),
                    _ => false,
                }
            }
        }
    }
}

// The constraint follows from the other fields, and a derived comparison
// would make versions that are spelled differently equal.
impl PartialEq for Single {
    fn eq(&self, other: &Self) -> bool {
        (self.variable, self.operator, &self.value, self.swapped)
            == (other.variable, other.operator, &other.value, other.swapped)
    }
}

impl Eq for Single {}

impl std::hash::Hash for Single {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.variable, self.operator, &self.value, self.swapped).hash(state);
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => Ok(()),
            Self::Empty => f.write_str("<empty>"),
            Self::Single(single) => single.fmt(f),
            Self::Atomic(atomic) => atomic.fmt(f),
            Self::And(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" and ")?;
                    }
                    match part {
                        Self::Or(_) => write!(f, "({part})")?,
                        Self::Atomic(atomic) if atomic.is_union() => write!(f, "({part})")?,
                        _ => part.fmt(f)?,
                    }
                }
                Ok(())
            }
            Self::Or(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" or ")?;
                    }
                    part.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Single {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (variable, operator) = (self.variable.as_str(), self.operator.as_str());
        if self.swapped {
            write!(f, "\"{}\" {operator} {variable}", self.value)
        } else {
            write!(f, "{variable} {operator} \"{}\"", self.value)
        }
    }
}

impl Atomic {
    pub(crate) fn is_union(&self) -> bool {
        matches!(self.constraint, Generic::AnyOf(_))
    }

    pub(crate) fn len(&self) -> usize {
        match &self.constraint {
            Generic::AnyOf(parts) => parts.len(),
            Generic::AllOf(parts) => parts.len(),
            _ => 1,
        }
    }
}

impl fmt::Display for Atomic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, glue) = self.constraint.parts();
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(glue)?;
            }
            let operator = part.operator.as_str();
            write!(
                f,
                "{} {operator} \"{}\"",
                self.variable.as_str(),
                part.value
            )?;
        }
        Ok(())
    }
}
