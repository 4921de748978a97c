//! Locks that the project has left behind.

use layerlock_export::{Error, Lock, Project, Warning};

use crate::common::{package, project};
use crate::refusals::{PYPROJECT, refusal};

#[test]
fn stale_lock() {
    let directory = project(PYPROJECT, "");
    let path = directory.path().join("pyproject.toml");
    fs_err::write(&path, format!("{PYPROJECT}dependencies = [\"requests\"]\n")).unwrap();
    insta::assert_snapshot!(refusal(directory.path()), @r"
    pyproject.toml changed since poetry.lock was written
      at poetry.lock:5:16
      hint: run `poetry lock` to bring poetry.lock up to date, or take it as it is with --allow-stale-lock
    ");
    fs_err::write(&path, format!("# comment\n{PYPROJECT}license = \"MIT\"\n")).unwrap();
    Lock::read(&Project::read(directory.path()).unwrap()).unwrap();
}

/// It was told to be too large, as the whole is for a look at it.
#[test]
fn a_large_lock_can_be_stale() {
    let long = format!("description = \"{}\"\n", "x".repeat(4000));
    let packages = (0..1000).map(|index| package(&format!("p{index}"), "1", &long));
    let directory = project(PYPROJECT, &packages.collect::<String>());
    Lock::read(&Project::read(directory.path()).unwrap()).unwrap();
    let path = directory.path().join("pyproject.toml");
    fs_err::write(&path, format!("{PYPROJECT}dependencies = [\"requests\"]\n")).unwrap();
    let error = Lock::read(&Project::read(directory.path()).unwrap()).unwrap_err();
    assert!(matches!(error, Error::Stale { .. }), "{error}");
}

#[test]
fn a_stale_lock_is_taken_where_it_is_allowed() {
    let directory = project(PYPROJECT, "");
    let path = directory.path().join("pyproject.toml");
    let read = || Lock::read_even_stale(&Project::read(directory.path()).unwrap()).unwrap();
    assert_eq!(read().warnings(), []);
    fs_err::write(&path, format!("{PYPROJECT}dependencies = [\"requests\"]\n")).unwrap();
    let lock = read();
    let [warning @ Warning::Stale { place }] = lock.warnings() else {
        panic!("{:?}", lock.warnings());
    };
    assert!(warning.to_string().contains("poetry lock"), "{warning}");
    assert_eq!((place.line, place.column), (5, 16));
}

#[test]
fn lock_without_a_hash_is_stale() {
    let directory = project(PYPROJECT, "");
    let lock = directory.path().join("poetry.lock");
    fs_err::write(&lock, "[metadata]\nlock-version = \"2.1\"\n").unwrap();
    let error = Lock::read(&Project::read(directory.path()).unwrap()).unwrap_err();
    assert!(
        matches!(error, Error::Stale { locked: None, .. }),
        "{error}"
    );
}
