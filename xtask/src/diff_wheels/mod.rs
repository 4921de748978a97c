//! `cargo xtask diff-wheels`: which wheels layerlock takes, and what it makes of them,
//! against pip.
//!
//! Each release of `packages.txt` becomes a project of its own, locked with all files that
//! the index has of it. For each target, the file that layerlock chooses must be the one
//! that pip's finder gives for the same ladder of platforms; where pip finds none,
//! layerlock must refuse. For one target most of them are installed as well, by both, and
//! the directories compared file by file. The sets of `together.txt`, of packages that bring
//! the same paths, are installed by both too.

mod together;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use layerlock_testkit::{LockedPackage, ProjectBuilder};
use serde::Deserialize;
use serde_json::json;

use crate::checks::Problems;
use crate::layerlock::Layerlock;
use crate::repository::{self, Profile};
use crate::tools::Tools;
use crate::{files, installed};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Compare only releases and sets whose `name==version` holds this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Compare the choices alone: nothing is downloaded but the index's pages
    #[arg(long)]
    no_install: bool,
    /// Compare this binary instead of building one
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
}

impl Arguments {
    /// All releases, chosen and laid out, by a binary of this tree.
    pub(crate) fn everything() -> Self {
        Self {
            only: None,
            no_install: false,
            binary: None,
        }
    }
}

/// Versions of Python with the architecture that they are compared on.
const TARGETS: [(&str, &str); 3] = [("3.11", "x86_64"), ("3.12", "x86_64"), ("3.13", "arm64")];

/// Which of them is installed: what most fixtures are made for.
const INSTALLED: usize = 1;

/// A line of `packages.txt`.
struct Release {
    name: &'static str,
    version: &'static str,
    is_large: bool,
}

/// What `choose.py` says of a release.
#[derive(Deserialize)]
struct Answer {
    files: Vec<File>,
    /// One for each of [`TARGETS`].
    choices: Vec<Option<String>>,
}

#[derive(Deserialize)]
struct File {
    file: String,
    sha256: Option<String>,
}

/// What was compared so far.
#[derive(Default)]
struct Tally {
    chosen: usize,
    refused: usize,
    /// How often each generation of platform tags was chosen.
    platforms: BTreeMap<String, usize>,
    installed: usize,
    installed_files: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let binary = match &arguments.binary {
        Some(binary) => fs_err::canonicalize(binary)?,
        None => repository::build_layerlock(Profile::Dev)?,
    };
    let tools = Tools::prepare(&[])?;
    let work = tempfile::Builder::new()
        .prefix("layerlock-diff-wheels-")
        .tempdir()?;
    let layerlock = Layerlock::new(&binary, work.path())?;
    let mut releases = releases()?;
    if let Some(text) = &arguments.only {
        releases.retain(|release| release.to_string().contains(text));
    }
    let answers = ask_pip(&releases, &tools, work.path())?;
    let (mut tally, mut problems) = (Tally::default(), Problems::default());
    for (release, answer) in releases.iter().zip(answers) {
        let project = work.path().join("projects").join(release.to_string());
        release.lock(&answer.files, &project)?;
        for (target, theirs) in TARGETS.iter().zip(&answer.choices) {
            let ours = layerlock.choose(&project, *target)?;
            let what = format!("{release} for Python {} on {}", target.0, target.1);
            problems.equal(&what, &ours, theirs);
            tally.chose(ours.as_deref());
        }
        if !arguments.no_install && !release.is_large && answer.choices[INSTALLED].is_some() {
            let directory = work.path().join("installed").join(release.to_string());
            install(release, &layerlock, &tools, &project, &directory)
                .and_then(|count| {
                    tally.installed += 1;
                    tally.installed_files += count;
                    Ok(fs_err::remove_dir_all(&directory)?)
                })
                .unwrap_or_else(|error| problems.add(format!("{release}: {error:#}")));
        }
    }
    let mut sets = 0;
    if !arguments.no_install {
        for (index, set) in together::sets().enumerate() {
            let name = set.join(" ");
            let is_asked = |text: &String| name.contains(text.as_str());
            if !arguments.only.as_ref().is_none_or(is_asked) {
                continue;
            }
            sets += 1;
            let directory = work.path().join("together").join(index.to_string());
            match together::compare(&set, TARGETS[INSTALLED], &layerlock, &tools, &directory) {
                Ok((files, conflicts)) => {
                    println!("{name}: {conflicts} of {files} files come from two packages");
                }
                Err(error) => problems.add(format!("{name}: {error:#}")),
            }
            fs_err::remove_dir_all(&directory)?;
        }
    }
    ensure!(
        !releases.is_empty() || sets > 0,
        "no release and no set to compare"
    );
    tally.print(releases.len());
    problems.finish()
}

fn releases() -> Result<Vec<Release>> {
    include_str!("packages.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (release, size) = line.split_once(' ').unwrap_or((line, ""));
            let (name, version) = release
                .split_once("==")
                .with_context(|| format!("`{line}` pins no version"))?;
            Ok(Release {
                name,
                version,
                is_large: size == "large",
            })
        })
        .collect()
}

fn ask_pip(releases: &[Release], tools: &Tools, work: &Path) -> Result<Vec<Answer>> {
    let targets = TARGETS.map(|(python, architecture)| {
        json!({"python": python, "platforms": installed::platforms(python, architecture)})
    });
    let names: Vec<String> = releases.iter().map(ToString::to_string).collect();
    let (script, file) = (work.join("choose.py"), work.join("asked.json"));
    fs_err::write(&script, include_str!("choose.py"))?;
    fs_err::write(
        &file,
        serde_json::to_vec(&json!({"releases": names, "targets": targets}))?,
    )?;
    let stdout = tools.pip_python().arg(script).arg(file).stdout()?;
    let answers: Vec<Answer> = serde_json::from_str(&stdout)?;
    ensure!(answers.len() == releases.len(), "an answer is missing");
    Ok(answers)
}

impl Release {
    /// Writes a project that needs this release alone, locked with all its files.
    fn lock(&self, files: &[File], directory: &Path) -> Result<()> {
        ensure!(!files.is_empty(), "the index has no {self}");
        let mut package = LockedPackage::new(self.name, self.version);
        for File { file, sha256 } in files {
            let sha256 = sha256.as_ref();
            package = package.file(file, sha256.with_context(|| format!("no hash of {file}"))?);
        }
        fs_err::create_dir_all(directory)?;
        ProjectBuilder::new("compared")
            .package(package)
            .write_to(directory);
        Ok(())
    }
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}=={}", self.name, self.version)
    }
}

/// Installs a release by both and compares the directories; gives the number of files.
fn install(
    release: &Release,
    layerlock: &Layerlock,
    tools: &Tools,
    project: &Path,
    directory: &Path,
) -> Result<usize> {
    let (python, architecture) = TARGETS[INSTALLED];
    let (ours, theirs) = (directory.join("ours"), directory.join("theirs"));
    layerlock
        .command(project, &["install", "--quiet"])
        .args(["--runtime", &format!("python{python}")])
        .args(["--architecture", architecture, "--to"])
        .arg(&ours)
        .stdout()?;
    installed::for_target(tools.pip(), python, architecture)
        .arg(release.to_string())
        .arg("--target")
        .arg(&theirs)
        .stdout()?;
    let mut problems = Problems::default();
    let count = installed::compare(&files::tree(&ours)?, files::tree(&theirs)?, &mut problems);
    problems.finish()?;
    Ok(count)
}

impl Tally {
    fn chose(&mut self, file: Option<&str>) {
        let Some(file) = file else {
            self.refused += 1;
            return;
        };
        self.chosen += 1;
        let stem = file.trim_end_matches(".whl");
        let platform = stem.rsplit('-').next().unwrap_or(stem);
        let machine = |platform: &str| platform.replace("_x86_64", "").replace("_aarch64", "");
        *self.platforms.entry(machine(platform)).or_default() += 1;
    }

    fn print(&self, releases: usize) {
        println!(
            "{releases} releases for {} targets: {} wheels chosen, {} times none fits",
            TARGETS.len(),
            self.chosen,
            self.refused
        );
        for (platform, count) in &self.platforms {
            println!("  {count:>4} {platform}");
        }
        println!(
            "{} releases installed, {} files",
            self.installed, self.installed_files
        );
    }
}
