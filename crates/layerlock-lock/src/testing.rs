//! Selections for tests.

use std::collections::BTreeSet;
use std::path::PathBuf;

use layerlock_diagnostic::Place;
use proptest::prelude::*;

use crate::{LockedPackage, Need, PackageName, PackageSource, Selected};

pub(crate) fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

pub(crate) fn place() -> Place {
    Place {
        path: PathBuf::from("poetry.lock"),
        line: 1,
        column: 1,
        span: 0..0,
    }
}

pub(crate) fn package(text: &str) -> LockedPackage {
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
        place: place(),
        requires_python: "*".to_owned(),
    }
}

/// `a b` for a package `a` that needs `b`; the project asks for the `requested`.
pub(crate) fn selected(requested: &[&str], packages: &[&str]) -> Selected {
    let words = packages.iter().map(|line| {
        let mut words = line.split(' ').map(name);
        let name = words.next().unwrap();
        (name, words.map(plainly).collect::<Vec<_>>())
    });
    let needs: Vec<_> = words.collect();
    let packages = needs.iter().map(|(name, _)| package(name.as_str()));
    Selected::new(
        packages.collect(),
        requested.iter().map(|text| name(text)),
        needs,
    )
}

/// Needed without extras.
fn plainly(name: PackageName) -> (PackageName, Need) {
    (name, Need::default())
}

/// Some of few names.
pub(crate) fn some_names() -> impl Strategy<Value = BTreeSet<PackageName>> {
    prop::collection::btree_set("[a-h]", 0..5)
        .prop_map(|names| names.iter().map(|text| name(text)).collect())
}

/// Any packages of few names, which need and are asked for as it comes: names of
/// packages that are not there among them.
pub(crate) fn any_selected() -> impl Strategy<Value = Selected> {
    let packages = prop::collection::btree_map("[a-h]", some_names(), 0..8);
    (some_names(), packages).prop_map(|(requested, packages)| {
        Selected::new(
            packages.keys().map(|text| package(text)).collect(),
            requested,
            packages
                .iter()
                .map(|(text, needed)| (name(text), needed.iter().cloned().map(plainly))),
        )
    })
}
