use std::collections::BTreeMap;
use std::path::Path;

use fs_err as fs;
use layerlock_diagnostic::{Diagnose, ErrorKind};
use layerlock_npm::Error;
use layerlock_testkit::shared_library;

use crate::shop::{File, Shop, none, tarball, target};

#[test]
fn packages_lie_where_the_lock_has_them() {
    let index: File<'_> = ("index.js", b"module.exports = 1\n", 0o644);
    let shop = Shop::new()
        .package("a", &[index, ("package.json", b"{}", 0o644)], &none())
        .package("@s/b", &[("index.js", b"2", 0o644)], &none())
        .with_tarball(
            "node_modules/@s/b/node_modules/a",
            &tarball(&[("old.js", b"3", 0o644)]),
            &none(),
        )
        .package("dev", &[index], &serde_json::json!({"dev": true}));
    let expected = [
        "nodejs/node_modules/@s/b/index.js",
        "nodejs/node_modules/@s/b/node_modules/a/old.js",
        "nodejs/node_modules/a/index.js",
        "nodejs/node_modules/a/package.json",
    ];
    assert_eq!(shop.names(), expected);
    // A second time they come from our own cache.
    fs::remove_dir_all(shop.path("npm")).unwrap();
    assert_eq!(shop.names(), expected);
}

#[test]
fn they_lie_where_a_provider_looks_for_them() {
    let mut shop = Shop::new().package("a", &[("index.js", b"1", 0o644)], &none());
    shop.folder = "nodejs/node22";
    assert_eq!(shop.names(), ["nodejs/node22/node_modules/a/index.js"]);
    shop.folder = "nodejs";
    shop.has_manifests = true;
    let expected = [
        "nodejs/node_modules/a/index.js",
        "nodejs/package-lock.json",
        "nodejs/package.json",
    ];
    assert_eq!(shop.names(), expected);
}

#[test]
fn commands_are_executable_and_have_a_first_line_that_linux_reads() {
    let manifest = br#"{"bin": {"a": "./cli.js"}}"#;
    let shop = Shop::new().package(
        "a",
        &[
            ("package.json", manifest, 0o644),
            ("cli.js", b"#!/usr/bin/env node\r\nx\r\n", 0o644),
            ("odd", b"", 0o654),
            ("plain.js", b"#!/usr/bin/env node\r\n", 0o666),
        ],
        &none(),
    );
    let files: BTreeMap<_, _> = shop
        .files()
        .into_iter()
        .map(|(name, mode, bytes)| (name, (mode, bytes)))
        .collect();
    let file = |name: &str| &files[&format!("nodejs/node_modules/a/{name}")];
    assert_eq!(
        *file("cli.js"),
        (0o755, b"#!/usr/bin/env node\nx\r\n".to_vec())
    );
    assert_eq!(file("odd").0, 0o755);
    assert_eq!(
        *file("plain.js"),
        (0o644, b"#!/usr/bin/env node\r\n".to_vec())
    );
}

#[test]
fn workspaces_are_copied_with_what_lies_in_them() {
    let mut shop = Shop::new();
    let workspace = shop.path("project/packages/w");
    for (name, text) in [
        ("index.js", "w"),
        ("node_modules/stray/index.js", "no"),
        (".git/HEAD", "no"),
    ] {
        let path = workspace.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    shop.packages.insert(
        "packages/w".to_owned(),
        serde_json::json!({"version": "2.0.0"}),
    );
    let link = serde_json::json!({"resolved": "packages/w", "link": true});
    shop.packages.insert("node_modules/w".to_owned(), link);
    let shop = shop.with_tarball(
        "packages/w/node_modules/c",
        &tarball(&[("c.js", b"c", 0o644)]),
        &none(),
    );
    let expected = [
        "nodejs/node_modules/w/index.js",
        "nodejs/node_modules/w/node_modules/c/c.js",
    ];
    assert_eq!(shop.names(), expected);
}

#[test]
fn other_bytes_and_hostile_ones_are_refused() {
    let shop = Shop::new().package("a", &[("a.js", b"1", 0o644)], &none());
    // Damaged in npm's cache: as good as absent, and there is no npm here.
    let content = shop.path("npm");
    let damage = |directory: &Path| {
        let mut rest = vec![directory.to_owned()];
        while let Some(next) = rest.pop() {
            for entry in fs::read_dir(&next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    rest.push(path);
                } else {
                    fs::write(path, "damaged").unwrap();
                }
            }
        }
    };
    damage(&content);
    let error = shop.fails();
    assert_eq!(error.kind(), ErrorKind::Artifact);
    assert_eq!(
        error.to_string(),
        "there is no program \"npm\" to fetch a@1.0.0 with"
    );

    let shop = Shop::new().with_tarball("node_modules/a", b"no tarball", &none());
    let error = shop.fails();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(
        error
            .to_string()
            .starts_with("the tarball of a@1.0.0 cannot be unpacked"),
        "{error}"
    );
    // Nothing of it is kept.
    assert!(!shop.path("cache/npm-v2").exists());
}

#[test]
fn a_tarball_of_the_project_is_verified_like_any_other() {
    let bytes = tarball(&[("a.js", b"1", 0o644)]);
    let resolved = serde_json::json!({"resolved": "file:a.tgz"});
    let shop = Shop::new().with_tarball("node_modules/a", &bytes, &resolved);
    fs::create_dir_all(shop.path("project")).unwrap();
    fs::write(shop.path("project/a.tgz"), "other").unwrap();
    let error = shop.fails();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(
        error
            .to_string()
            .contains("a.tgz does not have the integrity"),
        "{error}"
    );
    fs::write(shop.path("project/a.tgz"), &bytes).unwrap();
    assert_eq!(shop.names(), ["nodejs/node_modules/a/a.js"]);
}

/// Bytes that have the second of two locked digests were kept under the first, and given to
/// every other project that locks that one.
#[test]
fn a_package_is_kept_under_the_digest_that_it_has() {
    let lodash = tarball(&[("lodash.js", b"good", 0o644)]);
    let evil = tarball(&[("evil.js", b"evil", 0o644)]);
    let both = format!("{} {}", Shop::integrity(&lodash), Shop::integrity(&evil));
    let more = serde_json::json!({"resolved": "file:evil.tgz", "integrity": both});
    let mut shop = Shop::new().with_tarball("node_modules/lodash", &evil, &more);
    fs::create_dir_all(shop.path("project")).unwrap();
    fs::write(shop.path("project/evil.tgz"), &evil).unwrap();
    assert_eq!(shop.names(), ["nodejs/node_modules/lodash/evil.js"]);
    // It is found again by any of the two.
    fs::remove_file(shop.path("project/evil.tgz")).unwrap();
    assert_eq!(shop.names(), ["nodejs/node_modules/lodash/evil.js"]);
    // Another project that locks the good one has the same cache.
    shop.packages.clear();
    let shop = shop.with_tarball("node_modules/lodash", &lodash, &none());
    assert_eq!(shop.names(), ["nodejs/node_modules/lodash/lodash.js"]);
}

#[test]
fn what_would_be_compiled_needs_a_file_that_fits() {
    let gyp: File<'_> = ("binding.gyp", b"{}", 0o644);
    let manifest: File<'_> = (
        "package.json",
        br#"{"scripts": {"install": "node-gyp-build"}}"#,
        0o644,
    );
    let shop = Shop::new().package("native", &[gyp, manifest], &none());
    let error = shop.fails();
    assert_eq!(error.kind(), ErrorKind::Artifact);
    let message = "native@1.0.0 is compiled when it is installed (`node-gyp-build`), and has no \
                   compiled file for nodejs22.x x86_64";
    assert_eq!(error.to_string(), message);

    // The numbers of x86_64 and aarch64.
    let elf = |machine: u16, glibc: &str| {
        shared_library(machine, &["libc.so.6"], &[("libc.so.6", &[glibc])])
    };
    let good = elf(62, "GLIBC_2.34");
    let other = elf(183, "GLIBC_2.34");
    let new = elf(62, "GLIBC_2.38");
    let prebuilt = |name: &'static str, bytes: &[u8]| {
        Shop::new().package("native", &[gyp, manifest, (name, bytes, 0o644)], &none())
    };
    prebuilt("prebuilds/linux-x64/n.node", &good)
        .plan(&target("nodejs22"))
        .unwrap();
    let error = prebuilt("prebuilds/linux-arm64/n.node", &other).fails();
    assert!(matches!(error, Error::Compiled { .. }), "{error}");
    let error = prebuilt("prebuilds/linux-x64/n.node", &new).fails();
    let message = "native@1.0.0 cannot be loaded on nodejs22.x x86_64: \
                   prebuilds/linux-x64/n.node: needs GLIBC_2.38";
    assert!(error.to_string().starts_with(message), "{error}");
    let older = prebuilt("prebuilds/linux-x64/n.node", &good).plan(&target("nodejs18"));
    assert!(matches!(older, Err(Error::Native { .. })));

    let platform = Shop::new()
        .package(
            "native",
            &[gyp, manifest],
            &serde_json::json!({"optionalDependencies": {"native-linux-x64": "1.0.0"}}),
        )
        .package(
            "native-linux-x64",
            &[("n.node", &good, 0o644)],
            &serde_json::json!({"optional": true, "os": ["linux"], "cpu": ["x64"]}),
        );
    platform.plan(&target("nodejs22")).unwrap();
}
