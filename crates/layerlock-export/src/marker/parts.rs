//! Lists of parts, and markers made of them without any simplification.

use std::collections::{HashMap, HashSet};

use super::tree::Marker;

/// The simplification does not come to an end, or not soon enough.
#[derive(Debug)]
pub(super) struct Stop;

/// Two lists of parts that have some in common, none within the other.
pub(super) struct Split {
    pub(super) common: Vec<Marker>,
    pub(super) ours: Vec<Marker>,
    pub(super) theirs: Vec<Marker>,
}

impl Split {
    pub(super) fn new(ours: &[Marker], theirs: &[Marker]) -> Option<Self> {
        let (common, own): (Vec<_>, Vec<_>) =
            ours.iter().cloned().partition(|part| theirs.contains(part));
        let foreign: Vec<_> = theirs
            .iter()
            .filter(|part| !ours.contains(part))
            .cloned()
            .collect();
        (!common.is_empty() && !own.is_empty() && !foreign.is_empty()).then_some(Self {
            common,
            ours: own,
            theirs: foreign,
        })
    }
}

impl Marker {
    /// Whether the marker is one comparison, or several of one variable that
    /// stay together.
    pub(super) fn is_comparison(&self) -> bool {
        matches!(self, Self::Single(_) | Self::Atomic(_))
    }

    pub(super) fn is_small_and(&self) -> bool {
        matches!(self, Self::And(_)) && self.complexity() <= (2, 2)
    }

    /// How many comparisons there are, and how many when those that stay
    /// together count as one.
    pub(super) fn complexity(&self) -> (usize, usize) {
        match self {
            Self::Any | Self::Empty | Self::Single(_) => (1, 1),
            Self::Atomic(atomic) => (atomic.len(), 1),
            Self::And(parts) | Self::Or(parts) => parts
                .iter()
                .map(Self::complexity)
                .fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1)),
        }
    }

    /// The same marker without `and` directly in `and`, `or` in `or`, or
    /// anything twice.
    pub(super) fn flattened(&self) -> Self {
        match self {
            Self::And(parts) => Self::And(flatten_and(parts.iter().map(Self::flattened).collect())),
            Self::Or(parts) => Self::Or(flatten_or(parts.iter().map(Self::flattened).collect())),
            other => other.clone(),
        }
    }
}

/// The first of the markers with the least complexity.
pub(super) fn simplest<const N: usize>(markers: [Marker; N]) -> Marker {
    markers
        .into_iter()
        .min_by_key(Marker::complexity)
        .unwrap_or(Marker::Any)
}

/// The parts joined by `and`, none of them changed.
pub(super) fn raw_and(parts: Vec<Marker>) -> Marker {
    unwrapped(Marker::And(flatten_and(parts)))
}

/// The parts joined by `or`, none of them changed.
pub(super) fn raw_or(parts: Vec<Marker>) -> Marker {
    unwrapped(Marker::Or(flatten_or(parts)))
}

fn unwrapped(mut marker: Marker) -> Marker {
    loop {
        marker = match marker {
            Marker::And(parts) if parts.is_empty() => return Marker::Any,
            Marker::Or(parts) if parts.is_empty() => return Marker::Empty,
            Marker::And(mut parts) | Marker::Or(mut parts) if parts.len() == 1 => parts.remove(0),
            marker => return marker,
        };
    }
}

pub(super) fn flatten_and(parts: Vec<Marker>) -> Vec<Marker> {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        let inner = match part {
            Marker::And(parts) => flatten_and(parts),
            part => vec![part],
        };
        for part in inner {
            if !flat.contains(&part) {
                flat.push(part);
            }
        }
    }
    flat
}

pub(super) fn flatten_or(parts: Vec<Marker>) -> Vec<Marker> {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        let inner = match part {
            Marker::Or(parts) => flatten_or(parts),
            part => vec![part],
        };
        for part in inner {
            if !flat.contains(&part) {
                flat.push(part);
            }
        }
    }
    flat
}

/// Every choice of one part from each factor, in order, without those that
/// have the same parts as an earlier one. Two beginnings with the same parts
/// have the same continuations, so the later one is dropped at once, which
/// keeps most products small; one of more than `most` choices is not made.
pub(super) fn product(
    factors: impl Iterator<Item = Vec<Marker>>,
    most: usize,
) -> Result<Vec<Vec<Marker>>, Stop> {
    let mut numbers: HashMap<Marker, usize> = HashMap::new();
    let mut choices: Vec<Vec<usize>> = vec![Vec::new()];
    for factor in factors {
        let factor: Vec<_> = factor
            .into_iter()
            .map(|part| {
                let next = numbers.len();
                *numbers.entry(part).or_insert(next)
            })
            .collect();
        if choices.len().saturating_mul(factor.len()) > most {
            return Err(Stop);
        }
        let mut known = HashSet::new();
        let mut longer = Vec::new();
        for choice in &choices {
            for part in &factor {
                let mut choice = choice.clone();
                if !choice.contains(part) {
                    choice.push(*part);
                }
                let mut parts = choice.clone();
                parts.sort_unstable();
                if known.insert(parts) {
                    longer.push(choice);
                }
            }
        }
        choices = longer;
    }
    let mut parts: Vec<_> = numbers.into_iter().collect();
    parts.sort_unstable_by_key(|(_, number)| *number);
    Ok(choices
        .into_iter()
        .map(|choice| {
            choice
                .into_iter()
                .map(|number| parts[number].0.clone())
                .collect()
        })
        .collect())
}
