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
            let needed = self.needs(name).cloned().collect();
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
    use std::path::PathBuf;

    use layerlock_diagnostic::Place;

    use super::*;
    use crate::PackageSource;

    fn name(text: &str) -> PackageName {
        text.parse().unwrap()
    }

    fn package(text: &str) -> LockedPackage {
        LockedPackage {
            name: name(text),
            version: "1".to_owned(),
            source: PackageSource::Directory {
                path: PathBuf::new(),
                develop: false,
            },
            extras: Vec::new(),
            groups: Vec::new(),
            files: Vec::new(),
            place: Place {
                path: PathBuf::new(),
                line: 1,
                column: 1,
                span: 0..0,
            },
            requires_python: "*".to_owned(),
        }
    }

    /// `a b` for a package `a` that needs `b`; the project asks for the `requested`.
    fn selected(requested: &[&str], packages: &[&str]) -> Selected {
        let words = packages.iter().map(|line| {
            let mut words = line.split(' ').map(name);
            (words.next().unwrap(), words.collect::<BTreeSet<_>>())
        });
        let needs: Vec<_> = words.collect();
        let packages = needs.iter().map(|(name, _)| package(name.as_str()));
        Selected::new(
            packages.collect(),
            requested.iter().map(|text| name(text)),
            needs,
        )
    }

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
}
