//! What only the first versions of Poetry wrote into a lock.

use std::path::Path;

use crate::common::linux;
use layerlock_diagnostic::{Diagnose as _, ErrorKind};
use layerlock_export::{Error, Lock, Project, RequirementsOptions, requirements, select};
use layerlock_lock::Choice;

/// Writes a project that needs `app`, and a fresh lock with these packages and files.
fn project(packages: &str, metadata: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let pyproject = "[tool.poetry]\nname = \"x\"\nversion = \"1\"\nauthors = []\n\
                     [tool.poetry.dependencies]\npython = \"^3.8\"\napp = \"*\"\n";
    fs_err::write(directory.path().join("pyproject.toml"), pyproject).unwrap();
    let lock = |hash: &str| {
        let (before, after) = metadata.split_once("[metadata.").unwrap_or((metadata, ""));
        let text = format!(
            "{packages}\n[metadata]\n{before}python-versions = \"^3.8\"\n\
             content-hash = \"{hash}\"\n\n[metadata.{after}"
        );
        fs_err::write(directory.path().join("poetry.lock"), text).unwrap();
    };
    lock("0");
    let project = Project::read(directory.path()).unwrap();
    let Err(Error::Stale { expected, .. }) = Lock::read(&project) else {
        panic!("a stale lock");
    };
    lock(&expected);
    directory
}

fn package(name: &str, more: &str) -> String {
    format!(
        "[[package]]\ncategory = \"main\"\nname = \"{name}\"\noptional = false\n\
         python-versions = \"*\"\nversion = \"1.0\"\n{more}\n"
    )
}

fn export(directory: &Path, without_hashes: bool) -> Result<String, Error> {
    let project = Project::read(directory)?;
    let options = RequirementsOptions {
        without_hashes,
        without_urls: true,
        ..RequirementsOptions::default()
    };
    requirements(
        &project,
        &Lock::read(&project)?,
        &Choice::default(),
        &options,
    )
}

fn selected(directory: &Path) -> Result<Vec<String>, Error> {
    let project = Project::read(directory)?;
    let lock = Lock::read(&project)?;
    let target = linux("3.12", "x86_64");
    let selected = select(&project, &lock, &Choice::default(), &target)?;
    let names = selected.packages().iter();
    Ok(names.map(|package| package.name.to_string()).collect())
}

#[test]
fn a_package_can_have_a_marker_of_its_own() {
    let packages = package(
        "app",
        "[package.dependencies]\ncolor = \"*\"\nold = \"*\"\n",
    ) + &package("color", "marker = \"sys_platform == \\\"win32\\\"\"\n")
        + &package("old", "marker = \"python_version < \\\"3.10\\\"\"\n");
    let directory = project(
        &packages,
        "[metadata.files]\napp = []\ncolor = []\nold = []\n",
    );
    assert_eq!(
        export(directory.path(), true).unwrap(),
        "app==1.0 ; python_version >= \"3.8\" and python_version < \"4.0\"\n\
         color==1.0 ; python_version >= \"3.8\" and python_version < \"4.0\" and \
         sys_platform == \"win32\"\n\
         old==1.0 ; python_version >= \"3.8\" and python_version < \"3.10\"\n"
    );
    assert_eq!(selected(directory.path()).unwrap(), ["app"]);
}

#[test]
fn hashes_without_file_names_can_be_exported_and_not_installed() {
    let hash = "0123456789abcdef".repeat(4);
    let metadata = format!("[metadata.hashes]\napp = [\"{hash}\"]\n");
    let directory = project(&package("app", ""), &metadata);
    let text = export(directory.path(), false).unwrap();
    assert!(text.contains(&format!("--hash=sha256:{hash}\n")), "{text}");
    let error = selected(directory.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the lock has no file names for app, only hashes: it was written by a Poetry before 1.0"
    );
    assert_eq!(error.kind(), ErrorKind::Project);
    assert_eq!(error.hint().unwrap(), "run `poetry lock` with Poetry 2");
    assert_eq!(error.place().unwrap().line, 3);
}

/// Poetry before 1.2 left setuptools and its like out of locks, whoever needed them.
#[test]
fn what_was_never_locked_is_told_and_not_missed() {
    let needs = "[package.dependencies]\nsetuptools = \"*\"\nsix = \"*\"\n";
    let packages = package("app", needs) + &package("six", "");
    let files = "[metadata.files]\napp = []\nsix = []\n";
    let directory = project(&packages, &format!("lock-version = \"1.1\"\n{files}"));
    assert_eq!(selected(directory.path()).unwrap(), ["app", "six"]);
    let read = Lock::read(&Project::read(directory.path()).unwrap()).unwrap();
    let warnings: Vec<_> = read.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "not in the lock: setuptools, which packages in it depend on; Poetry before 1.2 \
             never locks it"
        ]
    );

    // Where setuptools is locked, or by a later Poetry, it is a package like others.
    let locked = packages.clone() + &package("setuptools", "");
    let files = "[metadata.files]\napp = []\nsix = []\nsetuptools = []\n";
    let directory = project(&locked, &format!("lock-version = \"1.1\"\n{files}"));
    assert_eq!(
        selected(directory.path()).unwrap(),
        ["app", "setuptools", "six"]
    );
    let files = "[metadata.files]\napp = []\nsix = []\n";
    let directory = project(&packages, &format!("lock-version = \"2.0\"\n{files}"));
    let error = selected(directory.path()).unwrap_err();
    assert!(matches!(error, Error::Walk { .. }), "{error}");
}
