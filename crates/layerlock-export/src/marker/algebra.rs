//! Joining markers, and keeping the result short.
//!
//! A marker has no one normal form that is also the shortest text, so the text
//! that `poetry export` prints follows from how poetry-core gets there. The
//! same is done here: two comparisons of one variable are merged where one
//! comparison can say the same ([`merge`](super::merge)); a conjunction or
//! disjunction is brought into disjunctive and conjunctive normal form, parts
//! that others imply are dropped on the way, and the form with the fewest
//! comparisons wins, the unchanged one included.
//!
//! Poetry 1 got there by fewer steps than Poetry 2 does; [`Dialect`] says whose
//! are taken.
//!
//! Both forms can grow exponentially and can need each other, so the work is
//! bounded, for one marker and for all of an export together: where a bound is
//! reached the marker is joined with less simplification, which changes its text
//! but not its meaning. Poetry itself comes to no end where that happens.

use std::collections::HashMap;

use super::dialect::Dialect;
use super::merge::{merge, python_ranges};
use super::parse::parse;
use super::parts::{Split, Stop, flatten_and, flatten_or, product, raw_and, raw_or, simplest};
use super::tree::Marker;

/// Simplifications under way within each other.
const MAX_DEPTH: usize = 64;
/// Normalisations for one call from outside.
const MAX_STEPS: usize = 50_000;
/// Pairs of parts that one call from outside compares. No real lock was seen
/// that takes 5000.
const MAX_PAIRS: usize = 100_000;
/// Pairs of all calls together after which each gets [`FEW_PAIRS`].
const MAX_PAIRS_IN_ALL: usize = 400_000;
const FEW_PAIRS: usize = 5_000;
/// Pairs of all calls together after which a walk is given up.
const EXHAUSTED: usize = 1_500_000;
/// Choices that the product of the parts of a normal form may have, and then.
const MAX_CHOICES: usize = 4096;
const FEW_CHOICES: usize = 64;

pub(super) type Joined = Result<Marker, Stop>;

/// Joins markers, remembering what it has worked out.
#[derive(Debug, Default)]
pub(crate) struct Algebra {
    dialect: Dialect,
    conjunctive: HashMap<Marker, Marker>,
    disjunctive: HashMap<Marker, Marker>,
    /// The calls under way, to notice one that needs itself. What a part was
    /// wrapped in counts there: `and` of one part is not that part.
    intersections: Vec<Vec<Marker>>,
    unions: Vec<Vec<Marker>>,
    steps: usize,
    /// Pairs that this call has compared, and all calls before it.
    pairs: usize,
    pairs_before: usize,
}

impl Algebra {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            ..Self::default()
        }
    }

    /// Reads a marker and simplifies it.
    pub(crate) fn parse(&mut self, text: &str) -> Result<Marker, String> {
        let marker = parse(text)?;
        Ok(self.simplify(&marker))
    }

    /// The marker in its simplified form.
    pub(crate) fn simplify(&mut self, marker: &Marker) -> Marker {
        let marker = marker.flattened();
        let parts = match &marker {
            Marker::Or(parts) => parts.clone(),
            _ => vec![marker.clone()],
        };
        self.bounded(|algebra| algebra.union_of(parts))
            .unwrap_or(marker)
    }

    /// True where both are.
    pub(crate) fn intersect(&mut self, a: &Marker, b: &Marker) -> Marker {
        self.bounded(|algebra| algebra.and(a, b))
            .unwrap_or_else(|Stop| raw_and(vec![a.clone(), b.clone()]))
    }

    /// True where one of the two is.
    pub(crate) fn union(&mut self, a: &Marker, b: &Marker) -> Marker {
        self.bounded(|algebra| algebra.or(a, b))
            // Without the conjunctive form, which is what explodes.
            .or_else(|Stop| self.bounded(|algebra| algebra.disjunction(vec![a.clone(), b.clone()])))
            .unwrap_or_else(|Stop| raw_or(vec![a.clone(), b.clone()]))
    }

    /// Whether the markers so far took so much work that the next ones are
    /// simplified less.
    pub(crate) fn is_hurried(&self) -> bool {
        self.pairs_before > MAX_PAIRS_IN_ALL
    }

    /// The alternatives of a marker in disjunctive normal form.
    pub(crate) fn alternatives(&mut self, marker: &Marker) -> Vec<Marker> {
        match self.bounded(|algebra| algebra.dnf(marker)) {
            Ok(Marker::Or(parts)) => parts,
            Ok(one) => vec![one],
            Err(Stop) => vec![marker.clone()],
        }
    }

    /// The marker normalised once more, part by part: the last thing that
    /// happens to it before it is printed.
    pub(crate) fn rejoin(&mut self, marker: &Marker) -> Marker {
        self.bounded(|algebra| algebra.rejoined(marker))
            .unwrap_or_else(|Stop| marker.clone())
    }

    /// Whether so much work was done that there is no end in sight.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.pairs_before > EXHAUSTED
    }

    pub(super) fn bounded(&mut self, work: impl FnOnce(&mut Self) -> Joined) -> Joined {
        self.steps = 0;
        self.pairs = 0;
        self.intersections.clear();
        self.unions.clear();
        let joined = work(self);
        // What could not be simplified grows, and makes all that follows slower.
        let unsimplified = if joined.is_err() { FEW_PAIRS } else { 0 };
        self.pairs_before += self.pairs + unsimplified;
        joined
    }

    fn and(&mut self, a: &Marker, b: &Marker) -> Joined {
        match (a, b) {
            (Marker::Any, other) => Ok(other.clone()),
            (Marker::Empty, _) | (_, Marker::Empty) => Ok(Marker::Empty),
            (_, Marker::Any) if a.is_comparison() => Ok(a.clone()),
            _ if a.is_comparison() && b.is_comparison() => Ok(merge(self.dialect, a, b, true)
                .unwrap_or_else(|| raw_and(vec![a.clone(), b.clone()]))),
            _ if a.is_comparison() => self.intersection_of(vec![b.clone(), a.clone()]),
            _ => self.intersection_of(vec![a.clone(), b.clone()]),
        }
    }

    fn or(&mut self, a: &Marker, b: &Marker) -> Joined {
        match (a, b) {
            (Marker::Any, _) | (_, Marker::Any) => Ok(Marker::Any),
            (Marker::Empty, other) => Ok(other.clone()),
            (_, Marker::Empty) if a.is_comparison() => Ok(a.clone()),
            _ if a.is_comparison() && b.is_comparison() => Ok(merge(self.dialect, a, b, false)
                .unwrap_or_else(|| raw_or(vec![a.clone(), b.clone()]))),
            _ if a.is_comparison() => self.union_of(vec![b.clone(), a.clone()]),
            _ => self.union_of(vec![a.clone(), b.clone()]),
        }
    }

    /// The simplest form of a conjunction.
    fn intersection_of(&mut self, markers: Vec<Marker>) -> Joined {
        if self.intersections.contains(&markers) || self.depth() >= MAX_DEPTH {
            return Err(Stop);
        }
        self.intersections.push(markers.clone());
        let joined = self.simplest_intersection(raw_and(markers));
        self.intersections.pop();
        joined
    }

    fn simplest_intersection(&mut self, unchanged: Marker) -> Joined {
        let disjunction = self.dnf(&unchanged)?;
        if self.dialect == Dialect::One || !matches!(disjunction, Marker::Or(_)) {
            return Ok(disjunction);
        }
        Ok(match self.cnf(&disjunction) {
            Ok(conjunction @ Marker::And(_)) => simplest([disjunction, conjunction, unchanged]),
            Ok(conjunction) => conjunction,
            Err(Stop) => simplest([disjunction, unchanged]),
        })
    }

    /// The simplest form of a disjunction.
    fn union_of(&mut self, markers: Vec<Marker>) -> Joined {
        if self.unions.contains(&markers) || self.depth() >= MAX_DEPTH {
            return Err(Stop);
        }
        self.unions.push(markers.clone());
        let joined = self.simplest_union(raw_or(markers));
        self.unions.pop();
        joined
    }

    fn simplest_union(&mut self, unchanged: Marker) -> Joined {
        let conjunction = self.cnf(&unchanged)?;
        if !matches!(conjunction, Marker::And(_)) {
            return Ok(conjunction);
        }
        Ok(match self.dnf(&conjunction) {
            Ok(disjunction @ Marker::Or(_)) => simplest([disjunction, conjunction, unchanged]),
            Ok(disjunction) => disjunction,
            Err(Stop) => simplest([conjunction, unchanged]),
        })
    }

    fn depth(&self) -> usize {
        self.intersections.len() + self.unions.len()
    }

    /// Conjunctive normal form.
    fn cnf(&mut self, marker: &Marker) -> Joined {
        let (Marker::And(parts) | Marker::Or(parts)) = marker else {
            return Ok(marker.clone());
        };
        if let Some(known) = self.conjunctive.get(marker) {
            return Ok(known.clone());
        }
        let parts = parts
            .iter()
            .map(|part| self.cnf(part))
            .collect::<Result<Vec<_>, _>>()?;
        let normal = if matches!(marker, Marker::And(_)) {
            self.conjunction(parts)?
        } else {
            let factors = parts.into_iter().map(|part| match part {
                Marker::And(parts) => parts,
                part => vec![part],
            });
            let clauses = self
                .product(factors)?
                .into_iter()
                .map(|clause| self.disjunction(clause))
                .collect::<Result<Vec<_>, _>>()?;
            self.conjunction(clauses)?
        };
        self.conjunctive.insert(marker.clone(), normal.clone());
        Ok(normal)
    }

    /// Disjunctive normal form.
    fn dnf(&mut self, marker: &Marker) -> Joined {
        let (Marker::And(parts) | Marker::Or(parts)) = marker else {
            return Ok(marker.clone());
        };
        if let Some(known) = self.disjunctive.get(marker) {
            return Ok(known.clone());
        }
        let parts = parts
            .iter()
            .map(|part| self.dnf(part))
            .collect::<Result<Vec<_>, _>>()?;
        let normal = if matches!(marker, Marker::Or(_)) {
            self.disjunction(parts)?
        } else {
            let factors = parts.into_iter().map(|part| match part {
                Marker::Or(parts) => parts,
                part => vec![part],
            });
            let clauses = self
                .product(factors)?
                .into_iter()
                .map(|clause| self.conjunction(clause))
                .collect::<Result<Vec<_>, _>>()?;
            self.disjunction(clauses)?
        };
        self.disjunctive.insert(marker.clone(), normal.clone());
        Ok(normal)
    }

    /// Joins parts by `and`, pairwise simplified until nothing changes.
    pub(super) fn conjunction(&mut self, parts: Vec<Marker>) -> Joined {
        let mut old = Vec::new();
        let mut new = flatten_and(parts);
        while old != new {
            self.step()?;
            old = new;
            new = Vec::with_capacity(old.len());
            for marker in &old {
                if matches!(marker, Marker::Any) || new.contains(marker) {
                    continue;
                }
                match self.absorb_and(&new, marker)? {
                    Absorbed::Nothing => return Ok(Marker::Empty),
                    Absorbed::At(index, joined) => {
                        new[index] = joined;
                        new = flatten_and(new);
                    }
                    Absorbed::No => new.push(marker.clone()),
                }
            }
        }
        if new.contains(&Marker::Empty) {
            return Ok(Marker::Empty);
        }
        Ok(match new.len() {
            0 => Marker::Any,
            1 => new.remove(0),
            _ => Marker::And(new),
        })
    }

    fn absorb_and(&mut self, parts: &[Marker], marker: &Marker) -> Result<Absorbed, Stop> {
        self.count_pairs(parts.len())?;
        for (index, part) in parts.iter().enumerate() {
            let union = match (part, marker) {
                (Marker::Or(parts), other) => Some((parts, other)),
                (other, Marker::Or(parts)) if self.dialect == Dialect::Two => Some((parts, other)),
                _ => None,
            };
            if let Some((parts, other)) = union {
                if let Some(joined) = self.simplify_or_and(parts, other)? {
                    return Ok(Absorbed::At(index, joined));
                }
            } else if part.is_comparison() {
                match self.and(part, marker)? {
                    Marker::Empty => return Ok(Absorbed::Nothing),
                    joined if joined.is_comparison() => return Ok(Absorbed::At(index, joined)),
                    _ => {}
                }
            }
        }
        Ok(Absorbed::No)
    }

    /// Joins parts by `or`, pairwise simplified until nothing changes.
    pub(super) fn disjunction(&mut self, parts: Vec<Marker>) -> Joined {
        let mut old = Vec::new();
        let mut new = flatten_or(parts);
        while old != new {
            self.step()?;
            old = new;
            new = Vec::with_capacity(old.len());
            for marker in &old {
                if matches!(marker, Marker::Empty) || new.contains(marker) {
                    continue;
                }
                match self.absorb_or(&new, marker)? {
                    Absorbed::Nothing => return Ok(Marker::Any),
                    Absorbed::At(index, joined) => {
                        new[index] = joined;
                        new = flatten_or(new);
                    }
                    Absorbed::No => new.push(marker.clone()),
                }
            }
        }
        if new.contains(&Marker::Any) {
            return Ok(Marker::Any);
        }
        Ok(match new.len() {
            0 => Marker::Empty,
            1 => new.remove(0),
            _ => Marker::Or(new),
        })
    }

    fn absorb_or(&mut self, parts: &[Marker], marker: &Marker) -> Result<Absorbed, Stop> {
        self.count_pairs(parts.len())?;
        for (index, part) in parts.iter().enumerate() {
            let conjunction = match (part, marker) {
                (Marker::And(parts), other) => Some((parts, other)),
                (other, Marker::And(parts)) if self.dialect == Dialect::Two => Some((parts, other)),
                _ => None,
            };
            if let Some((parts, other)) = conjunction {
                if let Some(joined) = self.simplify_and_or(parts, other)? {
                    return Ok(Absorbed::At(index, joined));
                }
            } else if part.is_comparison() {
                match self.or(part, marker)? {
                    Marker::Any => return Ok(Absorbed::Nothing),
                    joined if joined.is_comparison() => return Ok(Absorbed::At(index, joined)),
                    joined if self.dialect == Dialect::Two && joined.is_small_and() => {
                        return Ok(Absorbed::At(index, joined));
                    }
                    _ => {}
                }
            }
        }
        Ok(Absorbed::No)
    }

    /// `(a and b and ...) or other`, where that is simpler: it is when the one
    /// contains the other, or when they share parts and the rest merges.
    fn simplify_and_or(&mut self, ours: &[Marker], other: &Marker) -> Result<Option<Marker>, Stop> {
        if ours.contains(other) {
            return Ok(Some(other.clone()));
        }
        if self.dialect == Dialect::Two
            && let Some(wide) = python_single(other)
            && ours
                .iter()
                .filter_map(python_single)
                .any(|narrow| wide.contains(&narrow))
        {
            return Ok(Some(other.clone()));
        }
        let Marker::And(theirs) = other else {
            return Ok(None);
        };
        if ours.iter().all(|part| theirs.contains(part)) {
            return Ok(Some(Marker::And(ours.to_vec())));
        }
        let Some(split) = Split::new(ours, theirs) else {
            return Ok((theirs.iter().all(|part| ours.contains(part))).then(|| other.clone()));
        };
        let rest = self.union_of(vec![Marker::And(split.ours), Marker::And(split.theirs)])?;
        let common = Marker::And(split.common);
        Ok(match rest {
            Marker::Any => Some(common),
            rest if rest.is_comparison() => Some(self.intersection_of(vec![common, rest])?),
            rest if self.dialect == Dialect::Two && rest.is_small_and() => {
                Some(self.intersection_of(vec![rest, common])?)
            }
            _ => None,
        })
    }

    /// `(a or b or ...) and other`, where that is simpler.
    fn simplify_or_and(&mut self, ours: &[Marker], other: &Marker) -> Result<Option<Marker>, Stop> {
        if ours.contains(other) {
            return Ok(Some(other.clone()));
        }
        if self.dialect == Dialect::Two
            && let Some(narrow) = python_single(other)
            && ours
                .iter()
                .filter_map(python_single)
                .any(|wide| wide.contains(&narrow))
        {
            return Ok(Some(other.clone()));
        }
        let Marker::Or(theirs) = other else {
            return Ok(None);
        };
        if ours.iter().all(|part| theirs.contains(part)) {
            return Ok(Some(Marker::Or(ours.to_vec())));
        }
        let Some(split) = Split::new(ours, theirs) else {
            return Ok((theirs.iter().all(|part| ours.contains(part))).then(|| other.clone()));
        };
        let rest = self.intersection_of(vec![Marker::Or(split.ours), Marker::Or(split.theirs)])?;
        let common = Marker::Or(split.common);
        Ok(match rest {
            Marker::Empty => Some(common),
            rest if rest.is_comparison() => Some(self.union_of(vec![common, rest])?),
            rest if self.dialect == Dialect::Two
                && matches!(rest, Marker::Or(_))
                && rest.complexity() <= (2, 2) =>
            {
                Some(self.union_of(vec![rest, common])?)
            }
            _ => None,
        })
    }

    fn rejoined(&mut self, marker: &Marker) -> Joined {
        match marker {
            Marker::And(parts) => {
                let parts = parts
                    .iter()
                    .map(|part| self.rejoined(part))
                    .collect::<Result<_, _>>()?;
                self.intersection_of(parts)
            }
            Marker::Or(parts) => {
                let parts = parts
                    .iter()
                    .map(|part| self.rejoined(part))
                    .collect::<Result<_, _>>()?;
                self.union_of(parts)
            }
            other => Ok(other.clone()),
        }
    }

    fn step(&mut self) -> Result<(), Stop> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            Err(Stop)
        } else {
            Ok(())
        }
    }

    fn product(
        &mut self,
        factors: impl Iterator<Item = Vec<Marker>>,
    ) -> Result<Vec<Vec<Marker>>, Stop> {
        let most = if self.is_hurried() {
            FEW_CHOICES
        } else {
            MAX_CHOICES
        };
        product(factors, most)
    }

    fn count_pairs(&mut self, pairs: usize) -> Result<(), Stop> {
        self.pairs += pairs;
        let most = if self.is_hurried() {
            FEW_PAIRS
        } else {
            MAX_PAIRS
        };
        if self.pairs > most { Err(Stop) } else { Ok(()) }
    }
}

/// What became of a part that was joined to others.
enum Absorbed {
    /// It stays beside them.
    No,
    /// It merged with the one at this index.
    At(usize, Marker),
    /// Nothing of the whole is left: `and` became never, or `or` always.
    Nothing,
}

/// The Python versions of a comparison of one of Python's two variables.
fn python_single(marker: &Marker) -> Option<crate::ranges::Ranges> {
    match marker {
        Marker::Single(single) if single.variable.is_python() => python_ranges(single),
        _ => None,
    }
}
