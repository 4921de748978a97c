//! What Poetry refuses in a pyproject.toml is refused, and nothing else.

use std::path::Path;

use crate::common::write_lock;
use layerlock_diagnostic::Diagnose as _;
use layerlock_export::{Error, Lock, Project};

#[derive(serde::Deserialize)]
struct Verdicts {
    taken: Vec<Case>,
    refused: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    pyproject: String,
}

#[test]
fn projects_are_taken_that_poetry_takes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/verdicts.toml");
    let verdicts: Verdicts = toml::from_str(&fs_err::read_to_string(path).unwrap()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    write_lock(directory.path(), "package = []", "2.1", "0");
    let mut wrong = Vec::new();
    let refused = verdicts.refused.iter().map(|case| (case, true));
    for (case, is_refused) in verdicts
        .taken
        .iter()
        .map(|case| (case, false))
        .chain(refused)
    {
        fs_err::write(directory.path().join("pyproject.toml"), &case.pyproject).unwrap();
        let error = Project::read(directory.path())
            .and_then(|project| Lock::read(&project).map(drop))
            .unwrap_err();
        // The hash is looked at last.
        if matches!(error, Error::Stale { .. }) == is_refused {
            wrong.push(format!("{}{error}", case.pyproject));
        } else if is_refused {
            assert!(error.place().is_some(), "{error:?}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(verdicts.taken.len() > 100 && verdicts.refused.len() > 100);
}
