//! In which order packages are installed.
//!
//! The order is pip's (`get_topological_weights` and `get_installation_order` in its
//! resolver): a package comes after those that it needs. So the packages that need
//! none come first, then those that need only these, and so on; in each such level,
//! names go from z to a. Of two packages that bring one file, the later one's lies
//! there in the end.

use std::collections::{BTreeMap, BTreeSet};

use crate::{PackageName, Selected};

/// A package, or what it is together with its extras: pip installs nothing for the
/// latter, but waits for both.
type Node<'s> = (&'s PackageName, bool);

impl Selected {
    /// The names of all packages in the order in which they are installed: the last
    /// one's files stay. Packages that need each other in a circle share a level.
    pub fn installation_order(&self) -> Vec<PackageName> {
        let mut waiting = self.installation_graph();
        let mut order = Vec::with_capacity(self.packages().len());
        while !waiting.is_empty() {
            let mut level = leaves(&waiting);
            if level.is_empty() {
                level = lowest_circle(&waiting);
            }
            waiting.retain(|node, _| !level.contains(node));
            for needed in waiting.values_mut() {
                needed.retain(|node| !level.contains(node));
            }
            let packages = level.iter().rev().filter(|(_, with_extras)| !with_extras);
            order.extend(packages.map(|(name, _)| (*name).clone()));
        }
        order
    }

    /// What has to be installed before what.
    fn installation_graph(&self) -> BTreeMap<Node<'_>, BTreeSet<Node<'_>>> {
        let names = || self.packages().iter().map(|package| &package.name);
        let with_extras: BTreeSet<&PackageName> = names()
            .filter(|name| self.edges(name).any(|(_, need)| need.for_extra))
            .collect();
        let mut graph: BTreeMap<Node<'_>, BTreeSet<Node<'_>>> = BTreeMap::new();
        for name in names() {
            graph.entry((name, false)).or_default();
            if with_extras.contains(name) {
                graph.entry((name, true)).or_default().insert((name, false));
            }
            for (other, need) in self.edges(name) {
                let node = (other, need.with_extras && with_extras.contains(other));
                graph
                    .entry((name, need.for_extra))
                    .or_default()
                    .insert(node);
            }
        }
        graph
    }
}

/// What waits for nothing.
fn leaves<'s>(graph: &BTreeMap<Node<'s>, BTreeSet<Node<'s>>>) -> BTreeSet<Node<'s>> {
    let free = graph.iter().filter(|(_, needed)| needed.is_empty());
    free.map(|(node, _)| *node).collect()
}

/// Where all wait for something, some wait for each other alone: the node that
/// reaches least is one of them, and reaches them all.
fn lowest_circle<'s>(graph: &BTreeMap<Node<'s>, BTreeSet<Node<'s>>>) -> BTreeSet<Node<'s>> {
    let reached = graph.keys().map(|node| {
        let mut reached = BTreeSet::from([*node]);
        let mut waiting = vec![*node];
        while let Some(node) = waiting.pop() {
            let needed = graph.get(&node).into_iter().flatten();
            waiting.extend(
                needed
                    .filter(|node| reached.insert(**node))
                    .copied()
                    .collect::<Vec<_>>(),
            );
        }
        reached
    });
    reached.min_by_key(BTreeSet::len).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{any_selected, name, package, selected};
    use crate::{Need, Selected};

    fn order(selected: &Selected) -> Vec<String> {
        let order = selected.installation_order();
        order.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_package_comes_after_those_that_it_needs_and_else_before_lower_names() {
        // As pip 25 installs packages that need each other so.
        let all = selected(&["app"], &["app b z", "b c", "c", "d", "z"]);
        assert_eq!(order(&all), ["z", "d", "c", "b", "app"]);
    }

    #[test]
    fn a_circle_comes_after_what_it_needs_and_before_what_needs_it() {
        let all = selected(&[], &["a", "b a c", "c b", "d c", "e"]);
        assert_eq!(order(&all), ["e", "a", "c", "b", "d"]);
        let alone = selected(&[], &["a a", "b a"]);
        assert_eq!(order(&alone), ["a", "b"]);
    }

    #[test]
    fn what_an_extra_brings_is_waited_for_by_those_who_ask_for_the_extra() {
        let plain = Need::default();
        let with_extras = Need {
            with_extras: true,
            ..plain
        };
        let for_extra = Need {
            for_extra: true,
            ..plain
        };
        // `api[cli]` needs cli, which itself needs tool; `app` asks for `api[cli]`.
        let needs = [
            ("api", vec![("cli", for_extra)]),
            ("app", vec![("api", with_extras)]),
            ("cli", vec![("tool", plain)]),
            ("core", vec![("api", plain)]),
        ];
        let needs = needs.map(|(package, needed)| {
            let needed = needed.into_iter().map(|(other, need)| (name(other), need));
            (name(package), needed.collect::<Vec<_>>())
        });
        let packages = ["api", "app", "cli", "core", "tool"].map(package).to_vec();
        let all = Selected::new(packages, [], needs);
        assert_eq!(order(&all), ["tool", "api", "core", "cli", "app"]);
    }

    proptest! {
        #[test]
        fn every_package_is_installed_once_and_after_what_it_needs(all in any_selected()) {
            let order = all.installation_order();
            let unique: BTreeSet<_> = order.iter().collect();
            prop_assert_eq!(unique.len(), order.len());
            prop_assert_eq!(order.len(), all.packages().len());
            let at = |name: &PackageName| order.iter().position(|other| other == name);
            for package in all.packages() {
                for needed in all.needs(&package.name) {
                    let is_circle = all
                        .reach([needed], &BTreeSet::new())
                        .contains(&package.name);
                    prop_assert!(is_circle || at(needed) < at(&package.name));
                }
            }
        }
    }
}
