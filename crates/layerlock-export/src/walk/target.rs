//! What one target gets of a walk.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::MarkerEnvironment;

use super::{Decision, Graph, marker_of, walk};
use crate::Error;
use crate::choice::Selection;
use crate::lock::Lock;
use crate::marker::{Algebra, Dialect};
use crate::project::Project;

/// A package that a target gets.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// Its index in the lock.
    pub(crate) package: usize,
    /// The extras that it is needed with, normalised.
    pub(crate) extras: BTreeSet<String>,
    /// The groups that need it, normalised.
    pub(crate) groups: BTreeSet<String>,
}

/// The packages of a selection for one target: those of the walk that
/// `poetry export` takes. Where that walk fails for the sake of other targets,
/// one for this target alone is taken.
pub(crate) fn choose(
    project: &Project,
    lock: &Lock,
    graph: &Graph,
    selection: &Selection,
    target: &MarkerEnvironment,
) -> Result<Vec<Chosen>, Error> {
    let decisions = match walk(project, lock, graph, selection, None) {
        Err(Error::Walk { .. }) => walk(project, lock, graph, selection, Some(target))?,
        decisions => decisions?,
    };
    let mut chosen: BTreeMap<usize, Chosen> = BTreeMap::new();
    for Decision {
        package,
        extras,
        marker,
    } in decisions
    {
        if marker.evaluate(target, &BTreeSet::new()) {
            let entry = chosen.entry(package).or_insert_with(|| Chosen {
                package,
                extras: BTreeSet::new(),
                groups: BTreeSet::new(),
            });
            entry.extras.extend(extras);
        }
    }
    name_groups(lock, graph, target, &mut chosen);
    Ok(chosen.into_values().collect())
}

/// Works out which groups of the project need each package, chosen or not:
/// from the groups that name it, along the dependencies.
fn name_groups(
    lock: &Lock,
    graph: &Graph,
    target: &MarkerEnvironment,
    chosen: &mut BTreeMap<usize, Chosen>,
) {
    let mut algebra = Algebra::new(Dialect::One);
    let mut by_name: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (group, dependency) in &graph.roots {
        if marker_of(&mut algebra, dependency).evaluate(target, &BTreeSet::new()) {
            by_name.entry(&dependency.name).or_default().insert(group);
        }
    }
    // Who needs whom, for this target and with these extras.
    let mut edges = Vec::new();
    for Chosen {
        package, extras, ..
    } in chosen.values()
    {
        let node = &graph.nodes[*package];
        for (index, require) in node.requires.iter().enumerate() {
            let is_asked_for = !require.is_optional
                || extras
                    .iter()
                    .filter_map(|extra| node.extras.get(extra))
                    .any(|members| members.contains(&index));
            if is_asked_for && marker_of(&mut algebra, require).evaluate(target, extras) {
                let name = lock.packages()[*package].name.as_str();
                edges.push((name, require.name.as_str()));
            }
        }
    }
    loop {
        let mut changed = false;
        for (from, to) in &edges {
            let groups = by_name.get(from).cloned().unwrap_or_default();
            let known = by_name.entry(to).or_default();
            for group in groups {
                changed |= known.insert(group);
            }
        }
        if !changed {
            break;
        }
    }
    for entry in chosen.values_mut() {
        let name = lock.packages()[entry.package].name.as_str();
        let groups = by_name.get(name).into_iter().flatten();
        entry.groups = groups.map(|&group| group.to_owned()).collect();
    }
}
