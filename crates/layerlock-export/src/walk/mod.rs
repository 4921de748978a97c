//! Locks of version 1.0 to 2.0: what a choice of groups and extras needs, and
//! under which markers.
//!
//! Poetry 1 wrote neither groups nor markers into its locks. They follow from a
//! walk: from the dependencies in pyproject.toml along those of the locked
//! packages, each step adding the marker of the dependency to those of the
//! path. The steps are those of poetry-plugin-export 1.8, since the text it
//! prints follows from them:
//!
//! - a dependency is met by the highest locked version whose Python constraint
//!   holds wherever the dependency's marker does;
//! - each dependency of a package is asked for once in each region of Python
//!   versions that the locked versions of it tell apart, so that every region
//!   can get another version;
//! - a version that was taken where the markers overlap is taken again. Where
//!   it does not fit, the walk fails.
//!
//! A package with extras is another one than the same without: both are
//! printed.

mod target;
mod versions;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use pep440_rs::Version;
use pep508_rs::MarkerEnvironment;

use crate::Error;
use crate::graph::{Dependency, Graph};
use crate::lock::{Lock, Package};
use crate::marker::{Algebra, Dialect, Marker, parse, python_marker, python_ranges};
use crate::project::Project;
use crate::ranges::{Bound, Range, Ranges};
use crate::selection::Selection;

pub(crate) use target::{choose, chosen_roots, needs};

/// Steps of one walk; real ones take some thousands.
const MAX_STEPS: usize = 200_000;

/// A package that the walk came by.
#[derive(Debug)]
pub(crate) struct Decision {
    /// Its index in the lock.
    pub(crate) package: usize,
    /// The extras that it is needed with, normalised.
    pub(crate) extras: BTreeSet<String>,
    /// Where it is needed; extras of the project are settled.
    pub(crate) marker: Marker,
}

/// Walks a lock from the dependencies of a selection. With a `target`, only
/// along what that needs: such a walk can succeed where the whole one fails.
pub(crate) fn walk(
    project: &Project,
    lock: &Lock,
    graph: &Graph,
    selection: &Selection,
    target: Option<&MarkerEnvironment>,
) -> Result<Vec<Decision>, Error> {
    let mut walker = Walker::new(project, lock, graph, target);
    let mut waiting = walker.first_steps(selection)?;
    let mut visited = HashSet::new();
    while let Some(step) = waiting.pop_front() {
        if project.name() == Some(step.dependency.name.as_str())
            || walker.is_elsewhere(&step.marker)
            || !visited.insert((step.dependency, step.marker.clone()))
        {
            continue;
        }
        if visited.len() > MAX_STEPS || walker.algebra.is_exhausted() {
            return Err(walker.fails(&step, "the walk does not come to an end"));
        }
        walker.take(&step, &mut waiting)?;
    }
    let Walker {
        mut algebra,
        decisions,
        ..
    } = walker;
    Ok(decisions
        .into_iter()
        .map(|decision| Decision {
            marker: algebra.without_extras(&decision.marker),
            ..decision
        })
        .collect())
}

/// A dependency to be met where a marker holds.
struct Step<'l> {
    dependency: &'l Dependency,
    marker: Marker,
    /// The package that has the dependency; the project where there is none.
    by: Option<usize>,
}

struct Walker<'l> {
    project: &'l Project,
    lock: &'l Lock,
    graph: &'l Graph,
    target: Option<&'l MarkerEnvironment>,
    algebra: Algebra,
    /// The indices of the packages, highest version first.
    by_name: HashMap<&'l str, Vec<usize>>,
    decisions: Vec<Decision>,
    /// Where in `decisions` a package with some extras is.
    decided: HashMap<(usize, BTreeSet<String>), usize>,
    /// The markers of the regions of Python that a package's versions make.
    regions: HashMap<&'l str, Vec<Marker>>,
    /// By index of a package: the markers of its dependencies, and its own with that of
    /// its Python constraint.
    own_markers: HashMap<usize, (Vec<Marker>, Marker)>,
}

impl<'l> Walker<'l> {
    fn new(
        project: &'l Project,
        lock: &'l Lock,
        graph: &'l Graph,
        target: Option<&'l MarkerEnvironment>,
    ) -> Self {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, package) in lock.packages().iter().enumerate() {
            by_name
                .entry(package.name.as_str())
                .or_default()
                .push(index);
        }
        for indices in by_name.values_mut() {
            // Stable: equal versions stay in the order of the lock.
            indices.sort_by(|a, b| {
                let version = |index: usize| &lock.packages()[index].version;
                version(*b).cmp(version(*a))
            });
        }
        Self {
            project,
            lock,
            graph,
            target,
            algebra: Algebra::new(Dialect::One),
            by_name,
            decisions: Vec::new(),
            decided: HashMap::new(),
            regions: HashMap::new(),
            own_markers: HashMap::new(),
        }
    }

    /// The dependencies of the chosen groups, without those that only an extra
    /// brings in that was not chosen, and those that are not locked at all.
    fn first_steps(&mut self, selection: &Selection) -> Result<VecDeque<Step<'l>>, Error> {
        let packages = self.lock.packages();
        let graph = self.graph;
        let behind_extras = graph.names_behind(&selection.extras);
        let python = self.project.python_marker(&mut self.algebra)?;
        let mut steps = VecDeque::new();
        for (group, dependency) in &graph.roots {
            if !selection.groups.contains(group) {
                continue;
            }
            let Some(package) = self.first_locked(dependency) else {
                continue;
            };
            let is_chosen = !graph.nodes[package].is_optional
                || behind_extras.contains(packages[package].name.as_str());
            if is_chosen {
                let marker = marker_of(&mut self.algebra, dependency);
                steps.push_back(Step {
                    dependency,
                    marker: self.algebra.intersect(&marker, &python),
                    by: None,
                });
            }
        }
        Ok(steps)
    }

    /// The first package of the lock that has the name and one of the
    /// versions; a pre-release only where there is nothing else.
    fn first_locked(&self, dependency: &Dependency) -> Option<usize> {
        let packages = self.lock.packages();
        let mut fitting = (0..packages.len()).filter(|&index| {
            packages[index].name == dependency.name
                && allows_version(dependency, &packages[index].version)
        });
        let first = fitting.clone().next();
        fitting
            .find(|&index| {
                dependency.prereleases
                    || dependency.origin.is_some()
                    || !packages[index].version.any_prerelease()
            })
            .or(first)
    }

    fn is_elsewhere(&self, marker: &Marker) -> bool {
        self.target
            .is_some_and(|target| !marker.evaluate(target, &BTreeSet::new()))
    }

    /// Decides on the package that meets a dependency, and queues what that
    /// one asks for.
    fn take(&mut self, step: &Step<'l>, waiting: &mut VecDeque<Step<'l>>) -> Result<(), Error> {
        let package = self.locked(step)?;
        let node = &self.graph.nodes[package];
        let (own, python) = self.own_markers(package);
        let marker = self.algebra.intersect(&python, &step.marker);
        let extras = step.dependency.extras.clone();
        let known = self.decided.get(&(package, extras.clone())).copied();
        let joined = match known {
            Some(known) => {
                let known = &self.decisions[known].marker;
                let joined = self.algebra.union(known, &marker);
                // It was here before for all of this marker, and what it asks for
                // is queued. Poetry goes on all the same, which may change how
                // the markers are written.
                if joined == *known && self.algebra.is_hurried() {
                    return Ok(());
                }
                joined
            }
            None => marker.clone(),
        };
        for (index, require) in node.requires.iter().enumerate() {
            let is_asked_for = |extra| {
                let members = node.extras.get(extra);
                members.is_some_and(|members: &BTreeSet<usize>| members.contains(&index))
            };
            if require.is_optional && !step.dependency.extras.iter().any(is_asked_for) {
                continue;
            }
            if self.graph.is_never_locked(&require.name) {
                continue;
            }
            let base = self.algebra.intersect(&own[index], &marker);
            let base = self.algebra.without_extras(&base);
            if base == Marker::Empty {
                continue;
            }
            for region in self.regions(&require.name) {
                let marker = self.algebra.intersect(&region, &base);
                if marker != Marker::Empty {
                    waiting.push_back(Step {
                        dependency: require,
                        marker,
                        by: Some(package),
                    });
                }
            }
        }
        if let Some(known) = known {
            self.decisions[known].marker = joined;
        } else {
            self.decided
                .insert((package, extras.clone()), self.decisions.len());
            self.decisions.push(Decision {
                package,
                extras,
                marker: joined,
            });
        }
        Ok(())
    }

    /// The package that meets a dependency.
    fn locked(&mut self, step: &Step<'_>) -> Result<usize, Error> {
        let packages = self.lock.packages();
        let candidates = self
            .by_name
            .get(step.dependency.name.as_str())
            .cloned()
            .unwrap_or_default();
        let mut overlapping = Vec::new();
        for &candidate in &candidates {
            if let Some(&known) = self.decided.get(&(candidate, BTreeSet::new()))
                && self
                    .algebra
                    .intersect(&self.decisions[known].marker, &step.marker)
                    != Marker::Empty
            {
                overlapping.push(candidate);
            }
        }
        if overlapping.len() > 1 {
            return Err(self.fails(step, "two locked versions of it are needed at once"));
        }
        let python = self.python_of(&step.marker);
        let holds = |package: &Package| match self.target {
            Some(target) => package.python.allows(&target.python_full_version().version),
            None => package.python.ranges().contains(&python),
        };
        let fitting: Vec<_> = candidates
            .into_iter()
            .filter(|&index| {
                holds(&packages[index])
                    && allows_version(step.dependency, &packages[index].version)
                    && step.dependency.accepts(&packages[index].source)
            })
            .collect();
        let taken = match overlapping[..] {
            [only] => fitting.into_iter().find(|&index| index == only),
            _ => fitting.into_iter().next(),
        };
        taken.ok_or_else(|| self.fails(step, "no locked version of it fits"))
    }

    /// The versions of Python that a marker leaves.
    fn python_of(&mut self, marker: &Marker) -> Ranges {
        if *marker == Marker::Empty {
            return Ranges::any();
        }
        let mut union: Option<Ranges> = None;
        for alternative in self.algebra.alternatives(marker) {
            let ranges = alternative
                .singles()
                .into_iter()
                .filter(|single| single.variable.is_python())
                .filter_map(python_ranges)
                .reduce(|all, one| all.intersect(&one))
                .unwrap_or_else(Ranges::any);
            union = Some(match union {
                Some(union) => union.union(&ranges),
                None => ranges,
            });
        }
        union.unwrap_or_else(Ranges::any)
    }

    fn own_markers(&mut self, package: usize) -> (Vec<Marker>, Marker) {
        if let Some(known) = self.own_markers.get(&package) {
            return known.clone();
        }
        let own: Vec<_> = self.graph.nodes[package]
            .requires
            .iter()
            .map(|require| marker_of(&mut self.algebra, require))
            .collect();
        let python = self.lock.packages()[package].python.ranges();
        // A range that was read can be written as a marker; if not, it is left
        // to pip, which knows it as well.
        let python = python_marker(&mut self.algebra, python).unwrap_or(Marker::Any);
        let marker = self.algebra.simplify(&self.graph.nodes[package].marker);
        let python = self.algebra.intersect(&marker, &python);
        self.own_markers
            .insert(package, (own.clone(), python.clone()));
        (own, python)
    }

    /// The markers of the regions of Python that the locked versions of a
    /// package tell apart.
    fn regions(&mut self, name: &'l str) -> Vec<Marker> {
        if let Some(known) = self.regions.get(name) {
            return known.clone();
        }
        let packages = self.lock.packages();
        let constraints: Vec<_> = self
            .by_name
            .get(name)
            .into_iter()
            .flatten()
            .map(|&index| packages[index].python.ranges())
            .collect();
        let regions: Vec<_> = edges(&constraints)
            .into_iter()
            .map(|range| {
                let half = |bound: &Option<Bound>, inclusive, exclusive| {
                    let Some(bound) = bound else {
                        return Marker::Any;
                    };
                    let operator = if bound.inclusive {
                        inclusive
                    } else {
                        exclusive
                    };
                    comparison(operator, &bound.version)
                };
                let from = half(&range.min, ">=", ">");
                let to = half(&range.max, "<=", "<");
                self.algebra.intersect(&from, &to)
            })
            .collect();
        self.regions.insert(name, regions.clone());
        regions
    }

    fn fails(&self, step: &Step<'_>, reason: &'static str) -> Error {
        let packages = self.lock.packages();
        let span = step.dependency.span.clone();
        Error::Walk {
            place: match step.by {
                Some(_) => self.lock.place(span),
                None => self.project.place(span),
            }
            .into(),
            requirement: step.dependency.describe(),
            by: match step.by {
                Some(by) => format!("{} {}", packages[by].name, packages[by].version),
                None => "the project".to_owned(),
            },
            reason,
            locked: packages
                .iter()
                .filter(|package| package.name == step.dependency.name)
                .map(|package| package.version.to_string())
                .collect(),
        }
    }
}

fn allows_version(dependency: &Dependency, version: &Version) -> bool {
    // What comes from another place is what it is.
    dependency.origin.is_some() || versions::allows(&dependency.versions, version)
}

/// A dependency's marker, with those that its short forms stand for.
pub(crate) fn marker_of(algebra: &mut Algebra, dependency: &Dependency) -> Marker {
    let mut marker = algebra.simplify(&dependency.marker);
    if let Some(python) = &dependency.python
        && let Ok(python) = python_marker(algebra, python)
    {
        marker = algebra.intersect(&marker, &python);
    }
    if let Some(platform) = &dependency.platform {
        let platform = algebra.simplify(platform);
        marker = algebra.intersect(&marker, &platform);
    }
    marker
}

/// The regions that the bounds of several constraints cut all versions into.
fn edges(constraints: &[&Ranges]) -> Vec<Range> {
    let ranges = || constraints.iter().flat_map(|ranges| ranges.as_slice());
    let mins = ranges().filter_map(|range| range.min.clone());
    // A region ends before a lower bound that is inclusive.
    let starts = mins.map(|bound| (bound.version, !bound.inclusive));
    let maxs = ranges().filter_map(|range| range.max.clone());
    let mut edges: Vec<_> = starts
        .chain(maxs.map(|bound| (bound.version, bound.inclusive)))
        .collect();
    edges.sort();
    edges.dedup();
    let bound = |edge: Option<&(Version, bool)>, is_start: bool| {
        edge.map(|(version, after)| Bound {
            version: version.clone(),
            inclusive: *after != is_start,
        })
    };
    (0..=edges.len())
        .map(|index| Range {
            min: bound(
                index.checked_sub(1).and_then(|before| edges.get(before)),
                true,
            ),
            max: bound(edges.get(index), false),
        })
        .collect()
}

/// A bound of a region; none that is no marker turns up, as versions are.
fn comparison(operator: &str, version: &Version) -> Marker {
    let name = if version.release().len() > 2 {
        "python_full_version"
    } else {
        "python_version"
    };
    parse(&format!("{name} {operator} \"{version}\"")).unwrap_or(Marker::Any)
}
