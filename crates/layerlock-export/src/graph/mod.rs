//! What depends on what in a lock of a version before 2.1: the dependencies of the
//! project, and those of each locked package.

mod dependency;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use layerlock_lock::{MAIN_GROUP, normalize_name as normalize};
use toml::de::DeTable;

use crate::Error;
use crate::constraint;
use crate::document::{Document, Value};
use crate::marker::{self, Marker};
use crate::project::Project;
use crate::ranges::Ranges;

pub(crate) use dependency::Dependency;

/// The dependencies in pyproject.toml and in an old poetry.lock.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    /// Of the project, with their groups, in the order of the file.
    pub(crate) roots: Vec<(String, Dependency)>,
    /// One for each package of the lock, in its order.
    pub(crate) nodes: Vec<Node>,
    /// The packages that each of the project's extras names. All names are
    /// normalised.
    pub(crate) extras: BTreeMap<String, Vec<String>>,
    /// Whether the Poetry that wrote the lock may have left out what it took for unsafe.
    lacks_unsafe: bool,
}

/// What a locked package asks for.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Normalised.
    pub(crate) name: String,
    /// The marker that locks of Poetry 1.0 have for the package itself.
    pub(crate) marker: Marker,
    /// Whether only an extra of the project brings it in.
    pub(crate) is_optional: bool,
    pub(crate) requires: Vec<Dependency>,
    /// By normalised name, the indices of what an extra brings in.
    pub(crate) extras: BTreeMap<String, BTreeSet<usize>>,
}

impl Node {
    /// Whether it asks for the dependency of this index when it is wanted with
    /// these extras.
    pub(crate) fn asks_for(&self, index: usize, extras: &BTreeSet<String>) -> bool {
        !self.requires[index].is_optional
            || extras
                .iter()
                .filter_map(|extra| self.extras.get(extra))
                .any(|members| members.contains(&index))
    }
}

impl Graph {
    /// Joins what the packages of the lock ask for, in its order, to what the
    /// project does. `lock` has what is not in a package.
    pub(crate) fn new(
        project: &Project,
        lock: &DeTable<'_>,
        nodes: Vec<Node>,
    ) -> Result<Self, Error> {
        Ok(Self {
            roots: roots(project, project.document().parse()?.get_ref())?,
            nodes,
            extras: table(lock.get("extras"))
                .into_iter()
                .map(|(extra, names)| (normalize(extra), texts(names).map(normalize).collect()))
                .collect(),
            lacks_unsafe: is_before_2_0(lock),
        })
    }
}

/// The dependencies of Poetry's tables: the main ones, those of each group, and
/// those of the legacy table.
pub(crate) fn roots(
    project: &Project,
    root: &DeTable<'_>,
) -> Result<Vec<(String, Dependency)>, Error> {
    let document = project.document();
    let poetry = root
        .get("tool")
        .and_then(|tool| tool.get_ref().get("poetry"));
    let get = |key: &str| poetry.and_then(|poetry| poetry.get_ref().get(key));
    let mut groups = vec![(MAIN_GROUP.to_owned(), get("dependencies"))];
    for (group, value) in table(get("group")) {
        groups.push((normalize(group), value.get_ref().get("dependencies")));
    }
    // A group `dev` and the legacy table are one group, where it first stands.
    groups.push(("dev".to_owned(), get("dev-dependencies")));
    if let Some(first) = groups.iter().position(|(group, _)| group == "dev") {
        let legacy = groups.remove(groups.len() - 1);
        groups.insert((first + 1).min(groups.len()), legacy);
    }
    let mut roots = Vec::new();
    for (group, dependencies) in groups {
        for (name, value) in table(dependencies) {
            if name.eq_ignore_ascii_case("python") {
                continue;
            }
            let dependencies = Dependency::read(document, name, value, project.directory())?;
            roots.extend(
                dependencies
                    .into_iter()
                    .map(|dependency| (group.clone(), dependency)),
            );
        }
    }
    Ok(roots)
}

impl Node {
    /// What a package asks for; `entry` is its table, and `base` the directory from
    /// which its paths start.
    pub(crate) fn read(
        document: &Document,
        entry: &Value<'_>,
        name: &str,
        base: &Path,
    ) -> Result<Self, Error> {
        let entry = entry.get_ref();
        let mut requires = Vec::new();
        for (name, value) in table(entry.get("dependencies")) {
            requires.extend(Dependency::read(document, name, value, base)?);
        }
        let extras = table(entry.get("extras"))
            .into_iter()
            .map(|(extra, names)| {
                let members = texts(names).flat_map(|text| members(text, &requires));
                (normalize(extra), members.collect())
            })
            .collect();
        let marker = match entry.get("marker") {
            Some(value) => marker::parse(document.string(value, "`marker`")?)
                .map_err(|message| document.invalid(value.span(), message))?,
            None => Marker::Any,
        };
        Ok(Self {
            name: name.to_owned(),
            marker,
            is_optional: entry
                .get("optional")
                .and_then(|value| value.get_ref().as_bool())
                == Some(true),
            requires,
            extras,
        })
    }
}

/// Which of a package's dependencies an entry like `PySocks (>=1.5.6,!=1.5.7)`
/// of one of its extras means: those with the same versions; where none has
/// these, those with that name. The newest Poetry passes over the latter, and
/// prints requirements that pip cannot install.
fn members(text: &str, requires: &[Dependency]) -> Vec<usize> {
    let text = text.split(" ;").next().unwrap_or(text).trim();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let (name, rest) = text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()));
    let (name, rest) = (normalize(name), rest.trim());
    let (extras, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((extras, rest)) => (extras, rest.trim()),
        None => ("", rest),
    };
    let extras: BTreeSet<_> = extras
        .split(',')
        .map(|extra| normalize(extra.trim()))
        .filter(|extra| !extra.is_empty())
        .collect();
    let rest = rest.split(';').next().unwrap_or(rest).trim();
    let rest = rest
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or(rest);
    let versions = match rest {
        "" => Some(Ranges::any()),
        rest => constraint::parse(rest).ok(),
    };
    let named = |is_same: &dyn Fn(&Dependency) -> bool| -> Vec<usize> {
        requires
            .iter()
            .enumerate()
            .filter(|(_, require)| require.name == name && is_same(require))
            .map(|(index, _)| index)
            .collect()
    };
    let exact = named(&|require| {
        require.extras == extras
            && (require.origin.is_some() || versions.as_ref() == Some(&require.versions))
    });
    if exact.is_empty() {
        named(&|_| true)
    } else {
        exact
    }
}

/// Whether the lock's version is before 2.0, or it has none.
fn is_before_2_0(lock: &DeTable<'_>) -> bool {
    let metadata = lock.get("metadata").map(toml::Spanned::get_ref);
    let version = metadata.and_then(|metadata| metadata.get("lock-version"));
    let version = version.and_then(|version| version.get_ref().as_str());
    version.is_none_or(|version| version.starts_with("1."))
}

/// What Poetry before 1.2 never locks, though packages depend on it.
const UNSAFE: [&str; 4] = ["distribute", "pip", "setuptools", "wheel"];

impl Graph {
    /// Whether the lock lacks a package because the Poetry that wrote it never locked
    /// such: packages that are there are locked on purpose.
    pub(crate) fn is_never_locked(&self, name: &str) -> bool {
        self.lacks_unsafe
            && UNSAFE.contains(&name)
            && self.nodes.iter().all(|node| node.name != name)
    }

    /// The packages that some package depends on, and that were never locked.
    pub(crate) fn never_locked(&self) -> BTreeSet<&str> {
        let requires = self.nodes.iter().flat_map(|node| &node.requires);
        let names = requires.map(|require| require.name.as_str());
        names.filter(|name| self.is_never_locked(name)).collect()
    }

    /// The names of all packages that the project's chosen extras bring in.
    pub(crate) fn names_behind(&self, extras: &BTreeSet<String>) -> HashSet<&str> {
        let mut waiting: Vec<&str> = extras
            .iter()
            .filter_map(|extra| self.extras.get(extra))
            .flatten()
            .map(String::as_str)
            .collect();
        let mut names = HashSet::new();
        while let Some(name) = waiting.pop() {
            // Of several locked versions the last one counts.
            let Some(index) = self.nodes.iter().rposition(|node| node.name == name) else {
                continue;
            };
            if names.insert(name) {
                let requires = self.nodes[index].requires.iter();
                waiting.extend(requires.map(|require| require.name.as_str()));
            }
        }
        names
    }
}

/// The entries of a table in the order of the file.
fn table<'t, 'a>(value: Option<&'t Value<'a>>) -> Vec<(&'t str, &'t Value<'a>)> {
    let Some(table) = value.and_then(|value| value.get_ref().as_table()) else {
        return Vec::new();
    };
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
        .into_iter()
        .map(|(key, value)| (key.get_ref().as_ref(), value))
        .collect()
}

fn texts<'t>(value: &'t Value<'_>) -> impl Iterator<Item = &'t str> {
    value
        .get_ref()
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.get_ref().as_str())
}
