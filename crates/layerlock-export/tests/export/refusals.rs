//! What is wrong with a project or a lock is said with its place, and with
//! what to do.

use crate::common::{package, project, write_lock};
use layerlock_diagnostic::Diagnose as _;
use layerlock_export::{Error, Lock, Project, Warning, resolve_choice};
use layerlock_lock::{Choice, Extras, Groups};

pub(crate) const PYPROJECT: &str =
    "[project]\nname = \"x\"\nversion = \"1\"\nrequires-python = \">=3.9\"\n";

/// The error of reading a project and its lock: place, message, hint.
pub(crate) fn refusal(directory: &std::path::Path) -> String {
    let error = Project::read(directory)
        .and_then(|project| Lock::read(&project).map(drop))
        .unwrap_err();
    describe(&error, directory)
}

fn describe(error: &Error, directory: &std::path::Path) -> String {
    let place = error.place().map_or("-".to_owned(), ToString::to_string);
    let hint = error.hint().unwrap_or("-".to_owned());
    format!("{error}\n  at {place}\n  hint: {hint}").replace(
        &format!("{}{}", directory.display(), std::path::MAIN_SEPARATOR),
        "",
    )
}

fn refusal_of_project(pyproject: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    fs_err::write(directory.path().join("pyproject.toml"), pyproject).unwrap();
    write_lock(directory.path(), "", "2.1", "0");
    refusal(directory.path())
}

fn refusal_of_lock(packages: &str) -> String {
    refusal(project(PYPROJECT, packages).path())
}

#[test]
fn missing_files() {
    let directory = tempfile::tempdir().unwrap();
    let real = directory.path().display().to_string();
    let text = refusal(directory.path()).replace(&real, "[project]");
    insta::assert_snapshot!(text, @r"
    there is no pyproject.toml in [project]
      at -
      hint: name the directory that holds pyproject.toml with --project
    ");
    let text = refusal(&directory.path().join("none")).replace(&real, "[project]");
    insta::assert_snapshot!(text, @r"
    there is no directory [project]/none
      at -
      hint: name the directory that holds pyproject.toml with --project
    ");
    fs_err::write(directory.path().join("pyproject.toml"), PYPROJECT).unwrap();
    insta::assert_snapshot!(refusal(directory.path()), @r"
    there is no poetry.lock
      at -
      hint: run `poetry lock`, or `uv lock`, in the project's directory
    ");
}

/// Who has another tool's lock is told that it was seen.
#[test]
fn files_of_other_tools() {
    let directory = tempfile::tempdir().unwrap();
    let real = directory.path().display().to_string();
    fs_err::write(directory.path().join("requirements.txt"), "").unwrap();
    let text = refusal(directory.path()).replace(&real, "[project]");
    insta::assert_snapshot!(text, @r"
    there is no pyproject.toml in [project], only requirements.txt
      at -
      hint: read it with --lock requirements.txt
    ");
    fs_err::write(directory.path().join("pyproject.toml"), PYPROJECT).unwrap();
    fs_err::write(directory.path().join("uv.lock"), "").unwrap();
    insta::assert_snapshot!(refusal(directory.path()), @r"
    there is no poetry.lock, only uv.lock and requirements.txt
      at -
      hint: read it with --lock uv.lock
    ");
}

#[test]
fn merge_conflicts() {
    let directory = project(PYPROJECT, "");
    let [lock, pyproject] =
        ["poetry.lock", "pyproject.toml"].map(|name| directory.path().join(name));
    let text = fs_err::read_to_string(&lock).unwrap();
    let hash = text.lines().last().unwrap();
    let sides = format!("<<<<<<< HEAD\n{hash}\n=======\n{hash}\n>>>>>>> web\n");
    let conflict = text.replace(&format!("{hash}\n"), &sides);
    for text in [&conflict, &conflict.replace('\n', "\r\n")] {
        fs_err::write(&lock, text).unwrap();
        insta::allow_duplicates! {
            insta::assert_snapshot!(refusal(directory.path()), @r"
            poetry.lock has merge conflict markers
              at poetry.lock:5:1
              hint: take the file of either side, for example with `git checkout --theirs poetry.lock`, and run `poetry lock`
            ");
        }
    }
    let sides = "<<<<<<< HEAD\n||||||| base\n=======\n>>>>>>> web\n";
    fs_err::write(&pyproject, format!("{PYPROJECT}{sides}")).unwrap();
    insta::assert_snapshot!(refusal(directory.path()), @r"
    pyproject.toml has merge conflict markers
      at pyproject.toml:5:1
      hint: resolve the conflict, and run `poetry lock`
    ");
    // Markers within a text are none.
    let text = "description = \"\"\"\n<<<<<<< HEAD\n\"\"\"\n";
    fs_err::write(&pyproject, format!("{PYPROJECT}{text}")).unwrap();
    fs_err::write(&lock, project_lock()).unwrap();
    Lock::read(&Project::read(directory.path()).unwrap()).unwrap();
}

/// The lock of [`PYPROJECT`] without packages.
fn project_lock() -> String {
    let directory = project(PYPROJECT, "");
    fs_err::read_to_string(directory.path().join("poetry.lock")).unwrap()
}

#[test]
fn locks_that_are_not_poetrys() {
    let directory = project(PYPROJECT, "");
    let lock = directory.path().join("poetry.lock");
    for (text, reason) in [
        ("", "it is empty"),
        ("# by nobody\n\n", "it is empty"),
        ("{\"default\": {}}\n", "it is JSON, as Pipfile.lock is"),
        (
            "version = 1\nrequires-python = \">=3.9\"\n\n[[package]]\nname = \"a\"\nversion = \
             \"1\"\nsource = { virtual = \".\" }\n",
            "it is in the format of uv.lock",
        ),
        (
            "# @generated\n[metadata]\ngroups = [\"default\"]\nlock_version = \"4.5.0\"\n\
             content_hash = \"sha256:0\"\n\n[[package]]\nname = \"a\"\nversion = \"1\"\n",
            "it is in the format of pdm.lock",
        ),
        (
            "lock-version = \"1.0\"\ncreated-by = \"pip\"\n\n[[packages]]\nname = \"a\"\n",
            "it is in the format of pylock.toml",
        ),
        (
            "[[package]]\nname = \"a\"\nversion = \"1\"\n",
            "it has no [metadata], in which a lock of Poetry ends",
        ),
    ] {
        fs_err::write(&lock, text).unwrap();
        let hint = "move it away, and run `poetry lock` to write a new one";
        let expected =
            format!("poetry.lock is no lock of Poetry: {reason}\n  at -\n  hint: {hint}");
        assert_eq!(refusal(directory.path()), expected);
    }
}

#[test]
fn files_that_are_no_toml() {
    let directory = project(PYPROJECT, "");
    let hint = "restore it from version control, or move it away and run `poetry lock` to write a \
                new one";
    let text = project_lock();
    for damaged in [
        &text[..text.len() - 3],
        "version https://git-lfs.github.com/spec/v1\n",
        "<!DOCTYPE html>\n",
        "requests==2.32.5\n",
    ] {
        fs_err::write(directory.path().join("poetry.lock"), damaged).unwrap();
        let told = refusal(directory.path());
        assert!(told.ends_with(&format!("\n  hint: {hint}")), "{told}");
    }
    fs_err::write(directory.path().join("poetry.lock"), b"\xff\xfea\0").unwrap();
    let told = refusal(directory.path());
    assert!(told.ends_with(&format!("\n  hint: {hint}")), "{told}");
}

#[test]
fn other_lock_versions() {
    let directory = project(PYPROJECT, "");
    let refused = |version| {
        write_lock(directory.path(), "", version, "0");
        refusal(directory.path())
    };
    insta::assert_snapshot!(refused("0.9"), @r"
    lock version 0.9, written by a Poetry before 1.0, is not supported
      at poetry.lock:3:16
      hint: run `poetry lock` with Poetry 2
    ");
    insta::assert_snapshot!(refused("3.0"), @r"
    lock version 3.0, written by a Poetry later than 2, is not supported
      at poetry.lock:3:16
      hint: run `poetry lock` with Poetry 2
    ");
    insta::assert_snapshot!(refused("x"), @r"
    `x` is not a lock version
      at poetry.lock:3:16
      hint: -
    ");
}

#[test]
fn later_minor_lock_version_is_a_warning() {
    let directory = project(PYPROJECT, "");
    let path = directory.path().join("poetry.lock");
    let text = fs_err::read_to_string(&path)
        .unwrap()
        .replace("\"2.1\"", "\"2.9\"");
    fs_err::write(&path, text).unwrap();
    let lock = Lock::read(&Project::read(directory.path()).unwrap()).unwrap();
    assert!(matches!(lock.warnings(), [Warning::NewerLock { version, .. }] if version == "2.9"));
}

#[test]
fn broken_projects() {
    insta::assert_snapshot!(refusal_of_project("[project\nname = 1\n"), @r"
    unclosed table, expected `]`
      at pyproject.toml:1:9
      hint: -
    ");
    insta::assert_snapshot!(refusal_of_project("[project]\nname = 1\n"), @r"
    `name` is of type integer, not a string
      at pyproject.toml:2:8
      hint: -
    ");
    insta::assert_snapshot!(refusal_of_project("\u{feff}[project]\n"), @r"
    pyproject.toml begins with a byte order mark
      at pyproject.toml:1:1
      hint: save the file as UTF-8 without a byte order mark
    ");
    insta::assert_snapshot!(refusal_of_project("[project]\nrequires-python = \"three\"\n"), @r"
    `three` is not a version constraint
      at pyproject.toml:2:19
      hint: -
    ");
    insta::assert_snapshot!(
        refusal_of_project("[[tool.poetry.source]]\nname = \"é\"\nurl = \"u\"\npriority = \"last\"\n"),
        @r"
    `last` is not a priority: primary, supplemental or explicit
      at pyproject.toml:4:12
      hint: -
    "
    );
}

/// Poetry refuses what it does not know before it exports anything.
#[test]
fn projects_that_poetry_refuses() {
    let refused = |text: &str| refusal_of_project(&format!("{PYPROJECT}{text}"));
    insta::assert_snapshot!(refused("[tool.poetry]\npackages-mode = false\n"), @r"
    [tool.poetry] has no key `packages-mode`
      at pyproject.toml:6:1
      hint: the keys are: authors, build, build-constraints, classifiers, dependencies, description, dev-dependencies, documentation, exclude, extras, group, homepage, include, keywords, license, maintainers, name, package-mode, packages, plugins, readme, repository, requires-plugins, requires-poetry, scripts, source, urls, version
    ");
    insta::assert_snapshot!(
        refused("[[tool.poetry.source]]\nname = \"a\"\nurl = \"https://a.example.com\"\npriority = \"Primary\"\n"),
        @r"
    `priority` is `Primary`, not one of: primary, supplemental, explicit
      at pyproject.toml:8:12
      hint: -
    "
    );
    insta::assert_snapshot!(
        refused("[tool.poetry.dependencies]\na = {path = \"a\", version = \"1\"}\n"),
        @r"
    a dependency with `version` has no key `path`
      at pyproject.toml:6:6
      hint: the keys are: version, allow-prereleases, allows-prereleases, source, python, platform, markers, optional, extras
    "
    );
    insta::assert_snapshot!(
        refused("[tool.poetry.dependencies]\npython = \">=3.8\"\n"),
        @r"
    the constraint on Python, `>=3.8`, goes beyond requires-python, `>=3.9`
      at pyproject.toml:6:10
      hint: -
    "
    );
    insta::assert_snapshot!(
        refused("[dependency-groups]\na = []\nb = [{include-group = \"c\"}]\n"),
        @r"
    the group `b` includes `c`, which the project does not have
      at pyproject.toml:7:23
      hint: the groups are: a, b
    "
    );
    insta::assert_snapshot!(
        refused("[dependency-groups]\na = [{include-group = \"b\"}]\nb = [{include-group = \"a\"}]\n"),
        @r"
    the group `a` includes itself through `b`
      at pyproject.toml:6:23
      hint: -
    "
    );
    insta::assert_snapshot!(
        refused("[dependency-groups]\na-b = []\n[tool.poetry.group.A_b]\noptional = true\n"),
        @r"
    the groups `a-b` and `A_b` are the same
      at pyproject.toml:7:20
      hint: -
    "
    );
    insta::assert_snapshot!(refusal_of_project("[project]\nname = \"x\"\n"), @r"
    the project has no `version`
      at pyproject.toml:1:1
      hint: add `version` to [project], or `package-mode = false` to [tool.poetry]
    ");
    insta::assert_snapshot!(refused("[tool.poetry]\nrequires-poetry = \">=3\"\n"), @r"
    the project asks for a Poetry that is not known: >=3
      at pyproject.toml:6:19
      hint: -
    ");
}

/// What Poetry 1 does not look at does not stand in the way of its locks.
#[test]
fn old_locks_come_with_old_projects() {
    let directory = project(PYPROJECT, "");
    let text = "[project]\nunknown = 1\n[dependency-groups]\na = [{include-group = \"b\"}]\n\
                [tool.poetry]\nname = \"x\"\nversion = \"1\"\n[[tool.poetry.source]]\n\
                name = \"a\"\nurl = \"https://a.example.com\"\ndefault = true\n";
    fs_err::write(directory.path().join("pyproject.toml"), text).unwrap();
    for (version, is_taken) in [("2.0", true), ("2.1", false)] {
        write_lock(directory.path(), "", version, "0");
        let error = Lock::read(&Project::read(directory.path()).unwrap()).unwrap_err();
        assert_eq!(matches!(error, Error::Stale { .. }), is_taken, "{error}");
    }
}

#[test]
fn project_that_is_not_utf_8() {
    let directory = tempfile::tempdir().unwrap();
    fs_err::write(directory.path().join("pyproject.toml"), b"a = \"\xff\"").unwrap();
    insta::assert_snapshot!(refusal(directory.path()), @r"
    pyproject.toml is not UTF-8 text (from byte 5 on)
      at -
      hint: save it as UTF-8
    ");
}

#[test]
fn broken_packages() {
    insta::assert_snapshot!(refusal_of_lock("[[package]]\nname = \"x\"\n"), @r"
    a package without `version`
      at poetry.lock:1:1
      hint: -
    ");
    insta::assert_snapshot!(refusal_of_lock(&package("../x", "1", "")), @r"
    `../x` is not a package name
      at poetry.lock:2:8
      hint: -
    ");
    insta::assert_snapshot!(refusal_of_lock(&package("x", "one", "")), @r"
    `one` is not a version
      at poetry.lock:3:11
      hint: -
    ");
    insta::assert_snapshot!(
        refusal_of_lock(&package("x", "1", "markers = \"python_version = '3'\"")),
        @r"
    expected an operator, found `= '3'`
      at poetry.lock:8:11
      hint: -
    "
    );
    insta::assert_snapshot!(
        refusal_of_lock(&package("x", "1", "markers = \"'linux' == sys_platform\"")),
        @r"
    `sys_platform` has to come before the text `linux`
      at poetry.lock:8:11
      hint: -
    "
    );
    insta::assert_snapshot!(
        refusal_of_lock(&package("x", "1", "").replace("files = ", "archives = ")),
        @r"
    a package without `files`
      at poetry.lock:1:1
      hint: -
    "
    );
    insta::assert_snapshot!(
        refusal_of_lock(&package("x", "1", "[package.source]\ntype = \"git\"\nurl = \"../x\"")),
        @r"
    `../x` is not a git URL
      at poetry.lock:10:7
      hint: -
    "
    );
    insta::assert_snapshot!(
        refusal_of_lock(&package("x", "1", "[package.source]\ntype = \"ftp\"\nurl = \"u\"")),
        @r"
    unknown type of source `ftp`
      at poetry.lock:8:1
      hint: -
    "
    );
}

#[test]
fn file_names_that_are_no_names() {
    for name in [
        "",
        ".",
        "..",
        "../x.whl",
        "a/b.whl",
        "a\\\\b.whl",
        "c:x.whl",
        "x\\u0000.whl",
    ] {
        let files = format!("files = [{{file = \"{name}\", hash = \"sha256:00\"}}]");
        let directory = project(PYPROJECT, &package("x", "1", &files));
        let error = Lock::read(&Project::read(directory.path()).unwrap()).unwrap_err();
        let place = error.place().unwrap();
        assert_eq!((place.line, place.column), (7, 18), "{name}: {error}");
        assert!(
            error.to_string().ends_with("is not a plain file name"),
            "{error}"
        );
    }
}

#[test]
fn unknown_groups_and_extras() {
    let directory = project(
        "[project]\nname = \"x\"\nversion = \"1\"\n[project.optional-dependencies]\n\"A.b\" = []\nc = []\n\
         [dependency-groups]\nDev_Tools = []\n",
        "",
    );
    let project = Project::read(directory.path()).unwrap();
    let refused = |groups: Groups, extras: Extras| {
        let choice = Choice {
            groups,
            extras,
            ..Choice::default()
        };
        let error = resolve_choice(&choice, &project).unwrap_err();
        describe(&error, directory.path())
    };
    let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let with = Groups {
        with: list(&["dev-tools, docs"]),
        ..Groups::default()
    };
    insta::assert_snapshot!(refused(with, Extras::default()), @r"
    the project has no group `docs` (--with)
      at -
      hint: the groups are: main, dev-tools
    ");
    let names = Extras {
        names: list(&["a-b", "c,d"]),
        all: false,
    };
    insta::assert_snapshot!(refused(Groups::default(), names), @r"
    the project has no extra `c,d` (--extras)
      at -
      hint: the extras are: a-b, c
    ");
    let both = Groups {
        all: true,
        only: list(&["main"]),
        ..Groups::default()
    };
    insta::assert_snapshot!(refused(both, Extras::default()), @r"
    --all-groups and --only exclude each other
      at -
      hint: leave out --all-groups or --only
    ");
    let both = Extras {
        names: list(&["c"]),
        all: true,
    };
    insta::assert_snapshot!(refused(Groups::default(), both), @r"
    --all-extras and --extras exclude each other
      at -
      hint: leave out --all-extras or --extras
    ");
}

#[test]
fn only_overrules_with_and_without() {
    let tables = "[dependency-groups]\na = []\nb = []\n[tool.poetry.dependencies]\n";
    let directory = project(tables, "");
    let project = Project::read(directory.path()).unwrap();
    let groups = Groups {
        with: vec!["a".to_owned()],
        only: vec!["b, main".to_owned()],
        ..Groups::default()
    };
    let extras = Extras::default();
    let choice = Choice {
        groups,
        extras,
        ..Choice::default()
    };
    let selection = resolve_choice(&choice, &project).unwrap();
    assert_eq!(Vec::from_iter(&selection.groups), ["b", "main"]);
    assert_eq!(selection.warnings, [Warning::OnlyWins]);
}

#[test]
fn without_a_place_for_dependencies_there_is_no_main_group_to_name() {
    let directory = tempfile::tempdir().unwrap();
    let names = |rest: &str| {
        let text = format!("{PYPROJECT}{rest}");
        fs_err::write(directory.path().join("pyproject.toml"), text).unwrap();
        Project::read(directory.path()).unwrap().groups().to_vec()
    };
    assert_eq!(names("[dependency-groups]\na = []\n"), ["a"]);
    // Where requires-python stands a list of dependencies can follow.
    for place in [
        "dependencies = []\n",
        "dynamic = [\"dependencies\"]\n",
        "[project.optional-dependencies]\n",
        "[tool.poetry.dependencies]\n",
    ] {
        assert_eq!(names(place), ["main"], "{place}");
    }
}

#[test]
fn settings_of_a_tool_point_at_what_is_wrong() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        #[expect(dead_code, reason = "only its type is looked at")]
        runtime: Option<toml::Spanned<String>>,
    }
    let directory = tempfile::tempdir().unwrap();
    let read = |text: &str| {
        fs_err::write(directory.path().join("pyproject.toml"), text).unwrap();
        Project::read(directory.path())
            .unwrap()
            .settings::<Settings>()
    };
    assert!(read("[tool.other]\n").unwrap().is_none());
    assert!(
        read("[tool.layerlock]\nruntime = \"python3.12\"\n")
            .unwrap()
            .is_some()
    );
    let error = read("[tool.layerlock]\nruntime = 3.12\n").unwrap_err();
    insta::assert_snapshot!(describe(&error, directory.path()), @r"
    invalid type: floating point `3.12`, expected a string
      at pyproject.toml:2:11
      hint: -
    ");
    let error = read("[tool.layerlock]\nruntim = \"python3.12\"\n").unwrap_err();
    insta::assert_snapshot!(describe(&error, directory.path()), @r"
    unknown field `runtim`: did you mean `runtime`?
      at pyproject.toml:2:1
      hint: -
    ");
}
