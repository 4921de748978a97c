//! What Poetry asks of a pyproject.toml beyond its form, before it exports.
//!
//! Which Poetry a user has is not known. A lock before 2.1 is Poetry 1's, so what
//! Poetry 1 does not look at is let through beside one.

use std::collections::{BTreeMap, BTreeSet};

use layerlock_lock::{MAIN_GROUP, Priority, ProjectIndex, normalize_name as normalize};
use pep440_rs::Version;
use toml::de::DeTable;

use crate::Error;
use crate::constraint::{self, PythonConstraint};
use crate::document::{Document, Value};
use crate::graph;
use crate::project::Project;
use crate::ranges::{Range, Ranges};
use crate::requirement::{Requirement, shown};
use crate::schema;
use crate::tables::DEFAULT_SOURCE;

/// Checks pyproject.toml beside a lock, which is `is_old` before version 2.1.
pub(crate) fn check(project: &Project, is_old: bool) -> Result<(), Error> {
    let document = project.document();
    let root = document.parse()?;
    let root = root.get_ref();
    schema::check(document, root, is_old)?;
    let rules = Rules {
        document,
        project: root.get("project"),
        poetry: root
            .get("tool")
            .and_then(|tool| tool.get_ref().get("poetry")),
        groups: root.get("dependency-groups"),
    };
    rules.poetry_version()?;
    rules.package()?;
    rules.not_itself()?;
    rules.sources(project)?;
    if !is_old {
        rules.groups(project)?;
        rules.python(project)?;
        rules.requirements()?;
        // An old lock is walked from these, so it reads them anyway.
        graph::roots(project, root)?;
    }
    Ok(())
}

struct Rules<'d, 't> {
    document: &'d Document,
    project: Option<&'t Value<'t>>,
    poetry: Option<&'t Value<'t>>,
    groups: Option<&'t Value<'t>>,
}

impl<'t> Rules<'_, 't> {
    /// `requires-poetry` must allow some Poetry 2. That the Poetry of a user is
    /// one of those is between the two of them.
    fn poetry_version(&self) -> Result<(), Error> {
        let Some(value) = get(self.poetry, "requires-poetry") else {
            return Ok(());
        };
        let text = self.document.string(value, "`requires-poetry`")?;
        let allowed = constraint::parse(text)
            .map_err(|error| self.document.invalid(value.span(), error.to_string()))?;
        let known = Ranges::from(Range::between(Version::new([1]), Version::new([3])));
        if allowed.intersect(&known).is_empty() {
            let message = format!("the project asks for a Poetry that is not known: {text}");
            return Err(self.document.invalid(value.span(), message));
        }
        Ok(())
    }

    /// A package has a name and a version, and the version is one.
    fn package(&self) -> Result<(), Error> {
        let is_package = get(self.poetry, "package-mode")
            .and_then(|value| value.get_ref().as_bool())
            .unwrap_or(true);
        for key in ["name", "version"] {
            let own = [self.project, self.poetry]
                .into_iter()
                .filter_map(|table| get(table, key))
                .find(|value| value.get_ref().as_str() != Some(""));
            match own {
                None if is_package => {
                    return Err(Error::NoPackage {
                        place: self.document.place(0..0).into(),
                        key,
                    });
                }
                Some(value) if key == "version" => {
                    let text = self.document.string(value, "`version`")?;
                    if text.parse::<Version>().is_err() {
                        let message = format!("`{}` is not a version", text.escape_debug());
                        return Err(self.document.invalid(value.span(), message));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// No dependency in Poetry's tables is the project itself.
    fn not_itself(&self) -> Result<(), Error> {
        let name = get(self.project, "name").or(get(self.poetry, "name"));
        let Some(name) = name.and_then(|name| name.get_ref().as_str()).map(normalize) else {
            return Ok(());
        };
        let groups = entries(get(self.poetry, "group"))
            .map(|(_, _, group)| get(Some(group), "dependencies"));
        let tables = ["dependencies", "dev-dependencies"].map(|key| get(self.poetry, key));
        for table in tables.into_iter().chain(groups) {
            for (key, span, _) in entries(table) {
                if normalize(key) == name {
                    let message = format!("the project `{key}` depends on itself");
                    return Err(self.document.invalid(span, message));
                }
            }
        }
        Ok(())
    }

    /// Sources have names of their own, and one of them at least is asked for
    /// packages that name none.
    fn sources(&self, project: &Project) -> Result<(), Error> {
        let values = get(self.poetry, "source")
            .and_then(|value| value.get_ref().as_array())
            .into_iter()
            .flatten();
        let mut names = BTreeSet::new();
        for (source, value) in project.sources().iter().zip(values) {
            let invalid = |message: String| Err(self.document.invalid(value.span(), message));
            let name = source.name.to_lowercase();
            if name == DEFAULT_SOURCE && source.url.is_some() {
                return invalid(format!("the source {} cannot have a url", source.name));
            }
            if !names.insert(name) {
                return invalid(format!("there is another source {}", source.name));
            }
        }
        let is_explicit = |source: &ProjectIndex| source.priority == Priority::Explicit;
        if names.contains(DEFAULT_SOURCE) && project.sources().iter().all(is_explicit) {
            let value = get(self.poetry, "source").map_or(0..0, Value::span);
            let message = "one source at least must not be explicit";
            return Err(self.document.invalid(value, message));
        }
        Ok(())
    }

    /// Each group has one spelling, and includes groups that there are and that
    /// do not include it.
    fn groups(&self, project: &Project) -> Result<(), Error> {
        let invalid = |span, message: String| Err(self.document.invalid(span, message));
        let mut spellings: BTreeMap<String, &str> = BTreeMap::new();
        let own = entries(get(self.poetry, "group"));
        for (name, span, _) in entries(self.groups).chain(own) {
            let other = *spellings.entry(normalize(name)).or_insert(name);
            if other != name {
                return invalid(
                    span,
                    format!("the groups `{other}` and `{name}` are the same"),
                );
            }
        }
        if spellings.is_empty() {
            return Ok(());
        }
        if project.groups().iter().any(|group| group == MAIN_GROUP) {
            spellings.insert(MAIN_GROUP.to_owned(), MAIN_GROUP);
        }

        let mut includes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (group, included) in self.includes() {
            let name = self.document.string(included, "a group")?;
            if !spellings.contains_key(&normalize(name)) {
                return Err(Error::UnknownInclude {
                    place: self.document.place(included.span()).into(),
                    group: group.to_owned(),
                    included: name.to_owned(),
                    known: spellings.into_values().map(str::to_owned).collect(),
                });
            }
            includes
                .entry(normalize(group))
                .or_default()
                .push(normalize(name));
        }
        for (group, included) in self.includes() {
            let name = normalize(self.document.string(included, "a group")?);
            let group = normalize(group);
            let mut waiting = vec![&name];
            let mut seen = BTreeSet::new();
            while let Some(next) = waiting.pop() {
                if *next == group {
                    let message = format!("the group `{group}` includes itself through `{name}`");
                    return invalid(included.span(), message);
                }
                if seen.insert(next) {
                    waiting.extend(includes.get(next).into_iter().flatten());
                }
            }
        }
        Ok(())
    }

    /// Each group that includes another, with the name of that.
    fn includes(&self) -> impl Iterator<Item = (&'t str, &'t Value<'t>)> {
        let standard = entries(self.groups).flat_map(|(group, _, value)| {
            items(Some(value))
                .filter_map(|item| item.get_ref().get("include-group"))
                .map(move |included| (group, included))
        });
        let own = entries(get(self.poetry, "group")).flat_map(|(group, _, value)| {
            items(get(Some(value), "include-groups")).map(move |included| (group, included))
        });
        standard.chain(own)
    }

    /// Requirements are written as PEP 508 says.
    fn requirements(&self) -> Result<(), Error> {
        let optional = entries(get(self.project, "optional-dependencies"));
        let tables = optional
            .chain(entries(self.groups))
            .map(|(.., value)| value);
        for table in get(self.project, "dependencies").into_iter().chain(tables) {
            for item in items(Some(table)) {
                let Some(text) = item.get_ref().as_str() else {
                    continue;
                };
                Requirement::parse(text).map_err(|error| {
                    let message = format!("`{}` is no requirement: {error}", shown(text));
                    self.document.invalid(item.span(), message)
                })?;
            }
        }
        Ok(())
    }

    /// Poetry's own constraint on Python must lie within that of `[project]`.
    fn python(&self, project: &Project) -> Result<(), Error> {
        let Some(standard) = get(self.project, "requires-python") else {
            return Ok(());
        };
        let text = self.document.string(standard, "`requires-python`")?;
        let wide = PythonConstraint::parse(text)
            .map_err(|error| self.document.invalid(standard.span(), error.to_string()))?;
        let narrow = project.python();
        if wide.ranges().contains(narrow.ranges()) {
            return Ok(());
        }
        Err(Error::invalid(
            project.python_place().clone(),
            format!(
                "the constraint on Python, `{}`, goes beyond requires-python, `{text}`",
                narrow.text()
            ),
        ))
    }
}

fn get<'t>(table: Option<&'t Value<'t>>, key: &str) -> Option<&'t Value<'t>> {
    table?.get_ref().as_table()?.get(key)
}

/// The keys of a table, where they stand, and their values.
fn entries<'t>(
    table: Option<&'t Value<'t>>,
) -> impl Iterator<Item = (&'t str, std::ops::Range<usize>, &'t Value<'t>)> {
    table
        .and_then(|value| value.get_ref().as_table())
        .into_iter()
        .flat_map(DeTable::iter)
        .map(|(key, value)| (key.get_ref().as_ref(), key.span(), value))
}

fn items<'t>(array: Option<&'t Value<'t>>) -> impl Iterator<Item = &'t Value<'t>> {
    array
        .and_then(|value| value.get_ref().as_array())
        .into_iter()
        .flatten()
}
