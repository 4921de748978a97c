//! A choice of groups and extras, checked against what a lock or its project has.

use std::collections::BTreeSet;

use layerlock_lock::{Choice, Extras, Groups, MAIN_GROUP, normalize_name};

use crate::Error;

/// What can be chosen from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Available {
    /// The groups besides main.
    pub(crate) groups: BTreeSet<String>,
    pub(crate) extras: BTreeSet<String>,
    /// Those of the groups that the root of the workspace has, and not the chosen project.
    pub(crate) inherited_groups: BTreeSet<String>,
    /// The groups that go with main where nobody says otherwise.
    pub(crate) default_groups: BTreeSet<String>,
}

/// What was chosen, in normalised names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// Whether the project's own dependencies are.
    pub(crate) main: bool,
    pub(crate) groups: BTreeSet<String>,
    pub(crate) extras: BTreeSet<String>,
    /// Whether flags were given that others overrule.
    pub(crate) only_wins: bool,
}

impl Available {
    /// The names of all groups, main first.
    pub(crate) fn group_names(&self) -> Vec<String> {
        let others = self.groups.iter().filter(|group| *group != MAIN_GROUP);
        let main = std::iter::once(MAIN_GROUP.to_owned());
        main.chain(others.cloned()).collect()
    }

    /// Checks a choice. A name that is not there, or flags that exclude each other, are
    /// errors.
    pub(crate) fn resolve(&self, choice: &Choice) -> Result<Chosen, Error> {
        let extras = self.extras(&choice.extras)?;
        let (groups, only_wins) = self.groups(&choice.groups)?;
        let main = groups.contains(MAIN_GROUP);
        Ok(Chosen {
            main,
            groups: groups.intersection(&self.groups).cloned().collect(),
            // They are extras of the project's own dependencies.
            extras: if main { extras } else { BTreeSet::new() },
            only_wins,
        })
    }

    fn groups(&self, chosen: &Groups) -> Result<(BTreeSet<String>, bool), Error> {
        let with = self.named("--with", &chosen.with)?;
        let without = self.named("--without", &chosen.without)?;
        let only = self.named("--only", &chosen.only)?;
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
            return Ok((self.group_names().into_iter().collect(), false));
        }
        if !only.is_empty() {
            return Ok((only, !with.is_empty() || !without.is_empty()));
        }
        let mut groups = with;
        groups.insert(MAIN_GROUP.to_owned());
        groups.extend(self.default_groups.iter().cloned());
        Ok((&groups - &without, false))
    }

    fn extras(&self, chosen: &Extras) -> Result<BTreeSet<String>, Error> {
        if chosen.all {
            if !chosen.names.is_empty() {
                return Err(Error::Conflict {
                    first: "--all-extras",
                    second: "--extras",
                });
            }
            return Ok(self.extras.clone());
        }
        let names = chosen
            .names
            .iter()
            .flat_map(|names| names.split_whitespace());
        let checked = names.map(|name| {
            let normalized = normalize_name(name);
            if self.extras.contains(&normalized) {
                return Ok(normalized);
            }
            Err(Error::UnknownExtra {
                name: name.to_owned(),
                known: self.extras.iter().cloned().collect(),
            })
        });
        checked.collect()
    }

    fn named(&self, flag: &'static str, values: &[String]) -> Result<BTreeSet<String>, Error> {
        let names = values.iter().flat_map(|names| names.split(','));
        let checked = names.map(|name| {
            let name = name.trim();
            let normalized = normalize_name(name);
            if normalized == MAIN_GROUP || self.groups.contains(&normalized) {
                return Ok(normalized);
            }
            Err(Error::UnknownGroup {
                name: name.to_owned(),
                flag,
                known: self.group_names(),
            })
        });
        checked.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn available() -> Available {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Available {
            groups: names(&["dev", "docs", "web"]),
            extras: names(&["fast"]),
            default_groups: names(&["web"]),
            ..Available::default()
        }
    }

    fn chosen(change: impl FnOnce(&mut Choice)) -> Result<String, String> {
        let mut choice = Choice::default();
        change(&mut choice);
        let chosen = available().resolve(&choice);
        let chosen = chosen.map_err(|error| error.to_string())?;
        let main = chosen.main.then(|| "main".to_owned());
        let groups: Vec<_> = main.into_iter().chain(chosen.groups).collect();
        let extras: Vec<_> = chosen.extras.into_iter().collect();
        Ok(format!("{}[{}]", groups.join(","), extras.join(",")))
    }

    #[test]
    fn default_groups_go_with_main() {
        assert_eq!(chosen(|_| {}).unwrap(), "main,web[]");
        let with = |choice: &mut Choice| choice.groups.with.push("Docs".to_owned());
        assert_eq!(chosen(with).unwrap(), "main,docs,web[]");
        let without = |choice: &mut Choice| choice.groups.without.push("web".to_owned());
        assert_eq!(chosen(without).unwrap(), "main[]");
        let only = |choice: &mut Choice| choice.groups.only.push("dev, docs".to_owned());
        assert_eq!(chosen(only).unwrap(), "dev,docs[]");
        let all = |choice: &mut Choice| {
            choice.groups.all = true;
            choice.extras.all = true;
        };
        assert_eq!(chosen(all).unwrap(), "main,dev,docs,web[fast]");
    }

    #[test]
    fn unknown_names_and_flags_that_exclude_each_other_are_errors() {
        let group = |choice: &mut Choice| choice.groups.with.push("x".to_owned());
        let message = chosen(group).unwrap_err();
        assert_eq!(message, "the project has no group `x` (--with)");
        let extra = |choice: &mut Choice| choice.extras.names.push("x".to_owned());
        assert!(chosen(extra).is_err());
        let both = |choice: &mut Choice| {
            choice.groups.all = true;
            choice.groups.only.push("dev".to_owned());
        };
        assert!(chosen(both).is_err());
    }
}
