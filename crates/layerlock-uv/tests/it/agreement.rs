//! What is selected from each lock of the repository, against what `uv export --frozen`
//! printed for the same choice, its markers evaluated. `cargo xtask diff-uv` asks uv anew.

use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr;

use layerlock_diagnostic::Diagnose as _;
use layerlock_lock::{Choice, LockReader, PackageSource, Selected};
use layerlock_uv::UvLock;
use pep508_rs::{MarkerEnvironment, MarkerTree};

use crate::support::{environments, fixtures};

/// One export of uv: our flags, and what it printed.
struct Export {
    flags: String,
    choice: Choice,
    lines: Vec<String>,
}

fn exports(project: &Path) -> Vec<Export> {
    let text = fs_err::read_to_string(project.join("exports.txt")).unwrap();
    let mut exports: Vec<Export> = Vec::new();
    for line in text.lines() {
        if let Some(flags) = line.strip_prefix("$ ") {
            exports.push(Export {
                flags: flags.to_owned(),
                choice: choice(flags),
                lines: Vec::new(),
            });
        } else if let Some(last) = exports.last_mut() {
            last.lines.push(line.to_owned());
        }
    }
    exports
}

fn choice(flags: &str) -> Choice {
    let mut choice = Choice::default();
    let mut words = flags.split_whitespace().map(str::to_owned);
    while let Some(flag) = words.next() {
        match flag.as_str() {
            "--all-extras" => choice.extras.all = true,
            "--all-groups" => choice.groups.all = true,
            "--extras" => choice.extras.names.extend(words.next()),
            "--only" => choice.groups.only.extend(words.next()),
            "--with" => choice.groups.with.extend(words.next()),
            "--package" => choice.package = words.next(),
            other => unreachable!("{other}"),
        }
    }
    choice
}

/// `name version`, `name @` for what has a location, `./directory` for a directory.
fn printed(lines: &[String], environment: &MarkerEnvironment) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in lines {
        let (requirement, marker) = match line.split_once(" ; ") {
            Some((requirement, marker)) => (requirement, MarkerTree::from_str(marker).unwrap()),
            None => (line.as_str(), MarkerTree::TRUE),
        };
        if !marker.evaluate(environment, &[]) {
            continue;
        }
        let text = if let Some((name, _)) = requirement.split_once(" @ ") {
            format!("{} @", name.split('[').next().unwrap())
        } else if let Some((name, version)) = requirement.split_once("==") {
            format!("{} {version}", name.split('[').next().unwrap())
        } else {
            let path = requirement.trim_start_matches("-e ");
            path.trim_start_matches("./").to_owned()
        };
        found.insert(text);
    }
    found
}

fn selected(selected: &Selected, project: &Path) -> BTreeSet<String> {
    let packages = selected.packages().iter();
    let lines = packages.map(|package| match &package.source {
        PackageSource::Directory { path, .. } => {
            let path = path.strip_prefix(project).unwrap();
            match path.to_str().unwrap() {
                "" => ".".to_owned(),
                path => path.to_owned(),
            }
        }
        PackageSource::File { path, .. } => path
            .strip_prefix(project)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned(),
        PackageSource::Registry { .. } => format!("{} {}", package.name, package.version),
        _ => format!("{} @", package.name),
    });
    lines.collect()
}

/// Directories that uv prints and a layer has not: the code of the chosen projects.
fn is_own(line: &str, project: &Path) -> bool {
    project.join(line).join("pyproject.toml").is_file()
}

#[test]
fn what_uv_exports_is_selected() {
    let mut compared = 0;
    for project in fixtures() {
        let lock = UvLock::read(&project.join("uv.lock"), None).unwrap();
        for Export {
            flags,
            choice,
            lines,
        } in exports(&project)
        {
            for (target, environment) in environments() {
                let what = format!("{} {flags} ({target})", project.display());
                let ours = lock.select(&choice, &environment);
                if lines == ["REFUSED"] {
                    assert!(ours.is_err(), "{what}");
                    continue;
                }
                let ours = match ours {
                    Ok(ours) => selected(&ours, &project),
                    Err(error) => {
                        let message = error.to_string();
                        let is_elsewhere = message.contains("is outside of the lock's")
                            || message.contains("for other environments");
                        assert!(is_elsewhere, "{what}: {message} {:?}", error.hint());
                        continue;
                    }
                };
                let mut theirs = printed(&lines, &environment);
                theirs.retain(|line| ours.contains(line) || !is_own(line, &project));
                assert_eq!(ours, theirs, "{what}");
                compared += 1;
            }
        }
    }
    assert!(compared > 1000, "{compared}");
}
