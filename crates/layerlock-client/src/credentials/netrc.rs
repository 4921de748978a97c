//! The netrc file: passwords by host, as curl, pip and git read them.
//!
//! Words stand between blanks, quoted where they hold blanks, with `\` before a
//! character that is meant as it is. `machine HOST` and `default` begin an
//! entry; `login`, `password` and `account` fill it; `macdef NAME` begins a
//! macro, which goes on to the next empty line; `#` begins a comment. What is
//! none of these is passed over: this is not our file to criticise.

use std::path::{Path, PathBuf};

use super::found::FoundCredentials;
use crate::{Credentials, MachineConfig};

/// The entries of the user's netrc file, none where it cannot be read.
#[derive(Default)]
pub(super) struct Netrc {
    path: Option<PathBuf>,
    entries: Vec<Entry>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Entry {
    /// None for the default entry.
    machine: Option<String>,
    login: String,
    password: Option<String>,
}

impl Netrc {
    /// The file that the variable NETRC names, else `.netrc` in the home directory,
    /// else `_netrc` there (Windows).
    pub(super) fn read(machine: &MachineConfig) -> Self {
        let named = machine.variables.get("NETRC").map(PathBuf::from);
        let in_home = |name| machine.home.as_ref().map(|home| home.join(name));
        let windows = || in_home("_netrc").filter(|path| path.exists());
        let usual = || in_home(".netrc");
        let Some(path) = named
            .or_else(|| usual().filter(|path| path.exists()))
            .or_else(windows)
            .or_else(usual)
        else {
            return Self::default();
        };
        Self {
            entries: read(&path),
            path: Some(path),
        }
    }

    /// The entry of a host, for `user` where one is known; the default entry
    /// where that is allowed. The first that fits counts.
    pub(super) fn find(
        &self,
        host: &str,
        user: Option<&str>,
        allow_default: bool,
    ) -> Option<FoundCredentials> {
        let fits = |entry: &&Entry| match &entry.machine {
            Some(machine) => machine.eq_ignore_ascii_case(host),
            None => allow_default,
        };
        let is_users = |entry: &&Entry| user.is_none_or(|user| user == entry.login);
        let entry = self
            .entries
            .iter()
            .filter(fits)
            .filter(is_users)
            // The default comes last, wherever it stands.
            .min_by_key(|entry| entry.machine.is_none())?;
        Some(FoundCredentials {
            credentials: Credentials {
                user: entry.login.clone(),
                password: Some(entry.password.clone()?),
            },
            place: self.place()?,
        })
    }

    /// The file, for people.
    pub(super) fn place(&self) -> Option<String> {
        self.path.as_ref().map(|path| path.display().to_string())
    }
}

fn read(path: &Path) -> Vec<Entry> {
    match layerlock_diagnostic::read_file(path) {
        Ok(bytes) => parse(&String::from_utf8_lossy(&bytes)),
        Err(_) => Vec::new(),
    }
}

fn parse(text: &str) -> Vec<Entry> {
    let text = text.replace("\r\n", "\n");
    let mut entries: Vec<Entry> = Vec::new();
    let mut rest = text.as_str();
    while let Some(word) = next_word(&mut rest) {
        match word.as_str() {
            "machine" => entries.push(Entry {
                machine: Some(next_word(&mut rest).unwrap_or_default()),
                ..Entry::default()
            }),
            "default" => entries.push(Entry::default()),
            "macdef" => rest = rest.split_once("\n\n").map_or("", |(_, after)| after),
            "login" | "user" | "password" | "account" => {
                let value = next_word(&mut rest);
                let Some(entry) = entries.last_mut() else {
                    continue;
                };
                match word.as_str() {
                    "password" => entry.password = value,
                    "account" => {}
                    _ => entry.login = value.unwrap_or_default(),
                }
            }
            comment if comment.starts_with('#') => {
                rest = rest.split_once('\n').map_or("", |(_, after)| after);
            }
            _ => {}
        }
    }
    entries
}

/// Takes the next word off the text.
fn next_word(text: &mut &str) -> Option<String> {
    let start = text.trim_start();
    let mut characters = start.char_indices();
    let mut word = String::new();
    let quoted = start.starts_with('"');
    if quoted {
        characters.next();
    }
    let mut end = None;
    while let Some((at, character)) = characters.next() {
        match character {
            '"' if quoted => {
                end = Some(at + 1);
                break;
            }
            blank if !quoted && blank.is_whitespace() => {
                end = Some(at);
                break;
            }
            '\\' => word.extend(characters.next().map(|(_, next)| next)),
            other => word.push(other),
        }
    }
    *text = &start[end.unwrap_or(start.len())..];
    (!start.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Netrc {
        Netrc {
            path: Some(PathBuf::from("netrc")),
            entries: parse(text),
        }
    }

    fn find(text: &str, host: &str) -> Option<(String, String)> {
        let found = of(text).find(host, None, true)?.credentials;
        Some((found.user, found.password.unwrap()))
    }

    fn pair(user: &str, password: &str) -> (String, String) {
        (user.to_owned(), password.to_owned())
    }

    #[test]
    fn entries_may_be_lines_or_blocks() {
        let text = "machine a.example.com login me password one\n\
                    machine b.example.com\n\tlogin you\n\taccount x\n\tpassword two\n";
        assert_eq!(find(text, "a.example.com"), Some(pair("me", "one")));
        assert_eq!(find(text, "B.example.com"), Some(pair("you", "two")));
        assert_eq!(find(text, "c.example.com"), None);
        assert_eq!(find(text, "example.com"), None);
    }

    #[test]
    fn the_default_is_for_hosts_without_an_entry_where_it_is_allowed() {
        let text = "default login anybody password d\nmachine a login me password one\n";
        assert_eq!(find(text, "a"), Some(pair("me", "one")));
        assert_eq!(find(text, "b"), Some(pair("anybody", "d")));
        assert!(of(text).find("b", None, false).is_none());
    }

    #[test]
    fn quotes_escapes_comments_and_macros() {
        let text = "# machine a login no password no\n\
                    macdef init\nmachine a login no password no\ncd pub\n\n\
                    machine a login \"m e\" password \"p \\\" #q\" # why\n\
                    machine b login \\#x password a\\ b#c";
        assert_eq!(find(text, "a"), Some(pair("m e", "p \" #q")));
        assert_eq!(find(text, "b"), Some(pair("#x", "a b#c")));
    }

    #[test]
    fn an_entry_without_a_password_or_a_login() {
        assert_eq!(find("machine a login me", "a"), None);
        assert_eq!(
            find("machine a password token", "a"),
            Some(pair("", "token"))
        );
    }

    #[test]
    fn malformed_files_have_no_entry() {
        for text in [
            "",
            "machine",
            "password x",
            "login",
            "\"",
            "\\",
            "macdef",
            "machine a macdef\n\nlogin x",
            "é ☃",
        ] {
            assert_eq!(find(text, "b"), None, "{text}");
        }
    }

    #[test]
    fn the_variable_wins_over_the_home_directory() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, login: &str| {
            let text = format!("machine a login {login} password p");
            fs_err::write(directory.path().join(name), text).unwrap();
        };
        let mut machine = MachineConfig {
            home: Some(directory.path().to_owned()),
            ..MachineConfig::default()
        };
        let login = |machine: &MachineConfig| {
            let found = Netrc::read(machine).find("a", None, false);
            found.map(|found| found.credentials.user)
        };
        assert_eq!(login(&machine), None);
        write("_netrc", "windows");
        assert_eq!(login(&machine).as_deref(), Some("windows"));
        write(".netrc", "home");
        assert_eq!(login(&machine).as_deref(), Some("home"));
        write("mine", "named");
        let named = directory.path().join("mine");
        machine.variables.insert("NETRC", named.to_str().unwrap());
        assert_eq!(login(&machine).as_deref(), Some("named"));
    }
}
