//! What a project itself asks for, and with which extras.
//!
//! A lock of version 2.1 has lost both (what extras bring in is locked by
//! itself), so they are read from pyproject.toml.

use std::collections::{BTreeMap, BTreeSet};

use layerlock_lock::{Ask, MAIN_GROUP, normalize_name as normalize};
use pep508_rs::MarkerEnvironment;
use toml::de::DeTable;

use crate::constraint::versions;
use crate::document::Value;
use crate::marker::{self, Marker};
use crate::requirement::Requirement;
use crate::selection::Selection;
use crate::tables::Tables;

/// What a project asks for, group by group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dependencies {
    groups: BTreeMap<String, Group>,
}

#[derive(Debug, Clone, Default)]
struct Group {
    requests: Vec<Request>,
    /// Groups that this one includes.
    includes: BTreeSet<String>,
}

/// A dependency of the project.
#[derive(Debug, Clone)]
struct Request {
    name: String,
    extras: Vec<String>,
    /// As they are written; none where any may be.
    versions: Option<String>,
    marker: Marker,
    /// The short form of a marker, as it is written: `python = "^3.12"`.
    python: Option<String>,
    /// The project's extras of which one must be chosen, `None` where the
    /// dependency is not optional.
    behind: Option<BTreeSet<String>>,
}

impl Dependencies {
    /// Reads every table that can name a dependency. Entries that Poetry would
    /// not accept are passed over: the lock shows that it took the file.
    pub(crate) fn read(tables: &Tables<'_, '_>) -> Self {
        let mut dependencies = Self::default();
        dependencies.read_standard(tables);
        if let Some(poetry) = tables.poetry {
            dependencies.read_poetry(poetry);
        }
        dependencies
    }

    /// The packages that the groups and extras of a selection ask for, each with
    /// the extras asked of it, for one environment.
    pub(crate) fn extras(
        &self,
        selection: &Selection,
        environment: &MarkerEnvironment,
    ) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut extras: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (_, request) in self.chosen(selection, environment) {
            let names = request.extras.iter().map(String::as_str);
            extras.entry(&request.name).or_default().extend(names);
        }
        extras
    }

    /// How the groups and extras of a selection ask for packages, for one environment.
    pub(crate) fn asks(&self, selection: &Selection, environment: &MarkerEnvironment) -> Vec<Ask> {
        let chosen = self.chosen(selection, environment).into_iter();
        chosen
            .filter_map(|(group, request)| request.ask(group, selection))
            .collect()
    }

    /// The requests of a selection with the groups that they stand in.
    fn chosen<'d>(
        &'d self,
        selection: &Selection,
        environment: &MarkerEnvironment,
    ) -> Vec<(&'d str, &'d Request)> {
        let mut chosen = Vec::new();
        let mut waiting: Vec<&String> = selection.groups.iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = waiting.pop() {
            let known = self.groups.get_key_value(name);
            let Some((name, group)) = known.filter(|(name, _)| seen.insert(*name)) else {
                continue;
            };
            waiting.extend(&group.includes);
            for request in &group.requests {
                let is_chosen = request
                    .behind
                    .as_ref()
                    .is_none_or(|behind| !behind.is_disjoint(&selection.extras));
                if is_chosen && request.marker.evaluate(environment, &selection.extras) {
                    chosen.push((name.as_str(), request));
                }
            }
        }
        chosen
    }

    fn group(&mut self, name: &str) -> &mut Group {
        self.groups.entry(normalize(name)).or_default()
    }

    /// PEP 621 and PEP 735.
    fn read_standard(&mut self, tables: &Tables<'_, '_>) {
        let project = |key: &str| tables.project.and_then(|table| table.get(key));
        let main = self.group(MAIN_GROUP);
        main.requests
            .extend(texts(project("dependencies")).filter_map(|text| Request::parse(text, None)));
        for (extra, value) in table(project("optional-dependencies")) {
            let behind = BTreeSet::from([normalize(extra)]);
            main.requests.extend(
                texts(Some(value)).filter_map(|text| Request::parse(text, Some(behind.clone()))),
            );
        }
        for (name, value) in tables.dependency_groups.into_iter().flatten() {
            let group = self.group(name.get_ref());
            group
                .requests
                .extend(texts(Some(value)).filter_map(|text| Request::parse(text, None)));
            for item in value.get_ref().as_array().into_iter().flatten() {
                let included = item.get_ref().get("include-group");
                group.includes.extend(
                    included
                        .and_then(|name| name.get_ref().as_str())
                        .map(normalize),
                );
            }
        }
    }

    /// Poetry's own tables.
    fn read_poetry(&mut self, poetry: &DeTable<'_>) {
        let mut behind: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (extra, value) in table(poetry.get("extras")) {
            for name in texts(Some(value)) {
                behind
                    .entry(normalize(name))
                    .or_default()
                    .insert(normalize(extra));
            }
        }
        let main = self.group(MAIN_GROUP);
        for (name, value) in table(poetry.get("dependencies")) {
            let behind = behind.get(&normalize(name)).cloned().unwrap_or_default();
            main.requests.extend(Request::of(name, value, &behind));
        }
        let none = BTreeSet::new();
        for (name, value) in table(poetry.get("dev-dependencies")) {
            self.group("dev")
                .requests
                .extend(Request::of(name, value, &none));
        }
        for (group, value) in table(poetry.get("group")) {
            let group = self.group(group);
            for (name, value) in table(value.get_ref().get("dependencies")) {
                group.requests.extend(Request::of(name, value, &none));
            }
            let includes = texts(value.get_ref().get("include-groups"));
            group.includes.extend(includes.map(normalize));
        }
    }
}

impl Request {
    fn ask(&self, group: &str, selection: &Selection) -> Option<Ask> {
        let behind = self.behind.iter().flatten();
        let behind = behind.filter(|extra| selection.extras.contains(*extra));
        let marker = (self.marker != Marker::Any).then(|| self.marker.to_string());
        let python = self
            .python
            .as_ref()
            .map(|python| format!("python {python}"));
        let markers: Vec<String> = marker.into_iter().chain(python).collect();
        Some(Ask {
            by: None,
            package: self.name.parse().ok()?,
            group: Some(group.to_owned()),
            behind: behind.cloned().collect(),
            extras: self.extras.clone(),
            versions: self.versions.clone(),
            marker: (!markers.is_empty()).then(|| markers.join(" and ")),
        })
    }

    /// A requirement as PEP 508 writes it: `name[extra,extra] >= 1 ; marker`.
    fn parse(text: &str, behind: Option<BTreeSet<String>>) -> Option<Self> {
        let requirement = Requirement::parse(text).ok()?;
        Some(Self {
            name: normalize(requirement.name),
            extras: requirement.extras.into_iter().map(normalize).collect(),
            versions: versions(requirement.versions),
            python: None,
            marker: requirement.marker,
            behind,
        })
    }

    /// The alternatives of an entry in one of Poetry's tables.
    fn of(name: &str, value: &Value<'_>, behind: &BTreeSet<String>) -> Vec<Self> {
        let alternatives = match value.get_ref().as_array() {
            Some(alternatives) => &alternatives[..],
            None => std::slice::from_ref(value),
        };
        alternatives
            .iter()
            .filter_map(|value| {
                let text = |key: &str| value.get_ref().get(key)?.get_ref().as_str();
                let is_optional = value
                    .get_ref()
                    .get("optional")
                    .and_then(|value| value.get_ref().as_bool());
                let extras: Vec<_> = texts(value.get_ref().get("extras"))
                    .map(normalize)
                    .collect();
                Some(Self {
                    name: normalize(name),
                    extras,
                    versions: value
                        .get_ref()
                        .as_str()
                        .or_else(|| text("version"))
                        .and_then(versions),
                    python: text("python").map(str::to_owned),
                    marker: marker::parse(text("markers").unwrap_or("")).ok()?,
                    behind: (is_optional == Some(true)).then(|| behind.clone()),
                })
            })
            .collect()
    }
}

/// The strings of an array.
fn texts<'t>(value: Option<&'t Value<'_>>) -> impl Iterator<Item = &'t str> {
    value
        .and_then(|value| value.get_ref().as_array())
        .into_iter()
        .flatten()
        .filter_map(|item| item.get_ref().as_str())
}

/// The entries of a table.
fn table<'t, 'a>(value: Option<&'t Value<'a>>) -> impl Iterator<Item = (&'t str, &'t Value<'a>)> {
    value
        .and_then(|value| value.get_ref().as_table())
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.get_ref().as_ref(), value))
}
