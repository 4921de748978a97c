//! A lock is read in parts where Poetry's order allows it, and means the same in
//! any other order.

use crate::common::{package, project};
use layerlock_export::{Error, Lock, Project, RequirementsOptions, requirements};
use layerlock_lock::Choice;
use tempfile::TempDir;

const PYPROJECT: &str = "[project]\nname = \"shop\"\nversion = \"1\"\n";

fn export(directory: &TempDir) -> Result<String, Error> {
    let project = Project::read(directory.path())?;
    let lock = Lock::read(&project)?;
    let options = RequirementsOptions::default();
    requirements(&project, &lock, &Choice::default(), &options)
}

fn packages() -> String {
    let more = "\n[package.dependencies]\ntwo = \">=1\"\n";
    package("one", "1.0", more) + &package("two", "2.0", "")
}

#[test]
fn metadata_may_come_first() {
    let directory = project(PYPROJECT, &packages());
    let expected = export(&directory).unwrap();
    assert!(
        expected.contains("one==1.0") && expected.contains("two==2.0"),
        "{expected}"
    );

    let path = directory.path().join("poetry.lock");
    let text = fs_err::read_to_string(&path).unwrap();
    let (packages, metadata) = text.split_at(text.find("[metadata]").unwrap());
    for order in [
        format!("{metadata}\n{packages}"),
        format!("# by hand\n\n{metadata}\n{packages}"),
        format!("{packages}\n[extras]\nfast = [\"one\"]\n\n{metadata}"),
    ] {
        fs_err::write(&path, &order).unwrap();
        assert_eq!(export(&directory).unwrap(), expected, "{order}");
    }
}

#[test]
fn lines_of_a_value_are_no_headers() {
    let expected = export(&project(PYPROJECT, &packages())).unwrap();
    for description in [
        "description = \"\"\"\n[[package]]\nname = \"three\"\nversion = \"3\"\n\"\"\"",
        "description = '''\n[metadata]\n'''",
        "keywords = [\n[\"a\"],\n[\"b\"]\n]",
    ] {
        let more = format!("{description}\n\n[package.dependencies]\ntwo = \">=1\"\n");
        let packages = package("one", "1.0", &more) + &package("two", "2.0", "");
        let directory = project(PYPROJECT, &packages);
        assert_eq!(export(&directory).unwrap(), expected, "{description}");
    }
}

#[test]
fn places_count_from_the_start_of_the_file() {
    let weak = "files = [{file = \"two.whl\", hash = \"md5:0\"}]\n";
    let packages = package("one", "1.0", "") + &package("two", "2.0", weak);
    let directory = project(PYPROJECT, &packages);
    let project = Project::read(directory.path()).unwrap();
    let lock = Lock::read(&project).unwrap();
    let environment = crate::common::linux("3.12", "x86_64");
    let selected =
        layerlock_export::select(&project, &lock, &Choice::default(), &environment).unwrap();
    let [_, two] = selected.packages() else {
        panic!("{selected:?}");
    };
    let place = &two.files[0].weak_hash.as_ref().unwrap().place;
    let line = lock.text().lines().nth(place.line - 1).unwrap();
    assert!(line.contains("md5:0"), "{place}: {line}");
    assert_eq!(&lock.text()[place.span.clone()], "\"md5:0\"");
}

#[test]
fn a_range_of_python_is_printed_as_its_own_package_spells_it() {
    let pyproject = format!("{PYPROJECT}requires-python = \">=3.10.2,<4.0.0\"\n");
    let packages = package("one", "1.0", "").replace("\"*\"", "\">=3.10,<4.0.0\"")
        + &package("two", "2.0", "").replace("\"*\"", "\">=3.10,<4.0\"");
    let text = export(&project(&pyproject, &packages)).unwrap();
    // As Poetry 2.5.1 prints them.
    for line in [
        "one==1.0 ; python_full_version >= \"3.10.2\" and python_full_version < \"4.0.0\" ",
        "two==2.0 ; python_full_version >= \"3.10.2\" and python_version < \"4.0\" ",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}
