//! The packages of uv.lock that one target gets.
//!
//! The walk is uv's own (`Installable::to_resolution` in uv-resolver): from the chosen
//! projects along the dependencies whose markers hold. A marker may ask which extras and
//! groups are active, because the project declares some as conflicting; so the lock is
//! walked once to learn which extras are, and then again.

mod asks;
mod graph;

use std::collections::{BTreeSet, HashSet, VecDeque};

use layerlock_lock::{Ask, MAIN_GROUP, Selected};
use pep508_rs::MarkerEnvironment;

use crate::Error;
use crate::choice::Chosen;
use crate::declared::ConflictItem;
use crate::lock::{Dependency, Lock};
use crate::marker::Active;
use asks::Walked;
pub(crate) use graph::Names;
use graph::{Edge, Graph, Node};

/// What to select.
pub(crate) struct Query<'q> {
    pub(crate) lock: &'q Lock,
    /// The chosen projects.
    pub(crate) roots: &'q [usize],
    /// The project at the root of the workspace.
    pub(crate) root: Option<usize>,
    /// The groups that the workspace's root has, and no chosen project.
    pub(crate) inherited_groups: &'q BTreeSet<String>,
    /// Whether what a workspace without a project at its root asks for is part of it.
    pub(crate) of_workspace: bool,
    pub(crate) chosen: &'q Chosen,
    pub(crate) environment: &'q MarkerEnvironment,
}

impl Query<'_> {
    /// The packages, and which of them needs which.
    pub(crate) fn select(&self, names: &Names<'_>) -> Result<Selected, Error> {
        let (graph, _) = self.graph()?;
        graph.selected(self.lock, self.roots, names)
    }

    /// How the projects and the packages ask for each of these.
    pub(crate) fn asks(&self) -> Result<Vec<Ask>, Error> {
        let (graph, active) = self.graph()?;
        let walked = Walked {
            lock: self.lock,
            roots: self.roots,
            root: self.root,
            environment: self.environment,
            active: &active,
        };
        Ok(asks::asks(&graph, &walked))
    }

    fn graph(&self) -> Result<(Graph<'_>, Active), Error> {
        self.refuse_conflicts()?;
        let mut active = self.active();
        if !self.lock.head.conflicts.is_empty() {
            self.walk(&mut active, true)?;
            self.refuse_active_conflicts(&active)?;
        }
        let graph = self.walk(&mut active, false)?;
        Ok((graph, active))
    }

    /// What the choice itself activates, as markers of uv.lock name it.
    fn active(&self) -> Active {
        let mut active = Active::default();
        for &root in self.roots {
            let package = self.lock.package(root);
            let name = package.name.as_str();
            if self.chosen.main {
                active.extras.insert(encoded("project", name, None));
                for extra in &self.chosen.extras {
                    if package.extras.contains_key(extra) {
                        active.extras.insert(encoded("extra", name, Some(extra)));
                    }
                }
            }
            for group in &self.chosen.groups {
                if package.groups.contains_key(group) {
                    active.extras.insert(encoded("group", name, Some(group)));
                }
            }
        }
        active
    }

    /// Walks the lock. With `learn` extras are activated on the way.
    fn walk(&self, active: &mut Active, learn: bool) -> Result<Graph<'_>, Error> {
        let mut walk = Walk {
            query: self,
            active,
            learn,
            graph: Graph::default(),
            queue: VecDeque::new(),
            seen: HashSet::new(),
        };
        walk.start()?;
        walk.finish()?;
        Ok(walk.graph)
    }

    /// Extras and groups that were asked for, though they may not go together.
    fn refuse_conflicts(&self) -> Result<(), Error> {
        let roots: Vec<&str> = self
            .roots
            .iter()
            .map(|&root| self.lock.package(root).name.as_str())
            .collect();
        let is_chosen = |item: &&ConflictItem| {
            roots.contains(&&*item.package)
                && match (&item.extra, &item.group) {
                    (Some(extra), _) => self.chosen.extras.contains(extra),
                    (None, Some(group)) => self.chosen.groups.contains(group),
                    (None, None) => self.chosen.main,
                }
        };
        self.refuse(&is_chosen)
    }

    /// The same for extras that packages ask for.
    fn refuse_active_conflicts(&self, active: &Active) -> Result<(), Error> {
        let is_active = |item: &&ConflictItem| {
            let extra = item.extra.as_deref();
            extra.is_some_and(|extra| {
                let encoded = encoded("extra", &item.package, Some(extra));
                active.extras.contains(&encoded)
            })
        };
        self.refuse(&is_active)
    }

    fn refuse(&self, is_there: &dyn Fn(&&ConflictItem) -> bool) -> Result<(), Error> {
        for (set, span) in &self.lock.head.conflicts {
            let mut there = set.iter().filter(is_there);
            if let (Some(first), Some(second)) = (there.next(), there.next()) {
                return Err(Error::Conflicting {
                    first: shown(first),
                    second: shown(second),
                    place: self.lock.place(span.clone()).into(),
                });
            }
        }
        Ok(())
    }
}

fn shown(item: &ConflictItem) -> String {
    match (&item.extra, &item.group) {
        (Some(extra), _) => format!("the extra `{extra}` of {}", item.package),
        (None, Some(group)) => format!("the group `{group}` of {}", item.package),
        (None, None) => format!("the project {}", item.package),
    }
}

/// How uv writes into a marker that an extra, a group or a project is active.
fn encoded(kind: &str, package: &str, name: Option<&str>) -> String {
    let length = package.len();
    match name {
        Some(name) => format!("{kind}-{length}-{package}-{name}"),
        None => format!("{kind}-{length}-{package}"),
    }
}

/// The extras that a dependency itself asks for, as markers name them.
fn asked_extras(dependency: &Dependency) -> BTreeSet<String> {
    let extras = dependency.extras.iter();
    extras
        .map(|extra| encoded("extra", dependency.name.as_str(), Some(extra)))
        .collect()
}

struct Walk<'w, 'a> {
    query: &'w Query<'w>,
    active: &'a mut Active,
    learn: bool,
    graph: Graph<'w>,
    queue: VecDeque<Node>,
    seen: HashSet<Node>,
}

impl<'w> Walk<'w, '_> {
    /// Puts what the chosen projects ask for into the queue.
    fn start(&mut self) -> Result<(), Error> {
        let Query {
            lock,
            roots,
            root,
            inherited_groups,
            of_workspace,
            chosen,
            ..
        } = *self.query;
        for &root in roots {
            let package = lock.package(root);
            if chosen.main {
                self.push((root, None), MAIN_GROUP);
                for extra in &chosen.extras {
                    if package.extras.contains_key(extra) {
                        self.push((root, Some(extra.clone())), MAIN_GROUP);
                    }
                }
            }
            for (group, dependencies) in &package.groups {
                if chosen.groups.contains(group) {
                    self.group(group, dependencies)?;
                }
            }
        }
        if of_workspace && chosen.main {
            self.of_workspace(MAIN_GROUP, &lock.head.requirements)?;
        }
        for group in chosen.groups.intersection(inherited_groups) {
            if let Some(root) = root {
                let dependencies = lock.package(root).groups.get(group);
                self.group(group, dependencies.map_or(&[], Vec::as_slice))?;
            } else {
                let dependencies = lock.head.groups.get(group);
                self.of_workspace(group, dependencies.map_or(&[], Vec::as_slice))?;
            }
        }
        Ok(())
    }

    fn push(&mut self, node: Node, group: &str) {
        self.graph.start(node.clone(), group);
        self.enqueue(node);
    }

    fn enqueue(&mut self, node: Node) {
        if self.seen.insert(node.clone()) {
            self.queue.push_back(node);
        }
    }

    fn group(&mut self, group: &str, dependencies: &'w [Dependency]) -> Result<(), Error> {
        for dependency in dependencies {
            if self.holds(dependency, None) {
                let package = self.query.lock.find(dependency)?;
                self.ask(group, package, dependency);
            }
        }
        Ok(())
    }

    fn of_workspace(&mut self, group: &str, dependencies: &'w [Dependency]) -> Result<(), Error> {
        for dependency in dependencies {
            if self.holds(dependency, None) {
                let lock = self.query.lock;
                let package = lock.find_in_fork(dependency, self.query.environment)?;
                self.ask(group, package, dependency);
            }
        }
        Ok(())
    }

    /// What the project itself asks for, in a group.
    fn ask(&mut self, group: &str, package: usize, dependency: &'w Dependency) {
        let edge = Edge {
            package,
            dependency,
        };
        self.graph.ask(group, edge);
        self.push((package, None), group);
        for extra in &dependency.extras {
            self.push((package, Some(extra.clone())), group);
        }
    }

    fn finish(&mut self) -> Result<(), Error> {
        while let Some(node) = self.queue.pop_front() {
            let lock = self.query.lock;
            let package = lock.package(node.0);
            let dependencies = match &node.1 {
                None => Some(&package.dependencies),
                // An extra that a package does not have asks for nothing.
                Some(extra) => package.extras.get(extra),
            };
            for dependency in dependencies.into_iter().flatten() {
                let asked = asked_extras(dependency);
                if !self.holds(dependency, Some(&asked)) {
                    continue;
                }
                if self.learn {
                    self.active.extras.extend(asked);
                }
                let found = lock.find(dependency)?;
                self.enqueue((found, None));
                for extra in &dependency.extras {
                    self.enqueue((found, Some(extra.clone())));
                }
                let edge = Edge {
                    package: found,
                    dependency,
                };
                self.graph.need(node.clone(), edge);
            }
        }
        Ok(())
    }

    fn holds(&self, dependency: &Dependency, asked: Option<&BTreeSet<String>>) -> bool {
        let Some(marker) = &dependency.marker else {
            return true;
        };
        let environment = self.query.environment;
        match asked.filter(|asked| !asked.is_subset(&self.active.extras)) {
            Some(asked) => {
                let mut active = self.active.clone();
                active.extras.extend(asked.iter().cloned());
                marker.holds(environment, &active)
            }
            None => marker.holds(environment, self.active),
        }
    }
}
