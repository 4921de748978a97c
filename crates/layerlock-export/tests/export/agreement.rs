//! The export of each project under `data` is byte for byte what Poetry
//! printed for it, and its lock counts as fresh.

use std::path::{Path, PathBuf};

use layerlock_export::{Lock, Project, RequirementsOptions, constraints, requirements};
use layerlock_lock::{Choice, Extras, Groups};

/// One recorded run of `poetry export`: the project, the name of the text, and
/// the flags.
const RUNS: &[(&str, &str, &[&str])] = &[
    ("poetry-tables", "main", &[]),
    ("poetry-tables", "without-hashes", &["--without-hashes"]),
    ("standard-tables", "main", &[]),
    (
        "standard-tables",
        "dev",
        &["--with=dev", "--without-hashes"],
    ),
    (
        "standard-tables",
        "lint-only",
        &["--only=lint", "--without-hashes"],
    ),
    (
        "standard-tables",
        "docs",
        &["--with=docs", "--with=Lint", "--without-hashes"],
    ),
    ("standard-tables", "web", &["-E=web", "--without-hashes"]),
    (
        "standard-tables",
        "data",
        &["-E=DATA_base", "--without-hashes"],
    ),
    (
        "standard-tables",
        "all",
        &["--all-groups", "--all-extras", "--without-hashes"],
    ),
    (
        "standard-tables",
        "without-main",
        &["--without=main", "--with=dev", "--without-hashes"],
    ),
    ("legacy-tables", "main", &[]),
    ("legacy-tables", "dev", &["--with=dev", "--without-hashes"]),
    ("legacy-tables", "shell", &["-E=shell", "--without-hashes"]),
    (
        "legacy-tables",
        "all",
        &["--all-groups", "--all-extras", "--without-hashes"],
    ),
    (
        "legacy-tables",
        "deploy",
        &["--only=deploy-tools", "--without-hashes"],
    ),
    ("no-constraint", "main", &["--without-hashes"]),
    (
        "no-constraint",
        "test",
        &["--with=test", "--without-hashes"],
    ),
    ("dynamic", "main", &["--without-hashes"]),
    ("dynamic", "dev", &["--with=dev", "--without-hashes"]),
    (
        "dynamic",
        "all",
        &["--all-groups", "--all-extras", "--without-hashes"],
    ),
    ("sources", "main", &[]),
    ("sources", "without-hashes", &["--without-hashes"]),
    (
        "sources",
        "without-urls",
        &["--without-urls", "--without-hashes"],
    ),
    (
        "sources",
        "constraints",
        &["--format=constraints.txt", "--without-hashes"],
    ),
    ("before-2-3", "main", &[]),
    ("before-2-3", "dev", &["--with=dev"]),
    ("markers-range", "main", &[]),
    ("markers-range", "all", &["--all-groups", "--all-extras"]),
    ("markers-range", "groups", &["--only=g1,g2", "-E=a"]),
    ("markers-union", "main", &[]),
    ("markers-union", "all", &["--all-groups", "--all-extras"]),
    ("markers-union", "groups", &["--only=g1,g2", "-E=a"]),
    ("markers-any", "main", &[]),
    ("markers-any", "all", &["--all-groups", "--all-extras"]),
    ("markers-any", "groups", &["--only=g1,g2", "-E=a"]),
    ("odd-entries", "main", &[]),
    (
        "odd-entries",
        "groups",
        &["--only=dev,main", "--without-hashes"],
    ),
    ("poetry-1-extras", "main", &[]),
    (
        "poetry-1-extras",
        "dev",
        &["--with=dev", "--without-hashes"],
    ),
    (
        "poetry-1-extras",
        "queue",
        &["-E=queue", "--without-hashes"],
    ),
    (
        "poetry-1-extras",
        "all",
        &["--with=dev,docs", "--all-extras", "--without-hashes"],
    ),
    (
        "poetry-1-extras",
        "docs-only",
        &["--only=docs", "--without-hashes"],
    ),
    (
        "poetry-1-extras",
        "constraints",
        &[
            "--format=constraints.txt",
            "--all-extras",
            "--without-hashes",
        ],
    ),
    ("poetry-1-versions", "main", &[]),
    (
        "poetry-1-versions",
        "dev",
        &["--with=dev", "--without-hashes"],
    ),
    ("poetry-1-sources", "main", &[]),
    (
        "poetry-1-sources",
        "without-urls",
        &["--without-urls", "--without-hashes"],
    ),
    ("poetry-1-no-constraint", "main", &[]),
    ("poetry-1-prerelease", "main", &[]),
    ("poetry-1-random-a", "main", &[]),
    (
        "poetry-1-random-a",
        "all",
        &["--with=g1,g2", "--all-extras"],
    ),
    ("poetry-1-random-a", "groups", &["--only=g1,g2", "-E=ea"]),
    ("poetry-1-random-b", "main", &[]),
    (
        "poetry-1-random-b",
        "all",
        &["--with=g1,g2", "--all-extras"],
    ),
    ("poetry-1-random-b", "groups", &["--only=g1,g2", "-E=ea"]),
    ("poetry-1-random-c", "main", &[]),
    (
        "poetry-1-random-c",
        "all",
        &["--with=g1,g2", "--all-extras"],
    ),
    ("poetry-1-random-c", "groups", &["--only=g1,g2", "-E=ea"]),
];

#[test]
fn exports_equal_those_of_poetry() {
    let mut differing = Vec::new();
    for (project, name, flags) in RUNS {
        let directory = data(project);
        let expected = fs_err::read_to_string(directory.join(format!("export/{name}.txt")))
            .unwrap()
            .replace("file:///PROJECT/", &folder_url(&directory));
        let exported = export(&directory, flags);
        if exported != expected {
            let first = exported.lines().zip(expected.lines()).find(|(a, b)| a != b);
            differing.push(format!("{project} {flags:?}: {first:#?}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn every_recorded_export_is_compared() {
    for entry in fs_err::read_dir(data("")).unwrap() {
        let directory = entry.unwrap().path().join("export");
        if !directory.is_dir() {
            continue;
        }
        for entry in fs_err::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let is_run = RUNS
                .iter()
                .any(|(project, name, _)| path == data(project).join(format!("export/{name}.txt")));
            assert!(is_run, "{} is not compared", path.display());
        }
    }
}

#[test]
fn a_lock_is_fresh_whatever_values_the_hash_covers() {
    let project = Project::read(&data("hashed-values")).unwrap();
    let lock = Lock::read(&project).unwrap();
    assert_eq!(lock.len(), 3);
    assert_eq!(project.groups(), ["main", "empty", "ä"]);
}

#[test]
fn crlf_line_ends_do_not_make_a_lock_stale() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["pyproject.toml", "poetry.lock"] {
        let text = fs_err::read_to_string(data("hashed-values").join(name)).unwrap();
        fs_err::write(directory.path().join(name), text.replace('\n', "\r\n")).unwrap();
    }
    Lock::read(&Project::read(directory.path()).unwrap()).unwrap();
}

#[test]
fn a_hash_without_dependency_groups_is_stale_for_a_later_poetry() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["pyproject.toml", "poetry.lock"] {
        let text = fs_err::read_to_string(data("before-2-3").join(name)).unwrap();
        fs_err::write(
            directory.path().join(name),
            text.replace("Poetry 2.2.1", "Poetry 2.3.0"),
        )
        .unwrap();
    }
    let project = Project::read(directory.path()).unwrap();
    let error = Lock::read(&project).unwrap_err();
    assert!(
        matches!(error, layerlock_export::Error::Stale { .. }),
        "{error}"
    );
}

fn export(directory: &Path, flags: &[&str]) -> String {
    let mut groups = Groups::default();
    let mut extras = Extras::default();
    let mut options = RequirementsOptions::default();
    let mut as_constraints = false;
    for flag in flags {
        match flag.split_once('=').unwrap_or((flag, "")) {
            ("--with", names) => groups.with.push(names.to_owned()),
            ("--without", names) => groups.without.push(names.to_owned()),
            ("--only", names) => groups.only.push(names.to_owned()),
            ("--all-groups", _) => groups.all = true,
            ("-E", name) => extras.names.push(name.to_owned()),
            ("--all-extras", _) => extras.all = true,
            ("--without-hashes", _) => options.without_hashes = true,
            ("--without-urls", _) => options.without_urls = true,
            ("--format", "constraints.txt") => as_constraints = true,
            _ => panic!("{flag}"),
        }
    }
    let project = Project::read(directory).unwrap();
    let lock = Lock::read(&project).unwrap();
    let choice = Choice {
        groups,
        extras,
        ..Choice::default()
    };
    if as_constraints {
        constraints(&project, &lock, &choice, &options).unwrap().0
    } else {
        requirements(&project, &lock, &choice, &options).unwrap()
    }
}

fn data(project: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(project)
}

/// The URL of a directory, for paths that need no quoting.
fn folder_url(directory: &Path) -> String {
    let path = fs_err::canonicalize(directory).unwrap();
    let path = path
        .to_str()
        .unwrap()
        .trim_start_matches(r"\\?\")
        .replace('\\', "/");
    format!("file:///{}/", path.trim_start_matches('/'))
}
