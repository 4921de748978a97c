//! The packages that one target gets, and which of them needs which.

use std::collections::{BTreeMap, BTreeSet};

use crate::{LockedPackage, PackageName};

/// How a package needs another one.
///
/// Extras are edges of their own: what `app[cli]` needs is not what `app` needs, and
/// who asks for `app` alone does not wait for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Need {
    /// Whether the needed package is asked for with extras.
    pub with_extras: bool,
    /// Whether only an extra of the package that needs it asks for it.
    pub for_extra: bool,
}

impl Need {
    /// Both ways of needing one package together.
    fn and(self, other: Self) -> Self {
        Self {
            with_extras: self.with_extras || other.with_extras,
            for_extra: self.for_extra && other.for_extra,
        }
    }
}

/// The packages that a lock selects for one target, and which of them needs which.
///
/// No name is there twice, and every edge leads from one of the packages to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selected {
    packages: Vec<LockedPackage>,
    requested: BTreeSet<PackageName>,
    needs: BTreeMap<PackageName, BTreeMap<PackageName, Need>>,
}

impl Selected {
    /// Packages, the names of those that the project itself asks for, and what
    /// each package needs. Names of packages that are not there are passed over:
    /// their markers hold elsewhere.
    pub fn new<Needs>(
        mut packages: Vec<LockedPackage>,
        requested: impl IntoIterator<Item = PackageName>,
        needs: impl IntoIterator<Item = (PackageName, Needs)>,
    ) -> Self
    where
        Needs: IntoIterator<Item = (PackageName, Need)>,
    {
        packages.sort_by(|one, other| one.name.cmp(&other.name));
        let is_there = |name: &PackageName| {
            packages
                .binary_search_by(|package| package.name.cmp(name))
                .is_ok()
        };
        let mut all: BTreeMap<_, BTreeMap<PackageName, Need>> = packages
            .iter()
            .map(|package| (package.name.clone(), BTreeMap::new()))
            .collect();
        for (name, needed) in needs {
            let Some(known) = all.get_mut(&name) else {
                continue;
            };
            for (other, need) in needed.into_iter().filter(|(other, _)| is_there(other)) {
                known
                    .entry(other)
                    .and_modify(|there| *there = there.and(need))
                    .or_insert(need);
            }
        }
        Self {
            requested: requested.into_iter().filter(is_there).collect(),
            needs: all,
            packages,
        }
    }

    /// The packages, sorted by name.
    pub fn packages(&self) -> &[LockedPackage] {
        &self.packages
    }

    /// The packages without their edges, sorted by name.
    pub fn into_packages(self) -> Vec<LockedPackage> {
        self.packages
    }

    /// The packages that the project itself asks for.
    pub fn requested(&self) -> &BTreeSet<PackageName> {
        &self.requested
    }

    /// Whether a package of this name is there.
    pub fn contains(&self, name: &PackageName) -> bool {
        self.needs.contains_key(name)
    }

    /// What a package needs, not what these need in turn.
    pub fn needs(&self, name: &PackageName) -> impl Iterator<Item = &PackageName> {
        self.edges(name).map(|(other, _)| other)
    }

    /// What a package needs, and how.
    pub(crate) fn edges(&self, name: &PackageName) -> impl Iterator<Item = (&PackageName, Need)> {
        let needs = self.needs.get(name).into_iter().flatten();
        needs.map(|(other, need)| (other, *need))
    }

    /// The packages that need this one, by name.
    pub fn needed_by<'s>(&'s self, name: &PackageName) -> impl Iterator<Item = &'s PackageName> {
        let needs = self.needs.iter();
        needs
            .filter(move |(_, needed)| needed.contains_key(name))
            .map(|(other, _)| other)
    }

    /// Adds a package that needs all that the project asks for: the project itself.
    /// One of the same name gives way.
    pub fn insert_project(&mut self, package: LockedPackage) {
        let name = &package.name;
        let needed = self.requested.iter().filter(|other| *other != name);
        // With extras, if any are asked for: it stands above all.
        let need = Need {
            with_extras: true,
            for_extra: false,
        };
        let needed = needed.map(|other| (other.clone(), need));
        self.needs.insert(name.clone(), needed.collect());
        self.requested.insert(name.clone());
        match self
            .packages
            .binary_search_by(|other| other.name.cmp(&package.name))
        {
            Ok(at) => self.packages[at] = package,
            Err(at) => self.packages.insert(at, package),
        }
    }

    /// The packages that the `roots` need, themselves included, when those
    /// `without` are not there.
    pub(crate) fn reach<'s>(
        &'s self,
        roots: impl IntoIterator<Item = &'s PackageName>,
        without: &BTreeSet<PackageName>,
    ) -> BTreeSet<&'s PackageName> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&PackageName> = roots.into_iter().collect();
        while let Some(name) = waiting.pop() {
            if !without.contains(name) && reached.insert(name) {
                waiting.extend(self.needs(name));
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{any_selected, name, package, selected, some_names};

    fn names(selected: &Selected) -> Vec<&str> {
        let packages = selected.packages().iter();
        packages.map(|package| package.name.as_str()).collect()
    }

    #[test]
    fn names_of_packages_that_are_not_there_are_passed_over() {
        let selected = selected(&["b", "z"], &["b a y", "a"]);
        assert_eq!(names(&selected), ["a", "b"]);
        assert_eq!(Vec::from_iter(selected.requested()), [&name("b")]);
        assert_eq!(selected.needs(&name("b")).collect::<Vec<_>>(), [&name("a")]);
        assert_eq!(selected.needs(&name("a")).count(), 0);
        for missing in ["y", "z"] {
            assert!(!selected.contains(&name(missing)));
            assert_eq!(selected.needs(&name(missing)).count(), 0);
            assert_eq!(selected.needed_by(&name(missing)).count(), 0);
        }
        let packages = selected.clone().into_packages();
        assert_eq!(packages, selected.packages());
    }

    /// A lock has a dependency twice where two of its markers hold.
    #[test]
    fn what_a_package_needs_may_be_told_in_parts() {
        let part = |needed: &str| (name("a"), [(name(needed), Need::default())]);
        let packages = ["a", "b", "c"].map(package).to_vec();
        let selected = Selected::new(packages, [], [part("c"), part("b")]);
        let needed = selected.needs(&name("a")).collect::<Vec<_>>();
        assert_eq!(needed, [&name("b"), &name("c")]);
    }

    #[test]
    fn of_two_ways_to_need_a_package_the_one_that_asks_for_more_counts() {
        let need = |with_extras, for_extra| Need {
            with_extras,
            for_extra,
        };
        for (first, second, both) in [
            (need(false, true), need(true, true), need(true, true)),
            (need(true, true), need(false, false), need(true, false)),
            (need(false, false), need(false, true), need(false, false)),
        ] {
            let parts = [first, second].map(|need| (name("a"), [(name("b"), need)]));
            let packages = ["a", "b"].map(package).to_vec();
            let selected = Selected::new(packages, [], parts);
            let edges: Vec<_> = selected.edges(&name("a")).collect();
            assert_eq!(edges, [(&name("b"), both)]);
        }
    }

    #[test]
    fn a_package_of_the_projects_name_gives_way_to_it() {
        let mut selected = selected(&["b", "shop"], &["b shop", "shop x", "x"]);
        let project = LockedPackage {
            version: "2".to_owned(),
            ..package("shop")
        };
        selected.insert_project(project.clone());
        assert_eq!(names(&selected), ["b", "shop", "x"]);
        assert_eq!(selected.packages()[1], project);
        assert_eq!(
            selected.needs(&name("shop")).collect::<Vec<_>>(),
            [&name("b")]
        );
        assert_eq!(
            selected.needed_by(&name("shop")).collect::<Vec<_>>(),
            [&name("b")]
        );
    }

    proptest! {
        #[test]
        fn needed_by_is_the_inverse_of_needs(selected in any_selected()) {
            let all = selected.packages().iter().map(|package| &package.name).collect::<Vec<_>>();
            prop_assert!(all.is_sorted());
            for one in &all {
                prop_assert!(selected.contains(one));
                prop_assert!(selected.needs(one).all(|other| selected.contains(other)));
                let expected = all.iter().filter(|other| {
                    let mut needed = selected.needs(other);
                    needed.any(|name| name == *one)
                });
                let needed_by = selected.needed_by(one).collect::<Vec<_>>();
                prop_assert_eq!(needed_by, expected.copied().collect::<Vec<_>>());
            }
        }

        #[test]
        fn the_project_stands_above_all_that_is_asked_for(
            selected in any_selected(),
            project in "[a-j]",
        ) {
            let mut with = selected.clone();
            with.insert_project(package(&project));
            let project = name(&project);
            prop_assert!(with.packages().is_sorted_by(|one, other| one.name < other.name));
            prop_assert!(with.contains(&project) && with.requested().contains(&project));
            let needed = selected.requested().iter().filter(|other| **other != project);
            prop_assert_eq!(with.needs(&project).collect::<Vec<_>>(), needed.collect::<Vec<_>>());
            for package in selected.packages().iter().filter(|it| it.name != project) {
                prop_assert!(with.packages().contains(package));
                prop_assert!(with.needs(&package.name).eq(selected.needs(&package.name)));
            }
        }

        #[test]
        fn a_walk_never_passes_what_is_not_there(
            selected in any_selected(),
            without in some_names(),
        ) {
            let roots = Vec::from_iter(selected.requested());
            let reached = selected.reach(roots.iter().copied(), &without);
            prop_assert!(reached.iter().all(|name| !without.contains(*name)));
            for name in reached.iter().copied() {
                let is_led_to = roots.contains(&name)
                    || selected.needed_by(name).any(|other| reached.contains(other));
                prop_assert!(is_led_to);
                let mut needed = selected.needs(name);
                prop_assert!(needed.all(|name| without.contains(name) || reached.contains(name)));
            }
        }
    }
}
