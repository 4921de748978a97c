//! pylock.toml: the texts under `data/pylock/recorded` are those of
//! poetry-plugin-export 1.10.1 with Poetry 2.5.1, which asked an index on this
//! machine that had what `index.toml` says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use layerlock_diagnostic::Diagnose as _;
use layerlock_export::{Error, IndexedFile, Listing, Lock, Project, pylock};
use layerlock_lock::{Choice, Extras, Groups, LockedPackage, PackageSource};
use serde::Deserialize;

use crate::common::{package, project};

#[derive(Deserialize)]
struct Entry {
    filename: String,
    url: String,
    size: Option<u64>,
    #[serde(rename = "upload-time")]
    upload_time: Option<String>,
}

/// Looks packages up in `index.toml`.
fn recorded_index(packages: &[LockedPackage]) -> Vec<Listing> {
    let text = fs_err::read_to_string(data().join("index.toml")).unwrap();
    let index: BTreeMap<String, Vec<Entry>> = toml::from_str(&text).unwrap();
    let listing = |package: &LockedPackage| {
        let PackageSource::Registry { url: Some(url), .. } = &package.source else {
            panic!("{} is on no index", package.name);
        };
        let files = package.files.iter().map(|file| {
            let mut entries = index[package.name.as_str()].iter();
            let entry = entries.find(|entry| entry.filename == file.name).unwrap();
            IndexedFile {
                url: entry.url.clone(),
                size: entry.size,
                upload_time: entry.upload_time.clone(),
            }
        });
        Listing {
            index: url.clone(),
            files: files.collect(),
        }
    };
    packages.iter().map(listing).collect()
}

fn data() -> PathBuf {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pylock");
    fs_err::canonicalize(directory).unwrap()
}

fn choice(with: &[&str], only: &[&str], extras: &[&str]) -> Choice {
    let texts = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    Choice {
        groups: Groups {
            with: texts(with),
            only: texts(only),
            ..Groups::default()
        },
        extras: Extras {
            names: texts(extras),
            all: false,
        },
        ..Choice::default()
    }
}

#[test]
fn texts_equal_those_of_the_plugin() {
    let directory = data();
    let project = Project::read(&directory).unwrap();
    let lock = Lock::read(&project).unwrap();
    for (name, seen_from, choice) in [
        ("main", directory.clone(), Choice::default()),
        ("from-libs", directory.join("libs"), Choice::default()),
        ("dev", directory.clone(), choice(&["dev"], &[], &["tools"])),
        ("docs-only", directory.clone(), choice(&[], &["docs"], &[])),
        (
            "all",
            directory.clone(),
            Choice {
                groups: Groups {
                    all: true,
                    ..Groups::default()
                },
                extras: Extras {
                    all: true,
                    ..Extras::default()
                },
                ..Choice::default()
            },
        ),
    ] {
        let look_up = |packages: &[LockedPackage]| Ok::<_, Error>(recorded_index(packages));
        let text = pylock(&project, &lock, &choice, &seen_from, look_up).unwrap();
        let path = directory.join(format!("recorded/{name}.toml"));
        let root = directory.to_str().unwrap().trim_start_matches(r"\\?\");
        let expected = fs_err::read_to_string(path)
            .unwrap()
            .replace(
                "created-by = \"poetry-plugin-export\"",
                "created-by = \"layerlock\"",
            )
            .replace("/PROJECT", &root.replace('\\', "/"));
        assert_eq!(text, expected, "{name}");
        let parsed: toml::Table = text.parse().unwrap();
        assert_eq!(parsed["lock-version"].as_str(), Some("1.0"));
    }
}

/// The plugin loses the wheels that the lock has before a source distribution
/// where others come after it.
#[test]
fn no_wheel_is_lost() {
    let file = |name: &str| {
        format!(
            "{{file = \"{name}\", hash = \"sha256:{}\"}}",
            "a".repeat(64)
        )
    };
    let names = ["a-1-py2-none-any.whl", "a-1.zip", "a_-1-py3-none-any.whl"];
    let files = names.map(file).join(", ");
    let directory = project(
        "[tool.poetry]\npackage-mode = false\n",
        &package("a", "1", &format!("files = [{files}]")),
    );
    let project = Project::read(directory.path()).unwrap();
    let lock = Lock::read(&project).unwrap();
    let text = pylock(
        &project,
        &lock,
        &Choice::default(),
        directory.path(),
        |packages| {
            let bare = |package: &LockedPackage| Listing {
                index: "https://packages.example.com/simple".to_owned(),
                files: package
                    .files
                    .iter()
                    .map(|file| IndexedFile {
                        url: format!("https://packages.example.com/{}", file.name),
                        size: None,
                        upload_time: None,
                    })
                    .collect(),
            };
            Ok::<_, Error>(packages.iter().map(bare).collect())
        },
    );
    let text = text.unwrap();
    for name in names {
        assert!(text.contains(&format!("{{name = \"{name}\", ")), "{text}");
    }
    assert!(!text.contains("environments"), "{text}");
}

#[test]
fn an_old_lock_is_refused_before_anything_is_looked_up() {
    let directory = data().join("../poetry-1-no-constraint");
    let project = Project::read(&directory).unwrap();
    let lock = Lock::read(&project).unwrap();
    let nothing = |_: &[LockedPackage]| -> Result<Vec<Listing>, Error> { panic!("looked up") };
    let error = pylock(&project, &lock, &Choice::default(), &directory, nothing).unwrap_err();
    assert!(matches!(error, Error::OldLock { .. }), "{error}");
    assert!(error.hint().unwrap().contains("poetry lock"));
}

#[test]
fn what_has_not_the_files_to_install_is_refused() {
    let refused = |more: &str| {
        let directory = project(
            "[tool.poetry]\npackage-mode = false\n",
            &package("a", "1", more),
        );
        let project = Project::read(directory.path()).unwrap();
        let lock = Lock::read(&project).unwrap();
        let choice = Choice::default();
        let nothing = |_: &[LockedPackage]| Ok::<_, Error>(Vec::new());
        let error = pylock(&project, &lock, &choice, directory.path(), nothing).unwrap_err();
        assert_eq!(error.place().unwrap().line, 2);
        error.to_string()
    };
    let source = "[package.source]\ntype = \"url\"\nurl = \"https://files.example.com/a.zip\"";
    assert_eq!(
        refused(&format!("files = []\n{source}")),
        "a is one archive with 0 files"
    );
    assert_eq!(refused("files = []"), "a has no files in the lock");
}
