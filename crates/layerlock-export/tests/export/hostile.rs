//! No lock makes the reader panic, and what it lets through is plain.

use std::path::Path;

use crate::common::{linux, project};
use layerlock_export::{Error, Lock, Project, RequirementsOptions, requirements, select};
use layerlock_lock::Choice;
use proptest::prelude::*;

/// Reads a lock and does with it all there is to do.
fn use_lock(directory: &Path) {
    let Ok(project) = Project::read(directory) else {
        return;
    };
    let Ok(lock) = Lock::read(&project) else {
        return;
    };
    let choice = Choice::default();
    let _ = requirements(&project, &lock, &choice, &RequirementsOptions::default());
    let selected = select(&project, &lock, &choice, &linux("3.12", "x86_64")).unwrap_or_default();
    for package in selected.packages() {
        for file in &package.files {
            assert_eq!(
                Path::new(&file.name).components().count(),
                1,
                "{}",
                file.name
            );
            assert!(!file.name.contains(['/', '\\', '\0']), "{:?}", file.name);
        }
    }
}

fn data(project: &str, name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    fs_err::read(path.join(project).join(name)).unwrap()
}

/// Half of the usual number, unless somebody asks for another: each writes files.
fn cases() -> u32 {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default().cases,
        None => 128,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64), text in "\\PC{0,64}") {
        let directory = project("[project]\nname = \"x\"\nversion = \"1\"\n", "");
        for content in [&bytes[..], text.as_bytes()] {
            fs_err::write(directory.path().join("poetry.lock"), content).unwrap();
            use_lock(directory.path());
        }
        fs_err::write(directory.path().join("pyproject.toml"), &bytes).unwrap();
        use_lock(directory.path());
    }

    /// A real lock with something else in the place of a part of it. The hash
    /// still fits, so the change is read.
    #[test]
    fn no_mutation_of_a_lock_makes_it_panic(
        project in prop::sample::select(vec!["sources", "poetry-1-sources", "poetry-1-random-b"]),
        at in 0usize..4000,
        length in 0usize..24,
        new in "[\\[\\]{}=\"'.,\n a-c0-9/\\\\]{0,12}|\\PC{0,4}",
    ) {
        let directory = tempfile::tempdir().unwrap();
        fs_err::write(directory.path().join("pyproject.toml"), data(project, "pyproject.toml")).unwrap();
        let mut lock = data(project, "poetry.lock");
        let at = at.min(lock.len());
        let end = (at + length).min(lock.len());
        lock.splice(at..end, new.bytes());
        fs_err::write(directory.path().join("poetry.lock"), lock).unwrap();
        use_lock(directory.path());
    }

    /// The same with the project. What is wrong with it is found before the hash
    /// is compared.
    #[test]
    fn no_mutation_of_a_project_makes_it_panic(
        project in prop::sample::select(
            vec!["standard-tables", "legacy-tables", "sources", "hashed-values", "poetry-1-sources"],
        ),
        at in 0usize..1200,
        length in 0usize..24,
        new in "[\\[\\]{}=\"'.,\n a-c0-9/\\\\@:#^~*|]{0,12}|\\PC{0,4}",
    ) {
        let directory = tempfile::tempdir().unwrap();
        fs_err::write(directory.path().join("poetry.lock"), data(project, "poetry.lock")).unwrap();
        let mut text = data(project, "pyproject.toml");
        let at = at.min(text.len());
        let end = (at + length).min(text.len());
        text.splice(at..end, new.bytes());
        fs_err::write(directory.path().join("pyproject.toml"), text).unwrap();
        use_lock(directory.path());
    }
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("[", "]"), ("{a=", "}")] {
        let packages = format!("x = {}{}", open.repeat(50_000), close.repeat(50_000));
        let directory = project("[project]\nname = \"x\"\nversion = \"1\"\n", &packages);
        let project = Project::read(directory.path()).unwrap();
        let error = Lock::read(&project).unwrap_err();
        assert!(
            matches!(error, Error::File(layerlock_lock::FileError::Syntax { .. })),
            "{error}"
        );
    }
}

/// Each line is two tables: 200,000 of them took 500 MB, and 17 s.
#[test]
fn what_would_fill_memory_is_refused_and_the_limit_told() {
    let lines = |count| (0..count).map(|number| format!("a{number}.b.c=1\n"));
    let heavy: String = lines(200_000).collect();
    let limit = "it has more than 100,000 values, or a fourth of it tables";
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pyproject.toml");
    fs_err::write(file, format!("[tool.other]\n{heavy}")).unwrap();
    let error = Project::read(directory.path()).unwrap_err();
    assert!(error.to_string().ends_with(limit), "{error}");

    let project_text = "[project]\nname = \"x\"\nversion = \"1\"\n";
    for packages in [format!("[[package]]\nname = \"a\"\n{heavy}"), heavy] {
        let directory = project(project_text, &packages);
        let read = Project::read(directory.path()).unwrap();
        let error = Lock::read(&read).unwrap_err();
        let limit = "it has more than 400,000 values, or a fourth of it tables";
        assert!(error.to_string().ends_with(limit), "{error}");
    }
    // Some tools write a lot there, and none writes so much.
    let many: String = lines(2000).collect();
    let directory = project(&format!("{project_text}[tool.other]\n{many}"), "");
    Project::read(directory.path()).unwrap();
}
