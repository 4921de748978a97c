//! Environment variables.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::SettingOrigin;

/// Environment variables that are set and not empty. Debug shows their names
/// alone: a value may be a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// These variables, without the empty ones: CI systems leave such.
    pub fn new(
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let pairs = variables
            .into_iter()
            .map(|(name, value)| (key(&name.into()), value.into()));
        Self(
            pairs
                .filter(|(_, value)| !value.trim().is_empty())
                .collect(),
        )
    }

    /// The value of a variable, which is not empty. On Windows its name counts in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(&key(name)).map(String::as_str)
    }

    /// The value of a variable, and that it comes from there.
    pub fn setting(&self, name: &'static str) -> Option<(String, SettingOrigin)> {
        let value = self.get(name)?;
        Some((value.to_owned(), SettingOrigin::Variable(name)))
    }

    /// Sets a variable, to describe another machine.
    pub fn insert(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(key(name), value.into());
    }

    /// The user's home directory on this kind of operating system.
    pub(super) fn home(&self, os: &str) -> Option<PathBuf> {
        let windows = os == "windows";
        self.path(if windows { "USERPROFILE" } else { "HOME" })
    }

    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }
}

/// Whether uv reads a value as true.
pub(super) fn is_true(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    matches!(&*value, "1" | "true" | "t" | "yes" | "y" | "on")
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Windows does not tell `Path` from `PATH`.
fn key(name: &str) -> String {
    if cfg!(windows) {
        name.to_ascii_uppercase()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_with_a_value_count() {
        let variables = Variables::new([("PIP_INDEX_URL", "  "), ("UV_INDEX_URL", "https://x/")]);
        assert_eq!(variables.get("PIP_INDEX_URL"), None);
        assert_eq!(variables.get("UV_INDEX_URL"), Some("https://x/"));
    }

    #[test]
    fn debug_shows_no_value() {
        let variables = Variables::new([("POETRY_HTTP_BASIC_A_PASSWORD", "hush")]);
        let text = format!("{variables:?}");
        assert!(
            text.contains("POETRY_HTTP_BASIC_A_PASSWORD") && !text.contains("hush"),
            "{text}"
        );
    }
}
