//! Source distributions.

use std::path::Path;

use layerlock_install::Error;
use layerlock_target::Architecture;
use layerlock_testkit::sha256_hex;

use super::{Log, Shop, demo, locking_sdist, paths};
use crate::helpers::{aws, target};

#[test]
fn a_source_distribution_is_built_once() {
    let shop = Shop::open();
    let sdist = demo().sdist();
    shop.index.add(&sdist);
    let project = locking_sdist(&sdist);
    let (chosen, wheel) = shop.built(&project);
    assert_eq!(chosen.wheel.as_str(), "demo-1.0-py3-none-any.whl");
    assert_eq!(chosen.digest.bytes(), sha256(&wheel.path));
    assert_eq!(shop.index.request_count(&shop.index.file_path(&sdist)), 1);
    // Backends are told one time; what is packed anew is not compressed.
    let bytes = fs_err::read(&wheel.path).unwrap();
    let epoch = b"315532800";
    assert!(bytes.windows(epoch.len()).any(|window| window == epoch));
    assert_eq!(
        paths((chosen, wheel)),
        [
            "python/demo-1.0.dist-info/EPOCH",
            "python/demo-1.0.dist-info/METADATA",
            "python/demo-1.0.dist-info/RECORD",
            "python/demo-1.0.dist-info/WHEEL",
            "python/demo/__init__.py",
        ]
    );

    // A pure wheel is for every target.
    let log = Log::default();
    let arm64 = aws("python3.13", Architecture::Arm64);
    shop.build_for(&project, &arm64, true, &log).unwrap();
    assert_eq!(log.builds(), 0);
}

fn sha256(path: &Path) -> Vec<u8> {
    let hex = sha256_hex(&fs_err::read(path).unwrap());
    data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap()
}

#[test]
fn the_note_says_what_was_built_of_what_by_what() {
    let shop = Shop::open();
    let sdist = demo().sdist();
    shop.index.add(&sdist);
    let built = shop.build(&locking_sdist(&sdist), &Log::default()).unwrap();
    let [note] = &built.notes[..] else {
        panic!("{:?}", built.notes);
    };
    let text = note.to_string();
    assert!(
        text.starts_with("demo 1.0 was built from demo-1.0.tar.gz by pip "),
        "{text}"
    );
    assert!(text.contains(" with Python 3."), "{text}");
    assert_eq!(note.package(), "demo");
}

/// The backend writes other zips each time, as different versions of one do.
#[test]
fn the_same_source_gives_the_same_bytes_each_time() {
    let built: Vec<_> = (0..2)
        .map(|_| {
            let shop = Shop::open();
            let sdist = demo().sdist();
            shop.index.add(&sdist);
            shop.built(&locking_sdist(&sdist)).0.digest
        })
        .collect();
    assert!(built.iter().all(|digest| *digest == built[0]));
}

#[test]
fn a_source_distribution_of_other_bytes_is_refused() {
    let shop = Shop::open();
    let sdist = demo().sdist();
    let project = locking_sdist(&sdist);
    shop.index.add(demo().file("evil.py", "").sdist());
    let log = Log::default();
    let error = shop.build(&project, &log).unwrap_err();
    assert!(matches!(error, Error::HashMismatch { .. }), "{error:?}");
    assert_eq!(log.builds(), 0);
}

#[test]
fn offline_nothing_is_fetched_to_build() {
    let shop = Shop::open();
    let project = locking_sdist(&demo().sdist());
    let error = shop
        .build_for(&project, &target(), true, &Log::default())
        .unwrap_err();
    assert!(
        matches!(&error, Error::Offline { file } if file == "demo-1.0.tar.gz"),
        "{error:?}"
    );
    assert!(shop.index.requests().is_empty());
}
