//! What of this machine decides where packages come from.
//!
//! Environment variables and files of pip, uv and Poetry say which index to ask
//! and with which credentials. All of it is read through one value, so that a
//! test describes a machine instead of changing its own.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::index;

/// What of a machine decides where packages come from. The default is a machine
/// on which nothing is set up.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The environment variables that are set.
    pub variables: Variables,
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// pip's configuration files, whether they exist or not; later ones win.
    pub configuration_files: Vec<PathBuf>,
    /// Ways to call pip, in the order in which they are tried.
    pub pip_commands: Vec<Vec<String>>,
    /// The command that keeps passwords; none where the user forbids to ask it.
    pub keyring_command: Option<String>,
    /// Poetry's folder for configuration, in which auth.toml is.
    pub poetry_configuration: Option<PathBuf>,
    /// Poetry's folder for what it downloaded.
    pub poetry_cache: Option<PathBuf>,
    /// The address of an index baked in at compile time.
    pub baked_in: Option<String>,
}

/// Environment variables that are set and not empty. Debug shows their names
/// alone: a value may be a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Surroundings {
    /// Those of this process.
    pub fn of_this_process() -> Self {
        let pairs = std::env::vars_os();
        Self::from_variables(pairs.filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))
    }

    /// Those that these environment variables describe, on this kind of
    /// operating system.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let os = std::env::consts::OS;
        let variables = Variables::new(variables);
        let home = variables.folder(if os == "windows" {
            "USERPROFILE"
        } else {
            "HOME"
        });
        let poetry = Folders {
            os,
            variables: &variables,
            home: home.as_ref(),
        };
        let commands: [&[&str]; 5] = [
            &["python3", "-m", "pip"],
            &["python", "-m", "pip"],
            &["py", "-m", "pip"],
            &["pip3"],
            &["pip"],
        ];
        let owned = |command: &[&str]| command.iter().map(|&word| word.to_owned()).collect();
        Self {
            configuration_files: index::pip_configuration_files(os, &|name| {
                variables.get(name).map(str::to_owned)
            }),
            pip_commands: commands.into_iter().map(owned).collect(),
            keyring_command: variables.allow_keyring().then(|| "keyring".to_owned()),
            poetry_configuration: poetry.configuration(),
            poetry_cache: poetry.cache(),
            baked_in: option_env!("LAYERLOCK_DEFAULT_INDEX_URL").map(str::to_owned),
            home,
            variables,
        }
    }
}

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

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(&key(name)).map(String::as_str)
    }

    /// Sets a variable.
    pub fn insert(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(key(name), value.into());
    }

    fn folder(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    /// Each of the three tools has a switch.
    fn allow_keyring(&self) -> bool {
        let is = |name, value| {
            self.get(name)
                .is_some_and(|set| set.eq_ignore_ascii_case(value))
        };
        !(is("PIP_KEYRING_PROVIDER", "disabled")
            || is("UV_KEYRING_PROVIDER", "disabled")
            || is("POETRY_KEYRING_ENABLED", "false")
            || is("POETRY_KEYRING_ENABLED", "0"))
    }
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

/// Where Poetry keeps things: its own variables, else the platform's folders (as
/// the Python package platformdirs gives them).
struct Folders<'a> {
    os: &'a str,
    variables: &'a Variables,
    home: Option<&'a PathBuf>,
}

impl Folders<'_> {
    fn configuration(&self) -> Option<PathBuf> {
        if let Some(folder) = self.variables.folder("POETRY_CONFIG_DIR") {
            return Some(folder);
        }
        let base = match self.os {
            "windows" => self.variables.folder("APPDATA"),
            "macos" => self.in_home("Library/Application Support"),
            _ => self
                .variables
                .folder("XDG_CONFIG_HOME")
                .or_else(|| self.in_home(".config")),
        };
        Some(base?.join("pypoetry"))
    }

    fn cache(&self) -> Option<PathBuf> {
        if let Some(folder) = self.variables.folder("POETRY_CACHE_DIR") {
            return Some(folder);
        }
        match self.os {
            "windows" => Some(
                self.variables
                    .folder("LOCALAPPDATA")?
                    .join("pypoetry/Cache"),
            ),
            "macos" => self.in_home("Library/Caches/pypoetry"),
            _ => {
                let caches = self.variables.folder("XDG_CACHE_HOME");
                Some(caches.or_else(|| self.in_home(".cache"))?.join("pypoetry"))
            }
        }
    }

    fn in_home(&self, below: &str) -> Option<PathBuf> {
        Some(self.home?.join(below))
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
        let surroundings = Surroundings::from_variables([("POETRY_HTTP_BASIC_A_PASSWORD", "hush")]);
        let text = format!("{surroundings:?}");
        assert!(
            text.contains("POETRY_HTTP_BASIC_A_PASSWORD") && !text.contains("hush"),
            "{text}"
        );
    }

    #[test]
    fn each_tool_can_forbid_the_keyring() {
        let command =
            |name: &str, value: &str| Surroundings::from_variables([(name, value)]).keyring_command;
        assert_eq!(
            command("PIP_KEYRING_PROVIDER", "auto"),
            Some("keyring".to_owned())
        );
        assert_eq!(
            command("POETRY_KEYRING_ENABLED", "true"),
            Some("keyring".to_owned())
        );
        for (name, value) in [
            ("PIP_KEYRING_PROVIDER", "disabled"),
            ("UV_KEYRING_PROVIDER", "disabled"),
            ("POETRY_KEYRING_ENABLED", "False"),
        ] {
            assert_eq!(command(name, value), None, "{name}");
        }
    }

    #[test]
    fn poetrys_folders_are_where_platformdirs_puts_them() {
        let folders = |os, variables: &[(&str, &str)]| {
            let variables = Variables::new(variables.iter().copied());
            let home = PathBuf::from("/h");
            let folders = Folders {
                os,
                variables: &variables,
                home: Some(&home),
            };
            (folders.configuration().unwrap(), folders.cache().unwrap())
        };
        let paths =
            |configuration: &str, cache: &str| (PathBuf::from(configuration), PathBuf::from(cache));
        assert_eq!(
            folders("linux", &[]),
            paths("/h/.config/pypoetry", "/h/.cache/pypoetry")
        );
        assert_eq!(
            folders(
                "linux",
                &[("XDG_CONFIG_HOME", "/c"), ("XDG_CACHE_HOME", "/d")]
            ),
            paths("/c/pypoetry", "/d/pypoetry")
        );
        assert_eq!(
            folders("macos", &[]),
            paths(
                "/h/Library/Application Support/pypoetry",
                "/h/Library/Caches/pypoetry"
            )
        );
        assert_eq!(
            folders("windows", &[("APPDATA", "/r"), ("LOCALAPPDATA", "/l")]),
            paths("/r/pypoetry", "/l/pypoetry/Cache")
        );
        assert_eq!(
            folders(
                "linux",
                &[("POETRY_CONFIG_DIR", "/p"), ("POETRY_CACHE_DIR", "/q")]
            ),
            paths("/p", "/q")
        );
    }
}
