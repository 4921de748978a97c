//! Layers of npm packages, from a lock and npm's own cache.
#![cfg(unix)]

use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

use crate::support::json;

/// A tarball with a package.json and a module, and its SHA-512 as a lock has it. It was made
/// by Python's tarfile: nothing here writes such files.
const TARBALL: &[u8] = include_bytes!("npm/greeter-1.0.0.tgz");
const SHA512_HEX: &str = include_str!("npm/greeter-1.0.0.sha512");
const INTEGRITY: &str = include_str!("npm/greeter-1.0.0.integrity");

/// A folder with layerlock.toml, and a cache of npm that has the tarball.
fn shop() -> TempDir {
    let root = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = root.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, bytes).unwrap();
    };
    let hex = SHA512_HEX.trim();
    let content = format!(
        "npm-cache/_cacache/content-v2/sha512/{}/{}/{}",
        &hex[..2],
        &hex[2..4],
        &hex[4..]
    );
    write(&content, TARBALL);
    let settings = "[layers.web]\nnpm = \"services/web\"\nruntime = \"nodejs22\"\n";
    write("shop/layerlock.toml", settings.as_bytes());
    write(
        "shop/services/web/package.json",
        b"{\"dependencies\": {\"greeter\": \"^1.0.0\"}}",
    );
    let lock = format!(
        r#"{{"lockfileVersion": 3, "packages": {{"": {{"dependencies": {{"greeter": "^1.0.0"}}}},
        "node_modules/greeter": {{"version": "1.0.0", "integrity": "{}"}}}}}}"#,
        INTEGRITY.trim()
    );
    write("shop/services/web/package-lock.json", lock.as_bytes());
    root
}

fn layerlock(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_layerlock"));
    command
        .env_clear()
        .env("LAYERLOCK_CACHE_DIR", root.join("cache"))
        .env("npm_config_cache", root.join("npm-cache"))
        .current_dir(root.join("shop"))
        .args(arguments);
    command
}

#[test]
fn a_layer_of_npm_packages_is_built_once_and_needs_no_npm() {
    let root = shop();
    let built = layerlock(root.path(), &["build", "--json"])
        .assert()
        .success();
    let report = json(&built.get_output().stdout);
    let layer = &report["layers"][0];
    assert_eq!(layer["target"]["runtime"], "nodejs22.x");
    let package = &layer["packages"][0];
    assert_eq!(
        (&package["name"], &package["file"]),
        (&"greeter".into(), &"greeter-1.0.0.tgz".into())
    );
    assert_eq!(layer["file_count"], 2);
    assert!(
        layer["zip"]["path"]
            .as_str()
            .unwrap()
            .ends_with("dist/layers/web-nodejs22.x-x86_64.zip")
    );

    let again = layerlock(root.path(), &["build", "--json"])
        .assert()
        .success();
    assert_eq!(json(&again.get_output().stdout)["unchanged"], true);
}

#[test]
fn what_is_wrong_with_a_lock_is_told_with_the_line_that_names_it() {
    let root = shop();
    let lock = root.path().join("shop/services/web/package-lock.json");
    let text = fs_err::read_to_string(&lock).unwrap();
    let fails = |changed: String, code: i32, message: &str| {
        fs_err::write(&lock, changed).unwrap();
        let failed = layerlock(root.path(), &["build"]).assert().code(code);
        let told = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
        assert!(told.contains(message), "{told}");
        assert!(told.contains("layerlock.toml:2"), "{told}");
        assert!(!root.path().join("shop/dist").exists());
    };
    fails(
        text.replace(": 3", ": 1"),
        3,
        "has lockfileVersion 1, and layerlock reads 2 and 3",
    );
    fails(
        text.replace("\"greeter\": \"^1", "\"other\": \"^1"),
        3,
        "is out of date: it has other, which package.json asks for no more",
    );
    fails(
        text.replace("sha512-", "sha1-"),
        7,
        "has no integrity of greeter@1.0.0 but a weak one",
    );
    fails(
        text.replace("\"integrity\"", "\"os\": [\"darwin\"], \"integrity\""),
        4,
        "greeter@1.0.0 is for os darwin alone",
    );
    fs_err::write(&lock, &text).unwrap();
    fs_err::remove_dir_all(root.path().join("npm-cache")).unwrap();
    let failed = layerlock(root.path(), &["build", "--offline"])
        .assert()
        .code(5);
    let told = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
    assert!(
        told.contains("1 package is not in npm's cache, and the network is not to be used"),
        "{told}"
    );
}

#[test]
fn a_lock_that_is_out_of_date_is_taken_where_it_is_allowed() {
    let root = shop();
    let lock = root.path().join("shop/services/web/package-lock.json");
    let text = fs_err::read_to_string(&lock).unwrap();
    fs_err::write(&lock, text.replace("\"greeter\": \"^1", "\"other\": \"^1")).unwrap();
    // So npm would lay it out.
    let mut taken = layerlock(root.path(), &["build", "--allow-stale-lock", "--json"]);
    let told = json(&taken.assert().success().get_output().stdout).to_string();
    assert!(told.contains("stale-lock"), "{told}");
    assert!(
        told.contains("it has other, which package.json asks for no more"),
        "{told}"
    );
}

#[test]
fn packages_lie_where_the_functions_of_a_provider_look() {
    let root = shop();
    let settings = |text: &str| {
        let text = format!("[layers.web]\nnpm = \"services/web\"\n{text}");
        fs_err::write(root.path().join("shop/layerlock.toml"), text).unwrap();
    };
    let names = || -> Vec<String> {
        let staged = root.path().join("staged");
        let _ = fs_err::remove_dir_all(&staged);
        let staging = staged.to_str().unwrap();
        layerlock(root.path(), &["build", "--staging", staging])
            .assert()
            .success();
        layerlock_layer::files_in(&staged).unwrap()
    };
    settings("runtime = \"nodejs22\"\nper-node-version = true\n");
    let expected = [
        "nodejs/node22/node_modules/greeter/index.js",
        "nodejs/node22/node_modules/greeter/package.json",
    ];
    assert_eq!(names(), expected);

    // Function Compute has package.json and the lock beside them.
    settings("targets = \"aliyun:nodejs20\"\n");
    let expected = [
        "nodejs/node_modules/greeter/index.js",
        "nodejs/node_modules/greeter/package.json",
        "nodejs/package-lock.json",
        "nodejs/package.json",
    ];
    assert_eq!(names(), expected);

    for (text, message) in [
        (
            "per-node-version = true\n",
            "`per-node-version` needs a `runtime` of Node",
        ),
        (
            "targets = \"aliyun:nodejs20\"\nper-node-version = true\n",
            "Alibaba Function Compute has no folder for each version of Node",
        ),
    ] {
        settings(text);
        let failed = layerlock(root.path(), &["build"]).assert().code(3);
        let told = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
        assert!(told.contains(message), "{told}");
    }
    let text = "[layers.web]\nper-node-version = true\n[layers.web.folders]\nbin = \"services\"\n";
    fs_err::write(root.path().join("shop/layerlock.toml"), text).unwrap();
    let failed = layerlock(root.path(), &["build"]).assert().code(3);
    let told = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
    let message = "`per-node-version` is for the packages of `npm`, which the layer has not";
    assert!(told.contains(message), "{told}");
}
