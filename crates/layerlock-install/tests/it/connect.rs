//! How an index is reached: proxies, and certificates of either side.

use layerlock_diagnostic::Diagnose as _;
use std::io::{Read, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;

use layerlock_client::{Error as ClientError, PipFiles};
use layerlock_install::{Cache, Error, Fetched, Silent, fetch};
use layerlock_testkit::{
    Fault, Identity, LinkStyle, LockedPackage, LoopbackIndex, ProjectBuilder, Wheel as TestWheel,
    WheelBuilder,
};
use tempfile::TempDir;

use crate::helpers::{Machine, assert_shown_nowhere, chosen};

const ELSEWHERE: &str = "http://packages.example.com/simple/";
/// A port that nothing listens on.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A machine behind something, and a project with a wheel of the source `company`.
struct Office {
    machine: Machine,
    wheel: TestWheel,
    home: TempDir,
}

impl Office {
    fn open() -> Self {
        Self {
            machine: Machine::default(),
            wheel: WheelBuilder::new("demo", "1.0").build(),
            home: TempDir::new().unwrap(),
        }
    }

    fn index(&self) -> LoopbackIndex {
        let index = LoopbackIndex::with_wheels([&self.wheel]);
        // So that files are where the page seems to be.
        index.link_style(LinkStyle::Relative);
        index
    }

    fn tls_index(&self, identity: &Identity) -> LoopbackIndex {
        let index = LoopbackIndex::start_with_tls(identity);
        index.add(&self.wheel);
        index
    }

    fn set(&mut self, name: &str, value: &str) {
        self.machine.config().variables.insert(name, value);
    }

    fn unset(&mut self) {
        self.machine = Machine::default();
    }

    /// Writes a file into the home directory, which is Poetry's for configuration
    /// too; `pip.conf` is pip's.
    fn write(&mut self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        fs_err::write(&path, text).unwrap();
        let config = self.machine.config();
        config.poetry_configuration = Some(self.home.path().to_owned());
        config.pip_files = PipFiles::new([self.home.path().join("pip.conf")]);
        path
    }

    fn fetch(&self, index: &str) -> Result<Fetched, Error> {
        let project = ProjectBuilder::new("shop")
            .source("company", index, "explicit")
            .package(LockedPackage::from(&self.wheel).source("company"));
        let cache = Cache::temporary().unwrap();
        let options = self
            .machine
            .options(&cache, &|| panic!("the lock names the index"));
        fetch(&chosen(&project), &options, &Silent)
    }
}

fn origin(index: &LoopbackIndex) -> String {
    index.url().replace("/simple/", "")
}

fn netloc(index: &LoopbackIndex) -> String {
    let origin = origin(index);
    origin.split("//").last().unwrap().to_owned()
}

#[test]
fn pips_proxy_is_for_every_request_and_before_those_of_the_environment() {
    for in_file in [false, true] {
        let mut office = Office::open();
        let proxy = office.index();
        if in_file {
            let text = format!("[global]\nproxy = {}\n", netloc(&proxy));
            office.write("pip.conf", &text);
        } else {
            office.set("PIP_PROXY", &origin(&proxy));
        }
        office.set("HTTP_PROXY", NOWHERE);
        office.fetch(ELSEWHERE).unwrap();
        assert_eq!(proxy.request_count(&format!("{ELSEWHERE}demo/")), 1);
        assert_eq!(proxy.requests().len(), 2);
    }
}

#[test]
fn hosts_of_no_proxy_are_reached_directly_whatever_names_the_proxy() {
    for name in ["PIP_PROXY", "HTTP_PROXY", "ALL_PROXY"] {
        let mut office = Office::open();
        let index = office.index();
        office.set(name, NOWHERE);
        office.fetch(&index.url()).unwrap_err();
        office.set("NO_PROXY", "example.com,127.0.0.1");
        office.fetch(&index.url()).unwrap();
    }
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let mut office = Office::open();
    let proxy = NOWHERE.replace("//", "//me:hunter2@");
    let file = office.write("pip.conf", &format!("[global]\nproxy = {proxy}\n"));
    let error = office.fetch(ELSEWHERE).unwrap_err();
    assert_shown_nowhere(&error, &["hunter2"]);
    let message = error.to_string();
    let expected = format!(
        "pip's configuration file {} names the proxy http://****@127.0.0.1:9/)",
        file.display()
    );
    assert!(message.ends_with(&expected), "{message}");
}

#[test]
fn a_proxy_gets_the_password_in_its_address_and_says_where_it_wants_one() {
    let mut office = Office::open();
    let proxy = office.index();
    proxy.require_proxy_auth("me", "hunter2");
    let with = |user: &str| origin(&proxy).replace("//", &format!("//{user}@"));
    office.set("HTTP_PROXY", &with("me:hunter2"));
    office.fetch(ELSEWHERE).unwrap();

    for (user, complaint) in [
        ("", "wants credentials"),
        ("me:wrong", "does not accept the credentials in its URL"),
    ] {
        office.set("HTTP_PROXY", &with(user));
        let before = proxy.requests().len();
        let error = office.fetch(ELSEWHERE).unwrap_err();
        assert_shown_nowhere(&error, &["wrong"]);
        let shown = if user.is_empty() { "" } else { "****@" };
        let shown = origin(&proxy).replace("//", &format!("//{shown}"));
        assert_eq!(
            error.to_string(),
            format!(
                "failed to get {ELSEWHERE}demo/: the proxy {shown}/, which the environment \
                 variable HTTP_PROXY names, {complaint}"
            )
        );
        assert!(error.hint().unwrap().contains("USER:PASSWORD"));
        assert_eq!(proxy.requests().len(), before + 1);
    }

    // The same for a tunnel.
    office.set("HTTPS_PROXY", &with("me:wrong"));
    let error = office
        .fetch("https://packages.example.com/simple/")
        .unwrap_err();
    assert!(
        matches!(
            &error,
            Error::Client(ClientError::ProxyCredentials { sent: true, .. })
        ),
        "{error:?}"
    );
    let methods = proxy.requests().into_iter().map(|one| one.method);
    assert_eq!(methods.filter(|method| method == "CONNECT").count(), 1);
}

#[test]
fn an_index_and_its_proxy_each_get_their_own_password() {
    let mut office = Office::open();
    let proxy = office.index();
    proxy.require_proxy_auth("me", "for-proxy");
    proxy.require_basic_auth("me", "for-index");
    office.set(
        "HTTP_PROXY",
        &origin(&proxy).replace("//", "//me:for-proxy@"),
    );
    office.set("POETRY_HTTP_BASIC_COMPANY_USERNAME", "me");
    office.set("POETRY_HTTP_BASIC_COMPANY_PASSWORD", "for-index");
    office.fetch(ELSEWHERE).unwrap();
    // me:for-proxy, me:for-index
    for request in proxy.requests() {
        assert_eq!(
            request.header("proxy-authorization"),
            Some("Basic bWU6Zm9yLXByb3h5")
        );
        assert_eq!(
            request.header("authorization"),
            Some("Basic bWU6Zm9yLWluZGV4")
        );
    }
}

#[test]
fn a_socks_proxy_is_a_proxy() {
    let mut office = Office::open();
    let index = office.index();
    office.set(
        "ALL_PROXY",
        &format!("socks5h://{}", socks(&netloc(&index))),
    );
    office.fetch(ELSEWHERE).unwrap();
    assert_eq!(index.requests().len(), 2);
}

#[test]
fn what_is_no_proxy_is_told_before_anything_is_asked() {
    let mut office = Office::open();
    office.set("HTTPS_PROXY", "ftp://me:hunter2@127.0.0.1:9");
    let error = office.fetch(ELSEWHERE).unwrap_err();
    assert!(
        matches!(error, Error::Client(ClientError::Proxy { .. })),
        "{error:?}"
    );
    assert_shown_nowhere(&error, &["hunter2"]);
    assert!(error.to_string().contains("HTTPS_PROXY"), "{error}");
}

#[test]
fn a_trusted_host_may_show_any_certificate_and_others_may_not() {
    let identity = Identity::generate();
    let mut office = Office::open();
    let index = office.tls_index(&identity);
    let error = office.fetch(&index.url()).unwrap_err();
    assert!(
        matches!(error, Error::Client(ClientError::Certificate { .. })),
        "{error:?}"
    );
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(index.requests().is_empty());

    for name in ["PIP_TRUSTED_HOST", "UV_INSECURE_HOST"] {
        for host in ["127.0.0.1", &netloc(&index)] {
            office.unset();
            office.set(name, &format!("packages.example.com {host}"));
            office.fetch(&index.url()).unwrap();
        }
        office.set(name, "127.0.0.1:1 localhost");
        office.fetch(&index.url()).unwrap_err();
    }

    // A host that it leads to has to be trusted by itself.
    let other = office.tls_index(&Identity::generate());
    let there = Fault::Redirect(other.file_url(&office.wheel));
    index.fault(&index.file_path(&office.wheel), there);
    office.set("PIP_TRUSTED_HOST", &netloc(&index));
    office.fetch(&index.url()).unwrap_err();
    assert!(other.requests().is_empty());
    office.set("PIP_TRUSTED_HOST", "127.0.0.1");
    office.fetch(&index.url()).unwrap();
}

#[test]
fn a_source_has_the_certificates_that_poetry_is_told_of() {
    let identity = Identity::generate();
    let mut office = Office::open();
    let index = office.tls_index(&identity);
    let certificate = office.write("ca.pem", identity.certificate());
    let certificate = certificate.to_str().unwrap().to_owned();
    let table = |name: &str, value: &str| format!("[certificates.{name}]\ncert = {value}\n");
    for (file, text, is_reached) in [
        (
            "auth.toml",
            table("company", &format!("{certificate:?}")),
            true,
        ),
        (
            "config.toml",
            table("Company", &format!("{certificate:?}")),
            true,
        ),
        ("auth.toml", table("company", "false"), true),
        ("auth.toml", table("company", "true"), false),
        ("auth.toml", table("other", "false"), false),
    ] {
        office.write(file, &text);
        let is_ok = office.fetch(&index.url()).is_ok();
        assert_eq!(is_ok, is_reached, "{file}: {text}");
        fs_err::remove_file(office.home.path().join(file)).unwrap();
    }
    for value in [certificate.as_str(), "false"] {
        office.unset();
        office.set("POETRY_CERTIFICATES_COMPANY_CERT", value);
        office.fetch(&index.url()).unwrap();
    }

    // They are for the source itself, and for no host that it leads to.
    let other = office.tls_index(&identity);
    let there = Fault::Redirect(other.file_url(&office.wheel));
    index.fault(&index.file_path(&office.wheel), there);
    office.fetch(&index.url()).unwrap_err();
    assert!(other.requests().is_empty());

    office.set("POETRY_CERTIFICATES_COMPANY_CERT", "/no/such.pem");
    let message = office.fetch(&index.url()).unwrap_err().to_string();
    assert!(
        message.contains("/no/such.pem, which Poetry's POETRY_CERTIFICATES_COMPANY_CERT names"),
        "{message}"
    );
}

#[test]
fn an_index_that_asks_for_a_certificate_gets_it() {
    let (server, client) = (Identity::generate(), Identity::generate());
    let mut office = Office::open();
    let index = office.tls_index(&server.demanding(&client));
    let own = office.write("client.pem", &client.with_key());
    let own = own.to_str().unwrap().to_owned();
    let bare = office.write("bare.pem", client.certificate());
    let trust = |office: &mut Office| office.set("PIP_TRUSTED_HOST", "127.0.0.1");
    trust(&mut office);
    office.fetch(&index.url()).unwrap_err();
    assert!(index.requests().is_empty());

    for name in [
        "PIP_CLIENT_CERT",
        "SSL_CLIENT_CERT",
        "POETRY_CERTIFICATES_COMPANY_CLIENT_CERT",
    ] {
        office.unset();
        trust(&mut office);
        office.set("POETRY_CERTIFICATES_COMPANY_CERT", "false");
        office.set(name, &own);
        office.fetch(&index.url()).unwrap();
        office.set(name, bare.to_str().unwrap());
        let message = office.fetch(&index.url()).unwrap_err().to_string();
        assert!(
            message.contains(name) && message.contains("with its key"),
            "{message}"
        );
    }
    office.unset();
    trust(&mut office);
    office.write("pip.conf", &format!("[global]\nclient-cert = {own}\n"));
    office.fetch(&index.url()).unwrap();
}

/// A SOCKS5 proxy that connects everybody to one place (RFC 1928). Gives its
/// address.
fn socks(to: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let to = to.to_owned();
    thread::spawn(move || {
        for client in listener.incoming() {
            let to = to.clone();
            thread::spawn(move || {
                let mut client = client.unwrap();
                let mut take = |count: usize| {
                    let mut bytes = vec![0; count];
                    client.read_exact(&mut bytes).map(|()| bytes)
                };
                // Version and methods; none is asked for.
                let methods = take(2)?[1];
                take(methods.into())?;
                client.write_all(&[5, 0])?;
                let mut take = |count: usize| {
                    let mut bytes = vec![0; count];
                    client.read_exact(&mut bytes).map(|()| bytes)
                };
                // A request to connect to a name (3), whose length comes first.
                let head = take(5)?;
                assert_eq!(head[..4], [5, 1, 0, 3]);
                take(usize::from(head[4]) + 2)?;
                client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
                relay(client, TcpStream::connect(to)?)
            });
        }
    });
    address
}

fn relay(mut client: TcpStream, mut server: TcpStream) -> std::io::Result<()> {
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let _ = copy(&mut server, &mut client);
    client.shutdown(Shutdown::Write)
}
