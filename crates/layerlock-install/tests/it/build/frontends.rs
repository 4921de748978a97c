//! What a build says, and what it gives.

use layerlock_diagnostic::Diagnose as _;
use layerlock_install::{BuildProblem, Error};
use layerlock_testkit::{ServedFile, SourceTree};

use super::{Log, Shop, demo, locking_path, locking_sdist};

#[test]
fn a_failed_build_says_what_it_said() {
    let shop = Shop::open();
    let directory = shop.path("libs");
    demo()
        .failing("no compiler for FORTRAN IV")
        .write_to(&directory);
    let log = Log::default();
    let project = locking_path("directory", &directory, "");
    let Err(Error::Build(error)) = shop.build(&project, &log) else {
        panic!("it has to fail");
    };
    let text = error.to_string();
    assert!(text.starts_with("demo 1.0 cannot be built: pip "), "{text}");
    assert!(text.contains("no compiler for FORTRAN IV"), "{text}");
    let said = log.0.lock().unwrap().1.clone();
    assert!(said.contains("the backend builds demo 1.0"), "{said}");
}

/// No machine has the Python of every runtime.
#[test]
fn pure_code_is_built_whatever_python_this_machine_has() {
    let shop = Shop::open();
    let sdist = demo().requires_python("==2.7.*").sdist();
    shop.index.add(&sdist);
    let (chosen, _) = shop.built(&locking_sdist(&sdist));
    assert_eq!(chosen.wheel.as_str(), "demo-1.0-py3-none-any.whl");
}

#[test]
fn a_wheel_of_something_else_is_refused() {
    let shop = Shop::open();
    let other = SourceTree::new("other", "1.0");
    other.write_to(&shop.path("libs"));
    let error = shop.refusal(&locking_path("directory", &shop.path("libs"), ""));
    assert!(
        matches!(error.problem, BuildProblem::OtherRelease { .. }),
        "{error}"
    );

    // A directory lives on; an archive has the version that it was locked with.
    let sdist = ServedFile {
        file_name: "demo-1.0.tar.gz".to_owned(),
        ..SourceTree::new("demo", "1.1").sdist()
    };
    shop.index.add(&sdist);
    let error = shop.refusal(&locking_sdist(&sdist));
    assert!(
        matches!(error.problem, BuildProblem::OtherRelease { .. }),
        "{error}"
    );
}

/// setuptools takes a staging directory in the project for one of its packages.
#[test]
fn an_output_that_setuptools_takes_for_a_package_is_told_where_to_go() {
    let shop = Shop::open();
    demo()
        .failing("Multiple top-level packages discovered in a flat-layout: ['demo', 'staged'].")
        .write_to(&shop.path("libs"));
    let error = shop.refusal(&locking_path("directory", &shop.path("libs"), ""));
    let hint = Error::Build(Box::new(error)).hint().unwrap();
    assert!(hint.contains("below dist"), "{hint}");
}

/// As an image without a compiler has it.
#[test]
fn a_build_without_a_compiler_is_told_where_there_is_one() {
    let shop = Shop::open();
    demo()
        .failing("error: command 'gcc' failed: No such file or directory")
        .write_to(&shop.path("libs"));
    let error = shop.refusal(&locking_path("directory", &shop.path("libs"), ""));
    let hint = Error::Build(Box::new(error)).hint().unwrap();
    assert!(hint.starts_with("its own output says why"), "{hint}");
    assert!(hint.contains("docker run"), "{hint}");
}
