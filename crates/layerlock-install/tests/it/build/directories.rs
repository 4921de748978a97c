//! Directories on this machine.

use std::path::Path;

use layerlock_install::BuildProblem;
use layerlock_testkit::{ProjectBuilder, SourceTree};

use super::{Shop, demo, locking, locking_path, paths, source};

#[test]
fn a_directory_is_copied_even_where_the_project_links_it() {
    let shop = Shop::open();
    let directory = shop.path("libs");
    demo().write_to(&directory);
    let project =
        locking("", &source("directory", directory.to_str().unwrap(), "")).lock_packages("");
    let before = files_below(&directory);
    let layer = paths(shop.built(&project));
    assert!(
        layer.contains(&"python/demo/__init__.py".to_owned()),
        "{layer:?}"
    );
    assert_eq!(files_below(&directory), before);

    let develop = ProjectBuilder::new("shop").lock_packages(&format!(
        "[[package]]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"\"\n\
         optional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = []\n\
         develop = true\n{}",
        source("directory", directory.to_str().unwrap(), "")
    ));
    let shop = Shop::open();
    assert_eq!(paths(shop.built(&develop)), layer);
}

fn files_below(directory: &Path) -> Vec<String> {
    let mut files = layerlock_layer::files_in(directory).unwrap();
    files.retain(|file| !file.contains("__pycache__"));
    files.sort();
    files
}

#[test]
fn a_directory_that_changed_is_built_anew_with_the_version_that_it_has_now() {
    let shop = Shop::open();
    let directory = shop.path("libs");
    demo().write_to(&directory);
    let project = locking_path("directory", &directory, "");
    let (before, _) = shop.built(&project);
    SourceTree::new("demo", "2.0")
        .file("demo/more.py", "x = 2\n")
        .write_to(&directory);
    let (after, wheel) = shop.built(&project);
    assert_ne!(before.digest, after.digest);
    assert_eq!(after.package.version, "2.0");
    assert!(paths((after, wheel)).contains(&"python/demo/more.py".to_owned()));
}

#[test]
fn a_directory_that_is_not_there_is_said() {
    let shop = Shop::open();
    let error = shop.refusal(&locking_path("directory", &shop.path("nowhere"), ""));
    assert!(
        matches!(error.problem, BuildProblem::NoDirectory(_)),
        "{error}"
    );
}

/// Poetry builds it, and without being told so the frontends give it to setuptools,
/// which makes a package without files of it.
#[test]
fn a_directory_for_poetry_that_names_no_backend_is_refused() {
    let shop = Shop::open();
    let directory = shop.path("libs");
    demo()
        .file("pyproject.toml", "[tool.poetry]\nname = \"demo\"\n")
        .write_to(&directory);
    let error = shop.refusal(&locking_path("directory", &directory, ""));
    assert!(
        matches!(error.problem, BuildProblem::NoBackend(_)),
        "{error}"
    );
}

/// poetry-core writes the directories of path dependencies into the metadata.
#[test]
fn a_built_wheel_does_not_say_where_it_was_built() {
    let shop = Shop::open();
    let directory = shop.path("libs");
    demo()
        .requires("other @ file:///home/me/other ; extra == \"x\"")
        .write_to(&directory);
    let (_, wheel) = shop.built(&locking_path("directory", &directory, ""));
    let bytes = fs_err::read(wheel.path).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("Requires-Dist: other ; extra"), "{text}");
    assert!(!text.contains("/home/me"), "{text}");
}
