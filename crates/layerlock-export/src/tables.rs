//! The tables of pyproject.toml that name dependencies, groups and sources.

use std::collections::BTreeSet;

use layerlock_diagnostic::Place;
use layerlock_lock::{MAIN_GROUP, Priority, ProjectIndex, normalize_name as normalize};
use toml::de::DeTable;

use crate::Error;
use crate::constraint::PythonConstraint;
use crate::document::{Document, Value};

/// The name by which Poetry knows the default index, in any case.
pub(crate) const DEFAULT_SOURCE: &str = "pypi";

/// The tables of pyproject.toml that matter here, empty where they are missing.
pub(crate) struct Tables<'d, 't> {
    document: &'d Document,
    pub(crate) project: Option<&'t DeTable<'t>>,
    pub(crate) poetry: Option<&'t DeTable<'t>>,
    pub(crate) dependency_groups: Option<&'t DeTable<'t>>,
    build_system: Option<&'t DeTable<'t>>,
}

impl<'d, 't> Tables<'d, 't> {
    pub(crate) fn new(document: &'d Document, root: &'t DeTable<'t>) -> Result<Self, Error> {
        let table = |parent: Option<&'t DeTable<'t>>, key: &str| match parent
            .and_then(|parent| parent.get(key))
        {
            Some(value) => document.table(value, &format!("`{key}`")).map(Some),
            None => Ok(None),
        };
        let tool = table(Some(root), "tool")?;
        Ok(Self {
            document,
            project: table(Some(root), "project")?,
            poetry: table(tool, "poetry")?,
            dependency_groups: table(Some(root), "dependency-groups")?,
            build_system: table(Some(root), "build-system")?,
        })
    }

    /// Where `package-mode = false` stands, unless another tool than Poetry builds the
    /// project.
    pub(crate) fn no_package(&self) -> Option<Place> {
        let backend = self
            .build_system
            .and_then(|table| table.get("build-backend"));
        let backend = backend.and_then(|value| value.get_ref().as_str());
        if backend.is_some_and(|backend| !backend.starts_with("poetry")) {
            return None;
        }
        let mode = self.poetry?.get("package-mode")?;
        (mode.get_ref().as_bool() == Some(false)).then(|| self.document.place(mode.span()))
    }

    /// A string of `[project]`, else of `[tool.poetry]`.
    pub(crate) fn own(&self, key: &str) -> Result<Option<String>, Error> {
        [self.project, self.poetry]
            .into_iter()
            .flatten()
            .find_map(|table| table.get(key))
            .map(|value| {
                self.document
                    .string(value, &format!("`{key}`"))
                    .map(str::to_owned)
            })
            .transpose()
    }

    fn sub(
        &self,
        table: Option<&'t DeTable<'t>>,
        key: &str,
    ) -> Result<Option<&'t DeTable<'t>>, Error> {
        table
            .and_then(|table| table.get(key))
            .map(|value| self.document.table(value, &format!("`{key}`")))
            .transpose()
    }

    pub(crate) fn python(&self) -> Result<(PythonConstraint, Place), Error> {
        // Poetry's own constraint must be within requires-python, so it wins.
        let own = self
            .sub(self.poetry, "dependencies")?
            .and_then(|table| {
                table
                    .iter()
                    .find(|(key, _)| key.get_ref().eq_ignore_ascii_case("python"))
            })
            // Of several Poetry takes the last one.
            .and_then(|(_, value)| match value.get_ref().as_array() {
                Some(values) => values.iter().rfind(|value| value.get_ref().is_str()),
                None => Some(value),
            })
            .filter(|value| value.get_ref().is_str());
        let standard = self.project.and_then(|table| table.get("requires-python"));
        let Some(value) = own.or(standard) else {
            return Ok((PythonConstraint::any(), self.document.place(0..0)));
        };
        let text = self.document.string(value, "`requires-python`")?;
        let constraint = PythonConstraint::parse(text)
            .map_err(|error| self.document.invalid(value.span(), error.to_string()))?;
        Ok((constraint, self.document.place(value.span())))
    }

    pub(crate) fn groups(&self) -> Result<Vec<String>, Error> {
        let mut names = BTreeSet::new();
        for table in [self.dependency_groups, self.sub(self.poetry, "group")?] {
            let keys = table.into_iter().flat_map(DeTable::keys);
            names.extend(keys.map(|key| normalize(key.get_ref())));
        }
        if self.sub(self.poetry, "dev-dependencies")?.is_some() {
            names.insert("dev".to_owned());
        }
        let is_named = names.remove(MAIN_GROUP);
        let main = (is_named || self.has_main_group()?).then(|| MAIN_GROUP.to_owned());
        Ok(main.into_iter().chain(names).collect())
    }

    /// Poetry knows a main group where there is a place for its dependencies,
    /// be it empty.
    fn has_main_group(&self) -> Result<bool, Error> {
        let in_project = self.project.is_some_and(|project| {
            let is_dynamic = project
                .get("dynamic")
                .and_then(|value| value.get_ref().as_array())
                .is_some_and(|keys| {
                    keys.iter()
                        .any(|key| key.get_ref().as_str() == Some("dependencies"))
                });
            is_dynamic
                || project.contains_key("dependencies")
                || project.contains_key("optional-dependencies")
        });
        Ok(in_project || self.sub(self.poetry, "dependencies")?.is_some())
    }

    /// The extras of `[project]` where it names dependencies or extras, else
    /// those of `[tool.poetry]`: the two are never joined.
    pub(crate) fn extras(&self) -> Result<Vec<String>, Error> {
        let optional = self.sub(self.project, "optional-dependencies")?;
        let has_dependencies = self
            .project
            .and_then(|table| table.get("dependencies"))
            .and_then(|value| value.get_ref().as_array())
            .is_some_and(|dependencies| !dependencies.is_empty());
        let table = if has_dependencies || optional.is_some_and(|table| !table.is_empty()) {
            optional
        } else {
            self.sub(self.poetry, "extras")?
        };
        let names: BTreeSet<_> = table
            .into_iter()
            .flat_map(DeTable::keys)
            .map(|key| normalize(key.get_ref()))
            .collect();
        Ok(names.into_iter().collect())
    }

    pub(crate) fn sources(&self) -> Result<Vec<ProjectIndex>, Error> {
        let Some(value) = self.poetry.and_then(|table| table.get("source")) else {
            return Ok(Vec::new());
        };
        self.document
            .array(value, "`source`")?
            .iter()
            .map(|value| self.source(value))
            .collect()
    }

    fn source(&self, value: &Value<'_>) -> Result<ProjectIndex, Error> {
        let table = self.document.table(value, "a source")?;
        let text = |key: &str| {
            table
                .get(key)
                .map(|value| self.document.string(value, &format!("`{key}`")))
                .transpose()
        };
        // Before there were priorities there were two switches.
        let is_on = |key: &str| {
            let value = table.get(key).and_then(|value| value.get_ref().as_bool());
            value == Some(true)
        };
        let priority = match text("priority")?.map(str::to_ascii_lowercase).as_deref() {
            _ if is_on("default") => Priority::Default,
            _ if is_on("secondary") => Priority::Secondary,
            Some("default") => Priority::Default,
            Some("secondary") => Priority::Secondary,
            None | Some("primary") => Priority::Primary,
            Some("supplemental") => Priority::Supplemental,
            Some("explicit") => Priority::Explicit,
            Some(other) => {
                return Err(self.document.invalid(
                    table["priority"].span(),
                    format!("`{other}` is not a priority: primary, supplemental or explicit"),
                ));
            }
        };
        let name = text("name")?.ok_or_else(|| {
            self.document
                .invalid(value.span(), "a source without a name")
        })?;
        let url = text("url")?.map(|url| url.trim_end_matches('/').to_owned());
        if url.is_none() && !name.eq_ignore_ascii_case(DEFAULT_SOURCE) {
            return Err(self
                .document
                .invalid(value.span(), format!("the source {name} has no url")));
        }
        Ok(ProjectIndex {
            name: name.to_owned(),
            url,
            priority,
        })
    }
}
