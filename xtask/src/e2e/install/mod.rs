//! The wheel of the command, installed as Python teams install it, and the tools that it is
//! a part of.

mod action;
mod construct;
mod environments;
mod first_layer;
mod hooks;
mod package;
mod plugin;
mod shop;
mod workshop;

use std::path::Path;

use anyhow::Result;

use crate::checks::{Checks, Problems, Proof};
use crate::dist::wheel::Wheel;
use crate::e2e::cdk;
use crate::tools::{Tool, Tools};

use package::Package;
use workshop::Workshop;

/// The tools that this part needs, of those that the machine can have.
pub(crate) fn tools() -> Vec<Tool> {
    let mut tools = vec![
        Tool::Maturin,
        Tool::Poetry,
        Tool::Poetry18,
        Tool::PreCommit,
        Tool::CheckJsonschema,
    ];
    tools.extend(cdk::tools());
    tools
}

/// Proves a wheel: this one, or else one that is packed of the binary.
pub(crate) fn prove(checks: &mut Checks, tools: &Tools, binary: &Path, wheel: Option<&Path>) {
    let workshop = match Workshop::new(tools, binary, wheel) {
        Ok(workshop) => workshop,
        Err(error) => return checks.fail("the wheel", &error),
    };
    prove_installs(checks, &workshop);
    let package = match Package::install(binary, &workshop.wheel, tools) {
        Ok(package) => package,
        Err(error) => return checks.fail("the package in the wheel", &error),
    };
    plugin::prove(checks, tools, &package);
    construct::prove(checks, tools, &package);
    hooks::prove(checks, tools, &package);
    action::prove(checks, tools, &package);
}

/// What pip and uv make of it.
fn prove_installs(checks: &mut Checks, workshop: &Workshop) {
    checks.check("the wheel is complete", || is_complete(workshop));
    checks.check("pip installs it into an environment", || {
        environments::of_pinned_pip(workshop)
    });
    checks.check("the pips of other Pythons install it", || {
        environments::of_other_pythons(workshop)
    });
    checks.check("the command is found wherever pip puts it", || {
        environments::elsewhere(workshop)
    });
    checks.check("uvx runs it", || environments::uvx(workshop));
    checks.check("from pip install to the first layer", || {
        first_layer::prove(workshop)
    });
    checks.check("the installed command starts at once", || {
        first_layer::starts_at_once(workshop)
    });
}

fn is_complete(workshop: &Workshop) -> Result<Proof> {
    let wheel = Wheel::read(&workshop.wheel)?;
    let mut problems = Problems::default();
    wheel.judge(&mut problems)?;
    problems.finish()?;
    Ok(Proof::Figure(format!(
        "{}, {} kB",
        wheel.name(),
        wheel.size / 1000
    )))
}
