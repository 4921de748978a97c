//! What Poetry keeps: the variables `POETRY_HTTP_BASIC_NAME_USERNAME` and
//! `_PASSWORD`, and `[http-basic.NAME]` in its files. `poetry config http-basic.NAME USER
//! PASSWORD` fills auth.toml; with `--local`, or by hand, poetry.toml of the project. Each
//! half is looked up by itself, the variable first, as Poetry does it: a user in a file
//! may get its password from the environment.

use std::path::PathBuf;

use toml::{Table, Value};

use super::environment;
use super::found::FoundCredentials;
use crate::{Credentials, MachineConfig, SafeUrl, Variables};

/// What Poetry's files have, the strongest last. One that is missing or malformed has
/// nothing: it matters only where a server asks, and the error then says what is wrong
/// with it.
pub(super) struct PoetryAuth {
    files: Vec<PoetryFile>,
    /// The names and URLs of the project's sources.
    sources: Vec<(String, SafeUrl)>,
}

struct PoetryFile {
    path: PathBuf,
    problem: Option<&'static str>,
    table: Option<Table>,
}

/// The user and the password that Poetry keeps for a source: in its variables, else in
/// its files. Its keyring is not asked.
pub fn poetry_credentials(machine: &MachineConfig, source: &str) -> Option<Credentials> {
    let found = PoetryAuth::read(machine).find(&machine.variables, source)?;
    Some(found.credentials)
}

impl PoetryAuth {
    pub(super) fn read(machine: &MachineConfig) -> Self {
        let files = machine.poetry_files().into_iter().map(PoetryFile::read);
        Self {
            files: files.collect(),
            sources: sources(machine),
        }
    }

    /// The credentials for what is known by a name, or is on the host of something that
    /// is. A name that Poetry's own `[repositories]` have another host for is another
    /// site's: its password must not be had by calling a source like it.
    pub(super) fn find_for(
        &self,
        variables: &Variables,
        name: Option<&str>,
        url: &SafeUrl,
    ) -> Option<FoundCredentials> {
        if let Some(name) = name {
            let known = self.repository(variables, name);
            let elsewhere = known.is_some_and(|known| !known.has_same_origin(url));
            return (!elsewhere).then(|| self.find(variables, name)).flatten();
        }
        self.find(variables, &self.name_of(url)?)
    }

    /// What Poetry keeps under a name.
    pub(super) fn find(&self, variables: &Variables, source: &str) -> Option<FoundCredentials> {
        let half = |ending: &str, key: &str| {
            let variable = environment::poetry_variable(source, ending);
            if let Some(value) = variables.get(&variable) {
                return Some((value.to_owned(), variable));
            }
            let (value, file) = self.value("http-basic", source, key)?;
            (!value.is_empty()).then(|| (value, file.path.display().to_string()))
        };
        let user = half("USERNAME", "username");
        let password = half("PASSWORD", "password");
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

    /// Whether a file says `keyring.enabled = false`.
    pub(super) fn forbids_keyring(&self) -> bool {
        let enabled = self.files.iter().rev().find_map(|file| {
            let keyring = file.table.as_ref()?.get("keyring")?;
            keyring.get("enabled")?.as_bool()
        });
        enabled == Some(false)
    }

    /// The files, for people: auth.toml, and each other that is there.
    pub(super) fn places(&self) -> Vec<String> {
        let is_told = |file: &&PoetryFile| {
            file.table.is_some() || file.problem.is_some() || file.path.ends_with("auth.toml")
        };
        let files = self.files.iter().filter(is_told);
        files
            .map(|file| {
                format!(
                    "{}{}",
                    file.path.display(),
                    file.problem.unwrap_or_default()
                )
            })
            .collect()
    }

    /// A value of the table of a name, and the file that has it: the last that does. A
    /// name in another case counts where there is none in this.
    fn value(&self, section: &str, name: &str, key: &str) -> Option<(String, &PoetryFile)> {
        let find = |is_it: &dyn Fn(&str) -> bool| {
            self.files.iter().rev().find_map(|file| {
                let tables = file.table.as_ref()?.get(section)?.as_table()?;
                let (_, table) = tables.iter().find(|(other, _)| is_it(other))?;
                Some((text(table.get(key)?)?, file))
            })
        };
        find(&|other| other == name).or_else(|| find(&|other| other.eq_ignore_ascii_case(name)))
    }

    /// The URL that Poetry's own configuration has for a name.
    fn repository(&self, variables: &Variables, name: &str) -> Option<SafeUrl> {
        let variable = format!(
            "POETRY_REPOSITORIES_{}_URL",
            environment::in_variables(name)
        );
        let named = variables.get(&variable).map(str::to_owned);
        let in_files = || Some(self.value("repositories", name, "url")?.0);
        SafeUrl::parse(&named.or_else(in_files)?).ok()
    }

    /// The repository or source that is on a URL's host; of several, the one whose path
    /// has most of the URL's.
    fn name_of(&self, url: &SafeUrl) -> Option<String> {
        let mut known = self.sources.clone();
        for file in &self.files {
            let repositories = file.table.as_ref().and_then(|table| {
                let table = table.get("repositories")?.as_table()?;
                Some(table.iter())
            });
            for (name, table) in repositories.into_iter().flatten() {
                let parsed = table.get("url").and_then(Value::as_str);
                if let Some(url) = parsed.and_then(|url| SafeUrl::parse(url).ok()) {
                    known.retain(|(other, _)| other != name);
                    known.push((name.clone(), url));
                }
            }
        }
        known.retain(|(_, one)| one.has_same_origin(url));
        // Of equals the first.
        let known = known.into_iter().rev();
        let best = known.max_by_key(|(_, one)| shared_path(one, url))?;
        Some(best.0)
    }
}

impl PoetryFile {
    fn read(path: PathBuf) -> Self {
        // The parser's own words would show the line, and the line the password.
        let (table, problem) = match layerlock_diagnostic::read_toml(&path) {
            Ok(text) => match text.parse::<Table>() {
                Ok(table) => (Some(table), None),
                Err(_) => (None, Some(", which is malformed")),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (None, None),
            Err(_) => (None, Some(", which cannot be read")),
        };
        Self {
            path,
            problem,
            table,
        }
    }
}

/// `[[tool.poetry.source]]` of the project, which Poetry takes for repositories too.
fn sources(machine: &MachineConfig) -> Vec<(String, SafeUrl)> {
    let read = || {
        let path = machine.project.as_ref()?.join("pyproject.toml");
        let table: Table = layerlock_diagnostic::read_toml(&path).ok()?.parse().ok()?;
        let sources = table
            .get("tool")?
            .get("poetry")?
            .get("source")?
            .as_array()?;
        let source = |source: &Value| {
            let name = source.get("name")?.as_str()?.to_owned();
            let url = SafeUrl::parse(source.get("url")?.as_str()?).ok()?;
            Some((name, url))
        };
        Some(sources.iter().filter_map(source).collect())
    };
    read().unwrap_or_default()
}

/// A password of digits alone may stand there without quotes.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

/// How many parts of their paths are the same, and whether all of the first's are.
fn shared_path(one: &SafeUrl, other: &SafeUrl) -> (usize, bool) {
    let parts = |url: &SafeUrl| -> Vec<String> {
        let parts = url.url().path().split('/').filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    let (one, other) = (parts(one), parts(other));
    let shared = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    (shared, shared == one.len())
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
        let [place] = &poetry.places()[..] else {
            panic!("auth.toml alone is there");
        };
        assert!(place.ends_with("auth.toml, which is malformed"), "{place}");
        let nothing = PoetryAuth::read(&MachineConfig::default());
        assert!(nothing.places().is_empty());
    }

    /// As Poetry 2.5 merges them: config.toml, auth.toml, poetry.toml of the project,
    /// each key by itself, and over all the variables.
    #[test]
    fn the_projects_own_file_wins_over_the_users_key_by_key() {
        let project = tempfile::tempdir().unwrap();
        let (directory, mut machine) = with_file(
            "[http-basic.one]\nusername = \"auth\"\npassword = \"auth\"\n\
             [http-basic.two]\nusername = \"auth\"\npassword = \"auth\"\n",
        );
        let write = |directory: &std::path::Path, name: &str, text: &str| {
            fs_err::write(directory.join(name), text).unwrap();
        };
        write(
            directory.path(),
            "config.toml",
            "[virtualenvs]\nin-project = true\n\
             [http-basic.one]\nusername = \"config\"\n\
             [http-basic.three]\nusername = \"config\"\npassword = 12345\n",
        );
        write(
            project.path(),
            "poetry.toml",
            "[http-basic.one]\nusername = \"ci\"\npassword = \"pw\"\n\
             [http-basic.two]\nusername = \"ci\"\n\
             [http-basic.THREE]\nusername = \"ci\"\n",
        );
        machine.project = Some(project.path().to_owned());
        assert_eq!(find(&machine, "one"), Some(pair("ci", "pw")));
        assert_eq!(find(&machine, "two"), Some(pair("ci", "auth")));
        assert_eq!(find(&machine, "three"), Some(pair("config", "12345")));
        let poetry = PoetryAuth::read(&machine);
        let found = poetry.find(&machine.variables, "one").unwrap();
        assert!(found.place.ends_with("poetry.toml"), "{}", found.place);
        assert_eq!(poetry.places().len(), 3);
        let variables = &mut machine.variables;
        variables.insert("POETRY_HTTP_BASIC_ONE_PASSWORD", "new");
        assert_eq!(find(&machine, "one"), Some(pair("ci", "new")));

        assert!(!PoetryAuth::read(&machine).forbids_keyring());
        write(
            project.path(),
            "poetry.toml",
            "[keyring]\nenabled = false\n",
        );
        assert!(PoetryAuth::read(&machine).forbids_keyring());
    }

    /// The user of a name is sent to the host that Poetry knows for it.
    #[test]
    fn repositories_say_which_host_a_name_is_for() {
        let project = tempfile::tempdir().unwrap();
        fs_err::write(
            project.path().join("pyproject.toml"),
            "[[tool.poetry.source]]\nname = \"two\"\n\
             url = \"https://packages.example.com/two/simple/\"\n",
        )
        .unwrap();
        let (_directory, mut machine) = with_file(
            "[http-basic.one]\nusername = \"one\"\npassword = \"p\"\n\
             [http-basic.two]\nusername = \"two\"\npassword = \"p\"\n\
             [repositories.one]\nurl = \"https://packages.example.com/one/\"\n",
        );
        machine.project = Some(project.path().to_owned());
        let user = |name: Option<&str>, url: &str| {
            let url = SafeUrl::parse(url).unwrap();
            let found = PoetryAuth::read(&machine).find_for(&machine.variables, name, &url);
            found.map(|found| found.credentials.user)
        };
        let is = |name: &str| Some(name.to_owned());
        let host = "https://packages.example.com";
        assert_eq!(user(Some("one"), &format!("{host}/simple/")), is("one"));
        assert_eq!(user(Some("one"), "https://other.example.com/"), None);
        assert_eq!(user(None, &format!("{host}/one/a-1.whl")), is("one"));
        assert_eq!(user(None, &format!("{host}/two/a-1.whl")), is("two"));
        assert_eq!(user(None, "https://packages.example.com:81/one/"), None);
        assert_eq!(user(None, "http://packages.example.com/one/"), None);
    }
}
