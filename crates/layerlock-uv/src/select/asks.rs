//! Who asks for each selected package, and how: what explains a selection.

use std::collections::{BTreeMap, BTreeSet};

use layerlock_lock::{Ask, MAIN_GROUP, PackageName};
use pep508_rs::MarkerEnvironment;

use super::graph::{Edge, Graph};
use crate::lock::{Lock, LockedRequirement};
use crate::marker::{Active, Marker};

/// What was walked, and for what.
pub(super) struct Walked<'q> {
    pub(super) lock: &'q Lock,
    /// The chosen projects.
    pub(super) roots: &'q [usize],
    /// The project at the root of the workspace.
    pub(super) root: Option<usize>,
    pub(super) environment: &'q MarkerEnvironment,
    /// The extras and groups that are active.
    pub(super) active: &'q Active,
}

/// The dependencies along which a walk came to the packages of a layer.
pub(super) fn asks(graph: &Graph<'_>, query: &Walked<'_>) -> Vec<Ask> {
    let mut asks = Asks {
        graph,
        query,
        is_installed: &graph.is_installed(query.lock, query.roots),
        found: BTreeMap::new(),
    };
    for &root in query.roots {
        let asker = Asker::Project(root);
        for (extra, edge) in graph.edges_of(root) {
            asks.add(asker, Some(MAIN_GROUP), extra, edge);
        }
    }
    for asked in graph.asked() {
        asks.add(Asker::Group, Some(&asked.group), None, &asked.edge);
    }
    for package in 0..query.lock.packages().len() {
        if (asks.is_installed)(package) {
            for (extra, edge) in graph.edges_of(package) {
                asks.add(Asker::Package(package), None, extra, edge);
            }
        }
    }
    asks.merged()
}

#[derive(Clone, Copy)]
enum Asker {
    /// A chosen project itself.
    Project(usize),
    /// A group of it.
    Group,
    Package(usize),
}

/// What several extras may ask for alike.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    by: Option<PackageName>,
    package: PackageName,
    group: Option<String>,
    extras: Vec<String>,
    versions: Option<String>,
    marker: Option<String>,
}

struct Asks<'a, 'l> {
    graph: &'a Graph<'l>,
    query: &'a Walked<'a>,
    is_installed: &'a dyn Fn(usize) -> bool,
    /// The extras of who asks; `None` where it asks without one.
    found: BTreeMap<Key, BTreeSet<Option<String>>>,
}

impl Asks<'_, '_> {
    /// Adds a dependency. What is not installed itself stands for what it needs.
    fn add(&mut self, asker: Asker, group: Option<&str>, extra: Option<&String>, edge: &Edge<'_>) {
        let mut reached = Vec::new();
        let is_installed = self.is_installed;
        self.graph
            .through(edge, is_installed, &mut BTreeSet::new(), &mut reached);
        let lock = self.query.lock;
        for reached in reached {
            let dependency = reached.dependency;
            let is_direct = reached.package == edge.package;
            let versions = is_direct.then(|| self.versions(asker, group, extra, edge));
            let mut extras = dependency.extras.clone();
            extras.sort();
            let marker = dependency.marker.as_ref();
            let key = Key {
                by: match asker {
                    Asker::Project(_) | Asker::Group => None,
                    Asker::Package(package) => Some(lock.package(package).name.clone()),
                },
                package: lock.package(reached.package).name.clone(),
                group: group.map(str::to_owned),
                extras,
                versions: versions.flatten(),
                marker: marker.and_then(|marker| marker.without_sets(self.query.active)),
            };
            self.found.entry(key).or_default().insert(extra.cloned());
        }
    }

    /// The versions that were asked for, where the lock still has them: it has what
    /// projects ask for, not what packages do.
    fn versions(
        &self,
        asker: Asker,
        group: Option<&str>,
        extra: Option<&String>,
        edge: &Edge<'_>,
    ) -> Option<String> {
        let lock = self.query.lock;
        let metadata = |package: usize| lock.package(package).metadata.as_ref();
        let requirements: Vec<&LockedRequirement> = match asker {
            Asker::Project(package) | Asker::Package(package) => {
                metadata(package)?.requires.iter().collect()
            }
            Asker::Group => {
                let owners = self.query.roots.iter().chain(&self.query.root);
                let groups = owners.filter_map(|&owner| metadata(owner)?.groups.get(group?));
                groups.flatten().collect()
            }
        };
        let active = Active {
            extras: extra.into_iter().cloned().collect(),
            ..Active::default()
        };
        let environment = self.query.environment;
        let holds = |requirement: &&LockedRequirement| {
            requirement.name == edge.dependency.name.as_str()
                && (requirement.marker.is_empty()
                    || Marker::parse(&requirement.marker)
                        .is_ok_and(|marker| marker.holds(environment, &active)))
        };
        let texts = requirements.into_iter().filter(holds);
        let texts: BTreeSet<&str> = texts.map(|one| &*one.specifier).collect();
        let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        (!texts.is_empty()).then(|| texts.join(","))
    }

    /// One for all extras that ask alike.
    fn merged(self) -> Vec<Ask> {
        let merged = self.found.into_iter().flat_map(|(key, extras)| {
            let is_plain = extras.contains(&None);
            let extras: Vec<String> = extras.into_iter().flatten().collect();
            let plain = is_plain.then(Vec::new);
            let behind = (!extras.is_empty()).then_some(extras);
            let each = plain.into_iter().chain(behind);
            each.map(move |behind| Ask {
                by: key.by.clone(),
                package: key.package.clone(),
                group: key.group.clone(),
                behind,
                extras: key.extras.clone(),
                versions: key.versions.clone(),
                marker: key.marker.clone(),
            })
            .collect::<Vec<_>>()
        });
        merged.collect()
    }
}
