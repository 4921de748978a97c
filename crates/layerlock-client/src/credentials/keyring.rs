//! The keyring, asked through its command: `keyring get SERVICE USER`.
//!
//! Only the command is used, as pip's `--keyring-provider subprocess` does: it
//! brings its own backends, and a program that wants a dialogue can be given up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::found::FoundCredentials;
use crate::{Credentials, SafeUrl, Site};

/// A locked keyring asks its user in a window, or waits for one that nobody sees.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The keyring's command, and what it said: it is asked once for each service and
/// user.
pub(super) struct Keyring {
    command: String,
    /// For all services of one question together.
    timeout: Duration,
    answers: Mutex<HashMap<(String, String), Option<String>>>,
}

/// The names under which a password for `url` may be kept: Poetry's for the site,
/// then pip's and uv's, the site's URL and the host. Not to be shown as they are.
pub(super) fn services(site: &Site, url: &SafeUrl) -> Vec<String> {
    let poetry = site
        .name
        .as_ref()
        .map(|name| format!("poetry-repository-{name}"));
    let host = url.url().host_str().map(|host| match url.url().port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    });
    poetry
        .into_iter()
        .chain([site.url.url().to_string()])
        .chain(host)
        .collect()
}

impl Keyring {
    pub(super) fn new(command: String) -> Self {
        Self {
            command,
            timeout: TIMEOUT,
            answers: Mutex::default(),
        }
    }

    /// The password of a user, from the first service that has one. Nothing where
    /// there is no such command or it fails: the server's refusal is what is told.
    /// Blocks while the command runs, and while others ask.
    pub(super) fn find(&self, services: &[String], user: &str) -> Option<FoundCredentials> {
        // Held while the command runs: others with the same question wait for its
        // answer instead of asking too.
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let end = Instant::now() + self.timeout;
        services.iter().find_map(|service| {
            let password = answers
                .entry((service.clone(), user.to_owned()))
                .or_insert_with(|| self.ask(service, user, end));
            Some(FoundCredentials {
                credentials: Credentials {
                    user: user.to_owned(),
                    password: Some(password.clone()?),
                },
                // It may be a URL, with a secret in its query.
                place: format!("the keyring, under {}", layerlock_url::shown(service)),
            })
        })
    }

    fn ask(&self, service: &str, user: &str, end: Instant) -> Option<String> {
        let timeout = end.checked_duration_since(Instant::now())?;
        let get = duct::cmd!(&self.command, "get", service, user).env("PYTHONIOENCODING", "utf-8");
        let text = String::from_utf8(crate::command::output_within(timeout, &get)?).ok()?;
        let password = text.trim_end_matches(['\r', '\n']);
        (!password.is_empty()).then(|| password.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(command: &str, services: &[&str], user: &str) -> Option<FoundCredentials> {
        Keyring::new(command.to_owned()).find(&names(services), user)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn poetrys_service_comes_before_the_url_and_the_host() {
        let url = |text: &str| SafeUrl::parse(text).unwrap();
        let site = Site {
            name: Some("company".to_owned()),
            url: url("https://me:hush@packages.example.com:8443/simple/"),
        };
        let page = url("https://packages.example.com:8443/simple/demo/");
        assert_eq!(
            services(&site, &page),
            [
                "poetry-repository-company",
                "https://packages.example.com:8443/simple/",
                "packages.example.com:8443",
            ]
        );
    }

    /// A keyring that is a shell script.
    #[cfg(unix)]
    fn script(directory: &std::path::Path, text: &str) -> String {
        use std::os::unix::fs::PermissionsExt;

        let command = directory.join("keyring");
        fs_err::write(&command, format!("#!/bin/sh\n{text}")).unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        fs_err::set_permissions(&command, executable).unwrap();
        command.to_str().unwrap().to_owned()
    }

    #[cfg(unix)]
    #[test]
    fn the_first_service_with_a_password_answers() {
        let directory = tempfile::tempdir().unwrap();
        let text = "[ \"$1 $3\" = 'get me' ] || exit 2\n[ -z \"$(cat)\" ] || exit 3\n\
                    case $2 in known) echo 'p w' ;; empty) echo ;; *) exit 1 ;; esac\n";
        let command = script(directory.path(), text);
        let found = find(&command, &["none", "empty", "known"], "me").unwrap();
        assert_eq!(found.credentials.password.as_deref(), Some("p w"));
        assert_eq!(found.place, "the keyring, under known");
        for (service, shown) in [
            ("https://x/known?sig=hush", "https://x/known?****"),
            ("x:8443", "x:8443"),
        ] {
            let command = script(directory.path(), "echo p\n");
            let found = find(&command, &[service], "me").unwrap();
            assert_eq!(found.place, format!("the keyring, under {shown}"));
        }
        let command = script(directory.path(), text);
        assert!(find(&command, &["none"], "me").is_none());
        assert!(find(&command, &["known"], "you").is_none());
    }

    #[cfg(unix)]
    #[test]
    fn each_service_is_asked_once_for_each_user() {
        let directory = tempfile::tempdir().unwrap();
        let calls = directory.path().join("calls");
        let text = format!(
            "echo \"$2 $3\" >> {}\n[ $2 = known ] && echo p\n",
            calls.display()
        );
        let keyring = Keyring::new(script(directory.path(), &text));
        for (services, user) in [
            (["none", "known"], "me"),
            (["none", "known"], "me"),
            (["other", "known"], "me"),
            (["none", "known"], "you"),
        ] {
            let found = keyring.find(&names(&services), user).unwrap();
            assert_eq!(found.credentials.user, user);
        }
        assert_eq!(
            fs_err::read_to_string(&calls).unwrap(),
            "none me\nknown me\nother me\nnone you\nknown you\n"
        );
    }

    #[test]
    fn without_the_command_there_is_no_password() {
        assert!(find("layerlock-test-no-such-keyring", &["known"], "me").is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_keyring_that_hangs_is_given_up() {
        let directory = tempfile::tempdir().unwrap();
        // Its child holds the pipe when it is gone itself.
        let command = script(directory.path(), "sleep 20 &\nsleep 20\necho late\n");
        let mut keyring = Keyring::new(command);
        keyring.timeout = Duration::from_millis(200);
        let start = Instant::now();
        assert!(keyring.find(&names(&["one", "two"]), "me").is_none());
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
