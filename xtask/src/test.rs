//! `cargo xtask test`: everything that CI runs, or steps of it by name.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::process::Command;
use crate::repository::cargo;
use crate::{
    diff_check, diff_elf, diff_export, diff_npm, diff_uv, diff_wheels, dist, e2e, structure, tools,
    torture,
};

#[derive(clap::Args)]
#[command(after_help = format!("Steps: {}.", step_names()))]
pub(crate) struct Arguments {
    /// Steps to run, or parts of e2e, which then run alone [default: all steps but the long ones]
    #[arg(value_name = "STEP")]
    names: Vec<String>,
    /// Also run the long comparisons with real tools, as before an issue is resolved
    #[arg(long)]
    all: bool,
}

/// How many random projects are exported by both, with `--all`.
const RANDOM_PROJECTS: u64 = 100;

/// How many random locks of uv are selected from by both, with `--all`.
const RANDOM_LOCKS: u64 = 10;

struct Step {
    name: &'static str,
    /// Whether it runs only with `--all`, or where it is named.
    is_long: bool,
    run: fn(&Selection) -> Result<()>,
}

const fn step(name: &'static str, run: fn(&Selection) -> Result<()>) -> Step {
    Step {
        name,
        is_long: false,
        run,
    }
}

const fn long_step(name: &'static str, run: fn(&Selection) -> Result<()>) -> Step {
    Step {
        name,
        is_long: true,
        run,
    }
}

/// All steps, in the order in which they run.
const STEPS: &[Step] = &[
    step("format", |_| {
        show(&cargo().args(["fmt", "--all", "--check"]))
    }),
    step("structure", |_| structure::run()),
    step("lints", |_| show(&lints())),
    step("documentation", |_| show(&documentation())),
    step("tests", |_| show(&tests())),
    step("e2e", |selection| {
        e2e::run(&e2e::Arguments::parts(selection.parts.clone()))
    }),
    step("exports", |_| {
        diff_export::run(&diff_export::Arguments::fixtures())
    }),
    step("torture", |selection| {
        torture::run(&torture::Arguments {
            runs: if selection.all { 100 } else { 25 },
            seed: 1,
            binary: None,
        })
    }),
    long_step("random-exports", |_| {
        diff_export::run(&diff_export::Arguments::random(RANDOM_PROJECTS))
    }),
    long_step("dist", |_| {
        let wheels = dist::make(&dist::Arguments::native())?;
        let mut installs = wheels.into_iter().map(e2e::Arguments::wheel);
        installs.try_for_each(|arguments| e2e::run(&arguments))
    }),
    long_step("uv-locks", |_| {
        diff_uv::run(&diff_uv::Arguments::everything())?;
        diff_uv::run(&diff_uv::Arguments::random(RANDOM_LOCKS))?;
        diff_uv::run(&diff_uv::Arguments::stale())
    }),
    long_step("wheels", |_| {
        diff_wheels::run(&diff_wheels::Arguments::everything())
    }),
    long_step("npm", |_| {
        if !tools::has_node() {
            println!("skipped: no Node.js with npm here");
            return Ok(());
        }
        diff_npm::run(&diff_npm::Arguments::everything())
    }),
    long_step("popular", |_| {
        diff_check::run(&diff_check::Arguments::everything())
    }),
    long_step("binaries", |_| {
        diff_elf::run(&diff_elf::Arguments::everything())
    }),
];

fn lints() -> Command {
    cargo()
        .args(["clippy", "--locked", "--workspace", "--all-targets"])
        .args(["--all-features", "--", "--deny", "warnings"])
}

fn documentation() -> Command {
    cargo()
        .args(["doc", "--locked", "--workspace", "--no-deps"])
        .args(["--all-features", "--document-private-items"])
        // With examples, of which there is one for diff-elf, dependencies have the features
        // that the lints checked them with, and are not checked again.
        .args(["--lib", "--bins", "--examples"])
        .env("RUSTDOCFLAGS", "--deny warnings")
}

fn tests() -> Command {
    cargo().args(["test", "--locked", "--workspace", "--all-features"])
}

/// What is to run.
struct Selection {
    steps: Vec<&'static Step>,
    /// The parts of e2e; none means all.
    parts: Vec<e2e::Part>,
    all: bool,
}

/// Runs the steps, whatever the ones before gave.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let selection = Selection::new(arguments)?;
    let mut rows = Vec::new();
    for step in &selection.steps {
        println!("\n== {}", step.name);
        let started = Instant::now();
        let result = (step.run)(&selection);
        let time = started.elapsed();
        match &result {
            Ok(()) => println!("== {} passed in {}", step.name, minutes(time)),
            Err(error) => println!("== {} failed after {}: {error:#}", step.name, minutes(time)),
        }
        rows.push((step.name, time, result.is_ok()));
    }
    report(&rows)
}

fn show(command: &Command) -> Result<()> {
    println!("$ {}", command.to_string().trim_matches('`'));
    command.show()
}

/// Prints the table of times, and fails where a step did.
fn report(rows: &[(&str, Duration, bool)]) -> Result<()> {
    println!();
    for (name, time, passed) in rows {
        let result = if *passed { "passed" } else { "FAILED" };
        println!("{name:<16} {result} {:>9}", minutes(*time));
    }
    let whole = rows.iter().map(|(_, time, _)| *time).sum();
    println!("{:<16} {:<6} {:>9}", "all", "", minutes(whole));
    let failed = rows.iter().filter(|(_, _, passed)| !passed);
    let failed: Vec<&str> = failed.map(|(name, _, _)| *name).collect();
    if failed.is_empty() {
        return Ok(());
    }
    bail!("{}", failed.join(", "));
}

/// A time as `1 m 05 s`.
fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{} m {:02} s", seconds / 60, seconds % 60)
}

impl Selection {
    fn new(arguments: &Arguments) -> Result<Self> {
        let parts: Vec<e2e::Part> = arguments
            .names
            .iter()
            .filter_map(|name| e2e::Part::named(name))
            .collect();
        let is_named = |step: &Step| {
            let by_part = step.name == "e2e" && !parts.is_empty();
            by_part || arguments.names.iter().any(|name| name == step.name)
        };
        let is_known = |name: &&String| {
            e2e::Part::named(name).is_some() || STEPS.iter().any(|step| step.name == **name)
        };
        if let Some(unknown) = arguments.names.iter().find(|name| !is_known(name)) {
            bail!("unknown step `{unknown}`; steps are {}", step_names());
        }
        let runs = |step: &&Step| {
            let by_default = arguments.names.is_empty() && (arguments.all || !step.is_long);
            by_default || is_named(step)
        };
        Ok(Self {
            steps: STEPS.iter().filter(runs).collect(),
            parts,
            all: arguments.all,
        })
    }
}

fn step_names() -> String {
    let names = |is_long: bool| -> Vec<&str> {
        let steps = STEPS.iter().filter(|step| step.is_long == is_long);
        steps.map(|step| step.name).collect()
    };
    let parts: Vec<String> = e2e::Part::all().iter().map(|part| part.name()).collect();
    format!(
        "{}; with --all also {}; and as parts of e2e {}",
        names(false).join(", "),
        names(true).join(", "),
        parts.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(names: &[&str], all: bool) -> Result<Selection> {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        Selection::new(&Arguments { names, all })
    }

    fn steps(names: &[&str], all: bool) -> Vec<&'static str> {
        let steps = select(names, all).unwrap().steps;
        steps.iter().map(|step| step.name).collect()
    }

    #[test]
    fn all_steps_run_but_long_ones_when_none_is_named() {
        assert!(steps(&[], false).contains(&"torture"));
        assert!(!steps(&[], false).contains(&"wheels"));
        assert_eq!(steps(&[], true).len(), STEPS.len());
    }

    #[test]
    fn named_steps_run_in_their_order() {
        assert_eq!(steps(&["wheels", "format"], false), ["format", "wheels"]);
    }

    #[test]
    fn a_part_of_e2e_is_a_step() {
        let selection = select(&["e2e", "publish"], false).unwrap();
        assert_eq!(selection.parts, [e2e::Part::Publish]);
        assert_eq!(steps(&["publish"], false), ["e2e"]);
    }

    #[test]
    fn an_unknown_name_is_answered_with_step_names() {
        let error = select(&["nosuch"], false).err().unwrap().to_string();
        for name in ["nosuch", "structure", "wheels", "wrong-input"] {
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn no_step_has_the_name_of_a_part() {
        assert!(
            STEPS
                .iter()
                .all(|step| e2e::Part::named(step.name).is_none())
        );
    }
}
