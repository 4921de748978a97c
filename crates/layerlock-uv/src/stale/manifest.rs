//! What the root of the workspace tells the resolver, against what the lock repeats.

use std::collections::BTreeSet;

use super::outdated::stale;
use super::pair::{ASKS, List, Verbs};
use super::wanted::{Context, Table};
use crate::Error;
use crate::lock::Lock;

const CONSTRAINS: Verbs = Verbs {
    does: "is constrained to",
    does_not: "is not constrained to",
};
const OVERRIDES: Verbs = Verbs {
    does: "overrides requirements by",
    does_not: "does not override requirements by",
};
const CONSTRAINS_BUILDS: Verbs = Verbs {
    does: "constrains builds to",
    does_not: "does not constrain builds to",
};

pub(super) fn check(lock: &Lock, context: &Context<'_>) -> Result<(), Error> {
    let (manifest, root) = (&lock.head.manifest, context.project);
    let settings = &root.resolver;
    for (now, locked, verbs) in [
        (&settings.constraints, &manifest.constraints, &CONSTRAINS),
        (&settings.overrides, &manifest.overrides, &OVERRIDES),
        (
            &settings.build_constraints,
            &manifest.build_constraints,
            &CONSTRAINS_BUILDS,
        ),
    ] {
        let list = list(lock, context, verbs);
        list.compare(now.iter().map(|one| (one, Table::Dependencies)), locked)?;
    }
    for (now, locked, key) in [
        (
            &settings.excludes,
            &manifest.excludes,
            "exclude-dependencies",
        ),
        (
            &settings.metadata,
            &manifest.metadata,
            "dependency-metadata",
        ),
    ] {
        if let Some((name, span)) = now.iter().find(|(name, _)| !locked.contains(name)) {
            let what = format!("`{key}` has `{}` now", name.escape_debug());
            return Err(stale(lock, what, root.place(span.clone())));
        }
        let is_gone = |name: &&String| now.iter().all(|(other, _)| other != *name);
        if let Some(name) = locked.iter().find(is_gone) {
            let what = format!("`{key}` has no `{}` any more", name.escape_debug());
            return Err(stale(lock, what, lock.place(manifest.span.clone())));
        }
    }
    groups(lock, context)
}

/// The groups of a root that is no project: a project's are with its package.
fn groups(lock: &Lock, context: &Context<'_>) -> Result<(), Error> {
    let (manifest, root) = (&lock.head.manifest, context.project);
    if root.name.is_some() || (root.groups_include && !root.resolver.group_pythons.is_empty()) {
        return Ok(());
    }
    if lock.names_default_groups() && !root.default_groups.is_same(&manifest.default_groups) {
        let what = "the workspace has other default groups now".to_owned();
        return Err(stale(lock, what, root.place(0..0)));
    }
    let names = root.groups.keys().chain(manifest.groups.keys());
    for name in names.collect::<BTreeSet<_>>() {
        let now = root.groups.get(name).into_iter().flatten();
        let locked = manifest.groups.get(name).map_or(&[][..], Vec::as_slice);
        list(lock, context, &ASKS).compare(now.map(|one| (one, Table::Group(name))), locked)?;
    }
    Ok(())
}

fn list<'c>(lock: &'c Lock, context: &Context<'c>, verbs: &'static Verbs) -> List<'c> {
    List {
        lock,
        context: *context,
        place: lock.place(lock.head.manifest.span.clone()),
        verbs,
    }
}
