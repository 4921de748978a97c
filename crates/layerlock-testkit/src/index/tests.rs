use std::io::{Read, Write};

use super::answer::{JSON, LOGIN_PAGE};
use super::*;
use crate::WheelBuilder;

/// Status line, headers and body, read until the connection ends.
fn get(index: &LoopbackIndex, path: &str, headers: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(index.address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
    let body = bytes.split_off(end + 4);
    (String::from_utf8(bytes).unwrap(), body)
}

fn wheel() -> Wheel {
    WheelBuilder::new("Foo_Bar", "1.0+cpu")
        .file("foo.py", "x = 1")
        .build()
}

#[test]
fn pages_follow_the_accept_header() {
    let wheel = wheel();
    let index = LoopbackIndex::with_wheels([&wheel]);
    let page = index.page_path("foo.bar");
    let (head, body) = get(&index, &page, "");
    assert!(head.contains("Content-Type: text/html"), "{head}");
    let body = String::from_utf8(body).unwrap();
    let url = index.file_url(&wheel);
    assert!(url.contains("%2Bcpu"), "{url}");
    assert!(
        body.contains(&format!("href=\"{url}#sha256={}\"", wheel.sha256)),
        "{body}"
    );

    let accept = format!("Accept: {JSON}\r\n");
    let (head, body) = get(&index, &page, &accept);
    assert!(head.contains(JSON), "{head}");
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(json["files"][0]["url"], url);

    index.html_only();
    let (head, _) = get(&index, &page, &accept);
    assert!(head.contains("Content-Type: text/html"), "{head}");
}

#[test]
fn links_can_be_relative_to_the_page_or_to_a_base() {
    let wheel = wheel();
    let index = LoopbackIndex::with_wheels([&wheel]);
    let page = |style| {
        index.link_style(style);
        String::from_utf8(get(&index, &index.page_path("foo-bar"), "").1).unwrap()
    };
    assert!(page(LinkStyle::Relative).contains("href=\"../../files/foo-bar/foo_bar"));
    let based = page(LinkStyle::Base);
    let base = format!("<base href=\"http://{}/files/\">", index.address);
    assert!(based.contains(&base), "{based}");
    assert!(based.contains("href=\"foo-bar/foo_bar"), "{based}");
}

#[test]
fn files_are_served_and_requests_recorded() {
    let wheel = wheel();
    let index = LoopbackIndex::with_wheels([&wheel]);
    let path = index.file_path(&wheel);
    let (head, body) = get(&index, &path, "X-Mark: 7\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(body, wheel.bytes);
    let requests = index.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].path, path);
    assert_eq!(requests[0].header("x-mark"), Some("7"));
    let (head, _) = get(&index, "/simple/other/", "");
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
}

#[test]
fn the_rest_of_a_file_is_served_where_it_is_the_same_file() {
    let wheel = wheel();
    let index = LoopbackIndex::with_wheels([&wheel]);
    let path = index.file_path(&wheel);
    let (head, body) = get(&index, &path, "Range: bytes=5-\r\n");
    assert!(head.starts_with("HTTP/1.1 206 "), "{head}");
    assert!(head.contains("Content-Range: bytes 5-"), "{head}");
    assert_eq!(body, wheel.bytes[5..]);
    for headers in [
        "Range: bytes=5-\r\nIf-Range: \"other\"\r\n",
        "Range: bytes=99999-\r\n",
    ] {
        let (head, body) = get(&index, &path, headers);
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert_eq!(body, wheel.bytes);
    }
    index.without_ranges();
    assert_eq!(get(&index, &path, "Range: bytes=5-\r\n").1, wheel.bytes);
}

#[test]
fn faults_happen_as_often_as_asked() {
    let wheel = wheel();
    let index = LoopbackIndex::with_wheels([&wheel]);
    let path = index.file_path(&wheel);
    index.fault_first(&path, 2, Fault::Status(503));
    for status in ["503", "503", "200"] {
        let (head, _) = get(&index, &path, "");
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
    assert_eq!(index.request_count(&path), 3);

    index.fault(&path, Fault::CutBody(5));
    let (head, body) = get(&index, &path, "");
    let length = format!("Content-Length: {}\r\n", wheel.bytes.len());
    assert!(head.contains(&length), "{head}");
    assert_eq!(body, wheel.bytes[..5]);
    index.heal(&path);

    index.fault(&path, Fault::ContentLength(3));
    let (head, _) = get(&index, &path, "");
    assert!(head.contains("Content-Length: 3\r\n"), "{head}");
    index.heal(&path);

    index.fault(&path, Fault::Redirect("/elsewhere".to_owned()));
    let (head, _) = get(&index, &path, "");
    assert!(head.contains("Location: /elsewhere\r\n"), "{head}");
    index.heal(&path);

    index.fault(&path, Fault::LoginPage);
    let (head, body) = get(&index, &path, "");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(body, LOGIN_PAGE.as_bytes());
    index.heal(&path);

    index.fault(
        &path,
        Fault::Slow {
            after: 4,
            pause: Duration::from_millis(50),
        },
    );
    let start = std::time::Instant::now();
    assert_eq!(get(&index, &path, "").1, wheel.bytes);
    assert!(start.elapsed() >= Duration::from_millis(50));
}

#[test]
fn credentials_open_what_needs_them() {
    let wheel = wheel();
    let index = LoopbackIndex::with_wheels([&wheel]);
    index.require_basic_auth("me", "secret");
    let path = index.page_path("foo-bar");
    let (head, _) = get(&index, &path, "");
    assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
    assert!(head.contains("WWW-Authenticate: Basic "), "{head}");
    let (head, _) = get(&index, &path, "Authorization: Basic bWU6c2VjcmV0\r\n");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}

#[test]
fn as_a_proxy_it_answers_for_every_host() {
    let index = LoopbackIndex::with_wheels([&wheel()]);
    let target = "http://packages.example.com/simple/foo-bar/";
    assert!(get(&index, target, "").0.starts_with("HTTP/1.1 200 "));
    assert_eq!(index.requests()[0].path, target);
    assert!(get(&index, "http://x", "").0.starts_with("HTTP/1.1 404 "));
}

#[test]
fn a_dropped_index_refuses_connections() {
    let index = LoopbackIndex::start();
    let address = index.address;
    // A client that never asks does not keep it up.
    let idle = TcpStream::connect(address).unwrap();
    drop(index);
    assert!(TcpStream::connect(address).is_err());
    drop(idle);
}

#[test]
fn a_quota_is_for_a_span_of_time() {
    let index = LoopbackIndex::with_wheels([&wheel()]);
    index.quota(2, Duration::from_millis(300));
    let status = || {
        let (head, _) = get(&index, &index.page_path("foo-bar"), "");
        head.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!([status(), status(), status()], ["200", "200", "429"]);
    assert_eq!(index.over_quota(), 1);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(status(), "200");
}

#[test]
fn an_endless_answer_ends_with_the_client() {
    let index = LoopbackIndex::with_wheels([&wheel()]);
    let page = index.page_path("foo-bar");
    let piece = b"again ".to_vec();
    index.fault(&page, Fault::Endless { piece, gzip: false });
    let mut stream = TcpStream::connect(index.address).unwrap();
    write!(stream, "GET {page} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut bytes = vec![0; 1 << 20];
    stream.read_exact(&mut bytes).unwrap();
    assert!(bytes.windows(12).any(|window| window == b"again again "));
}

#[test]
fn a_proxy_may_want_credentials_of_its_own() {
    let index = LoopbackIndex::with_wheels([&wheel()]);
    index.require_proxy_auth("me", "hush");
    let target = "http://packages.example.com/simple/foo-bar/";
    assert!(get(&index, target, "").0.starts_with("HTTP/1.1 407 "));
    // me:hush
    let header = "Proxy-Authorization: Basic bWU6aHVzaA==\r\n";
    assert!(get(&index, target, header).0.starts_with("HTTP/1.1 200 "));
    let page = index.page_path("foo-bar");
    assert!(get(&index, &page, "").0.starts_with("HTTP/1.1 200 "));
}
