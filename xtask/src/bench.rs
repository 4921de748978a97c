//! `cargo xtask bench`: layerlock against its peers, on this machine, in the same minute.
//!
//! Whole processes are measured, and the runs of the two sides alternate, so that a busy
//! moment of the machine meets both. The medians are compared.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Subcommand;
use layerlock_fixtures::DATA_LAYER;

use crate::files;
use crate::layerlock::Layerlock;
use crate::process::Command;
use crate::repository::{self, Profile};
use crate::tools::{PYTHON, Tool, Tools};

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// data-layer with warm caches: `layerlock build` against `uv pip install --target` and `zip -r`
    Warm {
        /// How often each side runs
        #[arg(long, default_value_t = 9)]
        runs: usize,
    },
    /// A lock of 300 packages: `layerlock export` against `poetry export`
    Export {
        /// How often each side runs
        #[arg(long, default_value_t = 9)]
        runs: usize,
        /// Measure this binary instead of building one
        #[arg(long, value_name = "PATH")]
        binary: Option<PathBuf>,
    },
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    let (Bench::Warm { runs } | Bench::Export { runs, .. }) = bench;
    ensure!(*runs > 0, "nothing runs 0 times");
    match bench {
        Bench::Warm { runs } => warm(*runs),
        Bench::Export { runs, binary } => export(*runs, binary.as_deref()),
    }
}

fn export(runs: usize, binary: Option<&Path>) -> Result<()> {
    let binary = match binary {
        Some(binary) => fs_err::canonicalize(binary)?,
        None => repository::build_layerlock(Profile::Release)?,
    };
    let tools = Tools::prepare(&[Tool::Poetry])?;
    let work = tempfile::Builder::new()
        .prefix("layerlock-bench-")
        .tempdir()?;
    let layerlock = Layerlock::new(&binary, work.path())?;
    let project = repository::root().join("fixtures/export/large-2.1");
    let lock = fs_err::read_to_string(project.join("poetry.lock"))?;
    let packages = lock.matches("[[package]]").count();

    println!("{packages} locked packages, medians of {runs} runs of the whole process:");
    for flags in [&["export"] as &[&str], &["export", "--all-groups"]] {
        let ours = layerlock.command(&project, flags);
        let theirs = tools.poetry().folder(&project).args(flags);
        // The first run of each fills the machine's cache of files.
        let (our_text, their_text) = (ours.stdout()?, theirs.stdout()?);
        ensure!(our_text == their_text, "the two exports differ");
        let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            our_times.push(time(std::slice::from_ref(&ours), &[])?);
            their_times.push(time(std::slice::from_ref(&theirs), &[])?);
        }
        let (ours, theirs) = (median(our_times), median(their_times));
        println!("  {}, {} lines", flags.join(" "), our_text.lines().count());
        println!("    layerlock {:10.1} ms", ours.as_secs_f64() * 1000.0);
        println!("    poetry    {:10.1} ms", theirs.as_secs_f64() * 1000.0);
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        println!("    ratio     {ratio:10.1}");
    }
    Ok(())
}

fn warm(runs: usize) -> Result<()> {
    let binary = repository::build_layerlock(Profile::Release)?;
    let tools = Tools::prepare(&[Tool::Poetry, Tool::Uv])?;
    let work = tempfile::Builder::new()
        .prefix("layerlock-bench-")
        .tempdir()?;
    let layerlock = Layerlock::new(&binary, work.path())?;
    let project = work.path().join("project");
    files::copy(&DATA_LAYER.project(), &project)?;
    let requirements = work.path().join("requirements.txt");
    tools
        .poetry()
        .folder(&project)
        .args(["export", "--output"])
        .arg(&requirements)
        .stdout()?;

    // An earlier output is replaced by one side and would be added to by the other.
    let ours = || {
        let build = layerlock.command(&project, &["build", "--architecture", "x86_64"]);
        let outputs = [project.join("dist")];
        time(
            &[build.arg("--quiet")],
            &outputs.each_ref().map(PathBuf::as_path),
        )
    };
    let target = work.path().join("uv/python");
    let zip = work.path().join("uv.zip");
    let theirs = || {
        let install = tools
            .uv()
            .env("UV_CACHE_DIR", work.path().join("uv-cache"))
            .args([
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--only-binary",
                ":all:",
            ])
            .args(["--python-platform", "x86_64-manylinux_2_34"])
            .args(["--python-version", PYTHON, "--require-hashes"])
            .args(["--target".as_ref(), target.as_os_str()])
            .args(["--requirement".as_ref(), requirements.as_os_str()]);
        let pack = Command::new("zip")
            .args(["-q", "-r"])
            .arg(&zip)
            .arg("python")
            .folder(work.path().join("uv"));
        fs_err::create_dir_all(work.path().join("uv"))?;
        time(&[install, pack], &[&target, &zip])
    };

    // The first run of each fills its cache.
    ours()?;
    theirs()?;
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        our_times.push(ours()?);
        their_times.push(theirs()?);
    }
    let (ours, theirs) = (median(our_times), median(their_times));
    println!(
        "{} for python3.12 on x86_64, warm, medians of {runs} runs:",
        DATA_LAYER.name
    );
    println!(
        "  layerlock build                      {:8.3} s",
        ours.as_secs_f64()
    );
    println!(
        "  uv pip install --target, then zip -r {:8.3} s",
        theirs.as_secs_f64()
    );
    println!(
        "  ratio                                {:8.1}",
        theirs.as_secs_f64() / ours.as_secs_f64()
    );
    Ok(())
}

/// Removes the outputs, then runs the commands one after the other; only they are timed.
fn time(commands: &[Command], outputs: &[&Path]) -> Result<Duration> {
    for output in outputs {
        if output.is_dir() {
            fs_err::remove_dir_all(output)?;
        } else if output.exists() {
            fs_err::remove_file(output)?;
        }
    }
    let started = Instant::now();
    for command in commands {
        command.stdout()?;
    }
    Ok(started.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        let times = [5, 1, 9].map(Duration::from_secs);
        assert_eq!(median(times.to_vec()), Duration::from_secs(5));
    }
}
