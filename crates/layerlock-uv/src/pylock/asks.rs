//! Who asks for each selected package, as far as pylock.toml says.

use std::collections::BTreeSet;
use std::slice;

use layerlock_lock::{Ask, MAIN_GROUP, PackageName};

use super::package::{Package, Selection};
use crate::marker::Active;

/// What packages need, where the lock says so; the others the project asks for.
pub(super) fn asks(selection: &Selection<'_>) -> Vec<Ask> {
    let names: BTreeSet<&PackageName> = selection
        .packages
        .iter()
        .map(|package| &package.locked.name)
        .collect();
    let mut needed = BTreeSet::new();
    let mut asks = Vec::new();
    for package in &selection.packages {
        for name in &package.dependencies {
            if names.contains(name) {
                needed.insert(name);
                let by = Some(package.locked.name.clone());
                asks.push(Ask::plain(by, name.clone()));
            }
        }
    }
    for package in &selection.packages {
        if !needed.contains(&package.locked.name) {
            asks.push(of_project(package, selection));
        }
    }
    asks
}

/// The marker of a package says for which groups and extras it is there.
fn of_project(package: &Package, selection: &Selection<'_>) -> Ask {
    let marker = package.marker.as_ref();
    let holds = |extras: &[String], groups: &[String]| {
        let active = Active {
            extras: extras.iter().cloned().collect(),
            groups: groups.iter().cloned().collect(),
        };
        marker.is_none_or(|marker| marker.holds(&selection.environment, &active))
    };
    let Active { extras, groups } = &selection.active;
    let mut group = Some(MAIN_GROUP.to_owned());
    let mut behind = Vec::new();
    if !holds(&[], &[]) {
        let alone = extras
            .iter()
            .filter(|extra| holds(slice::from_ref(extra), &[]));
        behind = alone.cloned().collect();
        let mut alone = groups
            .iter()
            .filter(|group| holds(&[], slice::from_ref(group)));
        if behind.is_empty() {
            group = alone.next().cloned();
        }
    }
    Ask {
        group,
        behind,
        marker: marker.and_then(|marker| marker.without_sets(&selection.active)),
        ..Ask::plain(None, package.locked.name.clone())
    }
}
