use layerlock_diagnostic::Diagnose as _;
use layerlock_diagnostic::Place;
use layerlock_install::{ChosenWheel, Error};
use layerlock_target::{Architecture, Target};
use layerlock_testkit::{LockedPackage, ProjectBuilder};

use crate::helpers::{aws, choose_wheel, locked, target};

/// Chooses from a lock that has files of these names for one package.
fn choose_from(files: &[&str], target: &Target) -> Result<ChosenWheel, Error> {
    let package = files.iter().zip(b'1'..).fold(
        LockedPackage::new("demo", "1.0"),
        |package, (file, hash)| package.file(file, &char::from(hash).to_string().repeat(64)),
    );
    choose_one(&ProjectBuilder::new("shop").package(package), target)
}

fn choose_one(project: &ProjectBuilder, target: &Target) -> Result<ChosenWheel, Error> {
    let [package] = locked(project).try_into().unwrap();
    choose_wheel(package, target)
}

/// Message and hint of the error, which points at the package in the lock.
fn refusal(files: &[&str]) -> String {
    let error = choose_from(files, &target()).unwrap_err();
    assert!(matches!(error, Error::NoWheel(_)), "{error:?}");
    let Place { path, line, .. } = error.place().unwrap();
    assert!(
        path.ends_with("poetry.lock") && *line > 1,
        "{}:{line}",
        path.display()
    );
    format!("{error}\nhint: {}", error.hint().unwrap())
}

#[test]
fn each_target_gets_its_own_wheel_with_the_hash_of_that_wheel() {
    let files = [
        "demo-1.0.tar.gz",
        "demo-1.0-cp312-cp312-manylinux_2_17_aarch64.whl",
        "demo-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
        "demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
        "demo-1.0-cp312-cp312-manylinux_2_39_x86_64.whl",
        "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl",
        "demo-1.0-cp312-cp312-macosx_11_0_arm64.whl",
        "demo-1.0-py3-none-any.whl",
    ];
    for (runtime, architecture, expected) in [
        ("python3.12", Architecture::X86_64, 3),
        ("python3.12", Architecture::Arm64, 1),
        ("python3.13", Architecture::X86_64, 7),
    ] {
        let target = aws(runtime, architecture);
        let chosen = choose_from(&files, &target).unwrap();
        assert_eq!(chosen.wheel.as_str(), files[expected], "{target}");
        // The lock is sorted by file name; hashes go along.
        let file = chosen
            .package
            .files
            .iter()
            .find(|f| f.name == files[expected]);
        let digest = file.unwrap().digests[0];
        assert_eq!(chosen.digest, digest);
    }
}

#[test]
fn the_order_in_the_lock_does_not_matter_but_the_build_tag_does() {
    for files in [
        [
            "demo-1.0-2-py3-none-any.whl",
            "demo-1.0-10-py3-none-any.whl",
        ],
        [
            "demo-1.0-10-py3-none-any.whl",
            "demo-1.0-2-py3-none-any.whl",
        ],
    ] {
        let chosen = choose_from(&files, &target()).unwrap();
        assert_eq!(chosen.wheel.as_str(), "demo-1.0-10-py3-none-any.whl");
    }
}

#[test]
fn without_any_file_the_error_says_so() {
    assert_eq!(
        refusal(&[]),
        "demo 1.0 has no wheel for python3.12 x86_64 (CPython 3.12, Amazon Linux 2023 with glibc \
         2.34): the lock has no wheel and no source distribution of it\n\
         hint: lock another version of demo"
    );
}

#[test]
fn the_nearest_wheel_is_named_with_what_it_misses_by() {
    let platform = "demo-1.0-cp312-cp312-manylinux_2_17_aarch64.whl";
    let musl = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";
    let newest = "demo-1.0-cp312-cp312-manylinux_2_41_x86_64.whl";
    let newer = "demo-1.0-cp312-cp312-manylinux_2_39_x86_64.whl";
    let python = "demo-1.0-cp313-cp313-manylinux_2_17_x86_64.whl";
    let preview = "demo-1.0-cp315-cp315-manylinux_2_17_x86_64.whl";
    let abi = "demo-1.0-cp312-cp312t-manylinux_2_17_x86_64.whl";
    let lock = "lock another version of demo";
    for (files, end, hint) in [
        (
            vec![python],
            format!("{python}, is for another Python"),
            format!("build for python3.13, or {lock}"),
        ),
        // Nobody is told to build for a preview.
        (
            vec![preview],
            format!("{preview}, is for another Python"),
            lock.to_owned(),
        ),
        (
            vec![abi, python],
            format!("{abi}, is for another ABI"),
            format!("build for python3.13, or {lock}"),
        ),
        (
            vec![python, platform, abi, "demo-1.0.tar.gz"],
            format!("{abi}, is for another ABI"),
            format!("build for python3.13, or build for arm64, or {lock}"),
        ),
        // The platform counts before the architecture, and this before the Python.
        (
            vec![musl, platform],
            format!("{platform}, is for another platform"),
            format!("build for arm64, or {lock}"),
        ),
        (
            vec![newest, newer, musl, platform],
            format!("{newer}, needs glibc 2.39"),
            format!("build for arm64, or {lock}"),
        ),
    ] {
        assert_eq!(
            refusal(&files),
            format!(
                "demo 1.0 has no wheel for python3.12 x86_64 (CPython 3.12, Amazon Linux 2023 \
                 with glibc 2.34): the nearest, {end}\nhint: {hint}"
            )
        );
    }
}

/// Both glibcs are named, also where the error is one line of a table.
#[test]
fn a_misfit_of_another_provider_names_both_glibcs() {
    let target = "aliyun:python3.9".parse().unwrap();
    let file = "demo-1.0-cp39-cp39-manylinux_2_28_x86_64.whl";
    let error = choose_from(&[file], &target).unwrap_err();
    assert_eq!(
        error.to_string(),
        "demo 1.0 has no wheel for python3.9 x86_64 (CPython 3.9, Debian 9 with glibc 2.24): the \
         nearest, demo-1.0-cp39-cp39-manylinux_2_28_x86_64.whl, needs glibc 2.28"
    );
    let layerlock_install::Error::NoWheel(misfit) = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        misfit.nearest_text(),
        "demo: the nearest, demo-1.0-cp39-cp39-manylinux_2_28_x86_64.whl, needs glibc 2.28, and \
         python3.9 has 2.24"
    );
}

/// The case that the error was written for: numpy moved on to a glibc that the
/// older runtimes have not.
#[test]
fn a_runtime_with_a_newer_glibc_is_recommended() {
    let files: Vec<String> = ["311", "312", "313"]
        .into_iter()
        .flat_map(|python| {
            ["x86_64", "aarch64"].map(|machine| {
                format!("demo-1.0-cp{python}-cp{python}-manylinux_2_27_{machine}.manylinux_2_28_{machine}.whl")
            })
        })
        .collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let target = aws("python3.11", Architecture::X86_64);
    let error = choose_from(&files, &target).unwrap_err();
    assert_eq!(
        error.to_string(),
        "demo 1.0 has no wheel for python3.11 x86_64 (CPython 3.11, Amazon Linux 2 with glibc \
         2.26): the nearest, demo-1.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.\
         whl, needs glibc 2.27"
    );
    assert_eq!(
        error.hint().unwrap(),
        "build for python3.12 or python3.13, or lock another version of demo"
    );
}

#[test]
fn a_hash_other_than_sha256_is_refused() {
    let hash = format!("sha512:{}", "0".repeat(128));
    let project = ProjectBuilder::new("shop").lock_packages(&format!(
        "{PACKAGE}files = [{{file = \"demo-1.0-py3-none-any.whl\", hash = \"{hash}\"}}]\n"
    ));
    let error = choose_one(&project, &target()).unwrap_err();
    assert!(matches!(&error, Error::WeakHash { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains(&hash) && text.contains("demo-1.0-py3-none-any.whl"),
        "{text}"
    );
    assert!(error.place().is_some());
}

/// Indexes that publish md5 for old uploads: it matters for the file that is taken.
#[test]
fn a_weak_hash_refuses_only_the_file_that_would_be_used() {
    let (sha256, md5) = (
        format!("sha256:{}", "0".repeat(64)),
        format!("md5:{}", "0".repeat(32)),
    );
    let choose = |wheel: &str, sdist: &str| {
        let lock = format!(
            "{PACKAGE}files = [{{file = \"demo-1.0-py3-none-any.whl\", hash = \"{wheel}\"}}, \
             {{file = \"demo-1.0.tar.gz\", hash = \"{sdist}\"}}]\n"
        );
        choose_one(&ProjectBuilder::new("shop").lock_packages(&lock), &target())
    };
    assert!(choose(&sha256, &md5).is_ok());
    let error = choose(&md5, &sha256).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the lock has `{md5}` for demo-1.0-py3-none-any.whl: only sha256 is accepted")
    );
    // Where the hash stands.
    assert_eq!(error.place().unwrap().column, 54);
}

/// What a merge of two locks can leave.
#[test]
fn files_of_another_release_are_none_of_the_packages() {
    let target = target();
    for others in [
        &["demo-2.0-py3-none-any.whl"][..],
        &["other-1.0-py3-none-any.whl"],
        &["demo-2.0-cp312-cp312-win_amd64.whl"],
    ] {
        let error = choose_from(others, &target).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the lock lists {} for demo 1.0, and no file of that release",
                others[0]
            )
        );
        assert!(matches!(&error, Error::OtherFiles { .. }), "{error:?}");
        assert!(error.place().is_some());
    }
    // Both sides are there: the package's own are taken, as Poetry does.
    let both = ["demo-2.0-py3-none-any.whl", "demo-1.0-py3-none-any.whl"];
    let chosen = choose_from(&both, &target).unwrap();
    assert_eq!(chosen.wheel.as_str(), both[1]);
    assert!(choose_from(&["demo-1.0.0-py3-none-any.whl"], &target).is_ok());
}

/// The start of a package's table in the lock.
const PACKAGE: &str = "[[package]]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"\"\n\
                       optional = false\npython-versions = \"*\"\ngroups = [\"main\"]\n";
