//! Each fault is told by its code, and nothing else is told of its layer.

use std::collections::BTreeSet;

use layerlock_check::{Code, Severity};

use crate::layers::{Crafted, clean, nothing};

type Row = (&'static str, Crafted, Code);

#[test]
fn a_clean_layer_has_no_findings() {
    let clean = clean().check();
    assert_eq!(clean.findings, []);
    let packages = clean.packages.iter();
    let names: Vec<_> = packages
        .map(|one| (one.name.as_str(), one.version.as_str()))
        .collect();
    assert_eq!(names, [("idna", "3.10"), ("shop", "1.0")]);
    assert!(clean.packages.iter().all(|one| one.unzipped_size > 100));
}

#[test]
fn each_fault_is_told_by_its_code_alone() {
    let mut wrong = Vec::new();
    let rows = [
        layout(),
        modes(),
        packages(),
        modules(),
        bytecode(),
        secrets(),
    ]
    .concat();
    assert!(rows.len() >= 45, "{}", rows.len());
    for (fault, layer, code) in rows {
        let found = layer.check().findings;
        let codes: BTreeSet<Code> = found.iter().map(|finding| finding.code).collect();
        if codes != BTreeSet::from([code]) {
            let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
            wrong.push(format!("{fault}: {code} expected, found {texts:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn layout() -> Vec<Row> {
    let only_python = || nothing().package("idna", "3.10", "");
    let below = |folder: &'static str| move |path: &str| format!("{folder}{path}");
    let site = |site: &'static str| move |path: &str| path.replace("python/", site);
    vec![
        ("no file", nothing(), Code::EmptyLayer),
        (
            "packages at the root",
            only_python().moved(|path| path.replace("python/", "")),
            Code::PackagesAtRoot,
        ),
        (
            "a module at the root beside python/",
            clean().with("helper.py", ""),
            Code::PackagesAtRoot,
        ),
        (
            "python/python/",
            only_python().moved(below("python/")),
            Code::NestedPython,
        ),
        (
            "a directory around everything",
            clean().moved(below("layer/")),
            Code::WrappedLayer,
        ),
        (
            "site-packages of another minor version",
            only_python().moved(site("python/lib/python3.11/site-packages/")),
            Code::OtherPython,
        ),
        (
            "site-packages without its Python",
            only_python().moved(site("python/site-packages/")),
            Code::UnreachablePackages,
        ),
        (
            "a virtual environment",
            only_python().moved(site("python/venv/lib/python3.12/site-packages/")),
            Code::UnreachablePackages,
        ),
        (
            "lib/ of a virtual environment",
            only_python().moved(site("lib/python3.12/site-packages/")),
            Code::UnreachablePackages,
        ),
        (
            "a zip in a zip",
            nothing().with("layer.zip", "PK"),
            Code::NestedZip,
        ),
        (
            "a zip in a folder",
            nothing().with("python/layer.zip", "PK"),
            Code::NestedZip,
        ),
        (
            "data at the root",
            nothing().with("data/table.csv", "1"),
            Code::NoRuntimeFolder,
        ),
        (
            "a layer for Node.js",
            nothing().with("nodejs/a.js", ""),
            Code::NoRuntimeFolder,
        ),
        (
            "what a Mac leaves",
            clean().with("__MACOSX/python/._idna", ""),
            Code::Litter,
        ),
        (
            "what a file manager leaves",
            clean().with("python/.DS_Store", ""),
            Code::Litter,
        ),
        (
            "two paths that differ in case",
            clean()
                .with("python/idna/data", "")
                .with("python/idna/Data", ""),
            Code::CaseCollision,
        ),
        (
            "a name of 256 bytes",
            clean().with(&format!("python/idna/{}", "x".repeat(256)), ""),
            Code::PathTooLong,
        ),
        (
            "a path of 4096 bytes",
            clean().with(&format!("python/{}x", "directory/".repeat(409)), ""),
            Code::PathTooLong,
        ),
    ]
}

fn modes() -> Vec<Row> {
    let script = "#!/bin/sh\ntrue\n";
    vec![
        (
            "a module for its owner alone",
            clean().with_mode("python/idna/secret.py", "", 0o600),
            Code::UnreadableFile,
        ),
        (
            "a module for its group alone",
            clean().with_mode("python/idna/secret.py", "", 0o640),
            Code::UnreadableFile,
        ),
        (
            "an extension without x bit",
            clean().with_mode("extensions/log", script, 0o644),
            Code::ExtensionNotExecutable,
        ),
        (
            "an extension for its owner alone",
            clean().with_mode("extensions/log", script, 0o744),
            Code::ExtensionNotExecutable,
        ),
        (
            "an extension from Windows",
            nothing().with("extensions/log", script).without_modes(),
            Code::ExtensionNotExecutable,
        ),
        (
            "an extension with CR",
            clean().with_mode("extensions/log", "#!/bin/sh\r\ntrue\r\n", 0o755),
            Code::ExtensionCarriageReturn,
        ),
        (
            "a command without x bit",
            clean().with_mode("bin/log", script, 0o644),
            Code::CommandNotExecutable,
        ),
        (
            "a command with CR",
            clean().with_mode("bin/log", "#!/bin/sh\r\ntrue\r\n", 0o755),
            Code::CommandCarriageReturn,
        ),
        (
            "a link to nothing",
            clean().with("lib/libx.so@", "libx.so.1"),
            Code::BrokenLink,
        ),
        (
            "a link out of the layer",
            clean().with("python/idna/up@", "../../../home/me/idna"),
            Code::BrokenLink,
        ),
    ]
}

fn packages() -> Vec<Row> {
    let requiring = |requirement: &str| {
        clean().package("asks", "2.0", &format!("Requires-Dist: {requirement}\n"))
    };
    vec![
        (
            "a requirement that is missing",
            requiring("gone"),
            Code::RequirementMissing,
        ),
        (
            "one in parentheses",
            requiring("gone (>=1.0,<2)"),
            Code::RequirementMissing,
        ),
        (
            "one for this Python",
            requiring("gone; python_version >= '3.12' and sys_platform == 'linux'"),
            Code::RequirementMissing,
        ),
        (
            "one of an extra that is asked for",
            requiring("shop[all]"),
            Code::RequirementMissing,
        ),
        (
            "one of an extra of an extra",
            requiring("mid[x]").package("mid", "1", "Requires-Dist: shop[all]; extra == 'x'\n"),
            Code::RequirementMissing,
        ),
        (
            "one that is too old",
            requiring("idna>=4"),
            Code::RequirementVersion,
        ),
        (
            "one that is too new",
            requiring("idna<3.10"),
            Code::RequirementVersion,
        ),
        (
            "one that the runtime brings",
            requiring("jmespath"),
            Code::RequirementElsewhere,
        ),
        (
            "a package for a later Python",
            clean().package("late", "1", "Requires-Python: >=3.13\n"),
            Code::RequiresPython,
        ),
        (
            "a package in two versions",
            clean().with(
                "python/idna-3.9.dist-info/METADATA",
                "Name: idna\nVersion: 3.9\n",
            ),
            Code::TwoVersions,
        ),
        (
            "a package twice",
            clean().package_in("python/lib/python3.12/site-packages", "idna", "3.10", ""),
            Code::DistInfoDoubled,
        ),
        (
            "metadata without a name",
            clean().with("python/odd-1.dist-info/METADATA", "Version: 1\n"),
            Code::DistInfoIncomplete,
        ),
        (
            "metadata without METADATA",
            clean().with("python/odd-1.dist-info/RECORD", ""),
            Code::DistInfoIncomplete,
        ),
        (
            "a package without metadata",
            clean().with("python/helper/__init__.py", ""),
            Code::DistInfoMissing,
        ),
        (
            "an editable install by path",
            clean().with("python/shop.pth", "/srv/shop/src\n"),
            Code::EditableInstall,
        ),
        (
            "an editable install by finder",
            clean().with(
                "python/__editable__.shop.pth",
                "import __editable___shop_finder\n",
            ),
            Code::EditableInstall,
        ),
        (
            "an editable install of setuptools",
            clean().with("python/shop.egg-link", "/srv/shop\n."),
            Code::EditableInstall,
        ),
        (
            "a path file",
            clean().with("python/ns-nspkg.pth", "import sys\n"),
            Code::PathFile,
        ),
    ]
}

fn modules() -> Vec<Row> {
    vec![
        (
            "a backport that hides the standard library",
            clean().package("dataclasses", "0.8", ""),
            Code::HidesStandardLibrary,
        ),
        (
            "the SDK's requirement",
            clean().package("urllib3", "2.5", ""),
            Code::HidesRuntime,
        ),
        (
            "the SDK of durable functions",
            nothing()
                .package("aws_durable_execution_sdk_python", "1.0", "")
                .on("python3.13"),
            Code::HidesRuntime,
        ),
        (
            "Python 2",
            clean().with("python/idna/old.py", "print 'one'\n"),
            Code::SyntaxError,
        ),
        (
            "syntax of a later Python",
            nothing()
                .package("idna", "3.10", "")
                .with("python/idna/new.py", "type X = int\n")
                .on("python3.11"),
            Code::SyntaxError,
        ),
    ]
}

#[test]
fn half_of_the_sdk_is_told_with_what_it_hides() {
    for half in ["boto3", "botocore"] {
        let found = clean().package(half, "1.43", "").check().findings;
        let codes: BTreeSet<Code> = found.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, BTreeSet::from([Code::SplitSdk, Code::HidesRuntime]));
    }
}

/// A header of Python 3.`minor`, with flags and a time (PEP 552).
fn pyc(magic: u16, flags: u8) -> Vec<u8> {
    let [low, high] = magic.to_le_bytes();
    [
        &[low, high, b'\r', b'\n', flags, 0, 0, 0],
        &[7; 8][..],
        b"code",
    ]
    .concat()
}

fn bytecode() -> Vec<Row> {
    const CACHED: &str = "python/idna/__pycache__/__init__.cpython-312.pyc";
    vec![
        (
            "bytecode by time",
            clean().with(CACHED, pyc(3531, 0)),
            Code::StalePyc,
        ),
        (
            "bytecode by time beside its source",
            clean().with("python/idna/__init__.pyc", pyc(3531, 0)),
            Code::StalePyc,
        ),
        (
            "bytecode of another Python",
            clean().with(CACHED, pyc(3495, 1)),
            Code::ForeignPyc,
        ),
        (
            "bytecode that is named after another Python",
            clean().with(
                "python/idna/__pycache__/__init__.cpython-313.pyc",
                pyc(3571, 1),
            ),
            Code::ForeignPyc,
        ),
    ]
}

#[test]
fn bytecode_that_is_used_is_no_finding() {
    let cached = "python/idna/__pycache__/__init__.cpython-312.pyc";
    for layer in [
        clean().with(cached, pyc(3531, 1)),
        // Without its source it is used whatever its time is.
        clean().with("python/idna/alone.pyc", pyc(3531, 0)),
    ] {
        assert_eq!(layer.check().findings, []);
    }
}

fn secrets() -> Vec<Row> {
    let key = format!("-----BEGIN PRIVATE KEY-----\n{}\n", "MIIE".repeat(16));
    vec![
        (
            "a password in pip.conf",
            clean().with(
                "python/pip.conf",
                "[global]\nindex-url = https://me:hunter2x@packages.example.com/simple\n",
            ),
            Code::Credentials,
        ),
        (
            "a password in requirements.txt",
            clean().with(
                "python/requirements.txt",
                "--extra-index-url https://me:hunter2x@packages.example.com/simple\nidna\n",
            ),
            Code::Credentials,
        ),
        (
            "a password in code of one's own",
            clean().with(
                "python/idna/local.py",
                "DB = 'postgres://me:hunter2x@db.internal/x'\n",
            ),
            Code::Credentials,
        ),
        (
            "a token in .npmrc",
            clean().with(
                ".npmrc",
                "//packages.example.com/:_authToken=abcdef123456\n",
            ),
            Code::Credentials,
        ),
        (
            "a key of AWS",
            clean().with("python/idna/settings.toml", "id = 'AKIAQ3EGUVLZ7WXY2ABC'\n"),
            Code::Credentials,
        ),
        (
            ".netrc",
            clean().with("python/.netrc", "machine a login b password c\n"),
            Code::CredentialsFile,
        ),
        (
            ".env",
            clean().with("python/.env", "MODE=fast\n"),
            Code::CredentialsFile,
        ),
        (
            ".pypirc",
            clean().with("python/.pypirc", "[pypi]\n"),
            Code::CredentialsFile,
        ),
        (
            "a private key",
            clean().with("python/idna/server.pem", &key),
            Code::PrivateKey,
        ),
        (
            "a private key of SSH",
            clean().with("python/id_ed25519", &key),
            Code::PrivateKey,
        ),
        (
            "a repository",
            clean().with("python/idna/.git/HEAD", "ref: refs/heads/main\n"),
            Code::GitDirectory,
        ),
        (
            "where a package was installed from",
            clean().with(
                "python/idna-3.10.dist-info/direct_url.json",
                r#"{"url": "file:///srv/idna", "dir_info": {}}"#,
            ),
            Code::MachinePath,
        ),
        (
            "a path dependency",
            nothing().package("idna", "3.10", "Requires-Dist: idna @ file:///srv/idna\n"),
            Code::MachinePath,
        ),
        (
            "the interpreter of another machine",
            clean().with_mode("bin/tool", "#!/srv/venv/bin/python\nimport idna\n", 0o755),
            Code::MachinePath,
        ),
    ]
}

#[test]
fn a_secret_is_never_told() {
    let secrets = ["hunter2x", "abcdef123456", "AKIAQ3EGUVLZ7WXY2ABC", "MIIE"];
    for (fault, layer, _) in self::secrets() {
        let told = serde_json::to_string(&layer.check().findings).unwrap();
        for secret in secrets {
            assert!(!told.contains(secret), "{fault}: {told}");
        }
    }
}

#[test]
fn what_documentation_shows_is_no_secret() {
    for (path, text) in [
        (
            "python/idna/doc.py",
            "URL = 'https://user:password@packages.example.com'\n",
        ),
        ("python/idna/doc.py", "KEY = 'AKIAIOSFODNN7EXAMPLE'\n"),
        ("python/.env.example", "PASSWORD=hunter2x-not\n# MODE\n"),
        ("python/idna/doc.txt", "-----BEGIN PRIVATE KEY-----\n...\n"),
    ] {
        let found = clean().with(path, text).check().findings;
        let is_setting = path.ends_with("example");
        assert_eq!(found.is_empty(), !is_setting, "{path}: {found:?}");
    }
}

#[test]
fn what_comes_from_elsewhere_is_info() {
    let layer = clean().package("asks", "2.0", "Requires-Dist: gone\n");
    let found = layer
        .check_knowing(&|name| (name == "gone").then(|| "the layer `core` brings it".to_owned()))
        .findings;
    let [finding] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(
        (finding.code, finding.severity),
        (Code::RequirementElsewhere, Severity::Info)
    );
    assert_eq!(
        finding.message,
        "asks 2.0 requires gone, which is not in the layer: the layer `core` brings it"
    );
}

#[test]
fn a_requirement_is_told_with_package_range_and_what_was_found() {
    let layer = clean().package("asks", "2.0", "Requires-Dist: idna >= 4, < 5\n");
    let found = layer.check().findings;
    let [finding] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(
        finding.message,
        "asks 2.0 requires idna >=4,<5, and the layer has idna 3.10"
    );
    assert_eq!(finding.package.as_deref(), Some("idna"));
    assert_eq!(finding.seen.as_deref(), Some("3.10"));
    assert_eq!(finding.expected.as_deref(), Some("idna >=4,<5"));
    assert!(finding.path.is_some() && finding.hint.is_some());
}

#[test]
fn a_layer_for_several_runtimes_has_a_site_packages_for_each() {
    let layer = nothing()
        .package_in("python/lib/python3.11/site-packages", "idna", "3.10", "")
        .package_in("python/lib/python3.12/site-packages", "idna", "3.10", "");
    let found = layer.check().findings;
    let [finding] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(
        (finding.code, finding.severity),
        (Code::OtherPython, Severity::Info)
    );
}

#[test]
fn of_many_files_of_one_package_one_finding_tells() {
    let mut layer = clean();
    for index in 0..20 {
        layer = layer.with_mode(&format!("python/idna/m{index:02}.py"), "", 0o600);
    }
    let found = layer.check().findings;
    let [finding] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(
        finding.message,
        "functions run as another user, who may not read this by its mode 0600: 20 files (0 \
         bytes), such as python/idna/m00.py"
    );
}
