//! What needs what in a lock, and what goes with a package that is left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::lock::{Entry, parent};

/// The places of a lock, and the edges between them.
pub(crate) struct Tree<'l> {
    packages: &'l BTreeMap<String, Entry>,
    /// From each place to those that it needs.
    needs: HashMap<&'l str, Vec<Edge<'l>>>,
    /// From each place to those that need it.
    needed_by: HashMap<&'l str, Vec<Edge<'l>>>,
}

/// That one place needs another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edge<'l> {
    /// The other end.
    place: &'l str,
    is_optional: bool,
}

impl<'l> Tree<'l> {
    pub(crate) fn new(packages: &'l BTreeMap<String, Entry>) -> Self {
        let mut tree = Self {
            packages,
            needs: HashMap::new(),
            needed_by: HashMap::new(),
        };
        for (place, entry) in packages {
            for (name, is_optional) in names(place, entry) {
                let Some(to) = tree.resolve(place, name) else {
                    continue;
                };
                let edge = |place| Edge { place, is_optional };
                tree.needs.entry(place).or_default().push(edge(to));
                tree.needed_by.entry(to).or_default().push(edge(place));
            }
            // A link needs what it leads to.
            if entry.link
                && let Some((to, _)) = entry.resolved().and_then(|to| packages.get_key_value(to))
            {
                let edge = |place| Edge {
                    place,
                    is_optional: false,
                };
                tree.needs.entry(place).or_default().push(edge(to));
                tree.needed_by.entry(to).or_default().push(edge(place));
            }
        }
        tree
    }

    /// The place in which Node finds a package that one in `from` asks for.
    pub(crate) fn resolve(&self, from: &str, name: &str) -> Option<&'l str> {
        resolve(self.packages, from, name)
    }

    /// All that goes with an optional package that is left out: what needs it without a
    /// choice, and what only these need (npm's `optionalSet`).
    pub(crate) fn optional_set(&self, place: &'l str) -> BTreeSet<&'l str> {
        let mut set = BTreeSet::from([place]);
        let mut rest = vec![place];
        while let Some(next) = rest.pop() {
            for edge in self.needed_by.get(next).into_iter().flatten() {
                let is_required = !edge.is_optional && self.is_optional(edge.place);
                if is_required && set.insert(edge.place) {
                    rest.push(edge.place);
                }
            }
        }
        self.gather(&set)
    }

    fn is_optional(&self, place: &str) -> bool {
        self.packages
            .get(place)
            .is_some_and(|it| it.optional || it.dev_optional)
    }

    /// A set, and what nothing outside of it needs.
    fn gather(&self, set: &BTreeSet<&'l str>) -> BTreeSet<&'l str> {
        let mut gathered = set.clone();
        let mut rest: Vec<&str> = set.iter().copied().collect();
        while let Some(next) = rest.pop() {
            for edge in self.needs.get(next).into_iter().flatten() {
                if gathered.insert(edge.place) {
                    rest.push(edge.place);
                }
            }
        }
        loop {
            let is_needed = |place: &&str| {
                let mut by = self.needed_by.get(*place).into_iter().flatten();
                !set.contains(place) && by.any(|edge| !gathered.contains(edge.place))
            };
            let needed: Vec<&str> = gathered.iter().copied().filter(is_needed).collect();
            if needed.is_empty() {
                return gathered;
            }
            gathered.retain(|place| !needed.contains(place));
        }
    }

    /// The optional dependencies of a place that the lock has nowhere.
    pub(crate) fn missing_optional(&self, place: &str) -> Vec<&'l str> {
        let Some(entry) = self.packages.get(place) else {
            return Vec::new();
        };
        let names = entry.optional_dependencies.keys();
        names
            .map(String::as_str)
            .filter(|name| self.resolve(place, name).is_none())
            .collect()
    }
}

/// The place in which Node finds a package that one in `from` asks for.
pub(crate) fn resolve<'l>(
    packages: &'l BTreeMap<String, Entry>,
    from: &str,
    name: &str,
) -> Option<&'l str> {
    let mut at = Some(from);
    while let Some(place) = at {
        let candidate = match place {
            "" => format!("node_modules/{name}"),
            place => format!("{place}/node_modules/{name}"),
        };
        if let Some((found, _)) = packages.get_key_value(&*candidate) {
            return Some(found);
        }
        at = match place {
            "" => None,
            // A workspace lies in folders of the root.
            place => Some(
                parent(place).unwrap_or_else(|| place.rfind('/').map_or("", |at| &place[..at])),
            ),
        };
    }
    None
}

/// What a place asks for, and whether it can do without. Only the project itself and its
/// workspaces ask for what is needed in development.
fn names<'l>(place: &str, entry: &'l Entry) -> impl Iterator<Item = (&'l str, bool)> {
    let is_own = !place.contains("node_modules/");
    let optional = entry.optional_dependencies.keys().map(|name| (name, true));
    let required = entry.dependencies.keys();
    let required = required
        .filter(|name| !entry.optional_dependencies.contains_key(*name))
        .map(|name| (name, false));
    let peers = entry.peer_dependencies.keys().map(|name| {
        let meta = entry.peer_dependencies_meta.get(name);
        (name, meta.is_some_and(|meta| meta.optional))
    });
    let development = entry.dev_dependencies.keys().map(|name| (name, false));
    optional
        .chain(required)
        .chain(peers)
        .chain(development.filter(move |_| is_own))
        .map(|(name, is_optional)| (name.as_str(), is_optional))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(json: &str) -> BTreeMap<String, Entry> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_package_is_found_in_the_nearest_folder_above() {
        let packages = packages(
            r#"{"": {}, "node_modules/a": {}, "node_modules/b": {},
            "node_modules/b/node_modules/a": {}, "packages/w": {},
            "packages/w/node_modules/a": {}}"#,
        );
        let tree = Tree::new(&packages);
        assert_eq!(tree.resolve("", "a"), Some("node_modules/a"));
        assert_eq!(
            tree.resolve("node_modules/b", "a"),
            Some("node_modules/b/node_modules/a")
        );
        let nested = "node_modules/b/node_modules/a";
        assert_eq!(tree.resolve(nested, "a"), Some(nested));
        assert_eq!(tree.resolve(nested, "b"), Some("node_modules/b"));
        assert_eq!(
            tree.resolve("packages/w", "a"),
            Some("packages/w/node_modules/a")
        );
        assert_eq!(tree.resolve("packages/w", "b"), Some("node_modules/b"));
        assert_eq!(tree.resolve("", "c"), None);
    }

    /// The native part of a package brings a library that only it needs, and one that
    /// others need too.
    #[test]
    fn with_an_optional_package_goes_what_it_alone_needs() {
        let packages = packages(
            r#"{"": {"dependencies": {"sharp": "1", "shared": "1"}},
            "node_modules/sharp": {"optionalDependencies": {"darwin": "1", "linux": "1"}},
            "node_modules/darwin": {"optional": true, "dependencies": {"own": "1", "shared": "1"}},
            "node_modules/own": {"optional": true, "dependencies": {"deeper": "1"}},
            "node_modules/deeper": {"optional": true},
            "node_modules/linux": {"optional": true},
            "node_modules/shared": {}}"#,
        );
        let tree = Tree::new(&packages);
        let set: Vec<_> = tree
            .optional_set("node_modules/darwin")
            .into_iter()
            .collect();
        assert_eq!(
            set,
            [
                "node_modules/darwin",
                "node_modules/deeper",
                "node_modules/own"
            ]
        );
        // Who needs it without a choice goes too.
        let set: Vec<_> = tree
            .optional_set("node_modules/deeper")
            .into_iter()
            .collect();
        assert_eq!(
            set,
            [
                "node_modules/darwin",
                "node_modules/deeper",
                "node_modules/own"
            ]
        );
    }

    #[test]
    fn optional_dependencies_that_no_place_has_are_told() {
        let packages = packages(
            r#"{"": {}, "node_modules/a": {"optionalDependencies": {"b": "1", "c": "1"}},
            "node_modules/b": {}}"#,
        );
        assert_eq!(
            Tree::new(&packages).missing_optional("node_modules/a"),
            ["c"]
        );
    }
}
