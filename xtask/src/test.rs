//! `cargo xtask test`: everything that CI runs.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::process::Command;
use crate::repository::{Profile, build_layerlock, cargo};
use crate::{diff_export, e2e, structure, torture};

/// Runs every step, whatever the ones before it gave.
pub(crate) fn run() -> Result<()> {
    let commands: [(&str, Command); 4] = [
        ("format", cargo().args(["fmt", "--all", "--check"])),
        (
            "lints",
            cargo()
                .args(["clippy", "--locked", "--workspace", "--all-targets"])
                .args(["--all-features", "--", "--deny", "warnings"]),
        ),
        (
            "documentation",
            cargo()
                .args(["doc", "--locked", "--workspace", "--no-deps"])
                .args(["--all-features", "--document-private-items"])
                .env("RUSTDOCFLAGS", "--deny warnings"),
        ),
        (
            "tests",
            cargo().args(["test", "--locked", "--workspace", "--all-features"]),
        ),
    ];
    let mut failed = Vec::new();
    step("structure", &mut failed, || {
        structure::run(&structure::Arguments::without_known())
    });
    for (name, command) in commands {
        step(name, &mut failed, || {
            println!("$ {}", command.to_string().trim_matches('`'));
            command.show()
        });
    }
    step("e2e", &mut failed, || {
        e2e::run(&[], &build_layerlock(Profile::Dev)?, None)
    });
    step("exports as of the real Poetry", &mut failed, || {
        diff_export::run(&diff_export::Arguments::of_fixtures())
    });
    step("torture", &mut failed, || {
        torture::run(&torture::Arguments {
            runs: 25,
            seed: 1,
            binary: None,
        })
    });
    if failed.is_empty() {
        println!("\nall steps passed");
        return Ok(());
    }
    bail!("{}", failed.join("; "));
}

fn step(name: &str, failed: &mut Vec<String>, run: impl FnOnce() -> Result<()>) {
    println!("\n== {name}");
    let started = Instant::now();
    let result = run();
    let seconds = started.elapsed().as_secs();
    match result {
        Ok(()) => println!("== {name} passed in {seconds} s"),
        Err(error) => {
            println!("== {name} failed after {seconds} s: {error:#}");
            failed.push(format!("{name}: {error:#}"));
        }
    }
}
