//! Who asks for each selected package, and how: what explains a selection.

use std::collections::BTreeSet;

use layerlock_lock::{Ask, Choice, PackageName};
use pep508_rs::MarkerEnvironment;

use crate::Error;
use crate::choice::resolve;
use crate::constraint::versions;
use crate::graph::{Dependency, Graph, Node};
use crate::lock::{Lock, LockedDependency};
use crate::marker::{Algebra, Dialect, Marker};
use crate::patch;
use crate::project::Project;
use crate::select::{asked, by_name};
use crate::selection::Selection;
use crate::walk::{self, chosen_roots, marker_of};

/// The dependencies of the project and of the selected packages that hold in one
/// environment and lead to a selected package.
pub(crate) fn asks(
    project: &Project,
    lock: &Lock,
    choice: &Choice,
    environment: &MarkerEnvironment,
) -> Result<Vec<Ask>, Error> {
    let selection = resolve(choice, project)?;
    let environment = &patch::allowed(project, environment);
    let mut asks = match lock.graph() {
        Some(graph) => walked(project, lock, graph, &selection, environment)?,
        None => settled(project, lock, &selection, environment)?,
    };
    asks.sort();
    asks.dedup();
    Ok(asks)
}

/// From a lock that says itself what each package is for.
fn settled(
    project: &Project,
    lock: &Lock,
    selection: &Selection,
    environment: &MarkerEnvironment,
) -> Result<Vec<Ask>, Error> {
    let packages = lock.packages().iter();
    let selected = packages.filter(|package| package.is_selected(selection, environment));
    let selected = by_name(lock, selected)?;
    let requested = project.dependencies().extras(selection, environment);
    let extras = asked(&selected, requested, environment).extras;
    let mut algebra = Algebra::new(Dialect::Two);

    let mut asks = project.dependencies().asks(selection, environment);
    for (name, package) in &selected {
        let own = extras.get(name).into_iter().flatten();
        let own: BTreeSet<String> = own.map(|&extra| extra.to_owned()).collect();
        for dependency in &package.dependencies {
            if let Some(behind) = behind(dependency, &own, environment)
                && let Ok(needed) = dependency.name.parse()
            {
                asks.push(Ask {
                    by: Some(package.name.clone()),
                    package: needed,
                    group: None,
                    behind,
                    extras: dependency.extras.clone(),
                    versions: dependency.versions.clone(),
                    marker: text(&algebra.without_extras(&dependency.marker)),
                });
            }
        }
    }
    asks.retain(|ask| selected.contains_key(ask.package.as_str()));
    Ok(asks)
}

/// The extras of a package that bring a dependency in, of those that it has; nothing where
/// it is not brought in.
fn behind(
    dependency: &LockedDependency,
    own: &BTreeSet<String>,
    environment: &MarkerEnvironment,
) -> Option<Vec<String>> {
    let holds = |extras: &BTreeSet<String>| dependency.marker.evaluate(environment, extras);
    if !holds(own) {
        return None;
    }
    if holds(&BTreeSet::new()) {
        return Some(Vec::new());
    }
    let alone = own
        .iter()
        .filter(|extra| holds(&BTreeSet::from([(*extra).clone()])));
    Some(alone.cloned().collect())
}

/// From an older lock.
fn walked(
    project: &Project,
    lock: &Lock,
    graph: &Graph,
    selection: &Selection,
    environment: &MarkerEnvironment,
) -> Result<Vec<Ask>, Error> {
    let chosen = walk::choose(project, lock, graph, selection, environment)?;
    let mut algebra = Algebra::new(Dialect::One);
    let mut asks = Vec::new();
    for (group, dependency) in chosen_roots(graph, selection, environment) {
        let named = graph.extras.iter().filter(|(extra, names)| {
            selection.extras.contains(*extra) && names.contains(&dependency.name)
        });
        let behind = named.map(|(extra, _)| extra.clone()).collect();
        let behind = if dependency.is_optional {
            behind
        } else {
            Vec::new()
        };
        asks.extend(ask(&mut algebra, None, dependency, Some(group), behind));
    }
    for one in &chosen {
        let (node, package) = (&graph.nodes[one.package], &lock.packages()[one.package]);
        for (index, require) in node.requires.iter().enumerate() {
            if node.asks_for(index, &one.extras) && require.holds_in(environment, &one.extras) {
                let behind = extras_behind(node, index, &one.extras);
                let by = Some(package.name.clone());
                asks.extend(ask(&mut algebra, by, require, None, behind));
            }
        }
    }
    let is_chosen = |ask: &Ask| {
        let mut packages = chosen.iter().map(|one| &lock.packages()[one.package].name);
        packages.any(|name| *name == ask.package)
    };
    asks.retain(is_chosen);
    Ok(asks)
}

/// The extras of a package that bring its dependency of this index in.
fn extras_behind(node: &Node, index: usize, extras: &BTreeSet<String>) -> Vec<String> {
    if node.asks_for(index, &BTreeSet::new()) {
        return Vec::new();
    }
    let alone = extras.iter().filter(|extra| {
        let members = node.extras.get(*extra);
        members.is_some_and(|members| members.contains(&index))
    });
    alone.cloned().collect()
}

fn ask(
    algebra: &mut Algebra,
    by: Option<PackageName>,
    dependency: &Dependency,
    group: Option<&str>,
    behind: Vec<String>,
) -> Option<Ask> {
    let marker = marker_of(algebra, dependency);
    Some(Ask {
        by,
        package: dependency.name.parse().ok()?,
        group: group.map(str::to_owned),
        behind,
        extras: dependency.extras.iter().cloned().collect(),
        versions: versions(&dependency.text),
        marker: text(&algebra.without_extras(&marker)),
    })
}

/// A marker as it is written; none where it always holds.
fn text(marker: &Marker) -> Option<String> {
    (*marker != Marker::Any).then(|| marker.to_string())
}
