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

use anyhow::{Context, Result, bail, ensure};

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
    let mut failed = Vec::new();
    let (mut trees, mut count) = (0, 0);
    for name in names(&fixtures, &arguments.projects)? {
        for architecture in ARCHITECTURES {
            let project = work.path().join(format!("{name}-{}", architecture.1));
            files::copy(&fixtures.join(&name), &project)?;
            match compare(&layerlock, &project, &name, architecture) {
                Ok(compared) => {
                    trees += 1;
                    count += compared.files;
                    println!("{name} {}: {compared}", architecture.1);
                }
                Err(error) => {
                    println!("{name} {}: {error:#}", architecture.1);
                    failed.push(format!("{name} {}", architecture.1));
                }
            }
            fs_err::remove_dir_all(&project)?;
        }
    }
    println!("{trees} trees, {count} files");
    ensure!(failed.is_empty(), "these differ: {}", failed.join(", "));
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
    refused: bool,
}

impl std::fmt::Display for Compared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            files,
            commands,
            modes,
            refused,
        } = self;
        if *refused {
            return f.write_str("refused, as it has to be");
        }
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

fn compare(
    layerlock: &Layerlock,
    project: &Path,
    name: &str,
    (architecture, cpu): (&str, &str),
) -> Result<Compared> {
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
        return Ok(Compared {
            files: 0,
            commands: 0,
            modes: 0,
            refused: true,
        });
    }
    built.success()?;
    fs_err::remove_file(project.join("layerlock.toml"))?;
    Command::new("npm")
        .args(["ci", "--omit=dev", "--os=linux", "--libc=glibc"])
        .arg(format!("--cpu={cpu}"))
        .args([
            "--ignore-scripts",
            "--no-bin-links",
            "--no-audit",
            "--no-fund",
        ])
        .directory(project)
        .finish()?
        .success()
        .context("npm ci failed")?;
    let mut expected = without_npms_own(files::tree(&project.join("node_modules"))?);
    let found = files::tree(&project.join("staged/nodejs/node_modules"))?;
    let commands = commands(&project.join("node_modules"), &expected)?;
    let mut compared = Compared {
        files: found.len(),
        commands: 0,
        modes: 0,
        refused: false,
    };
    for (path, entry) in &mut expected {
        if entry.mode & 0o111 != 0 && entry.mode != 0o755 {
            entry.mode = 0o755;
            compared.modes += 1;
        } else if entry.mode & 0o111 == 0 {
            entry.mode = 0o644;
        }
        if let Some(bytes) = commands.get(path) {
            let made = files::Entry::new(0o755, bytes);
            compared.commands += usize::from(made != *entry);
            *entry = made;
        }
    }
    let mut differences = Vec::new();
    for path in expected.keys().chain(found.keys()) {
        match (expected.get(path), found.get(path)) {
            (Some(npm), Some(ours)) if npm == ours => {}
            (Some(npm), Some(ours)) => differences.push(format!(
                "{path}: npm has {:o} {} bytes, layerlock {:o} {} bytes",
                npm.mode, npm.size, ours.mode, ours.size
            )),
            (Some(_), None) => differences.push(format!("{path}: layerlock lacks it")),
            (None, _) => differences.push(format!("{path}: npm lacks it")),
        }
    }
    differences.sort();
    differences.dedup();
    if !differences.is_empty() {
        let shown: Vec<&str> = differences.iter().take(10).map(String::as_str).collect();
        bail!(
            "{} differences:\n  {}",
            differences.len(),
            shown.join("\n  ")
        );
    }
    Ok(compared)
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
