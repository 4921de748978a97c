//! Servers that send more than there can be, and those that want to be asked less.

use std::time::{Duration, Instant};

use layerlock_client::Error as ClientError;
use layerlock_install::index::{IndexUrl, PageError};
use layerlock_install::{Cache, Error, Fetched, Silent, fetch};
use layerlock_layer::files_in;
use layerlock_testkit::{Fault, LoopbackIndex, Wheel as TestWheel, WheelBuilder};
use tempfile::TempDir;

use crate::helpers::{Machine, chosen, project_of};

fn fetch_into(
    cache: &Cache,
    index: &LoopbackIndex,
    wheels: &[TestWheel],
) -> Result<Fetched, Error> {
    let default_index = || Ok(IndexUrl::parse(&index.url())?.into());
    let machine = Machine::default();
    let options = machine.options(cache, &default_index);
    fetch(&chosen(&project_of(wheels)), &options, &Silent)
}

/// The error of one wheel's download, which has to leave nothing behind.
fn refusal(path: impl Fn(&LoopbackIndex, &TestWheel) -> String, fault: Fault) -> Error {
    let wheel = WheelBuilder::new("demo", "1.0").build();
    let index = LoopbackIndex::with_wheels([&wheel]);
    let path = path(&index, &wheel);
    index.fault(&path, fault);
    let directory = TempDir::new().unwrap();
    let error = fetch_into(&Cache::at(directory.path()), &index, &[wheel]).unwrap_err();
    let mut files = files_in(directory.path()).unwrap();
    files.retain(|file| file != "CACHEDIR.TAG" && file != "lock");
    assert_eq!(files, [""; 0]);
    // It would be the same again.
    assert_eq!(index.request_count(&path), 1);
    error
}

fn page(index: &LoopbackIndex, _: &TestWheel) -> String {
    index.page_path("demo")
}

fn file(index: &LoopbackIndex, wheel: &TestWheel) -> String {
    index.file_path(wheel)
}

#[test]
fn a_page_without_end_is_cut_off_compressed_or_not() {
    for gzip in [false, true] {
        let piece = vec![b' '; 1 << 20];
        let error = refusal(page, Fault::Endless { piece, gzip });
        assert!(
            matches!(error, Error::Page(PageError::TooLarge { .. })),
            "{error:?}"
        );
    }
}

#[test]
fn a_file_without_end_is_cut_off_soon_after_what_its_index_promises() {
    let piece = vec![b'x'; 1 << 16];
    let error = refusal(file, Fault::Endless { piece, gzip: false });
    let Error::Client(ClientError::TooLong {
        promised: Some(promised),
        length,
        ..
    }) = error
    else {
        panic!("{error:?}");
    };
    assert!(
        length > promised && length < promised + (2 << 20),
        "{error}"
    );
    assert!(error.to_string().contains("its index says"), "{error}");
}

#[test]
fn a_file_that_announces_too_much_is_not_even_begun() {
    let start = Instant::now();
    let error = refusal(file, Fault::ContentLength(1 << 40));
    assert!(
        matches!(error, Error::Client(ClientError::TooLong { length, .. }) if length == 1 << 40),
        "{error:?}"
    );
    // The server would send what there is, and then nothing.
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn an_index_that_throttles_gets_its_time_and_gives_everything() {
    let wheels: Vec<TestWheel> = (0..200)
        .map(|number| WheelBuilder::new(&format!("demo{number}"), "1.0").build())
        .collect();
    let index = LoopbackIndex::with_wheels(&wheels);
    // With 24 at once, most are refused, and some again and again.
    index.quota(15, Duration::from_millis(60));
    let directory = TempDir::new().unwrap();
    let fetched = fetch_into(&Cache::at(directory.path()), &index, &wheels).unwrap();
    assert_eq!(fetched.wheels.len(), 200);
    assert!(index.over_quota() > 50, "{}", index.over_quota());
    assert_eq!(index.requests().len() - index.over_quota(), 400);
}
