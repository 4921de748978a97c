//! A choice of groups and extras, checked against a project.
//!
//! The rules are those of `poetry export`: the main group alone unless told
//! otherwise (also where `poetry install` would take every group that is not
//! optional), groups separated by commas, extras by blanks, each flag as often
//! as one likes, names compared normalised.

use std::collections::BTreeSet;

use layerlock_lock::{Choice, Extras, Groups, MAIN_GROUP, normalize_name};

use crate::project::Project;
use crate::selection::Selection;
use crate::{Error, Warning};

/// Checks a choice against a project. A name that the project does not have, or
/// flags that exclude each other, are errors.
pub fn resolve(choice: &Choice, project: &Project) -> Result<Selection, Error> {
    let mut warnings = Vec::new();
    Ok(Selection {
        extras: resolve_extras(&choice.extras, project)?,
        groups: resolve_groups(&choice.groups, project, &mut warnings)?,
        warnings,
    })
}

fn resolve_groups(
    chosen: &Groups,
    project: &Project,
    warnings: &mut Vec<Warning>,
) -> Result<BTreeSet<String>, Error> {
    let with = named(project, "--with", &chosen.with)?;
    let without = named(project, "--without", &chosen.without)?;
    let only = named(project, "--only", &chosen.only)?;
    if chosen.all {
        let flags = [
            ("--with", &with),
            ("--without", &without),
            ("--only", &only),
        ];
        if let Some((second, _)) = flags.into_iter().find(|(_, groups)| !groups.is_empty()) {
            return Err(Error::Conflict {
                first: "--all-groups",
                second,
            });
        }
        return Ok(project.groups().iter().cloned().collect());
    }
    if !only.is_empty() {
        if !with.is_empty() || !without.is_empty() {
            warnings.push(Warning::OnlyWins);
        }
        return Ok(only);
    }
    let mut groups = with;
    groups.insert(MAIN_GROUP.to_owned());
    Ok(&groups - &without)
}

fn resolve_extras(chosen: &Extras, project: &Project) -> Result<BTreeSet<String>, Error> {
    if chosen.all {
        if !chosen.names.is_empty() {
            return Err(Error::Conflict {
                first: "--all-extras",
                second: "--extras",
            });
        }
        return Ok(project.extras().iter().cloned().collect());
    }
    chosen
        .names
        .iter()
        .flat_map(|names| names.split_whitespace())
        .map(|name| known(name, project.extras()))
        .collect::<Result<_, _>>()
        .map_err(|name| Error::UnknownExtra {
            name,
            known: project.extras().to_vec(),
            path: project.path().to_owned(),
        })
}

fn named(
    project: &Project,
    flag: &'static str,
    values: &[String],
) -> Result<BTreeSet<String>, Error> {
    values
        .iter()
        .flat_map(|names| names.split(','))
        .map(|name| known(name.trim(), project.groups()))
        .collect::<Result<_, _>>()
        .map_err(|name| Error::UnknownGroup {
            name,
            flag,
            known: project.groups().to_vec(),
            path: project.path().to_owned(),
        })
}

/// The normalised name if it is one of the `names`, else the name itchosen.
fn known(name: &str, names: &[String]) -> Result<String, String> {
    let normalized = normalize_name(name);
    if names.contains(&normalized) {
        Ok(normalized)
    } else {
        Err(name.to_owned())
    }
}
