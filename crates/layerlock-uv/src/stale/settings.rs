//! How the project wants its lock resolved.

use std::collections::BTreeSet;
use std::str::FromStr;

use pep508_rs::MarkerTree;

use super::outdated::stale;
use super::python;
use crate::Error;
use crate::declared::ConflictItem;
use crate::lock::Lock;
use crate::project::{Text, UvProject};

/// The keys of a lock's options, and what counts where there is none: not in each version
/// of uv the same.
const OPTIONS: [(&str, &[&str]); 3] = [
    ("resolution-mode", &["highest"]),
    (
        "prerelease-mode",
        &["if-necessary", "if-necessary-or-explicit"],
    ),
    ("fork-strategy", &["requires-python"]),
];

pub(super) fn check(lock: &Lock, root: &UvProject, members: &[&UvProject]) -> Result<(), Error> {
    options(lock, root)?;
    let manifest = &lock.head.manifest;
    let settings = &root.resolver;
    for (now, locked, key) in [
        (
            &settings.environments,
            &manifest.environments,
            "environments",
        ),
        (
            &settings.required_environments,
            &manifest.required_environments,
            "required-environments",
        ),
    ] {
        environments(lock, root, now, locked, key)?;
    }
    conflicts(lock, root, members)
}

/// What the project says itself. What a flag or a variable said, nobody can know.
fn options(lock: &Lock, root: &UvProject) -> Result<(), Error> {
    // It takes the place of `[tool.uv]` for these.
    if root.directory().join("uv.toml").exists() {
        return Ok(());
    }
    for (key, defaults) in OPTIONS {
        let Some((now, span)) = root.resolver.options.get(key) else {
            continue;
        };
        let locked = lock.head.manifest.options.get(key);
        let is_same = match locked {
            Some(locked) => locked == now,
            None => defaults.contains(&&**now),
        };
        if !is_same {
            let what = format!(
                "its {key} is `{}`, and the project's `{}`",
                locked.map_or(defaults[0], String::as_str).escape_debug(),
                now.escape_debug()
            );
            return Err(stale(lock, what, root.place(span.clone())));
        }
    }
    Ok(())
}

fn environments(
    lock: &Lock,
    root: &UvProject,
    now: &[Text],
    locked: &[String],
    key: &str,
) -> Result<(), Error> {
    let python = python::marker(lock);
    let read = |text: &str| {
        let mut marker = MarkerTree::from_str(text).ok()?;
        marker.and(python.clone());
        Some(marker)
    };
    let ours: Option<Vec<MarkerTree>> = now.iter().map(|(text, _)| read(text)).collect();
    let theirs: Option<Vec<MarkerTree>> = locked.iter().map(|text| read(text)).collect();
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        return Ok(());
    };
    // What always holds is not in the lock.
    let narrow = |markers: Vec<MarkerTree>| {
        let markers = markers.into_iter().filter(|marker| *marker != python);
        markers.collect::<Vec<_>>()
    };
    if narrow(ours) == narrow(theirs) {
        return Ok(());
    }
    let span = now.first().map_or(0..0, |(_, span)| span.clone());
    let what = format!("its {key} are not those of the project");
    Err(stale(lock, what, root.place(span)))
}

fn conflicts(lock: &Lock, root: &UvProject, members: &[&UvProject]) -> Result<(), Error> {
    let others = members.iter().copied();
    let others = others.filter(|member| member.directory() != root.directory());
    let projects: Vec<&UvProject> = std::iter::once(root).chain(others).collect();
    let locked = &lock.head.conflicts;
    let mut declared = BTreeSet::new();
    for project in &projects {
        for (set, span) in &project.resolver.conflicts {
            if locked.iter().all(|(other, _)| other != set) {
                let what = format!("the project declares {} as conflicting", shown(set));
                return Err(stale(lock, what, project.place(span.clone())));
            }
            declared.insert(set);
        }
    }
    // uv adds what follows for groups that include others.
    if projects.iter().any(|project| project.groups_include) {
        return Ok(());
    }
    if let Some((gone, span)) = locked.iter().find(|(set, _)| !declared.contains(set)) {
        let what = format!(
            "the project does not declare {} as conflicting any more",
            shown(gone)
        );
        return Err(stale(lock, what, lock.place(span.clone())));
    }
    Ok(())
}

/// `a and b`
fn shown(set: &[ConflictItem]) -> String {
    let items = set.iter().map(|item| {
        let name = item.extra.as_ref().or(item.group.as_ref());
        format!("`{}`", name.unwrap_or(&item.package).escape_debug())
    });
    items.collect::<Vec<_>>().join(" and ")
}
