//! A project, against its package in the lock.

use std::collections::BTreeSet;
use std::ops::Range;
use std::str::FromStr;

use layerlock_diagnostic::Place;
use pep440_rs::Version;

use super::outdated::stale;
use super::wanted::{Context, Table};
use crate::Error;
use crate::lock::{Lock, LockedRequirement, Metadata, Package, Source};
use crate::project::Requirement;

/// A project and its package in the lock.
pub(super) struct Pair<'c> {
    pub(super) lock: &'c Lock,
    pub(super) context: Context<'c>,
    pub(super) package: &'c Package,
    /// Whether it is one of the workspace.
    pub(super) is_member: bool,
}

impl Pair<'_> {
    pub(super) fn check(&self) -> Result<(), Error> {
        self.version()?;
        if self.is_member {
            self.kind()?;
            self.default_groups()?;
        }
        let Some(metadata) = &self.package.metadata else {
            return Ok(());
        };
        let project = self.context.project;
        self.extras(metadata)?;
        if let (Some(dependencies), Some(extras)) = (&project.dependencies, &project.extras) {
            let own = dependencies.iter().map(|one| (one, Table::Dependencies));
            let of_extras = extras.iter().flat_map(|(extra, requirements)| {
                let requirements = requirements.iter();
                requirements.map(move |one| (one, Table::Extra(extra)))
            });
            self.list(metadata.span.clone(), &ASKS)
                .compare(own.chain(of_extras), &metadata.requires)?;
        }
        // Which range counts for a group that is included, uv alone knows.
        if project.resolver.group_pythons.is_empty() || !project.groups_include {
            let names = project.groups.keys().chain(metadata.groups.keys());
            for name in names.collect::<BTreeSet<_>>() {
                let (now, locked) = (project.groups.get(name), metadata.groups.get(name));
                if now.is_some() != locked.is_some() && self.lock.names_empty_groups() {
                    let verb = now.map_or("no", |_| "a new");
                    let what = format!("the project has {verb} group `{}`", name.escape_debug());
                    return Err(self.stale(what, 0..0));
                }
                let now = now.into_iter().flatten();
                let locked = locked.map_or(&[][..], Vec::as_slice);
                self.list(metadata.span.clone(), &ASKS)
                    .compare(now.map(|one| (one, Table::Group(name))), locked)?;
            }
        }
        Ok(())
    }

    fn stale(&self, what: String, span: Range<usize>) -> Error {
        stale(self.lock, what, self.context.project.place(span))
    }

    fn list(&self, span: Range<usize>, verbs: &'static Verbs) -> List<'_> {
        List {
            lock: self.lock,
            context: self.context,
            place: self.lock.place(if span.is_empty() {
                self.package.span.clone()
            } else {
                span
            }),
            verbs,
        }
    }

    fn version(&self) -> Result<(), Error> {
        let (project, package) = (self.context.project, self.package);
        let name = &package.name;
        match (&project.version, &package.version) {
            (Some((version, span)), Some(locked)) => {
                let parsed = Version::from_str(version).ok();
                let locked_version = Version::from_str(locked).ok();
                if parsed
                    .zip(locked_version)
                    .is_some_and(|(now, then)| now != then)
                {
                    let what = format!("it has {name} {locked}, and the project is now {version}");
                    return Err(self.stale(what, span.clone()));
                }
            }
            (Some((version, span)), None) if self.is_member && !project.has_dynamic_version => {
                let what = format!("it has no version of {name}, and the project is now {version}");
                return Err(self.stale(what, span.clone()));
            }
            (None, Some(locked)) if self.is_member && project.has_dynamic_version => {
                let what = format!(
                    "it has {name} {locked}, and the project's build now finds out the version"
                );
                return Err(self.stale(what, 0..0));
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the project is a package, where it says so itself.
    fn kind(&self) -> Result<(), Error> {
        let is_virtual = matches!(self.package.source, Source::Virtual(_));
        let name = &self.package.name;
        let packaging = &self.context.project.packaging;
        match packaging.said {
            Some(true) if is_virtual => {
                let what = format!("{name} is a package now, and it was none");
                Err(self.stale(what, 0..0))
            }
            Some(false) if !is_virtual => {
                let what = format!("{name} is no package any more");
                Err(self.stale(what, 0..0))
            }
            None if is_virtual && packaging.has_build_system => {
                let what = format!("{name} has a build system now, and is a package");
                Err(self.stale(what, 0..0))
            }
            _ => Ok(()),
        }
    }

    fn default_groups(&self) -> Result<(), Error> {
        let project = self.context.project;
        let is_same = project.default_groups.is_same(&self.package.default_groups);
        if is_same || !self.lock.names_default_groups() {
            return Ok(());
        }
        let what = format!("{} has other default groups now", self.package.name);
        Err(self.stale(what, 0..0))
    }

    fn extras(&self, metadata: &Metadata) -> Result<(), Error> {
        let (Some(extras), Some(locked)) = (&self.context.project.extras, &metadata.extras) else {
            return Ok(());
        };
        let name = &self.package.name;
        if let Some(new) = extras.keys().find(|extra| !locked.contains(extra)) {
            return Err(self.stale(format!("{name} has a new extra, `{new}`"), 0..0));
        }
        if let Some(gone) = locked.iter().find(|extra| !extras.contains_key(*extra)) {
            return Err(self.stale(format!("{name} has no extra `{gone}` any more"), 0..0));
        }
        Ok(())
    }
}

/// How messages call what a requirement does.
pub(super) struct Verbs {
    pub(super) does: &'static str,
    pub(super) does_not: &'static str,
}

pub(super) const ASKS: Verbs = Verbs {
    does: "asks for",
    does_not: "does not ask for",
};

/// A list of requirements of a project and the lock's.
pub(super) struct List<'c> {
    pub(super) lock: &'c Lock,
    pub(super) context: Context<'c>,
    /// Where the lock has it.
    pub(super) place: Place,
    pub(super) verbs: &'static Verbs,
}

impl List<'_> {
    /// What cannot be read here can only be told by uv.
    pub(super) fn compare<'r>(
        &self,
        now: impl Iterator<Item = (&'r Requirement, Table<'r>)>,
        locked: &[LockedRequirement],
    ) -> Result<(), Error> {
        let context = &self.context;
        let own_name = context.project.name.as_deref();
        let mut left = Vec::new();
        for requirement in locked {
            match context.locked(requirement) {
                Some(wanted) => left.push((wanted, requirement)),
                None => return Ok(()),
            }
        }
        let mut found = vec![false; left.len()];
        let mut new = None;
        for (requirement, table) in now {
            let Some(wanted) = context.wanted(requirement, table) else {
                return Ok(());
            };
            for one in wanted {
                // Old locks have what an extra of the project itself asks for instead.
                if own_name == Some(&*one.name) && !self.has_own_name(locked) {
                    return Ok(());
                }
                let same = left.iter().enumerate();
                let same = same.filter(|(_, (locked, _))| one.is(locked));
                let same: Vec<usize> = same.map(|(at, _)| at).collect();
                if same.is_empty() {
                    new = new.or(Some((requirement, one.name.clone())));
                }
                for at in same {
                    found[at] = true;
                }
            }
        }
        if let Some((new, new_name)) = new {
            // Its range, extras, marker or source may be what differs.
            let is_known = left.iter().any(|(locked, _)| locked.name == new_name);
            let otherwise = if is_known {
                ", otherwise than when it was locked"
            } else {
                ""
            };
            let what = format!("the project {} `{}`{otherwise}", self.verbs.does, new.text);
            let place = context.project.place(new.span.clone());
            return Err(stale(self.lock, what, place));
        }
        for ((wanted, requirement), found) in left.iter().zip(found) {
            if !found && wanted.is_anywhere() {
                let what = format!(
                    "the project {} `{}{}` any more",
                    self.verbs.does_not, requirement.name, requirement.specifier
                );
                return Err(stale(self.lock, what, self.place.clone()));
            }
        }
        Ok(())
    }

    fn has_own_name(&self, locked: &[LockedRequirement]) -> bool {
        let own_name = self.context.project.name.as_deref();
        locked.iter().any(|one| own_name == Some(&*one.name))
    }
}
