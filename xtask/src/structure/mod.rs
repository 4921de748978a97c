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

/// Runs every check; failures are reported together.
pub(crate) fn run() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut checks = Checks::default();
    for member in &workspace.members {
        for root in &member.roots {
            checks.check(&format!("no module cycle in {}", member.name), || {
                no_cycles(&Source::read(root)?)
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

fn no_cycles(source: &Source) -> Result<Proof> {
    let mut problems = Problems::default();
    for Cycle { modules, ways } in cycles::find(source) {
        let modules = Vec::from_iter(modules).join(", ");
        let ways: Vec<String> = ways.iter().map(|way| way.join("\n  ")).collect();
        problems.add(format!(
            "these modules form a cycle: {modules}\n  {}",
            ways.join("\n\n  ")
        ));
    }
    problems.finish()?;
    Ok(Proof::Figure(format!("{} modules", source.modules.len())))
}
