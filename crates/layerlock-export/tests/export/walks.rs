//! Locks of Poetry 1, whose packages are found by a walk.

use std::collections::BTreeSet;
use std::path::Path;

use crate::common::linux;
use layerlock_diagnostic::Diagnose as _;
use layerlock_export::{
    Error, Lock, Project, RequirementsOptions, SourceCredentials, constraints, requirements, select,
};
use layerlock_lock::{Choice, Extras, Groups, LockedPackage, PackageSource};
use pep508_rs::MarkerTree;

/// Writes a project and a lock of version 2.0 that is fresh.
fn project(pyproject: &str, packages: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs_err::write(directory.path().join("pyproject.toml"), pyproject).unwrap();
    let lock = |hash: &str| {
        let text = format!(
            "{packages}\n[metadata]\nlock-version = \"2.0\"\npython-versions = \"*\"\n\
             content-hash = \"{hash}\"\n"
        );
        fs_err::write(directory.path().join("poetry.lock"), text).unwrap();
    };
    lock("0");
    let project = Project::read(directory.path()).unwrap();
    // The reader says which hash it wants; what it says is checked against
    // Poetry in agreement.rs.
    if let Err(Error::Stale { expected, .. }) = Lock::read(&project) {
        lock(&expected);
    }
    directory
}

fn package(name: &str, version: &str, python: &str, more: &str) -> String {
    format!(
        "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\noptional = false\n\
         python-versions = \"{python}\"\nfiles = []\n{more}\n"
    )
}

fn pyproject(dependencies: &str) -> String {
    format!(
        "[tool.poetry]\nname = \"x\"\nversion = \"1\"\n[tool.poetry.dependencies]\n{dependencies}\n"
    )
}

fn export(directory: &Path, choice: &Choice) -> Result<String, Error> {
    let project = Project::read(directory)?;
    let lock = Lock::read(&project)?;
    let options = RequirementsOptions {
        credentials: SourceCredentials::default(),
        without_hashes: true,
        without_urls: true,
    };
    requirements(&project, &lock, choice, &options)
}

fn chosen(directory: &Path, choice: &Choice, python: &str) -> Result<Vec<LockedPackage>, Error> {
    let project = Project::read(directory)?;
    let lock = Lock::read(&project)?;
    let selected = select(&project, &lock, choice, &linux(python, "x86_64"))?;
    Ok(selected.into_packages())
}

fn describe(packages: &[LockedPackage]) -> String {
    let packages: Vec<_> = packages
        .iter()
        .map(|package| {
            let extras = package.extras.join(",");
            let groups = package.groups.join("+");
            format!("{}[{extras}]=={} {groups}", package.name, package.version)
        })
        .collect();
    packages.join("\n")
}

/// Whatever is printed for an environment is selected for it, and nothing else.
#[test]
fn a_target_gets_what_the_export_holds_for_it() {
    let all = Choice {
        groups: Groups {
            all: true,
            ..Groups::default()
        },
        extras: Extras {
            all: true,
            ..Extras::default()
        },
        ..Choice::default()
    };
    let mut compared = 0;
    for entry in fs_err::read_dir(data("")).unwrap() {
        let directory = entry.unwrap().path();
        let name = directory
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        // pep508_rs takes 3.11.0 for no later than 3.11.0a6, so one is not asked here.
        if !name.starts_with("poetry-1-")
            || matches!(&name[..], "poetry-1-sources" | "poetry-1-prerelease")
        {
            continue;
        }
        for choice in [&Choice::default(), &all] {
            let text = export(&directory, choice).unwrap();
            for python in ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"] {
                let packages = match chosen(&directory, choice, python) {
                    Err(Error::Python { .. }) => continue,
                    packages => packages.unwrap(),
                };
                let environment = linux(python, "x86_64");
                let printed: BTreeSet<_> = text
                    .lines()
                    .filter(|line| match line.split_once(" ; ") {
                        Some((_, marker)) => {
                            let marker: MarkerTree = marker.parse().unwrap();
                            marker.evaluate(&environment, &[])
                        }
                        None => true,
                    })
                    .map(|line| {
                        let (name, version) = line.split_once("==").unwrap();
                        let name = name.split('[').next().unwrap();
                        let version = version.split(" ;").next().unwrap();
                        format!("{name}=={version}")
                    })
                    .collect();
                let selected: BTreeSet<_> = packages
                    .iter()
                    .map(|package| format!("{}=={}", package.name, package.version))
                    .collect();
                assert_eq!(selected, printed, "{name} {python}");
                compared += selected.len();
            }
        }
    }
    assert!(compared > 500, "{compared}");
}

#[test]
fn groups_and_extras_are_those_of_the_paths() {
    let directory = data("poetry-1-extras");
    let queue = Choice {
        groups: Groups::default(),
        extras: Extras {
            names: vec!["queue".to_owned()],
            all: false,
        },
        ..Choice::default()
    };
    let packages = describe(&chosen(&directory, &queue, "3.12").unwrap());
    for line in [
        "celery[redis]==5.5.3 main",
        "click[]==8.1.8 main+docs",
        "prompt-toolkit[]==3.0.52 main+dev",
        "pysocks[]==1.7.1 main",
        "requests[socks]==2.32.4 main",
    ] {
        assert!(
            packages.lines().any(|one| one == line),
            "{line}\n{packages}"
        );
    }
    assert!(!packages.contains("colorama"));
}

#[test]
fn circles_come_to_an_end() {
    let packages = [
        package(
            "a",
            "1",
            "*",
            "[package.dependencies]\nb = {version = \"*\", extras = [\"x\"]}\n",
        ),
        package(
            "b",
            "1",
            ">=3.8",
            "[package.dependencies]\na = \"*\"\nb = \"*\"\n\
             c = {version = \">=1,<2 || >2\", optional = true, markers = \"extra == 'x'\"}\n\
             [package.extras]\nx = [\"c (>=1,!=2)\"]\n",
        ),
        package(
            "c",
            "1",
            "*",
            "[package.dependencies]\na = \">=1\"\nx = \"*\"\n",
        ),
    ]
    .concat();
    let directory = project(&pyproject("python = \"^3.9\"\na = \"*\""), &packages);
    insta::assert_snapshot!(export(directory.path(), &Choice::default()).unwrap(), @r#"
    a==1 ; python_version >= "3.9" and python_version < "4.0"
    b==1 ; python_version >= "3.9" and python_version < "4.0"
    b[x]==1 ; python_version >= "3.9" and python_version < "4.0"
    c==1 ; python_version >= "3.9" and python_version < "4.0"
    "#);
    assert_eq!(
        describe(&chosen(directory.path(), &Choice::default(), "3.12").unwrap()),
        "a[]==1 main\nb[x]==1 main\nc[]==1 main"
    );
}

/// The newest Poetry forgets a dependency behind an extra where the two tables
/// that name it disagree about its versions; pip would look for it in vain.
#[test]
fn what_an_extra_brings_in_is_found_by_its_name_at_least() {
    let packages = [
        package(
            "a",
            "1",
            "*",
            "[package.dependencies]\nb = {version = \">=1\", optional = true}\n\
             c = {version = \"*\", optional = true}\n\
             [package.extras]\nX_y = [\"B (>=1,<5)\"]\n",
        ),
        package("b", "1", "*", ""),
        package("c", "1", "*", ""),
    ]
    .concat();
    let directory = project(
        &pyproject("python = \"^3.9\"\na = {version = \"*\", extras = [\"x-Y\"]}"),
        &packages,
    );
    assert_eq!(
        describe(&chosen(directory.path(), &Choice::default(), "3.12").unwrap()),
        "a[x-y]==1 main\nb[]==1 main"
    );
}

#[test]
fn a_walk_that_fails_says_where() {
    let packages = [
        package("b", "1", "*", ""),
        package("a", "1", "*", "[package.dependencies]\nb = \">=2\"\n"),
    ]
    .concat();
    let refused = |dependencies: &str| {
        let directory = project(&pyproject(dependencies), &packages);
        let error = export(directory.path(), &Choice::default()).unwrap_err();
        let again = chosen(directory.path(), &Choice::default(), "3.12").unwrap_err();
        assert_eq!(error.to_string(), again.to_string());
        format!(
            "{error}\n  at {}\n  hint: {}",
            error.place().unwrap(),
            error.hint().unwrap()
        )
        .replace(
            &format!(
                "{}{}",
                directory.path().display(),
                std::path::MAIN_SEPARATOR
            ),
            "",
        )
    };
    insta::assert_snapshot!(refused("python = \"^3.9\"\na = \"*\""), @r"
    dependency walk failed at `b (>=2)`, which a 1 asks for: no locked version of it fits
      at poetry.lock:15:5
      hint: locked: 1; a lock that Poetry 2 writes says itself what is needed where
    ");
    insta::assert_snapshot!(
        refused("python = \"^3.9\"\nb = {git = \"https://git.example.com/b\"}"),
        @r"
    dependency walk failed at `b @ https://git.example.com/b`, which the project asks for: no locked version of it fits
      at pyproject.toml:6:5
      hint: locked: 1; a lock that Poetry 2 writes says itself what is needed where
    "
    );
}

/// The whole walk meets two versions at once, one target does not.
#[test]
fn a_target_is_served_where_the_export_fails() {
    let packages = [
        package(
            "a",
            "1",
            "*",
            "[package.dependencies]\nb = [\n\
             {version = \"<2\", markers = \"python_version < '3.11'\"},\n\
             {version = \">=2\", markers = \"python_version >= '3.11'\"},\n]\n",
        ),
        package("b", "1", "*", ""),
        package("b", "2", "*", ""),
        package("c", "1", "*", "[package.dependencies]\nb = \"*\"\n"),
    ]
    .concat();
    let directory = project(
        &pyproject("python = \"^3.9\"\na = \"*\"\nc = \"*\""),
        &packages,
    );
    let error = export(directory.path(), &Choice::default()).unwrap_err();
    assert!(matches!(error, Error::Walk { .. }), "{error}");
    let of = |python| describe(&chosen(directory.path(), &Choice::default(), python).unwrap());
    assert_eq!(of("3.10"), "a[]==1 main\nb[]==1 main\nc[]==1 main");
    assert_eq!(of("3.12"), "a[]==1 main\nb[]==2 main\nc[]==1 main");
}

/// Poetry 1 looks at its own tables alone.
#[test]
fn other_tables_do_not_make_a_lock_stale() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["pyproject.toml", "poetry.lock"] {
        let text = fs_err::read_to_string(data("poetry-1-no-constraint").join(name)).unwrap();
        fs_err::write(directory.path().join(name), text).unwrap();
    }
    let path = directory.path().join("pyproject.toml");
    let text = fs_err::read_to_string(&path).unwrap();
    let others = "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\"six\"]\n[dependency-groups]\na = []\n";
    fs_err::write(&path, format!("{text}\n{others}")).unwrap();
    Lock::read(&Project::read(directory.path()).unwrap()).unwrap();
    fs_err::write(&path, text.replace("six = \"*\"", "six = \"^1\"")).unwrap();
    let error = Lock::read(&Project::read(directory.path()).unwrap()).unwrap_err();
    assert!(matches!(error, Error::Stale { .. }), "{error}");
}

/// In lock versions 1.0 and 1.1 the files stand apart, under the spelling of
/// the lock, for all versions of a package at once.
#[test]
fn files_are_found_in_the_metadata() {
    let packages = chosen(&data("poetry-1-sources"), &Choice::default(), "3.12").unwrap();
    let files = |name: &str| {
        let package = packages
            .iter()
            .find(|package| package.name == name)
            .unwrap();
        let files: Vec<_> = package.files.iter().map(|file| &file.name[..]).collect();
        format!("{} {}", package.version, files.join(" "))
    };
    assert_eq!(files("by-extra"), "1.0 by_extra-1.0.tar.gz");
    assert_eq!(files("nested"), "2.0 nested-1.0.tar.gz nested-2.0.tar.gz");
    assert_eq!(files("by-archive"), "1.0 by_archive-1.0.tar.gz");
    assert_eq!(files("by-git"), "1.0 ");
}

/// Poetry 1.0 wrote no lock version, and the commit where later ones have the
/// branch or tag.
#[test]
fn a_lock_of_poetry_1_0_says_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let from = data("poetry-1-sources");
    let read = |name: &str| fs_err::read_to_string(from.join(name)).unwrap();
    fs_err::write(
        directory.path().join("pyproject.toml"),
        read("pyproject.toml"),
    )
    .unwrap();
    let newer = read("poetry.lock");
    let older = newer
        .replace("lock-version = \"1.1\"\n", "")
        .replace("reference = \"v1\"\nresolved_", "");
    assert_eq!(older.lines().count(), newer.lines().count() - 2);
    fs_err::write(directory.path().join("poetry.lock"), older).unwrap();
    let of = |directory| chosen(directory, &Choice::default(), "3.12").unwrap();
    assert_eq!(describe(&of(directory.path())), describe(&of(&from)));
    let by_git = of(directory.path())
        .into_iter()
        .find(|package| package.name == "by-git");
    let PackageSource::Git { commit, .. } = by_git.unwrap().source else {
        panic!("not from git");
    };
    assert_eq!(commit, "2".repeat(40));
}

fn data(project: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(project)
}

/// Markers of a graph where everything needs everything grow without end, in
/// Poetry too. Here they are simplified less from some point on, and mean the
/// same, or the walk is given up.
#[test]
fn a_dense_graph_comes_to_an_end() {
    const PACKAGES: usize = 120;
    // With whether they hold on Linux with CPython 3.12.
    const MARKERS: [(&str, bool); 10] = [
        ("", true),
        ("python_version < '3.11'", false),
        ("python_full_version < '3.10.2'", false),
        ("os_name == 'nt' and python_version < '3.12'", false),
        ("sys_platform == 'win32'", false),
        ("platform_system == 'Windows'", false),
        ("python_version >= '3.9' and python_version < '3.13'", true),
        (
            "sys_platform == 'darwin' or platform_machine == 'x86_64'",
            true,
        ),
        ("platform_python_implementation == 'CPython'", true),
        ("implementation_name != 'pypy'", true),
    ];
    let mut state = 7_u64;
    let mut below = |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % limit
    };
    let mut needs = vec![BTreeSet::new(); PACKAGES];
    let mut packages = String::new();
    for (number, needs) in needs.iter_mut().enumerate() {
        let mut dependencies = String::from("[package.dependencies]\n");
        let others: BTreeSet<usize> = (0..4).map(|_| below(PACKAGES)).collect();
        for other in others {
            let (marker, holds) = MARKERS[below(MARKERS.len())];
            let wanted = match marker {
                "" => "\"*\"".to_owned(),
                marker => format!("{{version = \"*\", markers = \"{marker}\"}}"),
            };
            dependencies.extend([
                &format!("p{other} = "),
                &wanted,
                "
",
            ]);
            if holds {
                needs.insert(other);
            }
        }
        packages += &package(&format!("p{number}"), "1", ">=3.8", &dependencies);
    }
    let directory = project(
        &pyproject("python = \"^3.8\"\np0 = \"*\"\np1 = \"*\""),
        &packages,
    );

    let mut expected = BTreeSet::new();
    let mut waiting = vec![0, 1];
    while let Some(number) = waiting.pop() {
        if expected.insert(format!("p{number}").parse().unwrap()) {
            waiting.extend(&needs[number]);
        }
    }
    match chosen(directory.path(), &Choice::default(), "3.12") {
        Ok(chosen) => {
            let names: BTreeSet<_> = chosen.into_iter().map(|package| package.name).collect();
            assert_eq!(names, expected);
        }
        Err(error) => assert!(matches!(error, Error::Walk { .. }), "{error}"),
    }
}

#[test]
fn a_version_is_printed_in_the_spelling_of_an_old_lock() {
    let directory = project(
        &pyproject("python = \"*\"\nfunctools32 = \"*\""),
        &package("functools32", "3.2.3-2", "*", ""),
    );
    let text = export(directory.path(), &Choice::default()).unwrap();
    assert!(text.starts_with("functools32==3.2.3-2 ; "), "{text}");
    let packages = chosen(directory.path(), &Choice::default(), "3.12").unwrap();
    assert_eq!(packages[0].version, "3.2.3.post2");
}

/// The provider chooses the patch release: whatever it is, the packages are those that
/// the project locked for the ones it allows.
#[test]
fn a_pinned_patch_release_is_compared_by_its_minor_version() {
    for constraint in [
        "3.12.3",
        "^3.12.11",
        "~3.12.11",
        ">=3.12.2,<3.12.5",
        "<3.13,!=3.12.10",
    ] {
        let directory = project(
            &pyproject(&format!("python = \"{constraint}\"\na = \"1\"")),
            &package("a", "1", "*", ""),
        );
        let chosen = chosen(directory.path(), &Choice::default(), "3.12").unwrap();
        let names: Vec<_> = chosen.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["a"], "{constraint}");
    }
    let directory = project(
        &pyproject("python = \"3.12.3\"\na = \"1\""),
        &package("a", "1", "*", ""),
    );
    assert!(chosen(directory.path(), &Choice::default(), "3.13").is_err());
}

/// pip refuses constraints with extras, which Poetry 1.8 prints of a git dependency.
#[test]
fn constraints_have_no_extras_of_a_git_dependency() {
    let source = "[package.source]\ntype = \"git\"\nurl = \"https://git.example.com/a.git\"\n\
                  reference = \"main\"\nresolved_reference = \"1f3a5b7c\"\n";
    let directory = project(
        &pyproject(
            "python = \"^3.12\"\na = {git = \"https://git.example.com/a.git\", extras = [\"b\"]}",
        ),
        &package(
            "a",
            "1",
            "*",
            &format!("[package.extras]\nb = []\n{source}"),
        ),
    );
    let as_requirements = export(directory.path(), &Choice::default()).unwrap();
    assert!(
        as_requirements.starts_with("a[b] @ git+"),
        "{as_requirements}"
    );
    let project = Project::read(directory.path()).unwrap();
    let lock = Lock::read(&project).unwrap();
    let options = RequirementsOptions {
        credentials: SourceCredentials::default(),
        without_hashes: true,
        without_urls: true,
    };
    let (text, _) = constraints(&project, &lock, &Choice::default(), &options).unwrap();
    assert!(text.starts_with("a @ git+"), "{text}");
}
