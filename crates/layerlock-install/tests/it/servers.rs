//! Servers that misbehave: redirects that lead nowhere, throttles, lies.

use std::time::{Duration, Instant, SystemTime};

use layerlock_client::Error as ClientError;
use layerlock_install::index::IndexUrl;
use layerlock_install::{Cache, Error, Fetched, Silent, fetch};
use layerlock_testkit::{
    Fault, LoopbackIndex, PageLink, Wheel as TestWheel, WheelBuilder, json_page,
};

use crate::helpers::{Machine, chosen, project_of};

struct Server {
    index: LoopbackIndex,
    wheel: TestWheel,
}

impl Server {
    fn start() -> Self {
        let wheel = WheelBuilder::new("demo", "1.0")
            .file("demo.py", "x = 1\n".repeat(50))
            .build();
        Self {
            index: LoopbackIndex::with_wheels([&wheel]),
            wheel,
        }
    }

    fn page(&self) -> String {
        self.index.page_path("demo")
    }

    fn file(&self) -> String {
        self.index.file_path(&self.wheel)
    }

    fn fetch(&self) -> Result<Fetched, Error> {
        let default_index = || Ok(IndexUrl::parse(&self.index.url())?.into());
        let (machine, cache) = (Machine::default(), Cache::temporary().unwrap());
        let project = project_of([&self.wheel]);
        fetch(
            &chosen(&project),
            &machine.options(&cache, &default_index),
            &Silent,
        )
    }
}

#[test]
fn redirects_are_followed_and_links_are_relative_to_their_end() {
    let server = Server::start();
    let real = Server::start();
    // A page that moved: its relative links lead on from the new place.
    real.index
        .link_style(layerlock_testkit::LinkStyle::Relative);
    let moved = format!("{}demo/", real.index.url());
    server.index.fault(&server.page(), Fault::Redirect(moved));
    // A file that moved, by a relative URL, and again.
    real.index.fault_first(
        &real.file(),
        1,
        Fault::Redirect("../../elsewhere/a%2Bb.whl".to_owned()),
    );
    real.index
        .fault("/elsewhere/a%2Bb.whl", Fault::Redirect(real.file()));
    server.fetch().unwrap();
    assert_eq!(server.index.requests().len(), 1);
    assert_eq!(real.index.request_count("/elsewhere/a%2Bb.whl"), 1);
    assert_eq!(real.index.request_count(&real.file()), 2);
}

#[test]
fn redirects_that_lead_nowhere_are_explained() {
    for (target, reason) in [
        ("/simple/demo/", "more than 10 redirects"),
        ("ftp://packages.example.com/demo/", "not http"),
        ("http://[", "no URL"),
    ] {
        let server = Server::start();
        server
            .index
            .fault(&server.page(), Fault::Redirect(target.to_owned()));
        let error = server.fetch().unwrap_err();
        assert!(error.to_string().contains(reason), "{target}: {error}");
        // For good: not once more.
        assert!(server.index.requests().len() <= 11);
    }
}

#[test]
fn a_redirect_to_a_login_page_is_told_as_such() {
    let server = Server::start();
    let login = "/login?next=1&token=hush";
    server
        .index
        .fault(&server.file(), Fault::Redirect(login.to_owned()));
    server.index.fault("/login", Fault::LoginPage);
    let error = server.fetch().unwrap_err();
    assert!(
        matches!(&error, Error::Client(ClientError::PageInsteadOfFile { url, title, .. })
            if url.ends_with("/login?****") && title == "Sign in"),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        format!(
            "http://{}/login?**** answered with a page for people (\"Sign in\") instead of {}",
            server
                .index
                .url()
                .replace("http://", "")
                .replace("/simple/", ""),
            server.wheel.file_name
        )
    );
}

#[test]
fn a_throttle_is_waited_for_as_long_as_it_asks() {
    let server = Server::start();
    let seconds = Fault::Throttle(429, "1".to_owned());
    server.index.fault_first(&server.page(), 1, seconds);
    // A date has no fractions: this is between one and two seconds away.
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
    server
        .index
        .fault_first(&server.file(), 1, Fault::Throttle(503, date));
    let start = Instant::now();
    server.fetch().unwrap();
    assert!(
        start.elapsed() >= Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(server.index.request_count(&server.page()), 2);
    assert_eq!(server.index.request_count(&server.file()), 2);
}

#[test]
fn a_throttle_that_asks_for_too_much_is_told_at_once() {
    let server = Server::start();
    server
        .index
        .fault(&server.page(), Fault::Throttle(429, "86400".to_owned()));
    let error = server.fetch().unwrap_err();
    assert!(
        matches!(
            error,
            Error::Client(ClientError::Busy {
                status: 429,
                seconds: 86400,
                ..
            })
        ),
        "{error:?}"
    );
    assert_eq!(server.index.request_count(&server.page()), 1);
}

#[test]
fn a_throttle_whose_retry_after_is_nonsense_is_tried_as_if_it_had_none() {
    let server = Server::start();
    server
        .index
        .fault_first(&server.page(), 1, Fault::Throttle(429, "soon".to_owned()));
    server.fetch().unwrap();
}

#[test]
fn an_index_that_promises_another_size_is_not_believed_against_the_hash() {
    let server = Server::start();
    let link = PageLink {
        file_name: server.wheel.file_name.clone(),
        url: server.index.file_url(&server.wheel),
        sha256: Some(server.wheel.sha256.clone()),
        requires_python: None,
        yanked: None,
        size: Some(7),
        upload_time: None,
    };
    let body = json_page("demo", &[link]).into_bytes();
    server.index.fault(&server.page(), Fault::Body(body));
    server.fetch().unwrap();
}

#[test]
fn a_file_that_breaks_off_is_gone_on_with() {
    let server = Server::start();
    let length = server.wheel.bytes.len();
    let part = length / 3 + 1;
    server
        .index
        .fault_first(&server.file(), 2, Fault::CutBody(part));
    server.fetch().unwrap();
    let ranges: Vec<Option<String>> = server
        .index
        .requests()
        .iter()
        .filter(|request| request.path == server.file())
        .map(|request| request.header("range").map(str::to_owned))
        .collect();
    let from = |byte: usize| Some(format!("bytes={byte}-"));
    assert_eq!(ranges, [None, from(part), from(2 * part)]);
}

#[test]
fn a_file_that_breaks_off_is_begun_again_where_the_server_has_no_parts() {
    let server = Server::start();
    server.index.without_ranges();
    server
        .index
        .fault_first(&server.file(), 2, Fault::CutBody(10));
    server.fetch().unwrap();
    assert_eq!(server.index.request_count(&server.file()), 3);
}

#[test]
fn a_file_that_changed_between_its_parts_is_begun_again() {
    for has_versions in [true, false] {
        let mut server = Server::start();
        let right = Server::start();
        let mut other = layerlock_testkit::ServedFile::from(&server.wheel);
        other.bytes.reverse();
        server.index = LoopbackIndex::start();
        server.index.add(other);
        if !has_versions {
            server.index.without_versions();
            right.index.without_versions();
        }
        // The first part is of another file. Where that broke off, the right one
        // is by then.
        let moved = Fault::Redirect(right.index.file_url(&right.wheel));
        server
            .index
            .fault_first(&server.file(), 1, Fault::CutBody(10));
        server.index.fault(&server.file(), moved);
        server.fetch().unwrap();
        let asked_for = |header: &str| -> Vec<bool> {
            let requests = right.index.requests();
            let has = requests
                .iter()
                .map(|request| request.header(header).is_some());
            has.collect()
        };
        if has_versions {
            // The server saw that it is another, and sent all of it.
            assert_eq!(
                (asked_for("range"), asked_for("if-range")),
                (vec![true], vec![true])
            );
        } else {
            // The hash told.
            assert_eq!(asked_for("range"), [true, false]);
        }
    }
}
