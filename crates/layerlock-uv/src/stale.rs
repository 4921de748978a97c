//! Whether uv.lock is up to date, as `uv lock --check` judges it and as far as it can be
//! told without resolving: what the projects say, against what the lock repeats of it.
//!
//! Nothing that is up to date for uv is out of date here: where only uv can tell, nothing
//! is told. That is metadata that a build finds out, what uv.toml, variables and flags say,
//! and whether an index still has what is locked.

mod manifest;
mod members;
mod outdated;
mod pair;
mod python;
mod settings;
mod wanted;

use std::collections::BTreeMap;

use crate::Error;
use crate::lock::Lock;
use crate::project::UvProject;
use pair::Pair;
use wanted::Context;

/// The first thing that differs.
pub(crate) fn check(
    lock: &Lock,
    root: Option<&UvProject>,
    projects: &BTreeMap<usize, UvProject>,
) -> Result<(), Error> {
    let in_workspace = |index: &usize| {
        let name = lock.package(*index).name.as_str();
        lock.head.members.iter().any(|member| member == name)
            || root.and_then(|root| root.name.as_deref()) == Some(name)
    };
    let members: Vec<&UvProject> = projects
        .iter()
        .filter(|(index, _)| in_workspace(index))
        .map(|(_, project)| project)
        .collect();
    if let Some(root) = root {
        settings::check(lock, root, &members)?;
    }
    python::check(lock, &members)?;
    if let Some(root) = root {
        members::check(lock, root, projects)?;
    }
    let python = &python::marker(lock);
    let context = |project, is_member: bool| Context {
        project,
        root: root.filter(|_| is_member),
        python,
    };
    if let Some(root) = root {
        manifest::check(lock, &context(root, true))?;
    }
    for (index, project) in projects {
        let is_member = in_workspace(index);
        let pair = Pair {
            lock,
            context: context(project, is_member),
            package: lock.package(*index),
            is_member,
        };
        pair.check()?;
    }
    Ok(())
}
