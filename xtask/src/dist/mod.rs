//! `cargo xtask dist`: the wheels of a release.
//!
//! maturin packs them and zig links them, so that the command runs on every Linux with
//! glibc 2.17 or newer, whatever this machine has. Each wheel is then judged by auditwheel
//! and pip, and its command builds a layer, under an emulator where it is for another
//! processor. What this machine cannot make or run is told.

mod judge;
pub(crate) mod pack;
mod project;
mod sbom;
mod target;
pub(crate) mod wheel;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use layerlock_fixtures::SHARED_LAYER;

use crate::files;
use crate::layerlock::{Layerlock, Report};
use crate::process::Command;
use crate::repository::{self, Profile};
use crate::tools::{Tool, Tools};
use judge::INDEX;
use target::Target;
use wheel::Wheel;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Targets of cargo to make wheels for [default: all that this machine can]
    #[arg(long, value_name = "TRIPLE")]
    target: Vec<String>,
    /// Make the wheel for this machine alone
    #[arg(long, conflicts_with = "target")]
    native: bool,
    /// The directory for the wheels
    #[arg(long, value_name = "DIR", default_value = "target/wheels")]
    output: PathBuf,
}

/// A wheel that was made, or why there is none.
struct Row {
    target: &'static Target,
    time: Duration,
    result: Result<Made>,
}

enum Made {
    Wheel {
        path: PathBuf,
        size: u64,
        runs: Runs,
    },
    Skipped(String),
}

/// What the command of a wheel did here.
enum Runs {
    /// It built a layer with this SHA-256.
    Builds(String),
    /// It cannot be started here.
    Not(String),
}

impl Arguments {
    /// The wheel for this machine.
    pub(crate) fn native() -> Self {
        Self {
            target: Vec::new(),
            native: true,
            output: repository::target("wheels"),
        }
    }
}

/// Makes the wheels, and fails where one is not as it must be.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    make(arguments).map(drop)
}

/// The wheels that were made.
pub(crate) fn make(arguments: &Arguments) -> Result<Vec<PathBuf>> {
    let targets: Vec<&Target> = match (arguments.native, arguments.target.as_slice()) {
        (true, _) => vec![Target::of_this_machine()?],
        (false, []) => target::ALL.iter().collect(),
        (false, names) => {
            let named = names.iter().map(|name| Target::named(name));
            named.collect::<Result<_>>()?
        }
    };
    let tools = Tools::prepare(&[Tool::Maturin, Tool::Release])?;
    if std::env::var(INDEX).unwrap_or_default().is_empty() {
        println!(
            "{INDEX} is not set: these wheels have no index of their own, and ask the \
             pip of the machine they run on"
        );
    }
    fs_err::create_dir_all(&arguments.output)?;
    let output = fs_err::canonicalize(&arguments.output)?;
    let mut rows: Vec<Row> = Vec::new();
    for target in targets {
        println!("\n== {}", target.triple);
        let started = Instant::now();
        let result = make_one(target, &tools, &output);
        let time = started.elapsed();
        rows.push(Row {
            target,
            time,
            result,
        });
    }
    report(&rows)
}

fn make_one(target: &Target, tools: &Tools, output: &Path) -> Result<Made> {
    if let Some(why) = target.make_ready()? {
        return Ok(Made::Skipped(format!(
            "there is no standard library: {why}"
        )));
    }
    let work = repository::target("xtask").join("dist").join(target.triple);
    fs_err::create_dir_all(&work)?;
    let compiled = Wheel::read(&pack::compile(tools, target, &work)?)?;
    let binary = judge::unpack_binary(&compiled, &work)?;
    let command = match target.starter(&binary) {
        Ok(command) => command,
        // Any other build of the same command writes the same.
        Err(_) => Command::new(repository::build_layerlock(Profile::Dev)?),
    };
    let made = pack::release(tools, target, &binary, &command, &work)?;
    let wheel = judge::wheel(&made, target, tools)?;
    let runs = try_out(&binary, target)?;
    project::write_about(&command, output)?;
    let path = output.join(wheel.name());
    fs_err::copy(&made, &path)?;
    let size = wheel.size;
    Ok(Made::Wheel { path, size, runs })
}

/// Starts the command, and lets it build a layer from nothing.
fn try_out(binary: &Path, target: &Target) -> Result<Runs> {
    let command = match target.starter(binary) {
        Ok(command) => command,
        Err(why) => return Ok(Runs::Not(format!("{why:#}"))),
    };
    let version = command.clone().arg("--version").stdout()?;
    let must = format!("layerlock {}", wheel::version()?);
    ensure!(version.trim() == must, "--version says {version}");
    let directory = tempfile::tempdir()?;
    let project = directory.path().join(SHARED_LAYER.name);
    files::copy(&SHARED_LAYER.project(), &project)?;
    let layerlock = Layerlock::new(binary, directory.path())?;
    let build = layerlock.environment(command).args(["build", "--json"]);
    let report = Report::parse(&build.arg("--project").arg(&project))?;
    Ok(Runs::Builds(report.layer()?.zip.sha256.clone()))
}

/// Prints what was made, and fails where that failed, or where layers differ.
fn report(rows: &[Row]) -> Result<Vec<PathBuf>> {
    println!();
    let mut wheels = Vec::new();
    let mut layers = Vec::new();
    let mut failures = 0;
    for row in rows {
        let seconds = row.time.as_secs();
        let triple = row.target.triple;
        match &row.result {
            Ok(Made::Wheel { path, size, runs }) => {
                println!("{} ({size} bytes, {seconds} s)", path.display());
                match runs {
                    Runs::Builds(sha256) => {
                        println!("  its layer of {}: {sha256}", SHARED_LAYER.name);
                        layers.push(sha256);
                    }
                    Runs::Not(why) => println!("  not run: {why}"),
                }
                wheels.push(path.clone());
            }
            Ok(Made::Skipped(why)) => println!("skipped {triple}: {why}"),
            Err(error) => {
                println!("FAILED {triple}: {error:#}");
                failures += 1;
            }
        }
    }
    layers.dedup();
    if layers.len() > 1 {
        println!("FAILED: the layers differ");
        failures += 1;
    }
    if failures > 0 {
        bail!("{failures} failures");
    }
    Ok(wheels)
}
