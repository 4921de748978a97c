//! What Poetry keeps: the variables `POETRY_HTTP_BASIC_NAME_USERNAME` and
//! `_PASSWORD`, and auth.toml, which `poetry config http-basic.NAME USER PASSWORD`
//! fills. Each half is looked up by itself, the variable first, as Poetry does it:
//! a user in the file may get its password from the environment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::environment;
use super::found::FoundCredentials;
use crate::{Credentials, MachineConfig, Variables};

/// What auth.toml has. A file that is missing or malformed has nothing: it
/// matters only where a server asks, and [`PoetryAuth::place`] says then what is wrong
/// with it.
pub(super) struct PoetryAuth {
    path: Option<PathBuf>,
    problem: Option<&'static str>,
    http_basic: BTreeMap<String, Basic>,
}

#[derive(Deserialize)]
struct AuthToml {
    #[serde(rename = "http-basic", default)]
    http_basic: BTreeMap<String, Basic>,
}

#[derive(Deserialize)]
struct Basic {
    username: Option<String>,
    /// Missing where Poetry put it into the keyring.
    password: Option<String>,
}

/// The user and the password that Poetry keeps for a source: in its variables,
/// else in its auth.toml. Its keyring is not asked.
pub fn poetry_credentials(machine: &MachineConfig, source: &str) -> Option<Credentials> {
    let found = PoetryAuth::read(machine).find(&machine.variables, source)?;
    Some(found.credentials)
}

impl PoetryAuth {
    pub(super) fn read(machine: &MachineConfig) -> Self {
        let path = machine
            .poetry_configuration
            .as_ref()
            .map(|directory| directory.join("auth.toml"));
        // The parser's own words would show the line, and the line the password.
        let (file, problem) = match path.as_ref().map(fs_err::read_to_string) {
            None => (None, None),
            Some(Ok(text)) => match toml::from_str::<AuthToml>(&text) {
                Ok(file) => (Some(file), None),
                Err(_) => (None, Some(", which is malformed")),
            },
            Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => (None, None),
            Some(Err(_)) => (None, Some(", which cannot be read")),
        };
        Self {
            path,
            problem,
            http_basic: file.map(|file| file.http_basic).unwrap_or_default(),
        }
    }

    pub(super) fn find(&self, variables: &Variables, source: &str) -> Option<FoundCredentials> {
        let mut tables = self.http_basic.iter();
        let table = tables.find(|(name, _)| name.eq_ignore_ascii_case(source));
        let half = |ending: &str, in_file: Option<&String>| {
            let variable = environment::poetry_variable(source, ending);
            if let Some(value) = variables.get(&variable) {
                return Some((value.to_owned(), variable));
            }
            let value = in_file.filter(|value| !value.is_empty())?;
            Some((value.clone(), self.place()?))
        };
        let user = half(
            "USERNAME",
            table.and_then(|(_, basic)| basic.username.as_ref()),
        );
        let password = half(
            "PASSWORD",
            table.and_then(|(_, basic)| basic.password.as_ref()),
        );
        // A token may stand in either: alone as the user, or as the password of
        // nobody.
        let (_, place) = user.as_ref().or(password.as_ref())?.clone();
        Some(FoundCredentials {
            credentials: Credentials {
                user: user.map(|(user, _)| user).unwrap_or_default(),
                password: password.map(|(password, _)| password),
            },
            place,
        })
    }

    /// The file, for people.
    pub(super) fn place(&self) -> Option<String> {
        let path = self.path.as_ref()?;
        Some(format!(
            "{}{}",
            path.display(),
            self.problem.unwrap_or_default()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str) -> (tempfile::TempDir, MachineConfig) {
        let directory = tempfile::tempdir().unwrap();
        fs_err::write(directory.path().join("auth.toml"), text).unwrap();
        let machine = MachineConfig {
            poetry_configuration: Some(directory.path().to_owned()),
            ..MachineConfig::default()
        };
        (directory, machine)
    }

    fn find(machine: &MachineConfig, name: &str) -> Option<(String, Option<String>)> {
        let found = poetry_credentials(machine, name)?;
        Some((found.user, found.password))
    }

    fn pair(user: &str, password: &str) -> (String, Option<String>) {
        (user.to_owned(), Some(password.to_owned()))
    }

    #[test]
    fn a_table_for_each_source() {
        let (_directory, machine) = with_file(
            "[http-basic.one]\nusername = \"u\"\npassword = \"p\"\n\
             [http-basic.two]\nusername = \"in-keyring\"\n\
             [http-basic.\"dotted.name\"]\npassword = \"token\"\n\
             [http-basic.empty]\nusername = \"\"\npassword = \"\"\n\
             [pypi-token]\npypi = \"hush\"\n",
        );
        assert_eq!(find(&machine, "One"), Some(pair("u", "p")));
        let alone = Some(("in-keyring".to_owned(), None));
        assert_eq!(find(&machine, "two"), alone);
        assert_eq!(find(&machine, "dotted.name"), Some(pair("", "token")));
        assert_eq!(find(&machine, "empty"), None);
        assert_eq!(find(&machine, "three"), None);
    }

    #[test]
    fn a_variable_wins_over_its_half_of_the_file() {
        let (_directory, mut machine) =
            with_file("[http-basic.my-co]\nusername = \"other\"\npassword = \"kept\"\n");
        let variables = &mut machine.variables;
        variables.insert("POETRY_HTTP_BASIC_MY_CO_USERNAME", "me");
        assert_eq!(find(&machine, "my-co"), Some(pair("me", "kept")));
        let found = PoetryAuth::read(&machine)
            .find(&machine.variables, "my-co")
            .unwrap();
        assert_eq!(found.place, "POETRY_HTTP_BASIC_MY_CO_USERNAME");
        let variables = &mut machine.variables;
        variables.insert("POETRY_HTTP_BASIC_MY_CO_PASSWORD", "new");
        assert_eq!(find(&machine, "my-co"), Some(pair("me", "new")));
    }

    #[test]
    fn a_malformed_file_is_told_without_its_text() {
        let (_directory, machine) = with_file("[http-basic.one]\npassword = hush\n");
        let poetry = PoetryAuth::read(&machine);
        assert!(poetry.find(&machine.variables, "one").is_none());
        let place = poetry.place().unwrap();
        assert!(place.ends_with("auth.toml, which is malformed"), "{place}");
        assert!(
            PoetryAuth::read(&MachineConfig::default())
                .place()
                .is_none()
        );
    }
}
