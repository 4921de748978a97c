//! `cargo xtask diff-elf`: what layerlock reads in the compiled files of real wheels,
//! against `readelf`.
//!
//! The wheels of `packages.txt` are downloaded by pip, as it is configured, and kept in
//! `target/xtask/elf-wheels`. Of every ELF file in them the machine, the needed libraries
//! and the versions of their symbols, the file's own name and versions and its search
//! paths have to be equal, in the same order. What layerlock reads comes from an example
//! of `layerlock-elf`, so that nothing of it is linked here.

mod readelf;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::checks::Problems;
use crate::process::Command;
use crate::repository::{self, cargo};
use crate::tools::Tools;
use crate::{files, installed};
use readelf::Elf;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Compare only wheels whose `name==version` holds this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

impl Arguments {
    /// All wheels.
    pub(crate) fn everything() -> Self {
        Self { only: None }
    }
}

/// The Python that wheels are taken for.
const PYTHON: &str = "3.12";

/// A line of `packages.txt`.
struct Release {
    release: &'static str,
    architecture: &'static str,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut releases: Vec<Release> = releases().collect();
    if let Some(text) = &arguments.only {
        releases.retain(|release| release.release.contains(text.as_str()));
    }
    ensure!(!releases.is_empty(), "no wheel to compare");
    let reader = build_reader()?;
    let tools = Tools::prepare(&[])?;
    let work = tempfile::Builder::new()
        .prefix("layerlock-diff-elf-")
        .tempdir()?;
    let (mut problems, mut compared) = (Problems::default(), 0);
    for release in &releases {
        let wheel = release.download(&tools)?;
        let count = compare(&wheel, &reader, work.path(), &mut problems)
            .with_context(|| format!("failed to compare {}", files::name(&wheel)))?;
        println!("{count:>5} files of {}", files::name(&wheel));
        problems.hold(count > 0, || format!("{} has no ELF file", release.release));
        compared += count;
    }
    problems.finish()?;
    println!(
        "{compared} ELF files of {} wheels are read as readelf reads them",
        releases.len()
    );
    Ok(())
}

fn releases() -> impl Iterator<Item = Release> {
    let lines = include_str!("packages.txt").lines();
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (release, architecture) = line.split_once(' ').unwrap_or((line, "x86_64"));
            Release {
                release,
                architecture,
            }
        })
}

/// Builds the command that prints what layerlock reads.
fn build_reader() -> Result<PathBuf> {
    let build = cargo().args(["build", "--locked", "--quiet"]);
    let build = build.args(["--package", "layerlock-elf", "--example", "facts"]);
    let messages = build.arg("--message-format=json").stdout()?;
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "facts")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo built no example named facts")
}

impl Release {
    /// The wheel, which is downloaded once.
    fn download(&self, tools: &Tools) -> Result<PathBuf> {
        let directory = repository::target("xtask/elf-wheels")
            .join(self.architecture)
            .join(self.release);
        if let Some(wheel) = only_file(&directory)? {
            return Ok(wheel);
        }
        // A run that ends in the middle must not leave half a wheel.
        let part = directory.with_file_name(format!("{}.part", self.release));
        if part.exists() {
            fs_err::remove_dir_all(&part)?;
        }
        let platforms = installed::platforms(PYTHON, self.architecture);
        tools
            .pip()
            .args(["download", "--quiet", "--no-deps", "--only-binary=:all:"])
            .args(["--implementation", "cp", "--python-version", PYTHON])
            .args(platforms.iter().map(|tag| format!("--platform={tag}")))
            .arg(self.release)
            .arg("--dest")
            .arg(&part)
            .stdout()?;
        fs_err::create_dir_all(&directory)?;
        fs_err::remove_dir(&directory)?;
        fs_err::rename(&part, &directory)?;
        only_file(&directory)?.with_context(|| format!("pip gave no wheel of {}", self.release))
    }
}

fn only_file(directory: &Path) -> Result<Option<PathBuf>> {
    if !directory.exists() {
        return Ok(None);
    }
    let first = fs_err::read_dir(directory)?.next().transpose()?;
    Ok(first.map(|entry| entry.path()))
}

/// Compares all ELF files of a wheel; gives how many there are.
fn compare(wheel: &Path, reader: &Path, work: &Path, problems: &mut Problems) -> Result<usize> {
    let directory = work.join("members");
    let members = unpack(wheel, &directory)?;
    if members.is_empty() {
        return Ok(0);
    }
    let files: Vec<&PathBuf> = members.keys().collect();
    let ours = read_by_layerlock(reader, &files)?;
    let theirs = read_by_readelf(&files)?;
    let name = files::name(wheel);
    let paths = |read: &BTreeMap<PathBuf, Elf>| read.keys().cloned().collect::<BTreeSet<_>>();
    problems.equal(
        &format!("the files of {name}"),
        paths(&ours),
        paths(&theirs),
    );
    for (path, ours) in &ours {
        let member = &members[path];
        let Some(theirs) = theirs.get(path) else {
            continue;
        };
        if ours.is_64_bit && theirs.is_64_bit {
            problems.equal(&format!("{member} of {name}"), ours, theirs);
        } else {
            // Of others nothing more is read: no function runs them.
            problems.equal(
                &format!("the class and machine of {member} of {name}"),
                (ours.is_64_bit, &ours.machine),
                (theirs.is_64_bit, &theirs.machine),
            );
        }
    }
    fs_err::remove_dir_all(&directory)?;
    Ok(members.len())
}

/// Writes the ELF files of a wheel into a directory: their paths there, with their names.
fn unpack(wheel: &Path, directory: &Path) -> Result<BTreeMap<PathBuf, String>> {
    fs_err::create_dir_all(directory)?;
    let mut archive = zip::ZipArchive::new(fs_err::File::open(wheel)?)?;
    let mut members = BTreeMap::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index)?;
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut member, &mut bytes)?;
        if bytes.starts_with(b"\x7fELF") {
            let path = directory.join(format!("{index:05}"));
            fs_err::write(&path, bytes)?;
            members.insert(path, member.name()?.into_owned());
        }
    }
    Ok(members)
}

/// A command line has a greatest length, and what is printed is kept in memory.
const FILES_AT_ONCE: usize = 50;

fn read_by_layerlock(reader: &Path, paths: &[&PathBuf]) -> Result<BTreeMap<PathBuf, Elf>> {
    let mut all = BTreeMap::new();
    for paths in paths.chunks(FILES_AT_ONCE) {
        for line in Command::new(reader).args(paths).stdout()?.lines() {
            let (path, binary): (PathBuf, Value) = serde_json::from_str(line)?;
            let (elf, file) = (&binary["Elf"], path.display());
            ensure!(elf.is_object(), "{file} is no ELF file");
            let damage = &elf["damage"];
            ensure!(damage.is_null(), "{file} is damaged: {damage}");
            let elf = Elf::of_json(elf)?;
            all.insert(path, elf);
        }
    }
    Ok(all)
}

fn read_by_readelf(paths: &[&PathBuf]) -> Result<BTreeMap<PathBuf, Elf>> {
    let mut all = BTreeMap::new();
    for paths in paths.chunks(FILES_AT_ONCE) {
        let stdout = Command::new("readelf")
            .env("LC_ALL", "C")
            .args(["--wide", "-h", "-d", "-V"])
            .args(paths)
            // With one file alone it does not say which.
            .arg(paths[0])
            .stdout()
            .context("this needs readelf, of binutils")?;
        all.extend(readelf::parse(&stdout)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_wheels_are_compared_and_each_is_pinned_once() {
        let mut seen = BTreeSet::new();
        for release in releases() {
            let (name, version) = release.release.split_once("==").unwrap();
            assert!(
                !name.is_empty() && !version.is_empty(),
                "{}",
                release.release
            );
            assert!(["x86_64", "arm64"].contains(&release.architecture));
            assert!(seen.insert((release.release, release.architecture)));
        }
        assert!(seen.len() >= 60);
    }
}
