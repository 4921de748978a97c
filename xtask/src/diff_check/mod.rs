//! `cargo xtask diff-check`: no check finds an error in what is right.
//!
//! Each line of `packages.txt` is resolved by pip with all that it needs, locked with its
//! hashes, and checked by layerlock for the target that it was resolved for: there must be
//! no error. For this machine's processor each module is imported as well (`--import`), in an
//! interpreter that sees the layer alone.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::checks::Problems;
use crate::installed;
use crate::layerlock::Layerlock;
use crate::pip_report::{Metadata, PipReport};
use crate::repository::{self, Profile};
use crate::tools::Tools;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Check only packages whose name holds this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Check with this binary instead of building one
    #[arg(long, value_name = "PATH")]
    binary: Option<std::path::PathBuf>,
}

impl Arguments {
    /// All packages, by a binary of this tree.
    pub(crate) fn everything() -> Self {
        Self {
            only: None,
            binary: None,
        }
    }
}

/// The Python that pip resolves with, since markers are those of its own.
const PYTHON: &str = "3.12";

const ARCHITECTURES: [&str; 2] = ["x86_64", "arm64"];

/// What a layer was found to be.
struct Checked {
    packages: usize,
    modules: usize,
    warnings: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let binary = match &arguments.binary {
        Some(binary) => fs_err::canonicalize(binary)?,
        None => repository::build_layerlock(Profile::Dev)?,
    };
    let tools = Tools::prepare(&[])?;
    let work = tempfile::Builder::new()
        .prefix("layerlock-diff-check-")
        .tempdir()?;
    let layerlock = Layerlock::new(&binary, work.path())?;
    let is_asked = |package: &&str| {
        let only = arguments.only.as_deref();
        only.is_none_or(|text| package.contains(text))
    };
    let packages: Vec<&str> = packages().filter(is_asked).collect();
    ensure!(!packages.is_empty(), "no package to check");
    let (mut layers, mut modules, mut problems) = (0, 0, Problems::default());
    for package in &packages {
        for architecture in ARCHITECTURES {
            let project = work.path().join("project");
            let what = format!("{package} for {architecture}");
            let checked = resolve(package, architecture, &tools, &project)
                .and_then(|()| check(&layerlock, architecture, &project));
            match checked {
                Ok(checked) => {
                    layers += 1;
                    modules += checked.modules;
                    println!(
                        "{what}: {} packages, {} modules imported",
                        checked.packages, checked.modules
                    );
                    for warning in checked.warnings {
                        println!("    {warning}");
                    }
                }
                Err(error) => {
                    println!("{what}: {error:#}");
                    problems.add(format!("{what}: {error:#}"));
                }
            }
            fs_err::remove_dir_all(&project)?;
        }
    }
    println!("{layers} layers without an error, {modules} modules imported");
    problems.finish()
}

fn packages() -> impl Iterator<Item = &'static str> {
    let lines = include_str!("packages.txt").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Writes a project whose lock is what pip takes for a package.
fn resolve(package: &str, architecture: &str, tools: &Tools, project: &Path) -> Result<()> {
    fs_err::create_dir_all(project)?;
    let report = project.join("report.json");
    installed::with_dependencies(tools.pip(), PYTHON, architecture)
        .args(["--dry-run", "--ignore-installed", "--target"])
        .arg(project.join("nowhere"))
        .arg("--report")
        .arg(&report)
        .arg(package)
        .stdout()?;
    let mut lock = String::new();
    for one in &PipReport::read(&report)?.install {
        let Metadata { name, version, .. } = &one.metadata;
        let sha256 = one.sha256()?;
        writeln!(lock, "{name}=={version} --hash=sha256:{sha256}")?;
    }
    fs_err::write(project.join("requirements.txt"), lock)?;
    let settings = format!(
        "lock = \"requirements.txt\"\nruntime = \"python{PYTHON}\"\narchitecture = \
         \"{architecture}\"\n"
    );
    Ok(fs_err::write(project.join("layerlock.toml"), settings)?)
}

/// Checks the layer of a project: an error in it is one.
fn check(layerlock: &Layerlock, architecture: &str, project: &Path) -> Result<Checked> {
    let is_here = std::env::consts::ARCH == architecture.replace("arm64", "aarch64");
    let mut command = layerlock.command(project, &["check", "--json"]);
    if is_here {
        command = command.arg("--import");
    }
    let finished = command.finish()?;
    let report: Value =
        serde_json::from_str(&finished.stdout).with_context(|| finished.describe())?;
    let layer = &report["layers"][0];
    let findings = layer["findings"].as_array().context("no findings")?;
    let of = |severity: &str| -> Vec<String> {
        let found = findings.iter().filter(|one| one["severity"] == severity);
        found
            .map(|one| {
                let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
                format!("{}: {}", text("code"), text("message"))
            })
            .collect()
    };
    let errors = of("error");
    ensure!(errors.is_empty(), "{}", errors.join("\n    "));
    ensure!(finished.code == Some(0), "{}", finished.describe());
    let length = |key: &str| layer[key].as_array().map_or(0, Vec::len);
    let checked = Checked {
        packages: length("packages"),
        modules: length("imports"),
        warnings: of("warning"),
    };
    ensure!(!is_here || checked.modules > 0, "no module was imported");
    Ok(checked)
}
