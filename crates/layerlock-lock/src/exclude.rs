//! Taking packages out of a selection, together with what only they needed.

use std::collections::BTreeSet;

use crate::{LockedPackage, PackageName, Selected};

/// A selection after packages were excluded from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remaining {
    /// What remains.
    pub selected: Selected,
    /// What was excluded, sorted by name.
    pub excluded: Vec<Excluded>,
    /// The names that no selected package has, in the order given.
    pub unknown: Vec<PackageName>,
}

/// A package that was excluded from a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// The package.
    pub package: LockedPackage,
    /// Whether it was named. If not, only such packages needed it.
    pub is_named: bool,
    /// The names of the remaining packages that need it.
    pub needed_by: Vec<PackageName>,
}

impl Selected {
    /// Takes the packages of these names out. What then nothing needs any more
    /// goes with them: what cannot be reached from the project's own dependencies,
    /// along those of the packages that remain.
    pub fn exclude(self, names: &[PackageName]) -> Remaining {
        let (named, unknown): (Vec<_>, Vec<_>) =
            names.iter().cloned().partition(|name| self.contains(name));
        if named.is_empty() {
            return Remaining {
                selected: self,
                excluded: Vec::new(),
                unknown,
            };
        }
        let named: BTreeSet<PackageName> = named.into_iter().collect();
        let reached = self.reach(self.requested(), &BTreeSet::new());
        // What no edge leads to is there for a reason that the lock does not tell:
        // it stays, with all that it needs.
        let all = self.packages().iter().map(|package| &package.name);
        let unexplained = all.filter(|name| !reached.contains(name));
        let roots: Vec<_> = self.requested().iter().chain(unexplained).collect();
        let kept = self.reach(roots, &named);

        let (kept_packages, excluded): (Vec<_>, Vec<_>) = self
            .packages()
            .iter()
            .cloned()
            .partition(|package| kept.contains(&package.name));
        let excluded = excluded.into_iter().map(|package| Excluded {
            is_named: named.contains(&package.name),
            needed_by: self
                .needed_by(&package.name)
                .filter(|name| kept.contains(name))
                .cloned()
                .collect(),
            package,
        });
        let needs = kept.iter().map(|&name| {
            let edges = self.edges(name);
            let needed = edges.map(|(other, need)| (other.clone(), need));
            (name.clone(), needed)
        });
        Remaining {
            excluded: excluded.collect(),
            selected: Self::new(kept_packages, self.requested().iter().cloned(), needs),
            unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{any_selected, name, package, selected, some_names};

    fn names(remaining: &Remaining) -> Vec<&str> {
        let packages = remaining.selected.packages().iter();
        packages.map(|package| package.name.as_str()).collect()
    }

    #[test]
    fn what_only_excluded_packages_needed_goes_with_them() {
        let all = selected(
            &["app", "cli"],
            &["app sdk six", "cli six", "sdk aws", "six", "aws"],
        );
        let remaining = all.exclude(&[name("sdk"), name("nothing")]);
        assert_eq!(names(&remaining), ["app", "cli", "six"]);
        assert_eq!(remaining.unknown, [name("nothing")]);
        let [aws, sdk] = &remaining.excluded[..] else {
            panic!("{:?}", remaining.excluded);
        };
        assert_eq!((aws.package.name.as_str(), aws.is_named), ("aws", false));
        assert!(aws.needed_by.is_empty());
        assert_eq!((sdk.package.name.as_str(), sdk.is_named), ("sdk", true));
        assert_eq!(sdk.needed_by, [name("app")]);
        let needs: Vec<_> = remaining.selected.needs(&name("app")).cloned().collect();
        assert_eq!(needs, [name("six")]);
    }

    #[test]
    fn what_nothing_leads_to_stays_with_what_it_needs() {
        let all = selected(&["app"], &["app", "plugin six", "six"]);
        let remaining = all.exclude(&[name("app")]);
        assert_eq!(names(&remaining), ["plugin", "six"]);
    }

    #[test]
    fn circles_come_to_an_end() {
        let all = selected(&["a"], &["a b", "b a c", "c b"]);
        let remaining = all.exclude(&[name("b")]);
        assert_eq!(names(&remaining), ["a"]);
    }

    #[test]
    fn the_project_itself_needs_what_it_asks_for() {
        let mut all = selected(&["a"], &["a b", "b"]);
        all.insert_project(package("shop"));
        let needs: Vec<_> = all.needs(&name("shop")).cloned().collect();
        assert_eq!(needs, [name("a")]);
        assert_eq!(all.packages().len(), 3);
        assert_eq!(names(&all.exclude(&[name("a")])), ["shop"]);
    }

    #[test]
    fn what_is_not_there_cannot_be_excluded() {
        let all = selected(&["a"], &["a b", "b"]);
        let unknown = [name("z"), name("y")];
        let remaining = all.clone().exclude(&unknown);
        assert_eq!(remaining.selected, all);
        assert_eq!(remaining.excluded, []);
        assert_eq!(remaining.unknown, unknown);
    }

    /// What remains, by the definition rather than by a walk: roots that are not
    /// named, and step by step what these need and is not named.
    fn left_by_definition(all: &Selected, named: &BTreeSet<PackageName>) -> BTreeSet<PackageName> {
        let grow = |roots: &dyn Fn(&PackageName) -> bool, named: &BTreeSet<PackageName>| {
            let mut left = BTreeSet::new();
            loop {
                let before = left.len();
                for LockedPackage { name, .. } in all.packages() {
                    let is_needed = all.needed_by(name).any(|other| left.contains(other));
                    if !named.contains(name) && (roots(name) || is_needed) {
                        left.insert(name.clone());
                    }
                }
                if left.len() == before {
                    return left;
                }
            }
        };
        let is_requested = |name: &PackageName| all.requested().contains(name);
        let explained = grow(&is_requested, &BTreeSet::new());
        let is_root = |name: &PackageName| is_requested(name) || !explained.contains(name);
        grow(&is_root, named)
    }

    fn names_of<'a>(packages: impl IntoIterator<Item = &'a LockedPackage>) -> Vec<PackageName> {
        let packages = packages.into_iter();
        packages.map(|package| package.name.clone()).collect()
    }

    proptest! {
        #[test]
        fn nothing_stays_that_only_excluded_packages_need(
            all in any_selected(),
            named in some_names(),
        ) {
            let asked: Vec<PackageName> = named.iter().cloned().collect();
            let Remaining { selected, excluded, unknown } = all.clone().exclude(&asked);
            let (there, not_there): (Vec<_>, Vec<_>) =
                asked.into_iter().partition(|name| all.contains(name));
            prop_assert_eq!(unknown, not_there);

            let left = left_by_definition(&all, &named);
            prop_assert_eq!(names_of(selected.packages()), Vec::from_iter(left.clone()));
            let gone = names_of(all.packages()).into_iter().filter(|name| !left.contains(name));
            prop_assert_eq!(
                names_of(excluded.iter().map(|it| &it.package)),
                gone.collect::<Vec<_>>()
            );
            for name in &there {
                prop_assert!(!selected.contains(name));
            }
            for Excluded { package, is_named, needed_by } in &excluded {
                prop_assert_eq!(*is_named, there.contains(&package.name));
                let expected = all.needed_by(&package.name).filter(|name| left.contains(*name));
                prop_assert_eq!(needed_by, &expected.cloned().collect::<Vec<_>>());
                // What nobody named goes only where nothing that stays needs it.
                prop_assert!(*is_named || needed_by.is_empty());
            }
        }

        #[test]
        fn what_stays_needs_and_is_asked_for_as_before(
            all in any_selected(),
            named in some_names(),
        ) {
            let remaining = all.clone().exclude(&Vec::from_iter(named));
            let selected = remaining.selected;
            let requested = all.requested().iter().filter(|name| selected.contains(name));
            prop_assert_eq!(selected.requested(), &requested.cloned().collect());
            for name in selected.packages().iter().map(|package| &package.name) {
                let needed = all.needs(name).filter(|name| selected.contains(name));
                prop_assert!(selected.needs(name).eq(needed), "{}", name);
            }
        }
    }
}
