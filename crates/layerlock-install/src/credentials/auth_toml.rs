//! Poetry's auth.toml, which `poetry config http-basic.NAME USER PASSWORD` fills.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::Found;
use crate::Surroundings;
use crate::index::Credentials;

/// The credentials in auth.toml. A file that is missing or malformed has none:
/// it matters only where a server asks for them, and [`AuthToml::place`] says
/// then what is wrong with it.
#[derive(Default)]
pub(super) struct AuthToml {
    path: Option<PathBuf>,
    problem: Option<&'static str>,
    http_basic: BTreeMap<String, Basic>,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "http-basic", default)]
    http_basic: BTreeMap<String, Basic>,
}

#[derive(Deserialize)]
struct Basic {
    #[serde(default)]
    username: String,
    /// Missing where Poetry put it into the keyring.
    password: Option<String>,
}

impl AuthToml {
    pub(super) fn read(surroundings: &Surroundings) -> Self {
        let Some(folder) = &surroundings.poetry_configuration else {
            return Self::default();
        };
        let path = folder.join("auth.toml");
        // The parser's own words would show the line, and the line the password.
        let (file, problem) = match fs_err::read_to_string(&path) {
            Ok(text) => match toml::from_str::<File>(&text) {
                Ok(file) => (Some(file), None),
                Err(_) => (None, Some(", which is malformed")),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (None, None),
            Err(_) => (None, Some(", which cannot be read")),
        };
        Self {
            path: Some(path),
            problem,
            http_basic: file.map(|file| file.http_basic).unwrap_or_default(),
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<Found> {
        let (_, basic) = self
            .http_basic
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        let password = basic
            .password
            .clone()
            .filter(|password| !password.is_empty());
        if basic.username.is_empty() && password.is_none() {
            return None;
        }
        Some(Found {
            credentials: Credentials {
                user: basic.username.clone(),
                password,
            },
            place: self.place()?,
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

    fn read(text: &str) -> AuthToml {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("auth.toml"), text).unwrap();
        AuthToml::read(&Surroundings {
            poetry_configuration: Some(folder.path().to_owned()),
            ..Surroundings::default()
        })
    }

    #[test]
    fn a_table_for_each_source() {
        let file = read(
            "[http-basic.one]\nusername = \"u\"\npassword = \"p\"\n\
             [http-basic.two]\nusername = \"in-keyring\"\n\
             [http-basic.\"dotted.name\"]\npassword = \"token\"\n\
             [http-basic.empty]\nusername = \"\"\npassword = \"\"\n\
             [pypi-token]\npypi = \"hush\"\n",
        );
        let find = |name: &str| {
            let found = file.find(name)?;
            Some((found.credentials.user, found.credentials.password))
        };
        assert_eq!(find("One"), Some(("u".to_owned(), Some("p".to_owned()))));
        assert_eq!(find("two"), Some(("in-keyring".to_owned(), None)));
        assert_eq!(
            find("dotted.name"),
            Some((String::new(), Some("token".to_owned())))
        );
        assert_eq!(find("empty"), None);
        assert_eq!(find("three"), None);
    }

    #[test]
    fn a_malformed_file_is_told_without_its_text() {
        let file = read("[http-basic.one]\npassword = hush\n");
        assert!(file.find("one").is_none());
        let place = file.place().unwrap();
        assert!(place.ends_with("auth.toml, which is malformed"), "{place}");
        assert!(AuthToml::read(&Surroundings::default()).place().is_none());
    }
}
