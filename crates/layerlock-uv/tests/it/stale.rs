//! Whether a lock is out of date, against what the real `uv lock --check` says after each
//! change of `fixtures/uv/changes.toml`. `cargo xtask diff-uv --stale` asks uv anew.

use std::path::Path;

use layerlock_uv::{Error, UvLock};
use serde::Deserialize;

use crate::support::{copy, fixtures_root};

#[derive(Deserialize)]
struct Changes {
    change: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Change {
    project: String,
    title: String,
    file: Option<String>,
    old: Option<String>,
    new: Option<String>,
    remove: Option<String>,
    stale: bool,
    only_uv: Option<String>,
}

impl Change {
    fn apply(&self, project: &Path) {
        if let Some(directory) = &self.remove {
            return fs_err::remove_dir_all(project.join(directory)).unwrap();
        }
        let file = project.join(self.file.as_deref().unwrap_or("pyproject.toml"));
        let new = self.new.as_deref().unwrap();
        let Some(old) = &self.old else {
            fs_err::create_dir_all(file.parent().unwrap()).unwrap();
            return fs_err::write(file, new).unwrap();
        };
        let text = fs_err::read_to_string(&file).unwrap();
        assert!(text.contains(old.as_str()), "{}", self.title);
        fs_err::write(file, text.replace(old.as_str(), new)).unwrap();
    }
}

#[test]
fn a_lock_is_out_of_date_where_uv_says_so() {
    let text = fs_err::read_to_string(fixtures_root().join("changes.toml")).unwrap();
    let changes: Changes = toml::from_str(&text).unwrap();
    assert!(changes.change.len() > 100);
    let mut wrong = Vec::new();
    for change in &changes.change {
        let directory = tempfile::tempdir().unwrap();
        let project = directory.path().join(&change.project);
        copy(&fixtures_root().join(&change.project), &project);
        change.apply(&project);
        let ours = match UvLock::read(&project.join("uv.lock"), None) {
            Ok(_) => None,
            Err(Error::Stale { what, place, .. }) => Some(format!("{what} (line {})", place.line)),
            Err(other) => panic!("{} {}: {other}", change.project, change.title),
        };
        let expected = change.stale && change.only_uv.is_none();
        if ours.is_some() != expected {
            wrong.push(format!("{} | {}: {ours:?}", change.project, change.title));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
