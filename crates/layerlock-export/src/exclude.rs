//! Taking packages out of a selection, together with what only they needed.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::MarkerEnvironment;

use crate::choice::{Choice, Selection};
use crate::lock::{Lock, Package};
use crate::names::normalize;
use crate::project::Project;
use crate::select::LockedPackage;
use crate::{Error, walk};

/// A selection after packages were taken out of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remaining {
    /// What is left, sorted by name.
    pub packages: Vec<LockedPackage>,
    /// What was taken out, sorted by name.
    pub left_out: Vec<LeftOut>,
    /// The names that no selected package has, as they were given.
    pub unknown: Vec<String>,
}

/// A package that was taken out of a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The package.
    pub package: LockedPackage,
    /// Whether it was named. If not, only such packages needed it.
    pub is_named: bool,
    /// The names of the remaining packages that ask for it.
    pub needed_by: Vec<String>,
}

/// Takes the packages of these names out of what [`select`](crate::select())
/// gave for the same project, choice and environment. What then nothing needs
/// any more goes with them: what cannot be reached from the project's own
/// dependencies, along those of the packages that remain.
pub fn exclude(
    project: &Project,
    lock: &Lock,
    choice: &Choice,
    environment: &MarkerEnvironment,
    packages: Vec<LockedPackage>,
    names: &[String],
) -> Result<Remaining, Error> {
    let is_selected = |name: &str| packages.iter().any(|package| package.name == name);
    let (named, unknown): (Vec<_>, Vec<_>) = names
        .iter()
        .partition(|name| is_selected(&normalize(name.trim())));
    let named: BTreeSet<String> = named.iter().map(|name| normalize(name.trim())).collect();
    let unknown = unknown.into_iter().cloned().collect();
    if named.is_empty() {
        return Ok(Remaining {
            packages,
            left_out: Vec::new(),
            unknown,
        });
    }

    let selection = choice.resolve(project)?;
    let mut needs = Needs::read(project, lock, &selection, environment, &packages);
    let reached = needs.reach(&BTreeSet::new());
    // What no walk comes by is there for a reason that the walk does not know:
    // it stays, with all that it needs.
    let unexplained = packages.iter().map(|package| package.name.clone());
    needs
        .roots
        .extend(unexplained.filter(|name| !reached.contains(name.as_str())));
    let kept = needs.reach(&named);

    let mut remaining = Remaining {
        unknown,
        ..Remaining::default()
    };
    for package in packages {
        if kept.contains(&package.name) {
            remaining.packages.push(package);
        } else {
            let asks = |name: &&String| needs.of[*name].contains(&package.name);
            remaining.left_out.push(LeftOut {
                is_named: named.contains(&package.name),
                needed_by: kept.iter().filter(asks).cloned().collect(),
                package,
            });
        }
    }
    Ok(remaining)
}

/// Who asks for what, among the selected packages.
struct Needs {
    /// What the project itself asks for.
    roots: BTreeSet<String>,
    /// What each package asks for. Every selected package has its entry.
    of: BTreeMap<String, BTreeSet<String>>,
}

impl Needs {
    fn read(
        project: &Project,
        lock: &Lock,
        selection: &Selection,
        environment: &MarkerEnvironment,
        packages: &[LockedPackage],
    ) -> Self {
        let selected: Vec<(usize, BTreeSet<String>)> = packages
            .iter()
            .filter_map(|package| {
                let is_it = |locked: &Package| locked.span == package.place.span;
                let index = lock.packages().iter().position(is_it)?;
                Some((index, package.extras.iter().cloned().collect()))
            })
            .collect();
        let (roots, of): (BTreeSet<&str>, Vec<BTreeSet<&str>>) = match lock.graph() {
            Some(graph) => walk::needs(lock, graph, selection, environment, &selected),
            None => (
                project
                    .dependencies()
                    .extras(selection, environment)
                    .into_keys()
                    .collect(),
                selected
                    .iter()
                    .map(|(index, extras)| {
                        let dependencies = lock.packages()[*index].dependencies.iter();
                        dependencies
                            .filter(|one| one.marker.evaluate(environment, extras))
                            .map(|one| one.name.as_str())
                            .collect()
                    })
                    .collect(),
            ),
        };
        let names: BTreeSet<&str> = packages.iter().map(|package| &*package.name).collect();
        let known = |names_of: BTreeSet<&str>| -> BTreeSet<String> {
            let known = names_of.intersection(&names);
            known.map(|&name| name.to_owned()).collect()
        };
        let mut needs = Self {
            roots: known(roots),
            of: names
                .iter()
                .map(|&name| (name.to_owned(), BTreeSet::new()))
                .collect(),
        };
        for ((index, _), asked) in selected.iter().zip(of) {
            let name = lock.packages()[*index].name.clone();
            needs.of.insert(name, known(asked));
        }
        needs
    }

    /// The packages that are needed when those `without` are not there.
    fn reach(&self, without: &BTreeSet<String>) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&String> = self.roots.iter().collect();
        while let Some(name) = waiting.pop() {
            if !without.contains(name) && reached.insert(name.clone()) {
                waiting.extend(&self.of[name]);
            }
        }
        reached
    }
}
