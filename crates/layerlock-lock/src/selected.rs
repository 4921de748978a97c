//! The packages that one target gets, and which of them needs which.

use std::collections::{BTreeMap, BTreeSet};

use crate::{LockedPackage, PackageName};

/// The packages that a lock selects for one target, and which of them needs which.
///
/// No name is there twice, and every edge leads from one of the packages to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selected {
    packages: Vec<LockedPackage>,
    requested: BTreeSet<PackageName>,
    needs: BTreeMap<PackageName, BTreeSet<PackageName>>,
}

impl Selected {
    /// Packages, the names of those that the project itself asks for, and what
    /// each package needs. Names of packages that are not there are passed over:
    /// their markers hold elsewhere.
    pub fn new(
        mut packages: Vec<LockedPackage>,
        requested: impl IntoIterator<Item = PackageName>,
        needs: impl IntoIterator<Item = (PackageName, BTreeSet<PackageName>)>,
    ) -> Self {
        packages.sort_by(|one, other| one.name.cmp(&other.name));
        let is_there = |name: &PackageName| {
            packages
                .binary_search_by(|package| package.name.cmp(name))
                .is_ok()
        };
        let mut all: BTreeMap<_, BTreeSet<PackageName>> = packages
            .iter()
            .map(|package| (package.name.clone(), BTreeSet::new()))
            .collect();
        for (name, needed) in needs {
            if let Some(known) = all.get_mut(&name) {
                known.extend(needed.into_iter().filter(is_there));
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
        self.needs.get(name).into_iter().flatten()
    }

    /// The packages that need this one, by name.
    pub fn needed_by<'s>(&'s self, name: &PackageName) -> impl Iterator<Item = &'s PackageName> {
        let needs = self.needs.iter();
        needs
            .filter(move |(_, needed)| needed.contains(name))
            .map(|(other, _)| other)
    }

    /// Adds a package that needs all that the project asks for: the project itself.
    /// One of the same name gives way.
    pub fn insert_project(&mut self, package: LockedPackage) {
        let name = &package.name;
        let needed = self.requested.iter().filter(|other| *other != name);
        self.needs.insert(name.clone(), needed.cloned().collect());
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
