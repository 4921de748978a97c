//! `cargo xtask bench`: layerlock against uv, pip, npm, zip and Poetry, side by side on
//! this machine.
//!
//! Whole processes are measured, and the runs of the sides alternate, so that a busy
//! moment of the machine meets all of them. The medians are compared. All measures
//! together are written to `BENCHMARKS.md`, with the facts of the machine and each
//! goal beside its figure.

mod build;
mod cold;
mod export;
mod layers;
mod machine;
mod memory;
mod mounted;
mod npm;
mod places;
mod report;
mod setup;
mod staging;
mod timing;
mod unchanged;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::{Args, Subcommand};

use crate::repository::{self, Profile};
use report::Table;
use setup::Setup;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    only: Option<Bench>,
    /// How often each tool runs; the slowest ones run a third as often
    #[arg(long, default_value_t = 9, global = true)]
    runs: usize,
    /// Measure this binary instead of building one
    #[arg(long, value_name = "PATH", global = true)]
    binary: Option<PathBuf>,
    /// Print the figures and leave BENCHMARKS.md as it is
    #[arg(long, global = true)]
    dry_run: bool,
}

#[derive(Clone, Copy, Subcommand)]
enum Bench {
    /// Building a layer, its size, and its digest in different places
    Build,
    /// From a lock to a zip with empty caches
    Cold,
    /// Writing a staging directory
    Staging,
    /// A run with nothing to do
    Unchanged,
    /// Peak memory
    Memory,
    /// 50 layers in one run
    Layers,
    /// The same digest everywhere
    Places,
    /// Ten thousand files of npm packages: `layerlock build` against `npm ci` and `zip`
    Npm,
    /// A lock of 300 packages: `layerlock export` against `poetry export`
    Export,
}

/// In the order of a whole run. Staging goes first: the others remove many files.
const ALL: [Bench; 9] = [
    Bench::Staging,
    Bench::Cold,
    Bench::Unchanged,
    Bench::Layers,
    Bench::Memory,
    Bench::Export,
    Bench::Places,
    Bench::Npm,
    Bench::Build,
];

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let runs = arguments.runs;
    ensure!(runs > 0, "--runs must be at least 1");
    let binary = match &arguments.binary {
        Some(binary) => fs_err::canonicalize(binary)?,
        None => repository::build_layerlock(Profile::Release)?,
    };
    let setup = Setup::prepare(&binary)?;
    let facts = machine::facts(&setup);
    let chosen = match &arguments.only {
        Some(bench) => std::slice::from_ref(bench),
        None => &ALL,
    };
    let mut tables: Vec<Table> = Vec::new();
    for bench in chosen {
        let table = match bench {
            Bench::Build => build::measure(&setup, runs)?,
            Bench::Cold => cold::measure(&setup, runs)?,
            Bench::Staging => staging::measure(&setup, runs)?,
            Bench::Unchanged => unchanged::measure(&setup, runs)?,
            Bench::Memory => memory::measure(&setup)?,
            Bench::Layers => layers::measure(&setup, runs)?,
            Bench::Places => places::measure(&setup)?,
            Bench::Npm => npm::measure(&setup, runs)?,
            Bench::Export => export::measure(&setup, runs)?,
        };
        println!("{table}");
        tables.push(table);
    }
    if arguments.only.is_none() && !arguments.dry_run {
        let path = repository::root().join("BENCHMARKS.md");
        fs_err::write(&path, report::page(&facts, runs, &tables))?;
        println!("written to BENCHMARKS.md");
    }
    Ok(())
}
