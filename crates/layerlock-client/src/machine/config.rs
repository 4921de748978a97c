//! All that is read of a machine, in one value.

use std::path::PathBuf;

use super::baked_in;
use super::pip::{self, PipFiles};
use super::poetry::PoetryDirectories;
use super::uv::{self, UvFiles};
use super::variables::{Variables, is_true};
use crate::{Error, SettingOrigin};

/// What environment variables of pip, uv and Poetry and configuration files of pip, uv
/// and Poetry say of where to get things, and how. The default is a machine on which nothing is set up.
#[derive(Debug, Clone, Default)]
pub struct MachineConfig {
    /// The environment variables that are set.
    pub variables: Variables,
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// pip's configuration files.
    pub pip_files: PipFiles,
    /// uv's configuration files.
    pub uv_files: UvFiles,
    /// Ways to call pip, in the order in which they are tried.
    pub pip_commands: Vec<Vec<String>>,
    /// Ways to call Python, which may bring a pip that is not installed.
    pub python_commands: Vec<Vec<String>>,
    /// uv's command.
    pub uv_command: Option<String>,
    /// Poetry's command, a script that names its own Python.
    pub poetry_script: Option<PathBuf>,
    /// The command that keeps passwords; none where the user forbids to ask it.
    pub keyring_command: Option<String>,
    /// The project's directory: the poetry.toml, uv.toml and pyproject.toml there have
    /// settings too.
    pub project: Option<PathBuf>,
    /// Poetry's directory for configuration, in which config.toml and auth.toml are.
    pub poetry_configuration: Option<PathBuf>,
    /// Poetry's directory for what it downloaded.
    pub poetry_cache: Option<PathBuf>,
    /// The URL of an index baked in at compile time.
    pub baked_in: Option<String>,
}

impl MachineConfig {
    /// That of the machine on which this process runs. Reads its environment, and
    /// no file yet.
    pub fn from_environment() -> Self {
        let pairs = std::env::vars_os();
        Self::from_variables(pairs.filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))
    }

    /// That of a machine with these environment variables, on this kind of
    /// operating system.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let os = std::env::consts::OS;
        let variables = Variables::new(variables);
        let home = variables.home(os);
        let poetry = PoetryDirectories {
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
        let owned = |command: &[&str]| -> Vec<String> {
            command.iter().map(|&word| word.to_owned()).collect()
        };
        Self {
            pip_files: PipFiles::new(pip::configuration_files(os, &variables)),
            uv_files: UvFiles::new(uv::configuration_files(os, &variables)),
            pip_commands: commands.into_iter().map(owned).collect(),
            python_commands: [&["python3"][..], &["python"], &["py"]].map(owned).into(),
            uv_command: Some("uv".to_owned()),
            poetry_script: on_path("poetry", &variables),
            keyring_command: allows_keyring(&variables).then(|| "keyring".to_owned()),
            poetry_configuration: poetry.configuration(),
            poetry_cache: poetry.cache(),
            project: None,
            baked_in: baked_in::INDEX.map(str::to_owned),
            home,
            variables,
        }
    }

    /// The machine with a project's own settings.
    #[must_use]
    pub fn in_project(self, directory: impl Into<PathBuf>) -> Self {
        let directory: PathBuf = directory.into();
        // The current one may be named by nothing.
        let directory = if directory.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            directory
        };
        let uv_files = if uv::reads_no_project(&self.variables) {
            self.uv_files
        } else {
            self.uv_files.in_project(&directory)
        };
        Self {
            project: Some(directory),
            uv_files,
            ..self
        }
    }

    /// Whether `UV_OFFLINE` says to do without the network.
    pub fn is_offline(&self) -> bool {
        self.variables.get("UV_OFFLINE").is_some_and(is_true)
    }

    /// Poetry's configuration files, whether they exist or not. Poetry merges them, the
    /// later ones winning.
    pub(crate) fn poetry_files(&self) -> Vec<PathBuf> {
        let of_user = self.poetry_configuration.iter();
        let of_user = of_user
            .flat_map(|directory| ["config.toml", "auth.toml"].map(|file| directory.join(file)));
        let of_project = self.project.iter();
        let of_project = of_project.map(|directory| directory.join("poetry.toml"));
        of_user.chain(of_project).collect()
    }

    /// The value of the first of pip's variables that is set, else that of a key in its
    /// files, and where it stands. Fails where a file is malformed.
    pub fn pip_setting(
        &self,
        variables: &[&'static str],
        key: &str,
    ) -> Result<Option<(String, SettingOrigin)>, Error> {
        let mut set = variables
            .iter()
            .filter_map(|name| self.variables.setting(name));
        match set.next() {
            Some(setting) => Ok(Some(setting)),
            None => self.pip_files.get(key),
        }
    }
}

/// A program's file in the directories of `PATH`.
fn on_path(program: &str, variables: &Variables) -> Option<PathBuf> {
    let directories = std::env::split_paths(variables.get("PATH")?);
    directories
        .map(|directory| directory.join(program))
        .find(|path| path.is_file())
}

/// Each of the three tools has a switch.
fn allows_keyring(variables: &Variables) -> bool {
    let is = |name, value| {
        variables
            .get(name)
            .is_some_and(|set| set.eq_ignore_ascii_case(value))
    };
    !(is("PIP_KEYRING_PROVIDER", "disabled")
        || is("UV_KEYRING_PROVIDER", "disabled")
        || is("POETRY_KEYRING_ENABLED", "false")
        || is("POETRY_KEYRING_ENABLED", "0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_can_forbid_the_keyring() {
        let command = |name: &str, value: &str| {
            MachineConfig::from_variables([(name, value)]).keyring_command
        };
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
    fn debug_shows_no_value_of_a_variable() {
        let machine = MachineConfig::from_variables([("POETRY_HTTP_BASIC_A_PASSWORD", "hush")]);
        assert!(!format!("{machine:?}").contains("hush"));
    }
}
