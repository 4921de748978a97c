//! Wheels that the user made, in the directories of `--find-links`.

use layerlock_diagnostic::Diagnose as _;
use layerlock_install::{
    BuildNote, BuildOptions, BuildProblem, FindLinks, FrontendKind, WheelOrSource, build,
    is_supplied,
};
use layerlock_lock::LockedPackage;
use layerlock_testkit::{WheelBuilder, shared_library};

use super::{Log, Shop, X86_64, demo, locked_file, locking, locking_path};
use crate::helpers::{locked, target};

#[test]
fn a_supplied_wheel_that_does_not_fit_hides_no_other_and_is_named() {
    let mut shop = Shop::open();
    let directory = shop.path("wheels");
    fs_err::create_dir(&directory).unwrap();
    shop.find_links = vec![FindLinks::Directory(directory.clone())];
    let put = |tag: &str, library: Vec<u8>| {
        let wheel = WheelBuilder::new("demo", "1.0")
            .tag(tag)
            .file("demo/core.so", library)
            .build();
        fs_err::write(directory.join(&wheel.file_name), &wheel.bytes).unwrap();
        wheel.file_name
    };
    let best = put(
        "cp312-cp312-manylinux_2_34_x86_64",
        shared_library(X86_64, &["libpq.so.5"], &[]),
    );
    let project = locking("", "");
    let [package] = locked(&project).try_into().unwrap();
    let fetch = shop.fetch_options(true);
    let options = BuildOptions {
        fetch: &fetch,
        frontend: Some(FrontendKind::Pip),
        index_url: None,
        ignored: &[],
    };
    let made = || {
        let packages = vec![WheelOrSource::Source(LockedPackage::clone(&package))];
        build(packages, &target(), &options, &Log::default())
    };
    let text = made().unwrap_err().to_string();
    assert!(
        text.contains(&best) && text.contains("libpq.so.5"),
        "{text}"
    );

    let second = put("cp312-cp312-linux_x86_64", shared_library(X86_64, &[], &[]));
    assert_eq!(made().unwrap().chosen[0].wheel.as_str(), second);
}

/// What is missing is only missing because the user's own wheel does not fit.
#[test]
fn a_supplied_wheel_that_does_not_fit_is_named_where_nothing_can_be_fetched() {
    let mut shop = Shop::open();
    let directory = shop.path("wheels");
    fs_err::create_dir(&directory).unwrap();
    shop.find_links = vec![FindLinks::Directory(directory.clone())];
    let versions: &[(&str, &[&str])] = &[("libc.so.6", &["GLIBC_2.36"])];
    let put = |tag: &str| {
        let wheel = WheelBuilder::new("demo", "1.0")
            .tag(tag)
            .file("demo/core.so", shared_library(X86_64, &[], versions))
            .build();
        let path = directory.join(&wheel.file_name);
        fs_err::write(&path, &wheel.bytes).unwrap();
        path.display().to_string()
    };
    let project = locking(&locked_file("demo-1.0.tar.gz", b""), "");
    let refusal = |wheel: &str, reason: &str| {
        let error = shop
            .build_for(&project, &target(), true, &Log::default())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "demo-1.0.tar.gz is not in the cache, and --offline or UV_OFFLINE forbids fetching it\n\
                 (not taken: {wheel} {reason})"
            )
        );
        assert!(error.hint().unwrap().contains("without --offline"));
    };
    // Of those whose names do not fit, the nearest.
    put("cp311-cp311-linux_x86_64");
    let other = put("cp312-cp312-linux_aarch64");
    refusal(&other, "is for another platform");

    let native = put("cp312-cp312-linux_x86_64");
    refusal(
        &native,
        "does not fit: demo/core.so needs GLIBC_2.36, the runtime has GLIBC_2.34 at most",
    );
}

/// What the error about such a package recommends: to build it elsewhere.
#[test]
fn a_wheel_that_the_user_made_is_taken_from_its_directory() {
    let mut shop = Shop::open();
    let directory = shop.path("wheels");
    fs_err::create_dir(&directory).unwrap();
    shop.find_links = vec![FindLinks::Directory(directory.clone())];
    let put = |tag: &str, version: &str, library: Vec<u8>| {
        let wheel = WheelBuilder::new("demo", version)
            .tag(tag)
            .file("demo/core.so", library)
            .build();
        fs_err::write(directory.join(&wheel.file_name), &wheel.bytes).unwrap();
        wheel.file_name
    };
    let files = ["demo-1.0-cp312-cp312-win_amd64.whl", "demo-1.0.tar.gz"];
    let project = locking(&files.map(|name| locked_file(name, b"")).join(", "), "");
    let options = |shop: &Shop| {
        let [package] = locked(&project).try_into().unwrap();
        is_supplied(&package, &target(), &shop.fetch_options(true).find_links)
    };
    assert!(!options(&shop));
    put("cp312-cp312-linux_aarch64", "1.0", Vec::new());
    put("cp312-cp312-linux_x86_64", "1.1", Vec::new());
    assert!(!options(&shop));

    let fitting = put(
        "cp312-cp312-linux_x86_64",
        "1.0",
        shared_library(X86_64, &[], &[]),
    );
    assert!(options(&shop));
    demo().failing("never").write_to(&shop.path("libs"));
    let project = locking_path("directory", &shop.path("libs"), "");
    let built = shop
        .build_for(&project, &target(), true, &Log::default())
        .unwrap();
    assert!(
        matches!(&built.notes[..], [BuildNote::Supplied { .. }]),
        "{:?}",
        built.notes
    );
    let [chosen] = built.chosen.try_into().unwrap();
    assert_eq!(chosen.wheel.as_str(), fitting);
    shop.wheel_of(chosen);

    // What would not be taken from a build here is not taken from there.
    put(
        "cp312-cp312-linux_x86_64",
        "1.0",
        shared_library(X86_64, &["libpq.so.5"], &[]),
    );
    let error = shop.refusal(&project);
    assert!(
        matches!(error.problem, BuildProblem::Failed { .. }),
        "{error}"
    );
}
