//! `cargo xtask diff-npm`: the trees that layerlock lays out from package-lock.json against
//! those of the real `npm ci`, for both architectures.
//!
//! What is compared is every file's path, bytes and mode. Two differences are meant, and are
//! listed and not counted: a command (`bin` of a package.json) is executable and its first
//! line has no CR, which npm does to it when it links it; and a mode with any x bit is 0755.
//! A link of npm is compared by what it leads to, since a layer has a copy.
//!
//! A project whose packages would have to be compiled has to be refused, and so is compared
//! with what is expected of it alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::checks::Problems;
use crate::files::{self, Tree};
use crate::layerlock::{Layerlock, NOTHING_FITS};
use crate::process::Command;
use crate::repository::{self, Profile};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Projects to compare, by the name of their folder in fixtures/npm [default: all]
    projects: Vec<String>,
    /// Run the release build
    #[arg(long)]
    release: bool,
    /// Run this binary instead of building one
    #[arg(long, value_name = "PATH", conflicts_with = "release")]
    binary: Option<PathBuf>,
}

impl Arguments {
    /// All projects, by a binary of this tree.
    pub(crate) fn everything() -> Self {
        Self {
            projects: Vec::new(),
            release: false,
            binary: None,
        }
    }
}

/// Each architecture, by layerlock's name and by npm's.
const ARCHITECTURES: [(&str, &str); 2] = [("x86_64", "x64"), ("arm64", "arm64")];

/// Projects with a package that is compiled where it is installed.
const REFUSED: [(&str, &str); 1] = [("better-sqlite3", "is compiled when it is installed")];

/// Files that npm leaves for itself.
const OF_NPM: [&str; 1] = [".package-lock.json"];

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let binary = match &arguments.binary {
        Some(binary) => fs_err::canonicalize(binary)?,
        None if arguments.release => repository::build_layerlock(Profile::Release)?,
        None => repository::build_layerlock(Profile::Dev)?,
    };
    let fixtures = repository::root().join("fixtures/npm");
    let work = tempfile::Builder::new()
        .prefix("layerlock-diff-npm-")
        .tempdir()?;
    let layerlock = Layerlock::new(&binary, work.path())?;
    let (mut trees, mut count, mut refused) = (0, 0, 0);
    let mut problems = Problems::default();
    for name in names(&fixtures, &arguments.projects)? {
        for architecture in ARCHITECTURES {
            let what = format!("{name} {}", architecture.1);
            let project = work.path().join(&what);
            files::copy(&fixtures.join(&name), &project)?;
            match compare(&layerlock, &project, &name, architecture) {
                Ok(Some(compared)) => {
                    trees += 1;
                    count += compared.files;
                    println!("{what}: {compared}");
                }
                Ok(None) => {
                    refused += 1;
                    println!("{what}: refused, as it has to be");
                }
                Err(error) => {
                    println!("{what}: {error:#}");
                    problems.add(format!("{what}: {error:#}"));
                }
            }
            fs_err::remove_dir_all(&project)?;
        }
    }
    println!("{trees} trees with {count} files are equal, {refused} are refused");
    problems.finish()?;
    ensure!(
        trees > 0 || !arguments.projects.is_empty(),
        "no tree was compared"
    );
    Ok(())
}

fn names(fixtures: &Path, asked: &[String]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(fixtures)? {
        names.push(files::name(&entry?.path()));
    }
    names.sort();
    for name in asked {
        ensure!(names.contains(name), "there is no fixtures/npm/{name}");
    }
    names.retain(|name| asked.is_empty() || asked.contains(name));
    Ok(names)
}

/// What was compared, and how it differs as it is meant to.
struct Compared {
    files: usize,
    commands: usize,
    modes: usize,
}

impl std::fmt::Display for Compared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            files,
            commands,
            modes,
        } = self;
        write!(f, "{files} files are equal")?;
        if commands + modes > 0 {
            write!(
                f,
                " ({commands} commands made executable, {modes} modes made 0755)"
            )?;
        }
        Ok(())
    }
}

/// Compares the trees of a project; none where it has to be refused, and is.
fn compare(
    layerlock: &Layerlock,
    project: &Path,
    name: &str,
    (architecture, cpu): (&str, &str),
) -> Result<Option<Compared>> {
    let settings = format!(
        "runtime = \"nodejs22\"\narchitecture = \"{architecture}\"\nstaging = \"staged\"\n\
         [layers.{name}]\nnpm = \".\"\n"
    );
    fs_err::write(project.join("layerlock.toml"), settings)?;
    let built = layerlock.command(project, &["build"]).finish()?;
    if let Some((_, message)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        ensure!(
            built.code == Some(NOTHING_FITS) && built.stderr.contains(message),
            "it was to be refused, and is not: {}",
            built.describe()
        );
        return Ok(None);
    }
    built.success()?;
    fs_err::remove_file(project.join("layerlock.toml"))?;
    npm_ci(project, cpu)?;
    let modules = project.join("node_modules");
    let mut expected = without_npms_own(files::tree(&modules)?);
    ensure!(!expected.is_empty(), "npm laid out nothing");
    let commands = commands(&modules, &expected)?;
    let (commands, modes) = adapt(&mut expected, &commands);
    let found = files::tree(&project.join("staged/nodejs/node_modules"))?;
    let mut problems = Problems::default();
    for difference in files::differences(&found, &expected, "layerlock's tree", "npm's") {
        problems.add(difference);
    }
    problems.finish()?;
    Ok(Some(Compared {
        files: found.len(),
        commands,
        modes,
    }))
}

/// What npm lays out for a processor, without running anything of the packages.
fn npm_ci(project: &Path, cpu: &str) -> Result<()> {
    Command::new("npm")
        .args(["ci", "--omit=dev", "--os=linux", "--libc=glibc"])
        .arg(format!("--cpu={cpu}"))
        .args(["--ignore-scripts", "--no-bin-links"])
        .args(["--no-audit", "--no-fund"])
        .directory(project)
        .stdout()
        .map(drop)
        .context("npm ci failed")
}

/// Changes npm's tree where a layer is meant to differ; gives how many commands were made
/// executable, and how many modes 0755.
fn adapt(npms: &mut Tree, as_commands: &BTreeMap<String, Vec<u8>>) -> (usize, usize) {
    let (mut commands, mut modes) = (0, 0);
    for (path, entry) in npms {
        if entry.mode & 0o111 != 0 && entry.mode != 0o755 {
            entry.mode = 0o755;
            modes += 1;
        } else if entry.mode & 0o111 == 0 {
            entry.mode = 0o644;
        }
        if let Some(bytes) = as_commands.get(path) {
            let made = files::Entry::new(0o755, bytes);
            commands += usize::from(made != *entry);
            *entry = made;
        }
    }
    (commands, modes)
}

fn without_npms_own(mut tree: Tree) -> Tree {
    tree.retain(|path, _| {
        let is_own = OF_NPM.contains(&path.as_str());
        !is_own && !path.starts_with(".bin/") && !path.contains("/.bin/")
    });
    tree
}

/// The files that packages name as their commands, as a shell can start them.
fn commands(root: &Path, tree: &Tree) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut commands = BTreeMap::new();
    for path in tree.keys() {
        let Some(folder) = path.strip_suffix("package.json") else {
            continue;
        };
        if !is_package(folder) {
            continue;
        }
        let text = fs_err::read_to_string(root.join(path))?;
        let manifest: serde_json::Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .with_context(|| format!("{path} is no JSON"))?;
        for file in bins(&manifest) {
            let path = format!("{folder}{file}");
            if tree.contains_key(&path) {
                commands.insert(path.clone(), unix_line(fs_err::read(root.join(&path))?));
            }
        }
    }
    Ok(commands)
}

/// Whether a folder is one of a package: directly in a `node_modules`, or in a scope there.
fn is_package(folder: &str) -> bool {
    let below = match folder.rfind("node_modules/") {
        Some(at) => &folder[at + "node_modules/".len()..],
        None => folder,
    };
    let depth = below.matches('/').count();
    depth == 1 || depth == 2 && below.starts_with('@')
}

fn bins(manifest: &serde_json::Value) -> Vec<String> {
    let files: Vec<&str> = match &manifest["bin"] {
        serde_json::Value::String(file) => vec![file],
        serde_json::Value::Object(named) => named.values().filter_map(|it| it.as_str()).collect(),
        _ => Vec::new(),
    };
    let plain = files
        .into_iter()
        .map(|file| file.trim_start_matches("./").to_owned());
    plain.collect()
}

fn unix_line(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    if let Some(end) = end.filter(|end| *end > 0)
        && bytes.starts_with(b"#!")
        && bytes[end - 1] == b'\r'
    {
        bytes.remove(end - 1);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Entry;

    #[test]
    fn a_tree_is_adapted_only_where_layers_are_meant_to_differ() {
        let mut tree = Tree::from([
            (
                "a/bin.js".into(),
                Entry::new(0o644, b"#!/usr/bin/env node\r\n"),
            ),
            ("a/tool".into(), Entry::new(0o775, b"x")),
            ("a/index.js".into(), Entry::new(0o664, b"x")),
        ]);
        let line = b"#!/usr/bin/env node\n".to_vec();
        let commands = BTreeMap::from([("a/bin.js".to_owned(), line.clone())]);
        assert_eq!(adapt(&mut tree, &commands), (1, 1));
        assert_eq!(tree["a/bin.js"], Entry::new(0o755, &line));
        assert_eq!(tree["a/tool"], Entry::new(0o755, b"x"));
        assert_eq!(tree["a/index.js"], Entry::new(0o644, b"x"));
    }
}
