//! The projects, and the sets of flags that each is exported with.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::diff_export::poetry::Poetry;
use crate::diff_export::run::Run;
use crate::{files, repository};

/// A directory with a pyproject.toml and a poetry.lock.
pub(crate) struct Project {
    pub(crate) name: String,
    pub(crate) directory: PathBuf,
    pub(crate) lock_version: String,
    /// The Python range of the lock.
    python: String,
    /// Groups without main, in the project's spelling.
    groups: BTreeSet<String>,
    extras: BTreeSet<String>,
}

/// The named projects under `fixtures/export/`, or all of them.
pub(crate) fn find(names: &[String]) -> Result<Vec<Project>> {
    let fixtures = repository::root().join("fixtures/export");
    let mut directories = Vec::new();
    for name in names {
        let fixture = fixtures.join(name);
        let directory = if fixture.exists() {
            fixture
        } else {
            fs_err::canonicalize(name)?
        };
        directories.push(directory);
    }
    if names.is_empty() {
        for entry in fs_err::read_dir(&fixtures)? {
            let directory = entry?.path();
            if directory.join("poetry.lock").exists() {
                directories.push(directory);
            }
        }
        directories.sort();
    }
    directories.into_iter().map(Project::read).collect()
}

impl Project {
    pub(crate) fn read(directory: PathBuf) -> Result<Self> {
        let read = |name: &str| -> Result<Value> {
            let path = directory.join(name);
            toml::from_str(&fs_err::read_to_string(&path)?)
                .with_context(|| format!("{} is not valid TOML", path.display()))
        };
        let pyproject = read("pyproject.toml")?;
        let metadata = read("poetry.lock")?["metadata"].take();
        let text = |key: &str| metadata[key].as_str().map(ToOwned::to_owned);
        let poetry = &pyproject["tool"]["poetry"];
        let mut groups = keys(&poetry["group"]);
        groups.extend(keys(&pyproject["dependency-groups"]));
        if !keys(&poetry["dev-dependencies"]).is_empty() {
            groups.insert("dev".into());
        }
        let mut extras = keys(&poetry["extras"]);
        extras.extend(keys(&pyproject["project"]["optional-dependencies"]));
        let name = directory
            .file_name()
            .context("a project in a directory without a name")?;
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            lock_version: text("lock-version").unwrap_or_else(|| "1.0".into()),
            python: text("python-versions").context("the lock names no Python")?,
            groups,
            extras,
            directory,
        })
    }

    /// A copy whose lock is of another pyproject.toml.
    pub(crate) fn stale_copy(&self, work: &Path) -> Result<PathBuf> {
        const KEY: &str = "content-hash = \"";
        let copy = work.join("stale").join(&self.name);
        files::copy(&self.directory, &copy)?;
        let lock = fs_err::read_to_string(copy.join("poetry.lock"))?;
        ensure!(lock.contains(KEY), "{} has no content-hash", self.name);
        let stale = lock.replace(KEY, "content-hash = \"0");
        fs_err::write(copy.join("poetry.lock"), stale)?;
        Ok(copy)
    }

    /// Every run with one Poetry.
    pub(crate) fn runs(&self, poetry: Poetry, stale: &Path) -> Vec<Run> {
        let flags = match poetry {
            Poetry::Oldest => self.oldest_flags(),
            Poetry::Old | Poetry::New => {
                let same = |flags: Vec<String>| (flags.clone(), flags);
                self.flags(poetry).into_iter().map(same).collect()
            }
        };
        let run = |directory: &Path, stale, (ours, theirs): (Vec<String>, Vec<String>)| Run {
            project: self.name.clone(),
            poetry,
            directory: directory.to_owned(),
            python: self.python.clone(),
            ours: export(ours),
            theirs: export(theirs),
            stale,
        };
        let mut runs: Vec<Run> = flags
            .into_iter()
            .map(|flags| run(&self.directory, false, flags))
            .collect();
        // Poetry 1 exports a stale lock, with a warning; layerlock follows Poetry 2.
        if poetry == Poetry::New {
            runs.push(run(stale, true, (Vec::new(), Vec::new())));
        }
        runs
    }

    /// Ours, and those of Poetry 1.1, which knows neither groups nor unknown extras.
    fn oldest_flags(&self) -> Vec<(Vec<String>, Vec<String>)> {
        let mut flags = vec![
            (Vec::new(), Vec::new()),
            (words(&["--without-hashes"]), words(&["--without-hashes"])),
        ];
        for extra in &self.extras {
            flags.push((words(&["-E", extra]), words(&["-E", extra])));
        }
        if self.groups.contains("dev") {
            flags.push((words(&["--with", "dev"]), words(&["--dev"])));
        }
        flags
    }

    fn flags(&self, poetry: Poetry) -> Vec<Vec<String>> {
        let mut flags = vec![
            words(&[]),
            words(&["--without-hashes"]),
            words(&["--without-urls"]),
            words(&["--only", "main"]),
            words(&["--without", "main"]),
            words(&["--all-extras"]),
            words(&["--with", "no-such-group"]),
            words(&["--without", "no-such-group"]),
            words(&["--only", "main,no-such-group"]),
            words(&["-E", "no-such-extra"]),
            words(&["-E", ""]),
            words(&["--with", ""]),
            words(&["--only", ""]),
        ];
        for group in &self.groups {
            flags.push(words(&["--with", group]));
            flags.push(words(&["--only", group]));
            flags.push(words(&["--only", group, "--all-extras"]));
            flags.push(words(&["--with", group, "--without", "main"]));
            flags.push(words(&["--only", "main", "--with", group]));
            if poetry == Poetry::New {
                let spelled = group.to_uppercase().replace(['-', '.'], "_");
                flags.push(words(&["--with", &spelled]));
            }
        }
        if let Some(group) = self.groups.first() {
            let trailing = format!("{group},");
            flags.push(words(&["--with", &trailing]));
            flags.push(words(&["--only", group, "--without", group]));
            flags.push(words(&["--with", group, "--without", group]));
        }
        let all: Vec<&str> = self.groups.iter().map(String::as_str).collect();
        if all.len() > 1 {
            flags.push(words(&["--with", &all.join(",")]));
            flags.push(words(&["--only", &all.join(" , "), "--without-hashes"]));
            flags.push(words(&["--with", all[0], "--with", all[1]]));
            flags.push(words(&["--only", all[1], "--only", "main"]));
        }
        for extra in &self.extras {
            flags.push(words(&["-E", extra]));
            let spelled = extra.to_uppercase().replace(['-', '.'], "_");
            flags.push(words(&["--extras", &spelled, "--without-hashes"]));
        }
        let extras: Vec<&str> = self.extras.iter().map(String::as_str).collect();
        if extras.len() > 1 {
            flags.push(words(&["-E", &extras.join(" ")]));
            flags.push(words(&["-E", &extras.join(",")]));
            flags.push(words(&["-E", extras[0], "--all-extras"]));
            flags.push(words(&["-E", extras[1], "-E", extras[0]]));
        }
        if poetry == Poetry::New {
            flags.push(words(&["--all-groups"]));
            flags.push(words(&["--all-groups", "--all-extras"]));
            flags.push(words(&["--all-groups", "--with", "main"]));
        }
        flags
    }
}

fn export(flags: Vec<String>) -> Vec<String> {
    let mut arguments = words(&["export"]);
    arguments.extend(flags);
    arguments
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn keys(table: &Value) -> BTreeSet<String> {
    let table = table.as_object().into_iter().flatten();
    table.map(|(key, _)| key.clone()).collect()
}
