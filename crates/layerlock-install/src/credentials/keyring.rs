//! The keyring, asked through its command: `keyring get SERVICE USER`.
//!
//! Only the command is used, as pip's `--keyring-provider subprocess` does: it
//! brings its own backends, and a program that wants a dialogue can be given up.

use std::time::{Duration, Instant};

use url::Url;

use super::Found;
use crate::index::{Credentials, Index};

/// A locked keyring asks its user in a window, or waits for one that nobody sees.
const PATIENCE: Duration = Duration::from_secs(30);

/// The names under which a password may be kept: Poetry's for the source, then
/// pip's and uv's, the address and the host.
pub(super) fn services(index: &Index, url: &Url) -> Vec<String> {
    let poetry = index
        .name
        .as_ref()
        .map(|name| format!("poetry-repository-{name}"));
    let host = url.host_str().map(|host| match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    });
    poetry
        .into_iter()
        .chain([index.url.url().to_string()])
        .chain(host)
        .collect()
}

/// The password of a user, from the first service that has one. Nothing where
/// there is no such command or it fails: the server's refusal is what is told.
pub(super) fn ask(command: &str, services: &[String], user: &str) -> Option<Found> {
    ask_for(PATIENCE, command, services, user)
}

/// `patience` is for all services together.
fn ask_for(patience: Duration, command: &str, services: &[String], user: &str) -> Option<Found> {
    let end = Instant::now() + patience;
    services.iter().find_map(|service| {
        let password = get(command, service, user, end)?;
        Some(Found {
            credentials: Credentials {
                user: user.to_owned(),
                password: Some(password),
            },
            place: format!("the keyring, under {service}"),
        })
    })
}

fn get(command: &str, service: &str, user: &str, end: Instant) -> Option<String> {
    let patience = end.checked_duration_since(Instant::now())?;
    let get = duct::cmd!(command, "get", service, user).env("PYTHONIOENCODING", "utf-8");
    let text = String::from_utf8(crate::command::answer(&get, patience)?).ok()?;
    let password = text.trim_end_matches(['\r', '\n']);
    (!password.is_empty()).then(|| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::IndexUrl;

    #[test]
    fn poetrys_service_comes_before_the_address_and_the_host() {
        let index = Index {
            name: Some("company".to_owned()),
            url: IndexUrl::parse("https://me:hush@packages.example.com:8443/simple").unwrap(),
        };
        let page = index.url.project_page("demo");
        assert_eq!(
            services(&index, &page),
            [
                "poetry-repository-company",
                "https://packages.example.com:8443/simple/",
                "packages.example.com:8443",
            ]
        );
    }

    /// A keyring that is a shell script.
    #[cfg(unix)]
    fn script(folder: &std::path::Path, text: &str) -> String {
        use std::os::unix::fs::PermissionsExt;

        let command = folder.join("keyring");
        fs_err::write(&command, format!("#!/bin/sh\n{text}")).unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        fs_err::set_permissions(&command, executable).unwrap();
        command.to_str().unwrap().to_owned()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[cfg(unix)]
    #[test]
    fn the_first_service_with_a_password_answers() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[ \"$1 $3\" = 'get me' ] || exit 2\n[ -z \"$(cat)\" ] || exit 3\n\
                    case $2 in known) echo 'p w' ;; empty) echo ;; *) exit 1 ;; esac\n";
        let command = script(folder.path(), text);
        let found = ask(&command, &names(&["none", "empty", "known"]), "me").unwrap();
        assert_eq!(found.credentials.password.as_deref(), Some("p w"));
        assert_eq!(found.place, "the keyring, under known");
        assert!(ask(&command, &names(&["none"]), "me").is_none());
        assert!(ask(&command, &names(&["known"]), "you").is_none());
    }

    #[test]
    fn without_the_command_there_is_no_password() {
        assert!(ask("layerlock-test-no-such-keyring", &names(&["known"]), "me").is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_keyring_that_hangs_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        // Its child holds the pipe when it is gone itself.
        let command = script(folder.path(), "sleep 20 &\nsleep 20\necho late\n");
        let start = Instant::now();
        let patience = Duration::from_millis(200);
        assert!(ask_for(patience, &command, &names(&["one", "two"]), "me").is_none());
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
