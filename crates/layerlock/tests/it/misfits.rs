//! Packages without a file for the target, all told at once.

use layerlock::{Architecture, ErrorKind, ExportFormat, ExportSettings, Provider, Settings};
use layerlock::{Silent, export, plan};

use crate::helpers::{Shop, native, shop_of_natives};

fn refused(shop: &Shop, runtime: &str) -> layerlock::Error {
    let settings = Settings {
        runtimes: vec![Provider::Aws.runtime(runtime).unwrap()],
        ..shop.settings()
    };
    plan(&settings, &Silent).unwrap_err()
}

#[test]
fn a_table_has_every_package_and_the_hint_only_what_suits_all() {
    let packages: [(&str, &[u8]); 3] = [
        ("alpha", &[10, 11, 12]),
        ("beta", &[10, 12, 13]),
        ("gamma", &[10, 12, 13, 14]),
    ];
    let shop = shop_of_natives(">=3.10", &packages, "");
    let error = refused(&shop, "python3.11");
    assert_eq!(
        error.to_string(),
        "2 packages have no wheel for python3.11 x86_64\n\
         \x20            python3.10  python3.11  python3.12  python3.13  python3.14\n\
         \x20 beta 1.0   wheel       -           wheel       wheel       -\n\
         \x20 gamma 1.0  wheel       -           wheel       wheel       wheel\n\
         (retired: python3.10)\n\
         beta: the nearest, beta-1.0-cp310-cp310-manylinux_2_17_x86_64.whl, is for another Python\n\
         gamma: the nearest, gamma-1.0-cp310-cp310-manylinux_2_17_x86_64.whl, is for another Python"
    );
    assert_eq!(
        error.hint().unwrap(),
        "build for python3.12, which every package has a file for"
    );
    assert_eq!(error.kind(), ErrorKind::Artifact);
    assert!(error.place().unwrap().path.ends_with("poetry.lock"));

    // The same for the files of an export.
    let settings = ExportSettings {
        settings: Settings {
            runtimes: vec![Provider::Aws.runtime("python3.11").unwrap()],
            ..shop.settings()
        },
        format: ExportFormat::Json,
        ..ExportSettings::default()
    };
    let exported = export(&settings, &Silent).unwrap_err();
    assert_eq!(exported.to_string(), error.to_string());
}

#[test]
fn a_single_package_recommends_only_what_suits_the_others_too() {
    let packages: [(&str, &[u8]); 2] = [("alpha", &[11, 12]), ("beta", &[11, 13])];
    let shop = shop_of_natives(">=3.11", &packages, "");
    let error = refused(&shop, "python3.12");
    let message = error.to_string();
    assert!(message.starts_with("beta 1.0 has no wheel"), "{message}");
    assert_eq!(
        error.hint().unwrap(),
        "build for python3.11, or lock another version of beta"
    );
}

#[test]
fn where_no_runtime_suits_all_that_is_said() {
    let packages: [(&str, &[u8]); 3] = [("alpha", &[12]), ("beta", &[13]), ("gamma", &[12])];
    let shop = shop_of_natives(">=3.11", &packages, "");
    let hint = refused(&shop, "python3.13").hint().unwrap();
    assert!(
        hint.starts_with("no runtime that the project allows suits all packages"),
        "{hint}"
    );
    // Not even on another architecture.
    let settings = Settings {
        architectures: vec![Architecture::Arm64],
        ..shop.settings()
    };
    let error = plan(&settings, &Silent).unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("3 packages have no wheel for python3.14 arm64\n"),
        "{message}"
    );
    assert!(!error.hint().unwrap().contains("python3"), "{error}");
}

#[test]
fn what_keeps_every_other_runtime_out_is_told_with_a_single_package() {
    let packages: [(&str, &[u8]); 2] = [("alpha", &[12]), ("beta", &[13])];
    let shop = shop_of_natives(">=3.12,<3.14", &packages, "");
    let error = refused(&shop, "python3.12");
    assert_eq!(
        error.to_string(),
        "1 package has no wheel for python3.12 x86_64\n\
         \x20           python3.12  python3.13\n\
         \x20 beta 1.0  -           wheel\n\
         \x20 alpha     wheel       -\n\
         beta: the nearest, beta-1.0-cp313-cp313-manylinux_2_17_x86_64.whl, is for another Python"
    );
    let hint = error.hint().unwrap();
    assert!(
        hint.starts_with("no runtime that the project allows"),
        "{hint}"
    );
}

#[test]
fn where_the_index_has_wheels_of_the_same_versions_the_lock_is_to_be_made_anew() {
    let packages: [(&str, &[u8]); 2] = [("alpha", &[11]), ("beta", &[11])];
    let shop = shop_of_natives(">=3.11", &packages, "");
    shop.index.add(&native("alpha", 12));
    let hint = refused(&shop, "python3.12").hint().unwrap();
    assert_eq!(
        hint,
        "build for python3.11, which every package has a file for\n(run `poetry lock` for alpha: \
         the index has a wheel of the same version for this target by now)"
    );
    shop.index.add(&native("beta", 12));
    let hint = refused(&shop, "python3.12").hint().unwrap();
    assert!(
        hint.starts_with(
            "run `poetry lock` (`poetry lock --no-cache` if that changes nothing): the index has \
             wheels of the same versions for this target by now"
        ),
        "{hint}"
    );
}
