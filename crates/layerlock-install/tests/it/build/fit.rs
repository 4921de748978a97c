//! Whether what was built or locked fits the target.

use layerlock_diagnostic::Diagnose as _;
use layerlock_install::{Error, WheelOrSource, choose};
use layerlock_target::Architecture;
use layerlock_testkit::{ServedFile, SourceTree, WheelBuilder, shared_library};

use super::{Shop, X86_64, demo, locked_file, locking, locking_path, source};
use crate::helpers::{aws, locked, target};

#[test]
fn a_compiled_wheel_is_taken_where_all_of_it_fits() {
    let shop = Shop::open();
    let library = shared_library(
        X86_64,
        &["libc.so.6", "libown.so.1"],
        &[("libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.34"])],
    );
    demo()
        .tag("cp312-cp312-linux_x86_64")
        .file("demo/core.so", library)
        .file("demo/libs/libown.so.1", shared_library(X86_64, &[], &[]))
        .write_to(&shop.path("libs"));
    let project = locking_path("directory", &shop.path("libs"), "");
    let (chosen, _) = shop.built(&project);
    assert_eq!(
        chosen.wheel.as_str(),
        "demo-1.0-cp312-cp312-linux_x86_64.whl"
    );

    // It was kept for its own target alone.
    let older = aws("python3.11", Architecture::X86_64);
    let error = shop.refusal_for(&project, &older);
    assert!(
        error.to_string().contains("is for another Python"),
        "{error}"
    );
}

/// Its tag says that it fits everywhere, and its library that it does not.
#[test]
fn a_library_in_a_wheel_for_any_platform_is_kept_for_its_own_target() {
    let shop = Shop::open();
    demo()
        .file("demo/core.so", shared_library(X86_64, &[], &[]))
        .write_to(&shop.path("libs"));
    let project = locking_path("directory", &shop.path("libs"), "");
    let (chosen, _) = shop.built(&project);
    assert_eq!(chosen.wheel.as_str(), "demo-1.0-py3-none-any.whl");

    let other = aws("python3.12", Architecture::Arm64);
    let error = shop.refusal_for(&project, &other);
    assert!(error.to_string().contains("demo/core.so"), "{error}");
}

#[test]
fn a_compiled_wheel_that_does_not_fit_is_refused_with_a_way_out() {
    let shop = Shop::open();
    let versions: &[(&str, &[&str])] = &[("libc.so.6", &["GLIBC_2.38"])];
    demo()
        .tag("cp312-cp312-linux_x86_64")
        .file(
            "demo/core.so",
            shared_library(X86_64, &["libc.so.6"], versions),
        )
        .write_to(&shop.path("libs"));
    let error = shop.refusal(&locking_path("directory", &shop.path("libs"), ""));
    assert_eq!(
        error.to_string(),
        "demo 1.0 does not build for python3.12 x86_64 here: \
         demo-1.0-cp312-cp312-linux_x86_64.whl, built on this machine, does not fit: \
         demo/core.so needs GLIBC_2.38, the runtime has GLIBC_2.34 at most"
    );
    let hint = Error::Build(Box::new(error)).hint().unwrap();
    for part in [
        "docker run --rm --platform linux/amd64",
        "aws-lambda-python:3.12",
        "dnf install -y gcc gcc-c++ && pip wheel --no-deps --wheel-dir wheels",
        "--find-links wheels",
    ] {
        assert!(hint.contains(part), "{hint}");
    }
    assert!(!hint.contains("poetry lock"), "{hint}");

    // Its wheel is taken by the locked version.
    SourceTree::new("demo", "2.0")
        .tag("cp312-cp312-linux_aarch64")
        .write_to(&shop.path("libs"));
    let error = shop.refusal(&locking_path("directory", &shop.path("libs"), ""));
    let hint = Error::Build(Box::new(error)).hint().unwrap();
    assert!(
        hint.ends_with("the lock has 1.0, and this is 2.0 by now)"),
        "{hint}"
    );
}

#[test]
fn a_locked_wheel_that_does_not_fit_is_refused_from_a_file_and_a_url() {
    let shop = Shop::open();
    let versions: &[(&str, &[&str])] = &[("libc.so.6", &["GLIBC_2.38"])];
    let wheel = WheelBuilder::new("demo", "1.0")
        .tag("cp312-cp312-linux_x86_64")
        .file(
            "demo/core.so",
            shared_library(X86_64, &["libc.so.6"], versions),
        )
        .build();
    let path = shop.path(&wheel.file_name);
    fs_err::write(&path, &wheel.bytes).unwrap();
    shop.index.add(&wheel);
    let url = shop.index.file_url(ServedFile::from(&wheel));
    let files = locked_file(&wheel.file_name, &wheel.bytes);
    for project in [
        locking_path("file", &path, &files),
        locking(&files, &source("url", &url, "")),
    ] {
        let error = shop.refusal(&project);
        assert_eq!(
            error.to_string(),
            format!(
                "demo 1.0 cannot be used on python3.12 x86_64: {} does not fit: demo/core.so \
                 needs GLIBC_2.38, the runtime has GLIBC_2.34 at most",
                wheel.file_name
            )
        );
    }
}

/// Where the lock has compiled wheels for Linux, a build here would take long and
/// fit no better. Those for other systems say nothing of it.
#[test]
fn a_package_with_compiled_wheels_for_linux_is_not_built() {
    for (wheel, is_built) in [
        ("demo-1.0-cp312-cp312-manylinux_2_38_x86_64.whl", false),
        ("demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl", false),
        ("demo-1.0-cp313-cp313-linux_x86_64.whl", false),
        ("demo-1.0-cp312-cp312-win_amd64.whl", true),
        ("demo-1.0-cp312-cp312-macosx_11_0_arm64.whl", true),
        ("demo-1.0-py2-none-any.whl", true),
    ] {
        let files = [wheel, "demo-1.0.tar.gz"].map(|name| locked_file(name, b""));
        let [package] = locked(&locking(&files.join(", "), "")).try_into().unwrap();
        match choose(package, &target()) {
            Ok(WheelOrSource::Source(_)) => assert!(is_built, "{wheel}"),
            Err(Error::NoWheel(_)) => assert!(!is_built, "{wheel}"),
            other => panic!("{other:?}"),
        }
    }
}
