//! Packages taken out of a selection, and what goes with them.

use crate::common::{linux, package, project, write_lock};
use layerlock_export::{Error, Lock, Project, select};
use layerlock_lock::{Choice, Extras, PackageName, Remaining};

const PYPROJECT: &str = r#"
[project]
name = "shop"
version = "1"
requires-python = ">=3.9"
dependencies = ["boto3 (>=1)", "s3fs[boto]; python_version > '3'", "requests"]

[project.optional-dependencies]
fast = ["urllib3"]
"#;

fn packages() -> String {
    let requires = |lines: &str| format!("[package.dependencies]\n{lines}");
    [
        package(
            "boto3",
            "1.40",
            &requires("botocore = \"*\"\njmespath = \"*\"\ns3transfer = \"*\""),
        ),
        package(
            "botocore",
            "1.40",
            &requires("jmespath = \"*\"\npython-dateutil = \"*\"\nurllib3 = \"*\""),
        ),
        package("jmespath", "1", ""),
        package("python-dateutil", "2", &requires("six = \">=1\"")),
        package(
            "requests",
            "2",
            &requires("urllib3 = {version = \"*\", markers = \"sys_platform == 'win32'\"}"),
        ),
        package(
            "s3fs",
            "3",
            &requires(
                "botocore = {version = \"*\", optional = true, markers = \"extra == 'boto'\"}",
            ),
        ),
        package("s3transfer", "1", &requires("botocore = \"*\"")),
        package("six", "1", ""),
        package("urllib3", "2", ""),
    ]
    .concat()
}

fn without(pyproject: &str, packages: &str, choice: &Choice, names: &[&str]) -> Remaining {
    let directory = project(pyproject, packages);
    remaining(directory.path(), choice, names).unwrap()
}

fn remaining(
    directory: &std::path::Path,
    choice: &Choice,
    names: &[&str],
) -> Result<Remaining, Error> {
    let project = Project::read(directory)?;
    let lock = Lock::read(&project)?;
    let target = linux("3.12", "x86_64");
    let selected = select(&project, &lock, choice, &target)?;
    let names: Vec<_> = names.iter().map(|name| name.parse().unwrap()).collect();
    Ok(selected.exclude(&names))
}

/// What stays, and what goes: named packages with a `!`.
fn describe(remaining: &Remaining) -> (String, String) {
    let stays: Vec<_> = remaining
        .selected
        .packages()
        .iter()
        .map(|p| p.name.as_str())
        .collect();
    let goes: Vec<_> = remaining
        .excluded
        .iter()
        .map(|one| {
            let mark = if one.is_named { "!" } else { "" };
            let needed: Vec<_> = one.needed_by.iter().map(PackageName::as_str).collect();
            let needed = needed.join("+");
            format!("{}{mark}<{needed}", one.package.name)
        })
        .collect();
    (stays.join(" "), goes.join(" "))
}

#[test]
fn what_only_an_excluded_package_needed_goes_with_it() {
    let remaining = without(
        PYPROJECT,
        &packages(),
        &Choice::default(),
        &["Boto3", "botocore", "botto3"],
    );
    let (stays, goes) = describe(&remaining);
    // requests asks for urllib3 on another platform only.
    assert_eq!(stays, "requests s3fs");
    assert_eq!(
        goes,
        "boto3!< botocore!<s3fs jmespath< python-dateutil< s3transfer< six< urllib3<"
    );
    assert_eq!(remaining.unknown, ["botto3"]);
}

#[test]
fn what_others_need_stays() {
    // s3fs asks for botocore with an extra.
    let remaining = without(PYPROJECT, &packages(), &Choice::default(), &["boto3"]);
    let (stays, goes) = describe(&remaining);
    assert_eq!(
        stays,
        "botocore jmespath python-dateutil requests s3fs six urllib3"
    );
    assert_eq!(goes, "boto3!< s3transfer<");

    // An extra of the project asks for urllib3.
    let fast = Choice {
        extras: Extras {
            names: vec!["fast".to_owned()],
            all: false,
        },
        ..Choice::default()
    };
    let remaining = without(PYPROJECT, &packages(), &fast, &["boto3", "botocore"]);
    assert_eq!(describe(&remaining).0, "requests s3fs urllib3");
}

#[test]
fn a_package_that_no_walk_explains_stays_with_what_it_needs() {
    let packages = packages() + &package("stray", "1", "[package.dependencies]\njmespath = \"*\"");
    let remaining = without(
        PYPROJECT,
        &packages,
        &Choice::default(),
        &["boto3", "botocore"],
    );
    assert_eq!(describe(&remaining).0, "jmespath requests s3fs stray");
}

#[test]
fn older_locks_are_walked_as_well() {
    let pyproject = "[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\n\
                     boto3 = \"*\"\nrequests = \"*\"\nurllib3 = {version = \"*\", optional = true}\n\
                     [tool.poetry.extras]\nfast = [\"urllib3\"]\n";
    let requires = |lines: &str| format!("[package.dependencies]\n{lines}\n");
    let package = |name: &str, more: &str| {
        let optional = name == "urllib3";
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1\"\noptional = {optional}\n\
             python-versions = \"*\"\nfiles = []\n{more}\n"
        )
    };
    let packages = [
        package("boto3", &requires("six = \"*\"\nurllib3 = \"*\"")),
        package(
            "requests",
            &requires("six = {version = \"*\", markers = \"extra == 'x'\"}"),
        ),
        package("six", ""),
        package("urllib3", ""),
        "[extras]\nfast = [\"urllib3\"]\n".to_owned(),
    ]
    .concat();
    let directory = tempfile::tempdir().unwrap();
    fs_err::write(directory.path().join("pyproject.toml"), pyproject).unwrap();
    write_lock(directory.path(), &packages, "2.0", "0");
    let project = Project::read(directory.path()).unwrap();
    let Err(Error::Stale { expected, .. }) = Lock::read(&project) else {
        panic!("a stale lock");
    };
    write_lock(directory.path(), &packages, "2.0", &expected);

    let fast = Choice {
        extras: Extras {
            names: vec!["fast".to_owned()],
            all: false,
        },
        ..Choice::default()
    };
    let of = |choice: &Choice| describe(&remaining(directory.path(), choice, &["boto3"]).unwrap());
    assert_eq!(
        of(&Choice::default()),
        ("requests".to_owned(), "boto3!< six< urllib3<".to_owned())
    );
    assert_eq!(
        of(&fast),
        ("requests urllib3".to_owned(), "boto3!< six<".to_owned())
    );
}
