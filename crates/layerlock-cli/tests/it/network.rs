//! Proxies and certificates, which the environment names.

use std::io::{Read, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use layerlock_testkit::{Identity, LoopbackIndex};

use crate::support::{Sandbox, greeter};

/// A port that nothing listens on.
const NOWHERE: &str = "http://127.0.0.1:9/";

#[test]
fn http_goes_by_way_of_the_proxy() {
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let sandbox = Sandbox::new();
        let proxy = sandbox.index.url().replace("/simple/", "");
        sandbox
            .layerlock(&["build"])
            .env("PIP_INDEX_URL", "http://packages.example.com/simple/")
            .env(variable, proxy)
            .assert()
            .success();
        let page = "http://packages.example.com/simple/greeter/";
        assert_eq!(sandbox.index.request_count(page), 1, "{variable}");
    }
}

#[test]
fn indexes_of_uvs_files_in_the_project_are_asked_and_uv_offline_is_obeyed() {
    let sandbox = Sandbox::new();
    let build = || {
        let mut command = sandbox.layerlock(&["build", "--no-cache"]);
        command.env_remove("PIP_INDEX_URL");
        command
    };
    let index = |url: &str| format!("[[index]]\nurl = \"{url}\"\ndefault = true\n");
    let path = sandbox.project.path().join("uv.toml");
    fs_err::write(&path, index(&sandbox.index.url())).unwrap();
    let offline = build().env("UV_OFFLINE", "1").assert().code(5);
    let text = String::from_utf8_lossy(&offline.get_output().stderr).into_owned();
    assert!(text.contains("UV_OFFLINE forbids"), "{text}");
    build().assert().success();
    // pip's own variable wins.
    build().env("PIP_INDEX_URL", NOWHERE).assert().code(5);

    fs_err::remove_file(&path).unwrap();
    build().assert().code(5);
    let path = sandbox.project.pyproject();
    let text = fs_err::read_to_string(&path).unwrap();
    let table = index(&sandbox.index.url()).replace("[[index]]", "[[tool.uv.index]]");
    fs_err::write(&path, text + &table).unwrap();
    build().assert().success();
    build().env("UV_NO_CONFIG", "1").assert().code(5);
}

#[test]
fn no_proxy_names_hosts_that_are_reached_directly() {
    let sandbox = Sandbox::new();
    sandbox
        .layerlock(&["build"])
        .env("HTTP_PROXY", NOWHERE)
        .assert()
        .code(5);
    assert!(sandbox.index.requests().is_empty());
    sandbox
        .layerlock(&["build"])
        .env("HTTP_PROXY", NOWHERE)
        .env("NO_PROXY", "localhost,127.0.0.1")
        .assert()
        .success();
}

#[test]
fn https_goes_through_a_tunnel_and_the_proxys_password_stays_there() {
    let identity = Identity::generate();
    let mut sandbox = Sandbox::new();
    sandbox.index = LoopbackIndex::start_with_tls(&identity);
    sandbox.index.add(&greeter());
    let certificate = write(&sandbox, "ca.pem", identity.certificate());

    let (address, heads) = tunnel("HTTP/1.1 200 Connection established\r\n\r\n");
    sandbox
        .layerlock(&["build"])
        .env("SSL_CERT_FILE", &certificate)
        .env("HTTPS_PROXY", format!("http://me:hunter2@{address}"))
        .assert()
        .success();
    let head = heads.recv().unwrap();
    let host = sandbox
        .index
        .url()
        .replace("https://", "")
        .replace("/simple/", "");
    assert!(
        head.starts_with(&format!("CONNECT {host} HTTP/1.1\r\n")),
        "{head}"
    );
    // me:hunter2
    assert!(head.contains("Basic bWU6aHVudGVyMg=="), "{head}");

    let (address, _heads) = tunnel("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    let output = sandbox
        .layerlock(&["build", "--no-cache", "--verbose"])
        .env("SSL_CERT_FILE", &certificate)
        .env("HTTPS_PROXY", format!("http://me:hunter2@{address}"))
        .assert()
        .code(5);
    let text = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    assert!(text.contains("proxy"), "{text}");
    assert!(
        !text.contains("hunter2") && !text.contains("bWU6"),
        "{text}"
    );
}

#[test]
fn every_variable_for_certificates_opens_the_index() {
    let identity = Identity::generate();
    let mut sandbox = Sandbox::new();
    sandbox.index = LoopbackIndex::start_with_tls(&identity);
    sandbox.index.add(&greeter());
    let file = write(&sandbox, "ca.pem", identity.certificate());
    // A name as OpenSSL's c_rehash makes them.
    let directory = write(&sandbox, "certificates/0badcafe.0", identity.certificate());
    let directory = directory.parent().unwrap().to_owned();
    for (variable, value) in [
        ("SSL_CERT_FILE", &file),
        ("REQUESTS_CA_BUNDLE", &file),
        ("REQUESTS_CA_BUNDLE", &directory),
        ("CURL_CA_BUNDLE", &file),
        ("PIP_CERT", &file),
        ("SSL_CERT_DIR", &directory),
    ] {
        sandbox
            .layerlock(&["build", "--no-cache"])
            .env(variable, value)
            .assert()
            .success();
    }

    // With two that are named, either counts.
    let other = write(&sandbox, "other.pem", Identity::generate().certificate());
    sandbox
        .layerlock(&["build", "--no-cache"])
        .env("SSL_CERT_FILE", &file)
        .env("REQUESTS_CA_BUNDLE", &other)
        .assert()
        .success();

    let requests = sandbox.index.requests().len();
    let output = sandbox
        .layerlock(&["build", "--no-cache"])
        .env("SSL_CERT_FILE", &other)
        .assert()
        .code(5);
    let text = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    assert!(
        text.contains("certificate") && text.contains("hint"),
        "{text}"
    );
    assert_eq!(sandbox.index.requests().len(), requests);
}

fn write(sandbox: &Sandbox, name: &str, text: &str) -> PathBuf {
    let path = sandbox.project.path().join(name);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(&path, text).unwrap();
    path
}

/// A proxy that gives this answer to every CONNECT and, if it is a good one,
/// passes everything on. Tells the head of each request.
fn tunnel(answer: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (send, receive) = channel();
    thread::spawn(move || {
        for client in listener.incoming() {
            let send = send.clone();
            thread::spawn(move || {
                let mut client = client.unwrap();
                let head = head(&mut client);
                let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let _ = send.send(head);
                client.write_all(answer.as_bytes()).unwrap();
                if answer.contains(" 200 ") {
                    relay(client, TcpStream::connect(target).unwrap());
                }
            });
        }
    });
    (address, receive)
}

fn head(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap() > 0 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

fn relay(mut client: TcpStream, mut server: TcpStream) {
    let (mut from_client, mut to_server) =
        (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let _ = copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Write);
}
