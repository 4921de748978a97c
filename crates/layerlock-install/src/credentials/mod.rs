//! Credentials for a request: where they may be, and which of them go where.
//!
//! People keep the password of an index in one of many places. They are looked
//! into in this order, and the first that knows a password decides:
//!
//! 1. the index's address, `https://USER:PASSWORD@HOST/`;
//! 2. Poetry's variables, `POETRY_HTTP_BASIC_NAME_USERNAME` and `_PASSWORD`, else
//!    its auth.toml, `[http-basic.NAME]`;
//! 3. uv's variables, `UV_INDEX_NAME_USERNAME` and `_PASSWORD`;
//! 4. netrc, by the host;
//! 5. a user name alone, from 1 to 3: often it is a token;
//! 6. where the server answered 401 and no password was known: a token to
//!    publish with, `POETRY_PYPI_TOKEN_NAME`; then the keyring, by its command.
//!
//! NAME is that of the project's source. What belongs to an index is sent to its
//! own origin (scheme, host and port) and nowhere else; a host that links or
//! redirects lead to gets what netrc has under its name.

mod environment;
mod keyring;
mod netrc;
mod poetry;

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};

use tokio::sync::Mutex as AsyncMutex;
use url::{Origin, Url};

use crate::Surroundings;
use crate::index::{Credentials, Index};
pub(crate) use environment::in_variables;
use netrc::Netrc;
use poetry::Poetry;
pub use poetry::poetry_credentials;

/// Credentials, and the place that had them.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) credentials: Credentials,
    pub(crate) place: String,
}

/// Looks for credentials. Files are read when they are first needed.
pub(crate) struct Keychain<'a> {
    surroundings: &'a Surroundings,
    poetry: OnceLock<Poetry<'a>>,
    netrc: OnceLock<Netrc>,
    /// What the keyring said, by origin and user, so that it is asked once.
    keyring: AsyncMutex<HashMap<(String, String), Option<Found>>>,
    /// What a server accepted after it had refused.
    accepted: Mutex<HashMap<Origin, Found>>,
}

impl<'a> Keychain<'a> {
    pub(crate) fn new(surroundings: &'a Surroundings) -> Self {
        Self {
            surroundings,
            poetry: OnceLock::new(),
            netrc: OnceLock::new(),
            keyring: AsyncMutex::default(),
            accepted: Mutex::default(),
        }
    }

    /// What to send to `url`, which `index` led to.
    pub(crate) fn find(&self, url: &Url, index: &Index) -> Option<Found> {
        let is_index = index.url.same_origin(url);
        if is_index && let Some(found) = self.accepted().get(&url.origin()) {
            return Some(found.clone());
        }
        let mut lone_user = None;
        if is_index {
            for found in self.of_index(index) {
                if found.credentials.password.is_some() {
                    return Some(found);
                }
                lone_user.get_or_insert(found);
            }
        }
        let user = lone_user
            .as_ref()
            .map(|found| found.credentials.user.as_str());
        let of_host = url
            .host_str()
            .and_then(|host| self.netrc().find(host, user, is_index));
        of_host.or(lone_user)
    }

    /// What to send to `url` after the server refused a request without a
    /// password. May start the keyring's command.
    pub(crate) async fn find_after_refusal(&self, url: &Url, index: &Index) -> Option<Found> {
        if !index.url.same_origin(url) {
            return None;
        }
        let variables = &self.surroundings.variables;
        let token = index
            .name
            .as_deref()
            .and_then(|name| environment::publishing_token(variables, name));
        let found = match token {
            Some(token) => token,
            None => self.ask_keyring(url, index).await?,
        };
        self.accepted().insert(url.origin(), found.clone());
        Some(found)
    }

    /// Every place that was looked into for `url`, for people.
    pub(crate) fn places(&self, url: &Url, index: &Index) -> Vec<String> {
        let mut places = Vec::new();
        if index.url.same_origin(url) {
            places.push("the index's address".to_owned());
            if let Some(name) = &index.name {
                places.extend(environment::variables(name));
                places.extend(self.poetry().place());
            }
        }
        places.extend(self.netrc().place());
        if index.url.same_origin(url) && self.surroundings.keyring_command.is_some() {
            let why_not = match self.user(index) {
                Some(_) => "",
                None => " (not asked: no user name is known)",
            };
            places.push(format!("the keyring{why_not}"));
        }
        places
    }

    /// What is known by the index's address and name, passwords or users alone.
    fn of_index(&self, index: &Index) -> impl Iterator<Item = Found> {
        let variables = &self.surroundings.variables;
        let address = index.url.credentials().map(|credentials| Found {
            credentials: credentials.clone(),
            place: "the index's address".to_owned(),
        });
        let name = index.name.as_deref();
        let by_name = name.into_iter().flat_map(move |name| {
            [
                self.poetry().find(name),
                environment::of_uv(variables, name),
            ]
        });
        address.into_iter().chain(by_name.flatten())
    }

    /// The user name to ask the keyring for.
    fn user(&self, index: &Index) -> Option<String> {
        self.of_index(index)
            .next()
            .map(|found| found.credentials.user)
    }

    async fn ask_keyring(&self, url: &Url, index: &Index) -> Option<Found> {
        let command = self.surroundings.keyring_command.clone()?;
        let user = self.user(index)?;
        let services = keyring::services(index, url);
        let key = (url.origin().ascii_serialization(), user.clone());
        // Held while the command runs: others with the same question wait for
        // its answer instead of asking too.
        let mut answers = self.keyring.lock().await;
        if let Some(answer) = answers.get(&key) {
            return answer.clone();
        }
        let ask = move || keyring::ask(&command, &services, &user);
        let answer = tokio::task::spawn_blocking(ask).await.ok().flatten();
        answers.insert(key, answer.clone());
        answer
    }

    fn poetry(&self) -> &Poetry<'a> {
        self.poetry.get_or_init(|| Poetry::read(self.surroundings))
    }

    fn netrc(&self) -> &Netrc {
        self.netrc.get_or_init(|| Netrc::read(self.surroundings))
    }

    fn accepted(&self) -> std::sync::MutexGuard<'_, HashMap<Origin, Found>> {
        self.accepted
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::IndexUrl;

    fn index(name: Option<&str>, address: &str) -> Index {
        Index {
            name: name.map(str::to_owned),
            url: IndexUrl::parse(address).unwrap(),
        }
    }

    fn found(
        surroundings: &Surroundings,
        index: &Index,
        url: &str,
    ) -> Option<(String, Option<String>)> {
        let url = Url::parse(url).unwrap();
        let found = Keychain::new(surroundings).find(&url, index)?;
        Some((found.credentials.user, found.credentials.password))
    }

    #[test]
    fn each_place_wins_over_those_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let page = "https://packages.example.com/simple/demo/";
        let company = index(Some("company"), "https://packages.example.com/simple/");
        let mut surroundings = Surroundings::default();
        let expect = |surroundings: &Surroundings, company: &Index, user: &str| {
            let (found, password) = found(surroundings, company, page).unwrap();
            assert_eq!((found.as_str(), password.as_deref()), (user, Some("p")));
        };
        // From the weakest to the strongest.
        assert_eq!(found(&surroundings, &company, page), None);
        fs_err::write(
            folder.path().join(".netrc"),
            "machine packages.example.com login netrc password p\n",
        )
        .unwrap();
        surroundings.home = Some(folder.path().to_owned());
        expect(&surroundings, &company, "netrc");
        surroundings
            .variables
            .insert("UV_INDEX_COMPANY_USERNAME", "uv");
        surroundings
            .variables
            .insert("UV_INDEX_COMPANY_PASSWORD", "p");
        expect(&surroundings, &company, "uv");
        fs_err::write(
            folder.path().join("auth.toml"),
            "[http-basic.company]\nusername = \"toml\"\npassword = \"p\"\n",
        )
        .unwrap();
        surroundings.poetry_configuration = Some(folder.path().to_owned());
        expect(&surroundings, &company, "toml");
        surroundings
            .variables
            .insert("POETRY_HTTP_BASIC_COMPANY_USERNAME", "poetry");
        surroundings
            .variables
            .insert("POETRY_HTTP_BASIC_COMPANY_PASSWORD", "p");
        expect(&surroundings, &company, "poetry");
        let company = index(
            Some("company"),
            "https://address:p@packages.example.com/simple/",
        );
        expect(&surroundings, &company, "address");
    }

    #[test]
    fn another_origin_gets_only_what_netrc_has_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let netrc = "machine files.example.com login files password p\n\
                     default login anybody password p\n";
        fs_err::write(folder.path().join(".netrc"), netrc).unwrap();
        let mut surroundings = Surroundings {
            home: Some(folder.path().to_owned()),
            ..Surroundings::default()
        };
        surroundings
            .variables
            .insert("POETRY_HTTP_BASIC_COMPANY_USERNAME", "me");
        surroundings
            .variables
            .insert("POETRY_HTTP_BASIC_COMPANY_PASSWORD", "p");
        let company = index(Some("company"), "https://packages.example.com/simple/");
        let user = |url: &str| found(&surroundings, &company, url).map(|(user, _)| user);
        assert_eq!(
            user("https://packages.example.com/a.whl").as_deref(),
            Some("me")
        );
        assert_eq!(
            user("https://files.example.com/a.whl").as_deref(),
            Some("files")
        );
        // The default entry is for indexes: a link may lead anywhere.
        assert_eq!(user("https://elsewhere.example.com/a.whl"), None);
        assert_eq!(user("http://packages.example.com/a.whl"), None);
        let other = index(None, "https://other.example.com/simple/");
        let page = "https://other.example.com/simple/demo/";
        assert_eq!(found(&surroundings, &other, page).unwrap().0, "anybody");
    }

    #[test]
    fn a_user_alone_is_a_token_unless_netrc_has_its_password() {
        let folder = tempfile::tempdir().unwrap();
        let mut surroundings = Surroundings::default();
        let company = index(None, "https://me@packages.example.com/simple/");
        let page = "https://packages.example.com/simple/demo/";
        assert_eq!(
            found(&surroundings, &company, page),
            Some(("me".to_owned(), None))
        );
        let netrc = "machine packages.example.com login other password p\n\
                     machine packages.example.com login me password q\n";
        fs_err::write(folder.path().join(".netrc"), netrc).unwrap();
        surroundings.home = Some(folder.path().to_owned());
        let expected = Some(("me".to_owned(), Some("q".to_owned())));
        assert_eq!(found(&surroundings, &company, page), expected);
    }
}
