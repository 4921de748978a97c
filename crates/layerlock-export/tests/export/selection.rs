//! Which packages a target gets.

use crate::common::{linux, package, project};
use layerlock_diagnostic::Diagnose as _;
use layerlock_export::{Error, Lock, Project, select};
use layerlock_lock::{Choice, Extras, Groups, LockedPackage, PackageSource};

const PYPROJECT: &str = r#"
[project]
name = "Some_Project"
version = "1"
requires-python = ">=3.9.2,<3.14"
dependencies = ["one[First.Extra]", "two"]

[project.optional-dependencies]
fast = ["three[speedups]"]

[dependency-groups]
dev = ["four[test]"]
all = [{include-group = "dev"}]
"#;

fn select_from(
    pyproject: &str,
    packages: &str,
    choice: &Choice,
    python: &str,
    machine: &str,
) -> Result<Vec<LockedPackage>, Error> {
    let directory = project(pyproject, packages);
    let project = Project::read(directory.path())?;
    let lock = Lock::read(&project)?;
    let selected = select(&project, &lock, choice, &linux(python, machine))?;
    Ok(selected.into_packages())
}

fn names(packages: &[LockedPackage]) -> Vec<&str> {
    packages
        .iter()
        .map(|package| package.name.as_str())
        .collect()
}

fn extras(names: &[&str]) -> Choice {
    Choice {
        extras: Extras {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            all: false,
        },
        ..Choice::default()
    }
}

fn only(names: &[&str]) -> Choice {
    Choice {
        groups: Groups {
            only: names.iter().map(|&name| name.to_owned()).collect(),
            ..Groups::default()
        },
        ..Choice::default()
    }
}

#[test]
fn markers_are_settled_for_the_target() {
    let packages = [
        package("z-arm", "1", "markers = \"platform_machine == 'aarch64'\""),
        package("a-intel", "1", "markers = \"platform_machine == 'x86_64'\""),
        package("windows", "1", "markers = \"sys_platform == 'win32'\""),
        package("backport", "1", "markers = \"python_version < '3.11'\""),
        package("Always.Here", "1.00", ""),
    ]
    .concat();
    let chosen = |python, machine| {
        select_from(PYPROJECT, &packages, &Choice::default(), python, machine).unwrap()
    };
    assert_eq!(
        names(&chosen("3.10", "aarch64")),
        ["always-here", "backport", "z-arm"]
    );
    let chosen = chosen("3.12", "x86_64");
    assert_eq!(names(&chosen), ["a-intel", "always-here"]);
    assert_eq!(chosen[1].version, "1.0");
    assert_eq!(chosen[1].place.line, 38);
}

#[test]
fn a_package_of_several_groups_has_the_marker_of_each() {
    let packages = package(
        "two",
        "1",
        "groups = [\"main\", \"dev\", \"all\"]\n\
         markers = {main = \"python_version < '3.11'\", dev = \"sys_platform == 'win32'\"}",
    );
    let is_selected = |choice: &Choice, python| {
        !select_from(PYPROJECT, &packages, choice, python, "x86_64")
            .unwrap()
            .is_empty()
    };
    assert!(is_selected(&Choice::default(), "3.10"));
    assert!(!is_selected(&Choice::default(), "3.12"));
    assert!(!is_selected(&only(&["dev"]), "3.10"));
    assert!(is_selected(&only(&["dev", "main"]), "3.10"));
    // No marker for the group: always.
    assert!(is_selected(&only(&["all"]), "3.12"));
}

#[test]
fn extras_settle_markers_and_several_hold_at_once() {
    let pyproject = "[project]\nname = \"x\"\nversion = \"1\"\n[project.optional-dependencies]\na = []\nB_b = []\n";
    let packages = [
        package(
            "either",
            "1",
            "markers = \"extra == 'a' or extra == 'b-b'\"",
        ),
        package("both", "1", "markers = \"extra == 'a' and extra == 'b-b'\""),
        package(
            "neither",
            "1",
            "markers = \"extra != 'a' and extra != 'b-b'\"",
        ),
    ]
    .concat();
    let chosen = |choice: &Choice| {
        let packages = select_from(pyproject, &packages, choice, "3.12", "x86_64").unwrap();
        names(&packages).join(" ")
    };
    assert_eq!(chosen(&Choice::default()), "neither");
    assert_eq!(chosen(&extras(&["a"])), "either");
    assert_eq!(chosen(&extras(&["b.B a"])), "both either");
}

#[test]
fn packages_say_which_extras_are_asked_of_them() {
    let packages = [
        package(
            "one",
            "1",
            "[package.dependencies]\n\
             two = {version = \"*\", extras = [\"deep\"], markers = \"extra == 'first-extra'\"}\n\
             three = [{version = \"1\", extras = [\"win\"], markers = \"sys_platform == 'win32'\"}, \
             {version = \"2\", extras = [\"linux\"], markers = \"sys_platform == 'linux'\"}]",
        ),
        package("two", "1", ""),
        package("three", "1", ""),
        package("four", "1", "groups = [\"all\", \"dev\"]"),
    ]
    .concat();
    let asked = |choice: &Choice| {
        let packages = select_from(PYPROJECT, &packages, choice, "3.12", "x86_64").unwrap();
        let asked: Vec<_> = packages
            .iter()
            .map(|package| format!("{}[{}]", package.name, package.extras.join(",")))
            .collect();
        asked.join(" ")
    };
    assert_eq!(
        asked(&Choice::default()),
        "one[first-extra] three[linux] two[deep]"
    );
    assert_eq!(
        asked(&extras(&["fast"])),
        "one[first-extra] three[linux,speedups] two[deep]"
    );
    assert_eq!(asked(&only(&["all"])), "four[test]");
}

#[test]
fn sources_are_told_apart() {
    let packages = [
        package("a", "1", "develop = true\n[package.source]\ntype = \"directory\"\nurl = \"../lib\""),
        package(
            "b",
            "1",
            "files = []\n[package.source]\ntype = \"git\"\nurl = \"https://git.example.com/b.git\"\n\
             reference = \"main\"\nresolved_reference = \"c0ffee\"\nsubdirectory = \"py\"",
        ),
        package(
            "c",
            "1",
            "[package.source]\ntype = \"legacy\"\nurl = \"https://packages.example.com/simple\"\n\
             reference = \"internal\"",
        ),
        package("d", "1", ""),
    ]
    .concat();
    let packages = select_from(PYPROJECT, &packages, &Choice::default(), "3.12", "x86_64").unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert!(matches!(
        &packages[0].source,
        PackageSource::Directory { path, develop: true } if path.ends_with("../lib")
    ));
    assert_eq!(
        packages[1].source,
        PackageSource::Git {
            url: "https://git.example.com/b.git".to_owned(),
            reference: text("main"),
            commit: "c0ffee".to_owned(),
            subdirectory: text("py"),
        }
    );
    assert_eq!(
        packages[2].source,
        PackageSource::Registry {
            url: text("https://packages.example.com/simple"),
            reference: text("internal"),
        }
    );
    assert_eq!(
        packages[3].source,
        PackageSource::Registry {
            url: None,
            reference: None
        }
    );
}

#[test]
fn a_target_outside_of_the_python_constraint_is_refused() {
    let refused = |python| select_from(PYPROJECT, "", &Choice::default(), python, "x86_64");
    // Some patch release of 3.9 is allowed.
    refused("3.9").unwrap();
    let error = refused("3.14").unwrap_err();
    assert_eq!(
        error.to_string(),
        "Python 3.14 is outside of the project's constraint `>=3.9.2,<3.14`"
    );
    let place = error.place().unwrap();
    assert_eq!((place.line, place.column), (5, 19));
    assert!(matches!(refused("3.8").unwrap_err(), Error::Python { .. }));
}

#[test]
fn two_versions_of_a_package_for_one_target_are_refused() {
    let packages = [
        package("numpy", "1.26", "markers = \"python_version < '3.12'\""),
        package("NumPy", "2.1", "markers = \"python_version >= '3.11'\""),
    ]
    .concat();
    let result = |python| select_from(PYPROJECT, &packages, &Choice::default(), python, "x86_64");
    assert_eq!(result("3.10").unwrap()[0].version, "1.26");
    assert_eq!(result("3.12").unwrap()[0].version, "2.1");
    let error = result("3.11").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the lock selects numpy twice for this target: 1.26 and 2.1"
    );
    assert_eq!(error.place().unwrap().line, 11);
}

#[test]
fn only_strong_hashes_are_digests() {
    let result = |hash: &str| {
        let files = format!("files = [{{file = \"x.whl\", hash = \"{hash}\"}}]");
        let packages = package("x", "1", &files);
        select_from(PYPROJECT, &packages, &Choice::default(), "3.12", "x86_64")
            .map(|packages| packages[0].files[0].clone())
    };
    let digest_of = |hash: &str| result(hash).unwrap().digests[0].to_string();
    let digest = "0123456789abcdefABCDEF".repeat(6);
    assert_eq!(
        digest_of(&digest[..64]),
        format!("sha256:{}", digest[..64].to_lowercase())
    );
    digest_of(&format!("sha384:{}", &digest[..96]));
    digest_of(&format!("sha512:{}", &digest[..128]));
    for weak in [
        format!("md5:{}", &digest[..32]),
        format!("sha1:{}", &digest[..40]),
        format!("sha256:{}", &digest[..63]),
        format!("sha256:{}x", &digest[..63]),
        "sha256:".to_owned(),
        String::new(),
    ] {
        let file = result(&weak).unwrap();
        assert!(file.digests.is_empty(), "{weak}");
        let told = file.weak_hash.unwrap();
        assert_eq!((told.text, told.place.line), (weak, 7));
    }
}
