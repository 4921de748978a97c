//! Servers and files that fail, for a while or for good.

use super::*;

#[test]
fn trouble_that_passes_is_waited_for() {
    let faults = [
        ("busy", Fault::Status(503)),
        ("throttled", Fault::Status(429)),
        ("cut", Fault::CutBody(10)),
        ("too-long", Fault::ContentLength(1_000_000)),
        ("old", Fault::Unannounced(40)),
    ];
    let wheels = faults
        .each_ref()
        .map(|(name, _)| WheelBuilder::new(name, "1.0").build());
    let index = LoopbackIndex::with_wheels(&wheels);
    for ((name, fault), wheel) in faults.into_iter().zip(&wheels) {
        index.fault_first(&index.page_path(name), 1, fault.clone());
        index.fault_first(&index.file_path(wheel), 2, fault);
    }
    let directory = TempDir::new().unwrap();
    let cache = Cache::at(directory.path());
    fetch_from(&index.url(), &project_of(&wheels), &cache, &Silent).unwrap();
    for wheel in &wheels {
        let name = &wheel.name;
        assert_eq!(index.request_count(&index.page_path(name)), 2, "{name}");
        assert_eq!(index.request_count(&index.file_path(wheel)), 3, "{name}");
    }
    assert_eq!(files_in(&directory.path().join("tmp")).unwrap(), [""; 0]);
}

/// The file's link was behind the cut: "the index has no such file" was said of the half.
#[test]
fn a_page_for_people_that_ends_in_the_middle_is_asked_for_again() {
    for count in [0, 20, 60] {
        let shop = Shop::open();
        shop.index.html_only();
        shop.index
            .fault_first(&shop.page(), 1, Fault::Unannounced(count));
        shop.fetch_hearing(&Silent).unwrap();
        assert_eq!(shop.index.request_count(&shop.page()), 2, "{count}");
    }
}

#[test]
fn a_server_that_stays_broken_is_given_up_after_four_tries() {
    let shop = Shop::open();
    shop.index.fault(&shop.file(), Fault::Status(503));
    let error = shop.refusal();
    assert!(
        matches!(
            error,
            Error::Client(ClientError::Status { status: 503, .. })
        ),
        "{error:?}"
    );
    assert_eq!(shop.index.request_count(&shop.file()), 4);
}

#[test]
fn a_file_that_never_comes_whole_is_given_up_after_four_tries() {
    let shop = Shop::open();
    shop.index.fault(&shop.file(), Fault::CutBody(10));
    let error = shop.refusal();
    assert!(
        matches!(error, Error::Client(ClientError::Request { .. })),
        "{error:?}"
    );
    assert!(error.to_string().contains(&shop.wheel.file_name), "{error}");
    assert_eq!(shop.index.request_count(&shop.file()), 4);
}

#[test]
fn an_answer_that_will_not_change_is_not_asked_for_again() {
    for (status, hint) in [(404, "--index-url"), (400, "network"), (410, "network")] {
        let shop = Shop::open();
        shop.index.fault(&shop.page(), Fault::Status(status));
        let error = shop.refusal();
        assert!(
            matches!(&error, Error::Client(ClientError::Status { status: found, url })
                if *found == status && url.ends_with("/simple/demo/")),
            "{error:?}"
        );
        assert!(error.hint().unwrap().contains(hint), "{status}");
        assert_eq!(shop.index.request_count(&shop.page()), 1);
    }
}

#[test]
fn a_file_shorter_than_the_index_promises_is_tried_again_and_explained() {
    let shop = Shop::open();
    shop.index.fault(&shop.file(), Fault::ContentLength(3));
    let error = shop.refusal();
    assert!(
        matches!(&error, Error::Client(ClientError::Length { actual: 3, promised, .. })
            if *promised == shop.wheel.bytes.len() as u64),
        "{error:?}"
    );
    assert_eq!(shop.index.request_count(&shop.file()), 4);

    // An index that promises nothing: a wheel tells its own end.
    for fault in [Fault::ContentLength(3), Fault::Unannounced(3)] {
        let shop = Shop::open();
        shop.index.html_only();
        shop.index.fault(&shop.file(), fault);
        let error = shop.refusal();
        assert!(
            matches!(&error, Error::Client(ClientError::Request { reason, .. })
                if reason.contains("ends in the middle, after 3 bytes")),
            "{error:?}"
        );
        assert_eq!(shop.index.request_count(&shop.file()), 4);
    }
}

/// Nobody says how long it is, and it has its end: it is asked for again, and then told.
#[test]
fn other_bytes_of_an_unknown_length_are_an_error_of_the_hash() {
    let shop = Shop::open();
    shop.index.html_only();
    let other = WheelBuilder::new("demo", "1.0").file("x.py", "").build();
    shop.index.fault(&shop.file(), Fault::Body(other.bytes));
    let error = shop.refusal();
    assert!(matches!(&error, Error::HashMismatch { .. }), "{error:?}");
    assert_eq!(shop.index.request_count(&shop.file()), 4);
}

#[test]
fn a_malformed_retry_after_is_none() {
    let shop = Shop::open();
    let malformed = Fault::Throttle(503, "in a while".to_owned());
    shop.index.fault_first(&shop.file(), 2, malformed);
    shop.fetched();
    assert_eq!(shop.index.request_count(&shop.file()), 3);
}

#[test]
fn a_login_page_is_no_index_and_no_wheel() {
    let shop = Shop::open();
    shop.index.fault(&shop.page(), Fault::LoginPage);
    let error = shop.refusal();
    assert!(
        matches!(&error, Error::Page(PageError::NotAnIndexPage { .. })),
        "{error:?}"
    );
    assert!(error.to_string().contains("Sign in"), "{error}");

    let shop = Shop::open();
    shop.index.fault(&shop.file(), Fault::LoginPage);
    let error = shop.refusal();
    assert!(
        matches!(&error, Error::Client(ClientError::PageInsteadOfFile { title, .. }) if title == "Sign in"),
        "{error:?}"
    );
    assert_eq!(shop.index.request_count(&shop.file()), 1);
}

#[test]
fn a_page_that_is_no_json_is_an_error() {
    let shop = Shop::open();
    shop.index
        .fault(&shop.page(), Fault::Body(b"{\"files\": [}".to_vec()));
    let error = shop.refusal();
    assert!(
        matches!(error, Error::Page(PageError::Json { .. })),
        "{error:?}"
    );
}

#[test]
fn a_file_that_the_page_does_not_have_is_named() {
    let mut shop = Shop::open();
    shop.index = LoopbackIndex::with_wheels([&demo().build_tag("1").build()]);
    let error = shop.refusal();
    assert!(
        matches!(&error, Error::NotOnIndex { file, pages }
            if *file == shop.wheel.file_name && pages[0].ends_with("/simple/demo/")),
        "{error:?}"
    );
    assert!(error.hint().unwrap().contains("--index-url"));
}

#[test]
fn an_index_that_is_down_is_an_error_with_its_url() {
    let index = LoopbackIndex::start();
    let url = index.url_with_credentials(USER, PASSWORD);
    let shown = format!("{}demo/", index.url());
    drop(index);
    let directory = TempDir::new().unwrap();
    let project = project_of([&demo().build()]);
    let error = fetch_from(&url, &project, &Cache::at(directory.path()), &Silent).unwrap_err();
    assert_secret_kept(&error);
    assert!(
        matches!(&error, Error::Client(ClientError::Request { url, .. }) if *url == shown),
        "{error:?}"
    );
    assert_no_files(directory.path());
}

#[test]
fn a_hostile_wheel_with_the_locked_hash_stays_out_of_the_cache() {
    let shop = Shop::with(demo().flaw(Flaw::Symlink("demo.py".to_owned())).build());
    let error = shop.refusal();
    let expected = ArchiveProblem::Special("demo.py".to_owned()).into();
    assert!(
        matches!(&error, Error::Wheel { problem, .. } if *problem == expected),
        "{error:?}"
    );
    assert!(
        error.to_string().starts_with(&shop.wheel.file_name),
        "{error}"
    );
}

#[test]
fn one_bad_file_fails_all_and_leaves_nothing_unfinished() {
    let wheels: Vec<TestWheel> = (0..10)
        .map(|number| WheelBuilder::new(&format!("demo{number}"), "1.0").build())
        .collect();
    let index = LoopbackIndex::with_wheels(&wheels);
    index.fault(&index.file_path(&wheels[5]), Fault::Status(404));
    let directory = TempDir::new().unwrap();
    let cache = Cache::at(directory.path());
    let error = fetch_from(&index.url(), &project_of(&wheels), &cache, &Silent).unwrap_err();
    assert!(error.to_string().contains("demo5"), "{error}");
    assert_eq!(files_in(&directory.path().join("tmp")).unwrap(), [""; 0]);
}
