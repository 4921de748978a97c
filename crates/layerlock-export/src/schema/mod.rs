//! What may stand in the tables of pyproject.toml that Poetry looks at.
//!
//! Before Poetry does anything it compares `[tool.poetry]`, `[project]` and
//! `[dependency-groups]` with JSON schemas, and a project that breaks one has no
//! export. The same is described here, as far as tables, keys and types go, so
//! that a mistake is found here as well, and with its line.

mod tables;

use pep440_rs::Version;
use toml::de::DeTable;

use crate::Error;
use crate::document::{Document, Value};
use tables::{
    AUTHOR, FILE_OR_TEXT, GROUP, INCLUDED_GROUP, KINDS, Keys, OF_EVERY_KIND, OF_NO_KIND, POETRY,
    PRIORITIES, PRIORITIES_OF_POETRY_1, PROJECT, SCRIPT, SCRIPT_BEHIND_EXTRA, Shape, TEXT_TABLE,
    TEXTS,
};

/// Checks the tables against what Poetry lets stand in them: Poetry 1.8 where
/// the lock is an old one, which knows `[tool.poetry]` alone, else Poetry 2.
pub(crate) fn check(document: &Document, root: &DeTable<'_>, is_old: bool) -> Result<(), Error> {
    let schema = Schema { document, is_old };
    let poetry = root
        .get("tool")
        .and_then(|tool| tool.get_ref().get("poetry"));
    if let Some(poetry) = poetry {
        schema.check(&Shape::Table(&POETRY), poetry, "poetry")?;
    }
    if is_old {
        return Ok(());
    }
    if let Some(project) = root.get("project") {
        for (key, value) in document.table(project, "`project`")? {
            let known = PROJECT.iter().find(|(known, _)| known == key.get_ref());
            if let Some((key, shape)) = known {
                schema.check(shape, value, key)?;
            }
        }
        let license = project.get_ref().get("license");
        if let (Some(license), Some(_)) = (license, project.get_ref().get("license-files"))
            && !license.get_ref().is_str()
        {
            let message = "`license` has to be a string beside `license-files`";
            return Err(document.invalid(license.span(), message));
        }
        if project.get_ref().get("name").is_none() {
            return Err(Error::NoName {
                place: document.place(project.span()).into(),
            });
        }
    }
    if let Some(groups) = root.get("dependency-groups") {
        let item = &Shape::TextOr(&Shape::Table(&INCLUDED_GROUP));
        for (name, group) in document.table(groups, "`dependency-groups`")? {
            let name = name.get_ref();
            for value in document.array(group, &format!("`{name}`"))? {
                schema.check(item, value, name)?;
            }
        }
    }
    Ok(())
}

struct Schema<'d> {
    document: &'d Document,
    is_old: bool,
}

impl Schema<'_> {
    fn check(&self, shape: &Shape, value: &Value<'_>, name: &str) -> Result<(), Error> {
        let document = self.document;
        let named = || format!("`{name}`");
        let invalid = |message: String| Err(document.invalid(value.span(), message));
        match shape {
            Shape::Any => Ok(()),
            Shape::Text => document.string(value, &named()).map(drop),
            Shape::Line => match document.string(value, &named())? {
                text if text.contains('\n') => invalid(format!("`{name}` has more than one line")),
                _ => Ok(()),
            },
            Shape::Url => match document.string(value, &named())? {
                text if is_url(text) => Ok(()),
                text => invalid(format!("`{}` is not a URL", text.escape_debug())),
            },
            Shape::Flag => match value.get_ref().as_bool() {
                Some(_) => Ok(()),
                None => invalid(format!("`{name}` is not true or false")),
            },
            Shape::OneOf(texts) => match document.string(value, &named())? {
                text if texts.contains(&text) => Ok(()),
                text => invalid(format!(
                    "`{name}` is `{}`, not one of: {}",
                    text.escape_debug(),
                    texts.join(", ")
                )),
            },
            Shape::List(item) => document
                .array(value, &named())?
                .iter()
                .try_for_each(|value| self.check(item, value, name)),
            Shape::Each(entry) => document
                .table(value, &named())?
                .iter()
                .try_for_each(|(key, value)| self.check(entry, value, key.get_ref())),
            Shape::Names(entry) => document
                .table(value, &named())?
                .iter()
                .filter(|(key, _)| is_name(key.get_ref()))
                .try_for_each(|(key, value)| self.check(entry, value, key.get_ref())),
            Shape::Table(keys) => self.keys(keys, value),
            Shape::TextOr(_) if value.get_ref().is_str() => Ok(()),
            Shape::TextOr(other) => self.check(other, value, name),
            Shape::OneOrList(item) => match value.get_ref().as_array() {
                Some(_) => self.check(&Shape::List(item), value, name),
                None => self.check(item, value, name),
            },
            Shape::Name => match document.string(value, &named())? {
                text if is_name(text) => Ok(()),
                text => invalid(format!("`{}` is not a package name", text.escape_debug())),
            },
            Shape::Version => match document.string(value, &named())? {
                text if is_version(text) => Ok(()),
                text => invalid(format!("`{}` is not a version", text.escape_debug())),
            },
            Shape::Author => {
                self.keys(&AUTHOR, value)?;
                let table = document.table(value, &named())?;
                let Some(email) = table.get("email") else {
                    if table.is_empty() {
                        return invalid("an author without `name` or `email`".to_owned());
                    }
                    return Ok(());
                };
                match email.get_ref().as_str() {
                    Some(text) if !is_email(text) => Err(document.invalid(
                        email.span(),
                        format!("`{}` is not an email address", text.escape_debug()),
                    )),
                    _ => Ok(()),
                }
            }
            Shape::EntryPoints => {
                for (group, entries) in document.table(value, &named())? {
                    let group_name: &str = group.get_ref();
                    let is_reserved = matches!(group_name, "console_scripts" | "gui_scripts");
                    if is_reserved || !group_name.split('.').all(is_identifier) {
                        let message = format!("entry points cannot have the group `{group_name}`");
                        return Err(document.invalid(group.span(), message));
                    }
                    self.check(&TEXT_TABLE, entries, group_name)?;
                }
                Ok(())
            }
            Shape::LicenseFile => match document.string(value, &named())? {
                text if text.contains('\\') || text.split('/').any(|part| part == "..") => {
                    invalid(format!(
                        "`{}` has to be a path within the project, with slashes",
                        text.escape_debug()
                    ))
                }
                _ => Ok(()),
            },
            Shape::Dependency => match value.get_ref().as_array() {
                Some(alternatives) if alternatives.is_empty() => {
                    invalid(format!("`{name}` is an empty array"))
                }
                Some(alternatives) => alternatives
                    .iter()
                    .try_for_each(|value| self.dependency(value, name)),
                None => self.dependency(value, name),
            },
            Shape::Script => {
                let table = document.table(value, &named())?;
                let is_new = table.contains_key("reference") || table.contains_key("type");
                self.keys(
                    if is_new {
                        &SCRIPT
                    } else {
                        &SCRIPT_BEHIND_EXTRA
                    },
                    value,
                )
            }
            Shape::Group => {
                self.keys(&GROUP, value)?;
                if document.table(value, &named())?.is_empty() {
                    return invalid(format!("the group `{name}` is empty"));
                }
                Ok(())
            }
            Shape::Priority if self.is_old => self.check(&PRIORITIES_OF_POETRY_1, value, name),
            Shape::Priority => self.check(&PRIORITIES, value, name),
            Shape::OfPoetry1(shape) => self.check(shape, value, name),
            Shape::Readme => self.file_or_text(value, name, Some("content-type")),
            Shape::License => self.file_or_text(value, name, None),
        }
    }

    fn keys(&self, keys: &Keys, value: &Value<'_>) -> Result<(), Error> {
        let known = || {
            let is_known = |shape| self.is_old || !matches!(shape, &Shape::OfPoetry1(_));
            keys.known.iter().filter(move |(_, shape)| is_known(shape))
        };
        for (key, value) in self.document.table(value, keys.what)? {
            let Some((_, shape)) = known().find(|(known, _)| known == key.get_ref()) else {
                return Err(self.unknown(key, keys.what, known().map(|(key, _)| *key)));
            };
            self.check(shape, value, key.get_ref())?;
        }
        let missing = keys
            .required
            .iter()
            .find(|key| value.get_ref().get(**key).is_none());
        match missing {
            Some(key) => Err(self
                .document
                .invalid(value.span(), format!("{} without `{key}`", keys.what))),
            None => Ok(()),
        }
    }

    fn dependency(&self, value: &Value<'_>, name: &str) -> Result<(), Error> {
        if value.get_ref().is_str() {
            return Ok(());
        }
        let Some(table) = value.get_ref().as_table() else {
            let message = format!(
                "the dependency `{name}` is of type {}, not a string or a table",
                value.get_ref().type_str()
            );
            return Err(self.document.invalid(value.span(), message));
        };
        let kind = KINDS.iter().find(|(key, _)| table.contains_key(*key));
        let known: Vec<&str> = match kind {
            Some((kind, keys)) => [kind]
                .into_iter()
                .chain(*keys)
                .chain(&OF_EVERY_KIND)
                .copied()
                .collect(),
            None => OF_NO_KIND.to_vec(),
        };
        for (key, value) in table {
            let key_name: &str = key.get_ref();
            if !known.contains(&key_name) {
                let what = match kind {
                    Some((kind, _)) => format!("a dependency with `{kind}`"),
                    None => {
                        "a dependency without `version`, `git`, `file`, `path` or `url`".to_owned()
                    }
                };
                return Err(self.unknown(key, &what, known.into_iter()));
            }
            let shape = match key_name {
                "extras" => &TEXTS,
                "optional" | "develop" | "allow-prereleases" | "allows-prereleases" => &Shape::Flag,
                _ => &Shape::Text,
            };
            self.check(shape, value, key_name)?;
        }
        Ok(())
    }

    /// A table with either a file or a text.
    fn file_or_text(
        &self,
        value: &Value<'_>,
        name: &str,
        required: Option<&'static str>,
    ) -> Result<(), Error> {
        let table = self.document.table(value, &format!("`{name}`"))?;
        for (key, value) in table {
            let key_name: &str = key.get_ref();
            if !FILE_OR_TEXT.contains(&key_name) && Some(key_name) != required {
                let known = FILE_OR_TEXT.into_iter().chain(required);
                return Err(self.unknown(key, &format!("`{name}`"), known));
            }
            self.check(&Shape::Text, value, key_name)?;
        }
        let count = FILE_OR_TEXT
            .iter()
            .filter(|key| table.contains_key(**key))
            .count();
        if count != 1 {
            let message = format!("`{name}` has to have either `file` or `text`");
            return Err(self.document.invalid(value.span(), message));
        }
        match required.filter(|key| !table.contains_key(*key)) {
            Some(key) => Err(self
                .document
                .invalid(value.span(), format!("`{name}` without `{key}`"))),
            None => Ok(()),
        }
    }

    fn unknown<'k>(
        &self,
        key: &toml::Spanned<toml::de::DeString<'_>>,
        what: &str,
        known: impl Iterator<Item = &'k str>,
    ) -> Error {
        Error::UnknownKey {
            place: self.document.place(key.span()).into(),
            key: key.get_ref().to_string(),
            of: what.to_owned(),
            known: known.map(str::to_owned).collect(),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn is_version(text: &str) -> bool {
    let public = text.split('+').next().unwrap_or(text);
    text.trim() == text
        && !public.chars().any(|c| c.is_ascii_uppercase())
        && text.parse::<Version>().is_ok()
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn is_email(text: &str) -> bool {
    let is_domain = |domain: &str| {
        domain
            .split_once('.')
            .is_some_and(|(host, rest)| !host.is_empty() && !rest.is_empty())
    };
    text.split_once('@')
        .is_some_and(|(user, domain)| !user.is_empty() && is_domain(domain))
}

/// A scheme, a colon and something without blanks.
fn is_url(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let rest = rest
            .strip_prefix('/')
            .filter(|rest| !rest.is_empty())
            .unwrap_or(rest);
        !scheme.is_empty()
            && scheme.chars().all(is_word)
            && !rest.is_empty()
            && !rest.contains(char::is_whitespace)
    })
}
