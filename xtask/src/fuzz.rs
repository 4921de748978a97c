//! `cargo xtask fuzz`: mutations of seeds for every reader of what others wrote.
//!
//! By cargo-fuzz where nightly Rust and cargo-fuzz are installed, else by the ordinary
//! tests that run the same functions on mutations of the same seeds.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::process::Command;
use crate::repository;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// For how long, all targets together
    #[arg(default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    minutes: u64,
    /// Run only these targets, which cargo-fuzz alone can
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    target: Vec<String>,
}

/// A fuzz target, and the crate that `fuzz` is beside.
struct Target {
    name: &'static str,
    of: &'static str,
}

const INSTALL: &str = "layerlock-install";
const EXPORT: &str = "layerlock-export";
const UV: &str = "layerlock-uv";
const NPM: &str = "layerlock-npm";

const TARGETS: &[Target] = &[
    Target {
        name: "wheel",
        of: INSTALL,
    },
    Target {
        name: "page",
        of: INSTALL,
    },
    Target {
        name: "contents",
        of: INSTALL,
    },
    Target {
        name: "lock",
        of: EXPORT,
    },
    Target {
        name: "pyproject",
        of: EXPORT,
    },
    Target {
        name: "uv-lock",
        of: UV,
    },
    Target {
        name: "pylock",
        of: UV,
    },
    Target {
        name: "package-lock",
        of: NPM,
    },
];

/// What the names of the tests begin with that stand in for cargo-fuzz.
const TESTS: &str = "no_mutation_of";

/// How many mutations a test makes in one round: some seconds.
const CASES: &str = "5000";

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let targets = select(&arguments.target)?;
    let time = Duration::from_secs(arguments.minutes * 60);
    if has_cargo_fuzz() {
        return by_cargo_fuzz(&targets, time);
    }
    ensure!(
        arguments.target.is_empty(),
        "--target needs nightly Rust and cargo-fuzz: `cargo install cargo-fuzz`"
    );
    println!("no nightly Rust with cargo-fuzz here: mutations by the tests `{TESTS}...`");
    by_tests(&targets, time)
}

/// The crates of targets, each once.
fn crates(targets: &[&Target]) -> BTreeSet<&'static str> {
    targets.iter().map(|target| target.of).collect()
}

fn directory(of: &str) -> PathBuf {
    repository::root().join("crates").join(of)
}

fn select(names: &[String]) -> Result<Vec<&'static Target>> {
    if names.is_empty() {
        return Ok(TARGETS.iter().collect());
    }
    let find = |name: &String| {
        let found = TARGETS.iter().find(|target| target.name == name);
        found.with_context(|| {
            let all: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            format!("unknown target `{name}`; targets are {}", all.join(", "))
        })
    };
    names.iter().map(find).collect()
}

fn has_cargo_fuzz() -> bool {
    let version = nightly().args(["fuzz", "--version"]).finish();
    version.is_ok_and(|version| version.code == Some(0))
}

/// The cargo of nightly Rust: not the one that runs this, which rustup would give again.
fn nightly() -> Command {
    Command::new("cargo")
        .without_env(&["CARGO_MANIFEST_", "CARGO_PKG_", "RUSTUP_TOOLCHAIN"])
        .arg("+nightly")
}

fn by_cargo_fuzz(targets: &[&Target], time: Duration) -> Result<()> {
    for of in crates(targets) {
        nightly()
            .args(["run", "--quiet", "--bin", "seeds", "--no-default-features"])
            .directory(directory(of).join("fuzz"))
            .show()?;
    }
    let each = time.as_secs() / targets.len() as u64;
    for target in targets {
        println!("\n{}, {each} seconds", target.name);
        nightly()
            .args(["fuzz", "run", target.name, "--", "-max_len=65536"])
            .arg(format!("-max_total_time={each}"))
            // libdeflate is C, and has a table in each of several places by one name.
            .env("ASAN_OPTIONS", "detect_odr_violation=0")
            .directory(directory(target.of))
            .show()
            .with_context(|| format!("the target {}", target.name))?;
    }
    Ok(())
}

/// Repeats the tests, which take other random numbers each time.
fn by_tests(targets: &[&Target], time: Duration) -> Result<()> {
    let tests = || {
        repository::cargo()
            .args(["test", "--quiet", "--locked"])
            .args(crates(targets).into_iter().flat_map(|of| ["-p", of]))
    };
    tests().arg("--no-run").show()?;
    let started = Instant::now();
    let mut rounds = 0;
    while rounds == 0 || started.elapsed() < time {
        let round = tests().arg(TESTS).env("PROPTEST_CASES", CASES).finish()?;
        round.success()?;
        rounds += 1;
        println!(
            "{rounds} rounds of {CASES} mutations a test, {} s",
            started.elapsed().as_secs()
        );
    }
    Ok(())
}
