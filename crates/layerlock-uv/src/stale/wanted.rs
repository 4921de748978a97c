//! Requirements in the form in which two are compared.

use std::str::FromStr;

use layerlock_lock::normalize_name;
use pep440_rs::{VersionSpecifier, VersionSpecifiers};
use pep508_rs::{MarkerTree, VerbatimUrl, VersionOrUrl};

use super::python;
use crate::lock::LockedRequirement;
use crate::origin::Origin;
use crate::project::{DeclaredOrigin, DeclaredSource, Requirement, UvProject};

/// What a requirement asks for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) name: String,
    extras: Vec<String>,
    specifier: Vec<VersionSpecifier>,
    marker: MarkerTree,
    origin: Origin,
}

impl Wanted {
    /// Whether a lock's requirement is this one.
    pub(super) fn is(&self, locked: &Self) -> bool {
        self.name == locked.name
            && self.extras == locked.extras
            && (is_same(&self.specifier, &locked.specifier) || self.may_have_source(locked))
            && (self.marker == locked.marker || self.may_be_split(locked))
            && self.origin.is(&locked.origin)
    }

    /// Whether a source that nothing here says may be why the lock has no range of versions.
    fn may_have_source(&self, locked: &Self) -> bool {
        self.origin == Origin::Undeclared && !matches!(locked.origin, Origin::Index(_))
    }

    /// Whether sources that nothing here says may be why the lock has it for some
    /// environments alone.
    fn may_be_split(&self, locked: &Self) -> bool {
        if self.origin != Origin::Undeclared {
            return false;
        }
        let mut outside = locked.marker.clone();
        outside.and(self.marker.negate());
        outside.is_false()
    }

    /// Whether it holds for some Python of the lock.
    pub(super) fn is_anywhere(&self) -> bool {
        !self.marker.is_false()
    }
}

/// Which of a project's tables a requirement is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table<'t> {
    Dependencies,
    Extra(&'t str),
    Group(&'t str),
}

/// Whose requirements are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'c> {
    pub(super) project: &'c UvProject,
    /// pyproject.toml beside the lock, whose sources and indexes count too for the projects
    /// of its workspace.
    pub(super) root: Option<&'c UvProject>,
    /// The lock's range: two markers are the same where they are within it.
    pub(super) python: &'c MarkerTree,
}

impl Context<'_> {
    /// What a requirement of the project asks for: one for each of its sources. Nothing
    /// where only uv can tell.
    pub(super) fn wanted(
        &self,
        requirement: &Requirement,
        table: Table<'_>,
    ) -> Option<Vec<Wanted>> {
        let parsed = pep508_rs::Requirement::<VerbatimUrl>::from_str(&requirement.text).ok()?;
        let mut marker = parsed.marker;
        match table {
            Table::Dependencies => {}
            Table::Extra(extra) => {
                marker.and(MarkerTree::from_str(&format!("extra == '{extra}'")).ok()?);
            }
            Table::Group(group) => {
                if let Some(range) = self.project.resolver.group_pythons.get(group) {
                    marker.and(python::marker_of(&range.parse().ok()?));
                }
            }
        }
        let mut extras: Vec<String> = parsed.extras.iter().map(ToString::to_string).collect();
        extras.sort();
        extras.dedup();
        let mut asked = Wanted {
            name: parsed.name.to_string(),
            extras,
            specifier: Vec::new(),
            marker,
            // One that is not of this workspace may be of another one, with sources there.
            origin: match self.root {
                Some(_) => Origin::Index(None),
                None => Origin::Undeclared,
            },
        };
        match &parsed.version_or_url {
            Some(VersionOrUrl::Url(url)) => {
                asked.origin = Origin::direct(&url.to_string());
                asked.marker.and(self.python.clone());
                return Some(vec![asked]);
            }
            Some(VersionOrUrl::VersionSpecifier(specifiers)) => {
                asked.specifier = specifiers.iter().cloned().collect();
            }
            None => {}
        }
        self.by_sources(asked, table)
    }

    /// One for each source, and one for where none of them counts.
    fn by_sources(&self, asked: Wanted, table: Table<'_>) -> Option<Vec<Wanted>> {
        let mut each = Vec::new();
        let mut total = MarkerTree::FALSE;
        for source in self.sources(&asked.name) {
            let is_for = |name: Option<&String>, here: Option<&str>| {
                name.is_none() || name.map(String::as_str) == here
            };
            let (extra, group) = match table {
                Table::Dependencies => (None, None),
                Table::Extra(extra) => (Some(extra), None),
                Table::Group(group) => (None, Some(group)),
            };
            if !is_for(source.extra.as_ref(), extra) || !is_for(source.group.as_ref(), group) {
                continue;
            }
            let marker = source.marker.clone()?;
            total.or(marker.clone());
            let mut one = asked.clone();
            one.marker.and(marker);
            one.origin = match &source.origin {
                DeclaredOrigin::Named(name) => Origin::index(self.index(name)?),
                DeclaredOrigin::Known(origin) => origin.clone(),
            };
            if !matches!(one.origin, Origin::Index(_)) {
                one.specifier.clear();
            }
            each.push(one);
        }
        let mut rest = asked;
        rest.marker.and(total.negate());
        each.push(rest);
        for one in &mut each {
            one.marker.and(self.python.clone());
        }
        each.retain(Wanted::is_anywhere);
        Some(each)
    }

    fn sources(&self, name: &str) -> &[DeclaredSource] {
        let own = self.project.sources.get(name);
        let found = own.or_else(|| self.root?.sources.get(name));
        found.map_or(&[], Vec::as_slice)
    }

    /// The URL of an index of this name. One that is a directory is not compared.
    fn index(&self, name: &str) -> Option<&str> {
        let root = self.root.into_iter().flat_map(|root| &root.indexes);
        let mut indexes = self.project.indexes.iter().chain(root);
        let found = indexes.find(|index| index.name == name)?;
        found.url.as_deref().filter(|url| url.contains("://"))
    }

    /// What a requirement of the lock asks for.
    pub(super) fn locked(&self, requirement: &LockedRequirement) -> Option<Wanted> {
        let mut marker = match requirement.marker.as_str() {
            "" => MarkerTree::TRUE,
            text => MarkerTree::from_str(text).ok()?,
        };
        marker.and(self.python.clone());
        let specifiers = VersionSpecifiers::from_str(&requirement.specifier).ok()?;
        let mut extras = requirement.extras.clone();
        extras.sort();
        Some(Wanted {
            name: normalize_name(&requirement.name),
            extras,
            specifier: specifiers.iter().cloned().collect(),
            marker,
            origin: requirement.origin.clone(),
        })
    }
}

/// Whether ranges are the same, whatever their order: `1.0` and `1` are.
fn is_same(one: &[VersionSpecifier], other: &[VersionSpecifier]) -> bool {
    one.iter().all(|specifier| other.contains(specifier))
        && other.iter().all(|specifier| one.contains(specifier))
}
