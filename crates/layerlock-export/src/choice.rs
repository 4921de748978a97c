//! Which groups and extras of a project a user asks for.
//!
//! The rules are those of `poetry export`: the main group alone unless told
//! otherwise (also where `poetry install` would take every group that is not
//! optional), groups separated by commas, extras by blanks, each flag as often
//! as one likes, names compared normalised.

use std::collections::BTreeSet;

use crate::names::normalize;
use crate::project::{MAIN_GROUP, Project};
use crate::{Error, Warning};

/// The groups that a user names, as the values of the flags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups {
    /// `--with`: groups besides the main one.
    pub with: Vec<String>,
    /// `--without`: groups to leave out, the main one as well.
    pub without: Vec<String>,
    /// `--only`: these groups and no other; `with` and `without` are ignored.
    pub only: Vec<String>,
    /// `--all-groups`: every group.
    pub all: bool,
}

/// The extras that a user names, as the values of the flags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    /// `--extras`, `-E`: the extras' names.
    pub names: Vec<String>,
    /// `--all-extras`: every extra.
    pub all: bool,
}

/// What a user asks for. The default is the main group without extras.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Which groups.
    pub groups: Groups,
    /// Which extras.
    pub extras: Extras,
}

/// A choice checked against a project, in normalised names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The groups.
    pub groups: BTreeSet<String>,
    /// The extras.
    pub extras: BTreeSet<String>,
    /// What the user should know of the choice.
    pub warnings: Vec<Warning>,
}

impl Choice {
    /// Checks the choice against a project. A name that the project does not
    /// have, or flags that exclude each other, are errors.
    pub fn resolve(&self, project: &Project) -> Result<Selection, Error> {
        let mut warnings = Vec::new();
        Ok(Selection {
            extras: self.extras.resolve(project)?,
            groups: self.groups.resolve(project, &mut warnings)?,
            warnings,
        })
    }
}

impl Groups {
    fn resolve(
        &self,
        project: &Project,
        warnings: &mut Vec<Warning>,
    ) -> Result<BTreeSet<String>, Error> {
        let with = named(project, "--with", &self.with)?;
        let without = named(project, "--without", &self.without)?;
        let only = named(project, "--only", &self.only)?;
        if self.all {
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
}

impl Extras {
    fn resolve(&self, project: &Project) -> Result<BTreeSet<String>, Error> {
        if self.all {
            if !self.names.is_empty() {
                return Err(Error::Conflict {
                    first: "--all-extras",
                    second: "--extras",
                });
            }
            return Ok(project.extras().iter().cloned().collect());
        }
        self.names
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

/// The normalised name if it is one of the `names`, else the name itself.
fn known(name: &str, names: &[String]) -> Result<String, String> {
    let normalized = normalize(name);
    if names.contains(&normalized) {
        Ok(normalized)
    } else {
        Err(name.to_owned())
    }
}
