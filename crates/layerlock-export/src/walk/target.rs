//! What one target gets of a walk.

use std::collections::{BTreeMap, BTreeSet};

use layerlock_lock::Need as Needed;
use pep508_rs::MarkerEnvironment;

use super::{Decision, walk};
use crate::Error;
use crate::graph::{Dependency, Graph};
use crate::lock::Lock;
use crate::project::Project;
use crate::selection::Selection;

/// A package that a target gets.
#[derive(Debug)]
pub(crate) struct NeededPackage {
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
) -> Result<Vec<NeededPackage>, Error> {
    let decisions = match walk(project, lock, graph, selection, None) {
        Err(Error::Walk { .. }) => walk(project, lock, graph, selection, Some(target))?,
        decisions => decisions?,
    };
    let mut chosen: BTreeMap<usize, NeededPackage> = BTreeMap::new();
    for Decision {
        package,
        extras,
        marker,
    } in decisions
    {
        if marker.evaluate(target, &BTreeSet::new()) {
            let entry = chosen.entry(package).or_insert_with(|| NeededPackage {
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

/// What packages each of several packages needs, and how.
type Needs<'g> = Vec<Vec<(&'g str, Needed)>>;

/// What the groups and extras of a selection ask for, and what each of the
/// `selected` packages does, and how: pairs of its index in the lock and its extras.
pub(crate) fn needs<'g>(
    graph: &'g Graph,
    selection: &Selection,
    target: &MarkerEnvironment,
    selected: &[(usize, BTreeSet<String>)],
) -> (BTreeSet<&'g str>, Needs<'g>) {
    let roots = chosen_roots(graph, selection, target)
        .map(|(_, dependency)| dependency.name.as_str())
        .collect();
    let of_package = |(package, extras): &(usize, BTreeSet<String>)| {
        let node = &graph.nodes[*package];
        let requires = node.requires.iter().enumerate();
        requires
            .filter(|(index, require)| {
                node.asks_for(*index, extras) && require.holds_in(target, extras)
            })
            .map(|(index, require)| {
                let need = Needed {
                    with_extras: !require.extras.is_empty(),
                    for_extra: !node.asks_for(index, &BTreeSet::new())
                        || !require.holds_in(target, &BTreeSet::new()),
                };
                (require.name.as_str(), need)
            })
            .collect()
    };
    (roots, selected.iter().map(of_package).collect())
}

/// The project's own dependencies that a selection has for a target, with their groups.
pub(crate) fn chosen_roots<'g>(
    graph: &'g Graph,
    selection: &Selection,
    target: &MarkerEnvironment,
) -> impl Iterator<Item = (&'g str, &'g Dependency)> {
    let behind_extras = graph.names_behind(&selection.extras);
    let roots = graph.roots.iter().filter(move |(group, dependency)| {
        selection.groups.contains(group)
            && dependency.holds_in(target, &selection.extras)
            && (!dependency.is_optional || behind_extras.contains(dependency.name.as_str()))
    });
    roots.map(|(group, dependency)| (group.as_str(), dependency))
}

/// Works out which groups of the project need each package, also those groups
/// that are not chosen: from the groups that name it, along the dependencies.
fn name_groups(
    lock: &Lock,
    graph: &Graph,
    target: &MarkerEnvironment,
    chosen: &mut BTreeMap<usize, NeededPackage>,
) {
    let mut needs: BTreeMap<&str, Need<'_>> = BTreeMap::new();
    for (group, dependency) in &graph.roots {
        if dependency.holds_in(target, &BTreeSet::new()) {
            let needs = needs.entry(&dependency.name).or_default();
            needs.groups.insert(group);
            needs.extras.extend(dependency.extras.iter().cloned());
        }
    }
    loop {
        let mut changed = false;
        for (package, node) in lock.packages().iter().zip(&graph.nodes) {
            let Some(own) = needs.get(package.name.as_str()).cloned() else {
                continue;
            };
            for (index, require) in node.requires.iter().enumerate() {
                if node.asks_for(index, &own.extras) && require.holds_in(target, &own.extras) {
                    let needs = needs.entry(&require.name).or_default();
                    let before = (needs.groups.len(), needs.extras.len());
                    needs.groups.extend(&own.groups);
                    needs.extras.extend(require.extras.iter().cloned());
                    changed |= before != (needs.groups.len(), needs.extras.len());
                }
            }
        }
        if !changed {
            break;
        }
    }
    for entry in chosen.values_mut() {
        let name = lock.packages()[entry.package].name.as_str();
        let groups = needs.get(name).into_iter().flat_map(|needs| &needs.groups);
        entry.groups = groups.map(|&group| group.to_owned()).collect();
    }
}

/// Who needs a package, and with which extras.
#[derive(Debug, Clone, Default)]
struct Need<'g> {
    groups: BTreeSet<&'g str>,
    extras: BTreeSet<String>,
}
