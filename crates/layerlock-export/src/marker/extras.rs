//! What is left of a marker once its comparisons of `extra` are settled or left out.

use std::collections::BTreeSet;

use super::algebra::{Algebra, Joined};
use super::parts::{Stop, raw_and, raw_or};
use super::tree::{Marker, Single};
use super::variable::Variable;

impl Algebra {
    /// The marker with each comparison of `extra` settled.
    pub(crate) fn apply_extras(&mut self, marker: &Marker, extras: &BTreeSet<String>) -> Marker {
        self.bounded(|algebra| algebra.apply(marker, extras))
            .unwrap_or_else(|Stop| settled(marker, extras))
    }

    /// The marker without its comparisons of `extra`, whatever they say.
    pub(crate) fn without_extras(&mut self, marker: &Marker) -> Marker {
        self.bounded(|algebra| algebra.exclude_extras(marker))
            .unwrap_or_else(|Stop| raw_without_extras(marker))
    }

    fn apply(&mut self, marker: &Marker, extras: &BTreeSet<String>) -> Joined {
        match marker {
            Marker::And(parts) => {
                let parts = parts
                    .iter()
                    .map(|part| self.apply(part, extras))
                    .collect::<Result<_, _>>()?;
                self.conjunction(parts)
            }
            Marker::Or(parts) => {
                let parts = parts
                    .iter()
                    .map(|part| self.apply(part, extras))
                    .collect::<Result<_, _>>()?;
                self.disjunction(parts)
            }
            other => Ok(settled(other, extras)),
        }
    }

    fn exclude_extras(&mut self, marker: &Marker) -> Joined {
        let mut kept = |parts: &[Marker]| {
            parts
                .iter()
                .filter(|part| !is_extra(part))
                .map(|part| self.exclude_extras(part))
                .collect::<Result<Vec<_>, _>>()
        };
        match marker {
            Marker::And(parts) => {
                let mut parts = kept(parts)?;
                parts.retain(|part| *part != Marker::Empty);
                self.conjunction(parts)
            }
            Marker::Or(parts) => match kept(parts)? {
                none if none.is_empty() => Ok(Marker::Any),
                parts => self.disjunction(parts),
            },
            extra if is_extra(extra) => Ok(Marker::Any),
            other => Ok(other.clone()),
        }
    }
}

fn is_extra(marker: &Marker) -> bool {
    matches!(marker, Marker::Single(single) if single.variable == Variable::Extra)
}

fn raw_without_extras(marker: &Marker) -> Marker {
    let kept = |parts: &[Marker]| -> Vec<_> {
        parts
            .iter()
            .filter(|part| !is_extra(part))
            .map(raw_without_extras)
            .collect()
    };
    match marker {
        Marker::And(parts) => raw_and(kept(parts)),
        Marker::Or(parts) => match kept(parts) {
            none if none.is_empty() => Marker::Any,
            parts => raw_or(parts),
        },
        extra if is_extra(extra) => Marker::Any,
        other => other.clone(),
    }
}

fn settled(marker: &Marker, extras: &BTreeSet<String>) -> Marker {
    match marker {
        Marker::Single(single) if single.variable == Variable::Extra => {
            if Single::holds_for_extras(single, extras) {
                Marker::Any
            } else {
                Marker::Empty
            }
        }
        Marker::And(parts) => {
            let parts: Vec<_> = parts
                .iter()
                .map(|part| settled(part, extras))
                .filter(|part| *part != Marker::Any)
                .collect();
            if parts.contains(&Marker::Empty) {
                return Marker::Empty;
            }
            raw_and(parts)
        }
        Marker::Or(parts) => {
            let parts: Vec<_> = parts
                .iter()
                .map(|part| settled(part, extras))
                .filter(|part| *part != Marker::Empty)
                .collect();
            if parts.contains(&Marker::Any) {
                return Marker::Any;
            }
            raw_or(parts)
        }
        other => other.clone(),
    }
}
