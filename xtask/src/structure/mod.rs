//! `cargo xtask structure`: what ARCHITECTURE.md says of crates and modules, checked.

mod crates;
mod cycles;
mod scope;
mod source;
mod workspace;

use anyhow::Result;

use crate::checks::{Checks, Problems, Proof};
use cycles::Cycle;
use source::Source;
use workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Show the known cycles too, line by line, and fail on them
    #[arg(long)]
    known: bool,
}

impl Arguments {
    /// What CI checks.
    pub(crate) fn without_known() -> Self {
        Self { known: false }
    }
}

/// Cycles that are still to be broken, as a crate and modules of it. A line may get
/// shorter and go, and none may come.
const KNOWN: &[(&str, &str)] = &[
    (
        "layerlock-export",
        "choice dependencies document error lock project rules schema select walk",
    ),
    ("layerlock-export", "marker marker::constraint"),
    (
        "layerlock-export",
        "marker::algebra marker::merge marker::parts",
    ),
    ("layerlock-layer", "output output::folder"),
    ("layerlock-layer", "zip zip::pack zip::sink"),
];

/// Runs every check; failures are reported together.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let known = if arguments.known { &[] } else { KNOWN };
    let workspace = Workspace::read()?;
    let mut checks = Checks::default();
    for member in &workspace.members {
        for root in &member.roots {
            checks.check(&format!("no module cycle in {}", member.name), || {
                no_cycles(&member.name, &Source::read(root)?, known)
            });
        }
    }
    checks.check("crates depend on each other as in ARCHITECTURE.md", || {
        crates::arrows(&workspace)
    });
    checks.check("external crates are used only where they belong", || {
        crates::outside(&workspace)
    });
    checks.check("each workspace dependency is used", || {
        workspace.uses_its_dependencies()
    });
    checks.report()
}

fn no_cycles(name: &str, source: &Source, known: &[(&str, &str)]) -> Result<Proof> {
    let mut problems = Problems::default();
    let mut remaining = Vec::new();
    for Cycle { modules, ways } in cycles::find(source) {
        let is_known = known.iter().any(|(of, known)| {
            let known: Vec<&str> = known.split(' ').collect();
            *of == name && modules.iter().all(|name| known.contains(&name.as_str()))
        });
        let modules = Vec::from_iter(modules).join(", ");
        if is_known {
            remaining.push(modules);
            continue;
        }
        let ways: Vec<String> = ways.iter().map(|way| way.join("\n  ")).collect();
        problems.add(format!(
            "these modules form a cycle: {modules}\n  {}",
            ways.join("\n\n  ")
        ));
    }
    problems.finish()?;
    if remaining.is_empty() {
        return Ok(Proof::Figure(format!("{} modules", source.modules.len())));
    }
    let remaining = remaining.join("; of ");
    Ok(Proof::Partial(format!("known cycles of {remaining}")))
}
