//! The tasks of this repository: `cargo xtask TASK`.
//!
//! One file a task. Tasks use the `layerlock` binary as its users do and ask
//! other people's tools what it made: nothing here links the code under test.

#![expect(
    clippy::print_stdout,
    reason = "tasks talk to the person at the terminal"
)]

mod bench;
mod checks;
mod demo;
mod diff_check;
mod diff_elf;
mod diff_export;
mod diff_npm;
mod diff_uv;
mod diff_wheels;
mod dist;
mod e2e;
mod files;
mod first_run;
mod fuzz;
mod installed;
mod layerlock;
mod machine_index;
mod memory;
mod pip_report;
mod process;
mod random;
mod repository;
mod structure;
mod test;
mod tools;
mod torture;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build a layer and publish it to a local directory: layerlock's main job, without an account
    Demo,
    /// Run everything that CI runs: format, structure, lints, documentation, tests, then e2e
    Test(test::Arguments),
    /// Build the fixtures and prove their layers on real tools
    E2e(e2e::Arguments),
    /// Compare `layerlock export` with the real `poetry export`
    DiffExport(diff_export::Arguments),
    /// Compare what layerlock selects from locks of uv with the real `uv export`
    DiffUv(diff_uv::Arguments),
    /// Compare the wheels that layerlock chooses and lays out with pip's
    DiffWheels(diff_wheels::Arguments),
    /// Compare what layerlock reads in the compiled files of real wheels with readelf
    DiffElf(diff_elf::Arguments),
    /// Build layers of popular packages, and check that no check finds an error in them
    DiffCheck(diff_check::Arguments),
    /// Compare the trees that layerlock lays out from package-lock.json with those of `npm ci`
    DiffNpm(diff_npm::Arguments),
    /// Plan every project below a folder from its lock alone, and count how many end where
    FirstRun(first_run::Arguments),
    /// Kill runs at random moments, three at a time on one cache, and look at what is left
    Torture(torture::Arguments),
    /// Feed every reader of what others wrote with mutations of its seeds
    Fuzz(fuzz::Arguments),
    /// List module cycles, wrong dependencies between crates and unused dependencies
    Structure,
    /// Make the wheels of a release, and judge them
    Dist(dist::Arguments),
    /// Measure layerlock against uv, pip, npm, zip and Poetry, and write BENCHMARKS.md
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Demo => demo::run(),
        Task::Test(arguments) => test::run(&arguments),
        Task::E2e(arguments) => e2e::run(&arguments),
        Task::DiffExport(arguments) => diff_export::run(&arguments),
        Task::DiffUv(arguments) => diff_uv::run(&arguments),
        Task::DiffWheels(arguments) => diff_wheels::run(&arguments),
        Task::DiffElf(arguments) => diff_elf::run(&arguments),
        Task::DiffCheck(arguments) => diff_check::run(&arguments),
        Task::DiffNpm(arguments) => diff_npm::run(&arguments),
        Task::FirstRun(arguments) => first_run::run(&arguments),
        Task::Torture(arguments) => torture::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::Structure => structure::run(),
        Task::Dist(arguments) => dist::run(&arguments),
        Task::Bench(arguments) => bench::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\nfailed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
