//! Looks into every place where people keep the password of a site.
//!
//! They are looked into in this order, and the first that knows a password decides:
//!
//! 1. the site's URL, `https://USER:PASSWORD@HOST/`;
//! 2. Poetry's variables, `POETRY_HTTP_BASIC_NAME_USERNAME` and `_PASSWORD`, else
//!    `[http-basic.NAME]` in poetry.toml of the project, Poetry's auth.toml or config.toml;
//! 3. uv's variables, `UV_INDEX_NAME_USERNAME` and `_PASSWORD`;
//! 4. netrc, by the host;
//! 5. a user name alone, from 1 to 3: often it is a token;
//! 6. where the server answered 401 and no password was known: a token to
//!    publish with, `POETRY_PYPI_TOKEN_NAME`; then the keyring, by its command.
//!
//! NAME is that of the project's source; as in Poetry, a URL without a name has that of
//! the source or of the `[repositories]` entry that is on its host. What belongs to a site is sent to its
//! own origin (scheme, host and port) and nowhere else; a host that links or
//! redirects lead to gets what netrc has under its name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::environment;
use super::found::FoundCredentials;
use super::keyring::{self, Keyring};
use super::netrc::Netrc;
use super::poetry::PoetryAuth;
use crate::{MachineConfig, SafeUrl, Site};

/// Looks for credentials. Files are read when they are first needed, and once.
pub(crate) struct Keychain {
    machine: Arc<MachineConfig>,
    poetry: OnceLock<PoetryAuth>,
    netrc: OnceLock<Netrc>,
    /// None where nobody may ask it.
    keyring: Option<Arc<Keyring>>,
    /// What was sent to a site after its server had refused. Sites may share a
    /// server and have users of their own.
    after_refusal: Mutex<HashMap<SiteKey, FoundCredentials>>,
}

/// The origin and the name of a site, and its user.
type SiteKey = (String, Option<String>, Option<String>);

/// The place that is the site's own URL.
const URL: &str = "the index's URL";

impl Keychain {
    pub(crate) fn new(machine: Arc<MachineConfig>) -> Self {
        let command = machine.keyring_command.clone();
        Self {
            machine,
            poetry: OnceLock::new(),
            netrc: OnceLock::new(),
            keyring: command.map(|command| Arc::new(Keyring::new(command))),
            after_refusal: Mutex::default(),
        }
    }

    /// What to send to `url`, which `site` led to.
    pub(crate) fn find(&self, url: &SafeUrl, site: &Site) -> Option<FoundCredentials> {
        let is_site = site.url.has_same_origin(url);
        let mut lone_user = None;
        if is_site {
            for found in self.found_for(site) {
                if found.has_password() {
                    return Some(found);
                }
                lone_user.get_or_insert(found);
            }
            if let Some(found) = self.after_refusal().get(&self.key(site)) {
                return Some(found.clone());
            }
        }
        let user = lone_user
            .as_ref()
            .map(|found| found.credentials.user.as_str());
        let of_host = url
            .url()
            .host_str()
            .and_then(|host| self.netrc().find(host, user, is_site));
        of_host.or(lone_user)
    }

    /// What to send to `url` after the server refused a request without a
    /// password. May start the keyring's command.
    pub(crate) async fn find_after_refusal(
        &self,
        url: &SafeUrl,
        site: &Site,
    ) -> Option<FoundCredentials> {
        if !site.url.has_same_origin(url) {
            return None;
        }
        let variables = &self.machine.variables;
        let token = site
            .name
            .as_deref()
            .and_then(|name| environment::publishing_token(variables, name));
        let found = match token {
            Some(token) => token,
            None => self.ask_keyring(url, site).await?,
        };
        self.after_refusal().insert(self.key(site), found.clone());
        Some(found)
    }

    /// Every place that may have been looked into for `url`, after a refusal included, as
    /// messages name it.
    pub(crate) fn places(&self, url: &SafeUrl, site: &Site) -> Vec<String> {
        let mut places = Vec::new();
        let is_site = site.url.has_same_origin(url);
        if is_site {
            places.push(URL.to_owned());
            if let Some(name) = &site.name {
                places.extend(environment::variables(name));
                places.extend(self.poetry().places());
            }
        }
        places.extend(self.netrc().place());
        if is_site {
            let name = site.name.as_deref();
            places.extend(name.map(environment::publishing_token_variable));
        }
        if is_site && self.keyring().is_some() {
            let why_not = match self.user(site) {
                Some(user) if may_be_token(&user) => " (not asked: the user name may be a token)",
                Some(_) => "",
                None => " (not asked: no user name is known)",
            };
            places.push(format!("the keyring{why_not}"));
        }
        places
    }

    /// What is known by the site's URL and name, passwords or users alone.
    fn found_for(&self, site: &Site) -> impl Iterator<Item = FoundCredentials> {
        let variables = &self.machine.variables;
        let in_url = site.url.credentials().map(|credentials| FoundCredentials {
            credentials: credentials.clone(),
            place: URL.to_owned(),
        });
        let name = site.name.as_deref();
        let of_poetry = std::iter::once_with(move || {
            let url = &site.url;
            self.poetry().find_for(variables, name, url)
        });
        let of_uv = std::iter::once_with(move || environment::find_for_uv(variables, name?));
        in_url.into_iter().chain(of_poetry.chain(of_uv).flatten())
    }

    /// The user name to ask the keyring for.
    fn user(&self, site: &Site) -> Option<String> {
        self.found_for(site)
            .next()
            .map(|found| found.credentials.user)
    }

    fn key(&self, site: &Site) -> SiteKey {
        let origin = site.url.url().origin().ascii_serialization();
        (origin, site.name.clone(), self.user(site))
    }

    async fn ask_keyring(&self, url: &SafeUrl, site: &Site) -> Option<FoundCredentials> {
        let keyring = Arc::clone(self.keyring()?);
        // It would be an argument of the command, which other users of the machine see.
        let user = self.user(site).filter(|user| !may_be_token(user))?;
        let services = keyring::services(site, url);
        let find = move || keyring.find(&services, &user);
        tokio::task::spawn_blocking(find).await.ok().flatten()
    }

    /// What may be asked: a file of Poetry's may forbid it, unless its variable allows it.
    fn keyring(&self) -> Option<&Arc<Keyring>> {
        let is_allowed = || {
            let variable = self.machine.variables.get("POETRY_KEYRING_ENABLED");
            variable.is_some() || !self.poetry().forbids_keyring()
        };
        self.keyring.as_ref().filter(|_| is_allowed())
    }

    fn poetry(&self) -> &PoetryAuth {
        self.poetry.get_or_init(|| PoetryAuth::read(&self.machine))
    }

    fn netrc(&self) -> &Netrc {
        self.netrc.get_or_init(|| Netrc::read(&self.machine))
    }

    fn after_refusal(&self) -> MutexGuard<'_, HashMap<SiteKey, FoundCredentials>> {
        self.after_refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a user name looks like a token that stands in its place: long, with digits, and
/// no address. The name that Google's registries have for everybody is none.
fn may_be_token(user: &str) -> bool {
    const SHORTEST: usize = 16;
    let digits = user.bytes().filter(u8::is_ascii_digit).count();
    let has = |is: fn(&u8) -> bool| user.bytes().any(|byte| is(&byte));
    let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && digits > 0;
    user.len() >= SHORTEST && !user.contains('@') && (digits > 1 || is_mixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(name: Option<&str>, url: &str) -> Site {
        Site {
            name: name.map(str::to_owned),
            url: SafeUrl::parse(url).unwrap(),
        }
    }

    fn found(machine: &MachineConfig, site: &Site, url: &str) -> Option<(String, Option<String>)> {
        let url = SafeUrl::parse(url).unwrap();
        let found = Keychain::new(Arc::new(machine.clone())).find(&url, site)?;
        Some((found.credentials.user, found.credentials.password))
    }

    #[test]
    fn each_place_wins_over_those_after_it() {
        let directory = tempfile::tempdir().unwrap();
        let page = "https://packages.example.com/simple/demo/";
        let company = site(Some("company"), "https://packages.example.com/simple/");
        let mut machine = MachineConfig::default();
        let expect = |machine: &MachineConfig, company: &Site, user: &str| {
            let (found, password) = found(machine, company, page).unwrap();
            assert_eq!((found.as_str(), password.as_deref()), (user, Some("p")));
        };
        // From the weakest to the strongest.
        assert_eq!(found(&machine, &company, page), None);
        fs_err::write(
            directory.path().join(".netrc"),
            "machine packages.example.com login netrc password p\n",
        )
        .unwrap();
        machine.home = Some(directory.path().to_owned());
        expect(&machine, &company, "netrc");
        machine.variables.insert("UV_INDEX_COMPANY_USERNAME", "uv");
        machine.variables.insert("UV_INDEX_COMPANY_PASSWORD", "p");
        expect(&machine, &company, "uv");
        fs_err::write(
            directory.path().join("auth.toml"),
            "[http-basic.company]\nusername = \"toml\"\npassword = \"p\"\n",
        )
        .unwrap();
        machine.poetry_configuration = Some(directory.path().to_owned());
        expect(&machine, &company, "toml");
        machine
            .variables
            .insert("POETRY_HTTP_BASIC_COMPANY_USERNAME", "poetry");
        machine
            .variables
            .insert("POETRY_HTTP_BASIC_COMPANY_PASSWORD", "p");
        expect(&machine, &company, "poetry");
        let company = site(
            Some("company"),
            "https://in-url:p@packages.example.com/simple/",
        );
        expect(&machine, &company, "in-url");
    }

    #[test]
    fn another_origin_gets_only_what_netrc_has_for_it() {
        let directory = tempfile::tempdir().unwrap();
        let netrc = "machine files.example.com login files password p\n\
                     default login anybody password p\n";
        fs_err::write(directory.path().join(".netrc"), netrc).unwrap();
        let mut machine = MachineConfig {
            home: Some(directory.path().to_owned()),
            ..MachineConfig::default()
        };
        machine
            .variables
            .insert("POETRY_HTTP_BASIC_COMPANY_USERNAME", "me");
        machine
            .variables
            .insert("POETRY_HTTP_BASIC_COMPANY_PASSWORD", "p");
        let company = site(Some("company"), "https://packages.example.com/simple/");
        let user = |url: &str| found(&machine, &company, url).map(|(user, _)| user);
        assert_eq!(
            user("https://packages.example.com/a.whl").as_deref(),
            Some("me")
        );
        assert_eq!(
            user("https://files.example.com/a.whl").as_deref(),
            Some("files")
        );
        // The default entry is for sites: a link may lead anywhere.
        assert_eq!(user("https://elsewhere.example.com/a.whl"), None);
        assert_eq!(user("http://packages.example.com/a.whl"), None);
        let other = site(None, "https://other.example.com/simple/");
        let page = "https://other.example.com/simple/demo/";
        assert_eq!(found(&machine, &other, page).unwrap().0, "anybody");
    }

    #[test]
    fn a_user_alone_is_a_token_unless_netrc_has_its_password() {
        let directory = tempfile::tempdir().unwrap();
        let mut machine = MachineConfig::default();
        let company = site(None, "https://me@packages.example.com/simple/");
        let page = "https://packages.example.com/simple/demo/";
        assert_eq!(
            found(&machine, &company, page),
            Some(("me".to_owned(), None))
        );
        let netrc = "machine packages.example.com login other password p\n\
                     machine packages.example.com login me password q\n";
        fs_err::write(directory.path().join(".netrc"), netrc).unwrap();
        machine.home = Some(directory.path().to_owned());
        let expected = Some(("me".to_owned(), Some("q".to_owned())));
        assert_eq!(found(&machine, &company, page), expected);
    }

    #[test]
    fn every_place_is_told_in_the_order_of_the_search() {
        let directory = tempfile::tempdir().unwrap();
        let machine = MachineConfig {
            home: Some(directory.path().to_owned()),
            keyring_command: Some("keyring".to_owned()),
            ..MachineConfig::default()
        };
        let keychain = Keychain::new(Arc::new(machine));
        let netrc = directory.path().join(".netrc").display().to_string();
        let company = site(Some("my-co"), "https://me@packages.example.com/simple/");
        assert_eq!(
            keychain.places(&company.url, &company),
            [
                URL,
                "POETRY_HTTP_BASIC_MY_CO_USERNAME and _PASSWORD",
                "UV_INDEX_MY_CO_USERNAME and _PASSWORD",
                &netrc,
                "POETRY_PYPI_TOKEN_MY_CO",
                "the keyring",
            ]
        );
        // What has no name has no variables, and another origin gets none of this.
        let unnamed = site(None, "https://me@packages.example.com/simple/");
        assert_eq!(
            keychain.places(&unnamed.url, &unnamed),
            [URL, &netrc, "the keyring"]
        );
        let elsewhere = SafeUrl::parse("https://files.example.com/a.whl").unwrap();
        assert_eq!(keychain.places(&elsewhere, &company), [netrc]);
    }

    #[test]
    fn a_token_in_the_place_of_a_user_is_no_argument_of_the_keyring() {
        for (user, is_token) in [
            ("glpat-0123456789abcdef", true),
            ("ghp_AbCdEfGhIjKlMnOpQrStUv1", true),
            ("0123456789abcdef0123456789abcdef", true),
            ("me", false),
            ("oauth2accesstoken", false),
            ("continuous-integration", false),
            ("firstname.lastname1980@example.com", false),
        ] {
            assert_eq!(may_be_token(user), is_token, "{user}");
        }
        let machine = MachineConfig {
            keyring_command: Some("keyring".to_owned()),
            ..MachineConfig::default()
        };
        let keychain = Keychain::new(Arc::new(machine));
        let url = "https://glpat-0123456789abcdef@packages.example.com/simple/";
        let company = site(None, url);
        let places = keychain.places(&company.url, &company);
        let last = places.last().map(String::as_str);
        assert_eq!(
            last,
            Some("the keyring (not asked: the user name may be a token)")
        );
    }

    #[test]
    fn sites_on_one_server_keep_their_own_users() {
        let mut machine = MachineConfig::default();
        machine.variables.insert("POETRY_PYPI_TOKEN_ONE", "p");
        machine.variables.insert("UV_INDEX_TWO_USERNAME", "two");
        machine.variables.insert("UV_INDEX_TWO_PASSWORD", "p");
        let keychain = Keychain::new(Arc::new(machine));
        let [one, two] = ["one", "two"].map(|name| {
            let url = format!("https://packages.example.com/{name}/");
            site(Some(name), &url)
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let asked = keychain.find_after_refusal(&one.url, &one);
        assert!(runtime.block_on(asked).is_some());
        let user = |site: &Site| keychain.find(&site.url, site).unwrap().credentials.user;
        assert_eq!(user(&one), "__token__");
        assert_eq!(user(&two), "two");
    }
}
