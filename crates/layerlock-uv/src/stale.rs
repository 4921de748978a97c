//! Whether uv.lock is up to date, as `uv lock --check` judges it and as far as it can be
//! told without resolving: what the projects ask for, against what the lock says they
//! asked for.
//!
//! Not told: new versions that constraints of `[tool.uv]` ask for, metadata that a build
//! finds out, and whether an index still has what is locked.

mod members;
mod outdated;

use std::collections::BTreeMap;
use std::str::FromStr;

use layerlock_diagnostic::Place;
use layerlock_lock::normalize_name;
use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{MarkerTree, VerbatimUrl, VersionOrUrl};

use crate::Error;
use crate::lock::{Lock, LockedRequirement, Package};
use crate::project::{Requirement, SourceKind, UvProject};
use outdated::stale;

/// A project and its package in the lock.
struct Pair<'c> {
    lock: &'c Lock,
    project: &'c UvProject,
    package: &'c Package,
    /// `[tool.uv.sources]` of the workspace's root.
    root_sources: &'c BTreeMap<String, SourceKind>,
    python: MarkerTree,
}

/// The first thing that differs.
pub(crate) fn check(
    lock: &Lock,
    root: Option<&UvProject>,
    projects: &BTreeMap<usize, UvProject>,
) -> Result<(), Error> {
    if let Some(root) = root {
        members::check(lock, root, projects)?;
    }
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
    check_python(lock, &members)?;
    let nothing = BTreeMap::new();
    for (index, project) in projects {
        let pair = Pair {
            lock,
            project,
            package: lock.package(*index),
            root_sources: root.map_or(&nothing, |root| &root.sources),
            python: python_marker(lock),
        };
        pair.check()?;
    }
    Ok(())
}

/// The minor and patch releases for which ranges are compared.
const MINORS: u64 = 40;
const PATCHES: u64 = 40;

/// The lock's range is what all projects of the workspace allow.
fn check_python(lock: &Lock, members: &[&UvProject]) -> Result<(), Error> {
    let Some(locked) = &lock.head.requires_python else {
        return Ok(());
    };
    let ranges = members.iter().filter_map(|project| {
        let (text, span) = project.requires_python.as_ref()?;
        let range = VersionSpecifiers::from_str(text).ok()?;
        Some((*project, text, span, range))
    });
    let ranges: Vec<_> = ranges.collect();
    let Some((project, text, span, _)) = ranges.first() else {
        return Ok(());
    };
    for (minor, patch) in
        (0..MINORS).flat_map(|minor| (0..PATCHES).map(move |patch| (minor, patch)))
    {
        let version = Version::new([3, minor, patch]);
        let is_allowed = ranges.iter().all(|(.., range)| range.contains(&version));
        if is_allowed != locked.specifiers.contains(&version) {
            let what = format!(
                "it is for Python `{}`, and the project asks for `{text}`",
                locked.text
            );
            return Err(stale(lock, what, project.place((*span).clone())));
        }
    }
    Ok(())
}

/// The lock's range as a marker: markers are simplified by it.
fn python_marker(lock: &Lock) -> MarkerTree {
    let mut marker = MarkerTree::TRUE;
    let specifiers = lock.head.requires_python.as_ref();
    for specifier in specifiers.iter().flat_map(|range| range.specifiers.iter()) {
        let text = format!(
            "python_full_version {} '{}'",
            specifier.operator(),
            specifier.version()
        );
        let text = match specifier.operator() {
            pep440_rs::Operator::EqualStar | pep440_rs::Operator::NotEqualStar => {
                let operator = specifier.operator().to_string();
                let operator = operator.trim_end_matches(".*").trim_end_matches('*');
                format!("python_full_version {operator} '{}.*'", specifier.version())
            }
            _ => text,
        };
        if let Ok(tree) = MarkerTree::from_str(&text) {
            marker.and(tree);
        }
    }
    marker
}

/// A requirement in the form in which two are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    name: String,
    extras: Vec<String>,
    specifier: Vec<String>,
    marker: MarkerTree,
}

impl Pair<'_> {
    fn check(&self) -> Result<(), Error> {
        let Self {
            lock,
            project,
            package,
            ..
        } = self;
        if let (Some((version, span)), Some(locked)) = (&project.version, &package.version) {
            let now = Version::from_str(version).map(|version| version.to_string());
            if now.is_ok_and(|now| now != *locked) {
                let what = format!(
                    "it has {} {locked}, and the project is now {version}",
                    package.name
                );
                return Err(stale(lock, what, project.place(span.clone())));
            }
        }
        let Some(metadata) = &package.metadata else {
            return Ok(());
        };
        if let (Some(extras), Some(locked)) = (&project.extras, &metadata.extras)
            && let Some(name) = extras.keys().find(|name| !locked.contains(name))
        {
            let what = format!("{} has a new extra, `{name}`", package.name);
            return Err(stale(lock, what, project.place(0..0)));
        }
        if let (Some(dependencies), Some(extras)) = (&project.dependencies, &project.extras) {
            let own = dependencies.iter().map(|one| (one, None));
            let of_extras = extras.iter().flat_map(|(extra, requirements)| {
                let requirements = requirements.iter();
                requirements.map(move |one| (one, Some(&**extra)))
            });
            self.compare(own.chain(of_extras), &metadata.requires)?;
        }
        if !project.groups_have_pythons {
            let names = project.groups.keys().chain(metadata.groups.keys());
            for name in names.collect::<std::collections::BTreeSet<_>>() {
                let now = project.groups.get(name).into_iter().flatten();
                let locked = metadata.groups.get(name).map_or(&[][..], Vec::as_slice);
                self.compare(now.map(|one| (one, None)), locked)?;
            }
        }
        Ok(())
    }

    fn compare<'r>(
        &self,
        now: impl Iterator<Item = (&'r Requirement, Option<&'r str>)>,
        locked: &[LockedRequirement],
    ) -> Result<(), Error> {
        let mut left = Vec::new();
        for requirement in locked {
            match self.locked(requirement) {
                Some(wanted) => left.push((wanted, requirement)),
                // What cannot be read here can only be told by uv.
                None => return Ok(()),
            }
        }
        let mut found = vec![false; left.len()];
        for (requirement, extra) in now {
            let Some(wanted) = self.wanted(requirement, extra) else {
                return Ok(());
            };
            if self.is_passed_over(&wanted.name) {
                continue;
            }
            let mut is_there = false;
            for (at, _) in left
                .iter()
                .enumerate()
                .filter(|(_, (one, _))| *one == wanted)
            {
                (found[at], is_there) = (true, true);
            }
            if !is_there {
                let what = format!("the project asks for `{}`", requirement.text);
                return Err(self.stale(what, self.project.place(requirement.span.clone())));
            }
        }
        for ((wanted, requirement), found) in left.iter().zip(found) {
            if !found && !self.is_passed_over(&wanted.name) {
                let what = format!(
                    "the project does not ask for `{}{}` any more",
                    requirement.name, requirement.specifier
                );
                return Err(self.stale(what, self.lock.place(self.package.span.clone())));
            }
        }
        Ok(())
    }

    fn stale(&self, what: String, place: Place) -> Error {
        stale(self.lock, what, place)
    }

    fn source(&self, name: &str) -> Option<SourceKind> {
        let own = self.project.sources.get(name);
        own.or_else(|| self.root_sources.get(name)).copied()
    }

    /// Whether markers of sources split a requirement in ways that are not followed here.
    fn is_passed_over(&self, name: &str) -> bool {
        self.source(name) == Some(SourceKind::Several)
    }

    fn specifier(&self, name: &str, specifiers: &VersionSpecifiers) -> Vec<String> {
        if self.source(name) == Some(SourceKind::Elsewhere) {
            return Vec::new();
        }
        let mut texts: Vec<String> = specifiers.iter().map(ToString::to_string).collect();
        texts.sort();
        texts
    }

    fn wanted(&self, requirement: &Requirement, extra: Option<&str>) -> Option<Wanted> {
        let parsed = pep508_rs::Requirement::<VerbatimUrl>::from_str(&requirement.text).ok()?;
        let name = parsed.name.to_string();
        let mut marker = parsed.marker;
        if let Some(extra) = extra {
            marker.and(MarkerTree::from_str(&format!("extra == '{extra}'")).ok()?);
        }
        marker.and(self.python.clone());
        let mut extras: Vec<String> = parsed.extras.iter().map(ToString::to_string).collect();
        extras.sort();
        extras.dedup();
        Some(Wanted {
            specifier: match &parsed.version_or_url {
                Some(VersionOrUrl::VersionSpecifier(specifiers)) => {
                    self.specifier(&name, specifiers)
                }
                _ => Vec::new(),
            },
            name,
            extras,
            marker,
        })
    }

    fn locked(&self, requirement: &LockedRequirement) -> Option<Wanted> {
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
            specifier: self.specifier(&requirement.name, &specifiers),
            marker,
        })
    }
}
