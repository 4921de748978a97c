//! Where the credentials of an index come from, and where they go.

use layerlock_diagnostic::{Diagnose as _, LockTool};
use std::path::PathBuf;
use std::sync::Mutex;

use layerlock_client::Error as ClientError;
use layerlock_install::{Cache, Error, Fetched, Reporter, Silent, fetch};
use layerlock_layer::files_in;
use layerlock_testkit::{
    Fault, LinkStyle, LockedPackage, LoopbackIndex, ProjectBuilder, Wheel as TestWheel,
    WheelBuilder,
};
use tempfile::TempDir;

use crate::helpers::{Machine, assert_shown_nowhere, chosen};

const PASSWORD: &str = "hunter2";

/// The index `my-company`, which wants `me` and [`PASSWORD`], a project with a
/// wheel from it, and a machine to set up.
struct Company {
    index: LoopbackIndex,
    wheel: TestWheel,
    /// The URL of the index in the lock.
    url: String,
    machine: Machine,
    home: TempDir,
}

impl Company {
    fn open() -> Self {
        let wheel = WheelBuilder::new("demo", "1.0").build();
        let index = LoopbackIndex::with_wheels([&wheel]);
        index.require_basic_auth("me", PASSWORD);
        Self {
            url: index.url(),
            wheel,
            index,
            machine: Machine::default(),
            home: TempDir::new().unwrap(),
        }
    }

    fn set(&mut self, variables: &[(&str, &str)]) {
        for (name, value) in variables {
            self.machine.config().variables.insert(name, *value);
        }
    }

    /// Writes a file into the home directory, which is Poetry's for configuration
    /// too.
    fn write(&mut self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        fs_err::write(&path, text).unwrap();
        self.machine.config().home = Some(self.home.path().to_owned());
        self.machine.config().poetry_configuration = Some(self.home.path().to_owned());
        path
    }

    fn fetch(&self) -> Result<Fetched, Error> {
        self.fetch_into(&Cache::temporary().unwrap(), &Silent)
    }

    fn fetch_into(&self, cache: &Cache, reporter: &dyn Reporter) -> Result<Fetched, Error> {
        let project = ProjectBuilder::new("shop")
            .source("my-company", &self.url, "explicit")
            .package(LockedPackage::from(&self.wheel).source("my-company"));
        let options = self
            .machine
            .options(cache, &|| panic!("the lock names the index"));
        fetch(&chosen(&project), &options, reporter)
    }

    /// How many requests there were for the page and for the file.
    fn requests(&self) -> (usize, usize) {
        let count = |path: &str| self.index.request_count(path);
        (
            count(&self.index.page_path("demo")),
            count(&self.index.file_path(&self.wheel)),
        )
    }
}

#[test]
fn each_place_opens_the_index_with_its_first_request() {
    type SetUp<'a> = &'a dyn Fn(&mut Company);
    let places: [(&str, SetUp<'_>); 5] = [
        ("url", &|company| {
            company.url = company.index.url_with_credentials("me", PASSWORD);
        }),
        ("Poetry's variables", &|company| {
            company.set(&[
                ("POETRY_HTTP_BASIC_MY_COMPANY_USERNAME", "me"),
                ("POETRY_HTTP_BASIC_MY_COMPANY_PASSWORD", PASSWORD),
            ]);
        }),
        ("auth.toml", &|company| {
            let table = "[http-basic.my-company]\nusername = \"me\"\npassword = \"hunter2\"\n";
            company.write("auth.toml", table);
        }),
        ("uv's variables", &|company| {
            company.set(&[
                ("UV_INDEX_MY_COMPANY_USERNAME", "me"),
                ("UV_INDEX_MY_COMPANY_PASSWORD", PASSWORD),
            ]);
        }),
        ("netrc", &|company| {
            let netrc = company.write("mine", "machine 127.0.0.1 login me password hunter2\n");
            company.set(&[("NETRC", netrc.to_str().unwrap())]);
        }),
    ];
    for (place, set_up) in places {
        let mut company = Company::open();
        set_up(&mut company);
        company
            .fetch()
            .unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!(company.requests(), (1, 1), "{place}");
    }
}

#[test]
fn a_publishing_token_is_sent_only_after_a_refusal() {
    let mut company = Company::open();
    company.index.require_basic_auth("__token__", PASSWORD);
    company.set(&[("POETRY_PYPI_TOKEN_MY_COMPANY", PASSWORD)]);
    company.fetch().unwrap();
    // Once is enough: what was accepted is sent at once from then on.
    assert_eq!(company.requests(), (2, 1));
    assert_eq!(company.index.requests()[0].header("authorization"), None);
}

#[cfg(unix)]
#[test]
fn the_keyring_is_asked_once_after_a_refusal_for_a_user_that_is_known() {
    use std::os::unix::fs::PermissionsExt;

    let mut company = Company::open();
    let calls = company.home.path().join("calls");
    let script = format!(
        "#!/bin/sh\necho \"$2 $3\" >> {}\n[ \"$1 $3\" = 'get me' ] && case $2 in \
         http*) echo {PASSWORD} ;; *) exit 1 ;; esac\n",
        calls.display()
    );
    let keyring = company.write("keyring", &script);
    fs_err::set_permissions(&keyring, std::fs::Permissions::from_mode(0o755)).unwrap();
    company.machine.config().keyring_command = Some(keyring.to_str().unwrap().to_owned());

    // Nobody to ask for.
    let error = company.fetch().unwrap_err();
    assert!(
        error.to_string().contains("no user name is known"),
        "{error}"
    );
    assert!(!calls.exists());

    company.write("auth.toml", "[http-basic.my-company]\nusername = \"me\"\n");
    company.fetch().unwrap();
    let asked = fs_err::read_to_string(&calls).unwrap();
    let expected = format!(
        "poetry-repository-my-company me\n{} me\n",
        company.index.url()
    );
    assert_eq!(asked, expected);

    // A password that was refused is the user's to look at.
    company.url = company.index.url_with_credentials("me", "wrong");
    company.fetch().unwrap_err();
    assert_eq!(fs_err::read_to_string(&calls).unwrap(), expected);
}

#[test]
fn a_token_without_a_password_is_sent_as_the_user() {
    let mut company = Company::open();
    company.index.require_basic_auth("token", "");
    company.set(&[("POETRY_HTTP_BASIC_MY_COMPANY_USERNAME", "token")]);
    company.fetch().unwrap();
    assert_eq!(company.requests(), (1, 1));
}

#[test]
fn a_refusal_lists_the_places_that_were_looked_into() {
    let mut company = Company::open();
    let auth = company.write("auth.toml", "[http-basic.other]\nusername = \"x\"\n");
    company.machine.config().keyring_command = Some("layerlock-test-no-keyring".to_owned());
    let error = company.fetch().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "failed to get {}demo/: the server answered 401, and no credentials for it were found \
             in the index's URL, POETRY_HTTP_BASIC_MY_COMPANY_USERNAME and _PASSWORD, \
             UV_INDEX_MY_COMPANY_USERNAME and _PASSWORD, {}, {}, POETRY_PYPI_TOKEN_MY_COMPANY, \
             the keyring (not asked: no user name is known)",
            company.index.url(),
            auth.display(),
            company.home.path().join(".netrc").display(),
        )
    );
    let hint = error.hint().unwrap();
    assert!(
        hint.contains("poetry config http-basic.my-company"),
        "{hint}"
    );
    let of_uv = error.hint_for(LockTool::Uv).unwrap();
    assert_eq!(of_uv, "set the variables, or add the host to netrc");
}

#[test]
fn a_user_name_alone_that_was_refused_is_told_as_such() {
    let mut company = Company::open();
    company.set(&[("UV_INDEX_MY_COMPANY_USERNAME", "me")]);
    let error = company.fetch().unwrap_err();
    let message = error.to_string();
    let expected = "401 to the user name from UV_INDEX_MY_COMPANY_USERNAME, and no password was \
                    found in the index's URL, POETRY_HTTP_BASIC_";
    assert!(message.contains(expected), "{message}");
    assert!(error.hint().unwrap().contains("poetry config"));
}

#[test]
fn credentials_that_were_refused_are_named_by_their_place() {
    let mut company = Company::open();
    company.set(&[
        ("UV_INDEX_MY_COMPANY_USERNAME", "me"),
        ("UV_INDEX_MY_COMPANY_PASSWORD", "old"),
    ]);
    let error = company.fetch().unwrap_err();
    let message = error.to_string();
    let expected = "answered 401 to the credentials from UV_INDEX_MY_COMPANY_USERNAME";
    assert!(message.ends_with(expected), "{message}");
    assert_eq!(company.requests(), (1, 0));
}

#[test]
fn no_secret_of_any_place_is_shown_or_kept() {
    /// Writes down all that it hears.
    #[derive(Default)]
    struct Log(Mutex<Vec<String>>);
    impl Reporter for Log {
        fn download_started(&self, file: &str, _: Option<u64>) {
            self.0.lock().unwrap().push(file.to_owned());
        }
        fn download_restarted(&self, file: &str, reason: &str) {
            self.0.lock().unwrap().push(format!("{file} {reason}"));
        }
    }
    let secrets = [
        "s-address",
        "s-poetry",
        "s-toml",
        "s-uv",
        "s-netrc",
        "s-token",
    ];
    // Each place has the word in another run, and in the last all have theirs.
    for number in 0..=secrets.len() {
        let has = |place: usize| number == place || number == secrets.len();
        let mut company = Company::open();
        if has(0) {
            company.url = company.index.url_with_credentials("u", secrets[0]);
        }
        if has(1) {
            company.set(&[("POETRY_HTTP_BASIC_MY_COMPANY_PASSWORD", secrets[1])]);
        }
        if has(2) {
            company.write(
                "auth.toml",
                "[http-basic.my-company]\npassword = \"s-toml\"\n",
            );
        }
        if has(3) {
            company.set(&[("UV_INDEX_MY_COMPANY_PASSWORD", secrets[3])]);
        }
        if has(4) {
            company.write(".netrc", "machine 127.0.0.1 login u password s-netrc\n");
        }
        if has(5) {
            company.set(&[("POETRY_PYPI_TOKEN_MY_COMPANY", secrets[5])]);
        }
        let directory = TempDir::new().unwrap();
        let cache = Cache::at(directory.path());
        let log = Log::default();
        let refused = company.fetch_into(&cache, &log).unwrap_err();
        assert!(
            matches!(refused, Error::Client(ClientError::Unauthorized { .. })),
            "{refused:?}"
        );
        assert_shown_nowhere(&refused, &secrets);

        company.index.accept_everybody();
        // Trouble after the door was opened; once is enough, for it takes time.
        if number == secrets.len() {
            let file = company.index.file_path(&company.wheel);
            company.index.fault(&file, Fault::CutBody(5));
            let cut = company.fetch_into(&cache, &log).unwrap_err();
            assert!(
                matches!(cut, Error::Client(ClientError::Request { .. })),
                "{cut:?}"
            );
            assert_shown_nowhere(&cut, &secrets);
            company.index.heal(&file);
        }
        let fetched = company.fetch_into(&cache, &log).unwrap();
        let told = format!("{:?} {:?}", fetched, log.0.into_inner().unwrap());
        assert!(
            secrets.iter().all(|secret| !told.contains(secret)),
            "{told}"
        );
        for file in files_in(directory.path()).unwrap() {
            let bytes = fs_err::read(directory.path().join(&file)).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(
                secrets.iter().all(|secret| !text.contains(secret)),
                "{file}"
            );
        }
    }
}

#[test]
fn a_host_of_files_gets_its_own_netrc_entry_and_not_the_indexs_password() {
    let mut company = Company::open();
    let files = LoopbackIndex::with_wheels([&company.wheel]);
    files.require_basic_auth("files", "other");
    let link = files
        .file_url(&company.wheel)
        .replace("127.0.0.1", "localhost");
    let path = company.index.file_path(&company.wheel);
    company.index.fault(&path, Fault::Redirect(link));
    company.set(&[
        ("POETRY_HTTP_BASIC_MY_COMPANY_USERNAME", "me"),
        ("POETRY_HTTP_BASIC_MY_COMPANY_PASSWORD", PASSWORD),
    ]);
    let error = company.fetch().unwrap_err();
    assert!(
        matches!(
            error,
            Error::Client(ClientError::Unauthorized { sent: None, .. })
        ),
        "{error:?}"
    );
    assert_eq!(files.requests()[0].header("authorization"), None);

    company.write(".netrc", "machine localhost login files password other\n");
    company.fetch().unwrap();
}

#[test]
fn an_option_with_the_url_of_a_source_has_its_credentials() {
    let mut company = Company::open();
    company.set(&[
        ("POETRY_HTTP_BASIC_MY_COMPANY_USERNAME", "me"),
        ("POETRY_HTTP_BASIC_MY_COMPANY_PASSWORD", PASSWORD),
    ]);
    let project = ProjectBuilder::new("shop")
        .source("my-company", &company.index.url(), "primary")
        .package(&company.wheel);
    let directory = project.write();
    let read = layerlock_export::Project::read(directory.path()).unwrap();
    company.machine.project_sources = read.sources().to_vec();
    let cache = Cache::temporary().unwrap();
    let mut options = company
        .machine
        .options(&cache, &|| panic!("an option names the index"));
    let url = company.index.url();
    options.sources.option = Some(layerlock_install::index::IndexUrl::parse(&url).unwrap());
    fetch(&chosen(&project), &options, &Silent).unwrap();
}

/// An index that moved, or one that hands its visitors on: from there on nobody
/// gets its password, not even for the files that the page there lists.
#[test]
fn a_page_that_moved_to_another_host_takes_no_password_with_it() {
    let mut company = Company::open();
    let elsewhere = LoopbackIndex::with_wheels([&company.wheel]);
    elsewhere.link_style(LinkStyle::Relative);
    let page = company.index.page_path("demo");
    let there = format!("{}demo/", elsewhere.url());
    company.index.fault(&page, Fault::Redirect(there));
    company.url = company.index.url_with_credentials("me", PASSWORD);
    company.set(&[
        ("UV_INDEX_MY_COMPANY_USERNAME", "me"),
        ("UV_INDEX_MY_COMPANY_PASSWORD", PASSWORD),
        ("POETRY_PYPI_TOKEN_MY_COMPANY", PASSWORD),
    ]);
    company.fetch().unwrap();
    assert_eq!(elsewhere.requests().len(), 2);

    // Where that host wants a password, this one is not offered either.
    elsewhere.require_basic_auth("me", PASSWORD);
    let error = company.fetch().unwrap_err();
    assert!(
        matches!(
            error,
            Error::Client(ClientError::Unauthorized { sent: None, .. })
        ),
        "{error:?}"
    );
    for request in elsewhere.requests() {
        assert_eq!(request.header("authorization"), None);
    }
}
