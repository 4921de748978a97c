//! `cargo xtask e2e`: the fixtures, built by the binary and proved on real tools.
//!
//! A check that needs something this machine has not (a namespace, a processor of
//! the other architecture) says so instead of passing.

mod archive;
mod cdk;
mod elf;
mod export;
mod function;
mod namespace;
mod pip;
mod private_index;
mod publish;
mod reproducible;
mod runtime_api;
mod script;
mod sources;
mod subject;
mod wrong_input;
mod zip;

use std::path::Path;

use anyhow::{Context, Result};
use layerlock_fixtures::{ALL, Fixture, SHARED_LAYER};

use crate::checks::Checks;
use crate::tools::{Tool, Tools};
use subject::Subject;

/// Runs the named fixtures, or all; every failure is reported at the end.
pub(crate) fn run(names: &[String], binary: &Path, only: Option<String>) -> Result<()> {
    let fixtures = select(names)?;
    let mut wanted = vec![Tool::Poetry, Tool::Moto, Tool::RuntimeClient, Tool::Uv];
    if fixtures.iter().any(|fixture| fixture.cdk.is_some()) {
        wanted.extend([Tool::CdkLibrary, Tool::CdkCli]);
    }
    let tools = Tools::prepare(&wanted)?;

    let mut checks = Checks::only(only);
    for fixture in &fixtures {
        for target in fixture.targets {
            println!(
                "\n{} for {} on {}",
                fixture.name, target.runtime, target.architecture
            );
            match Subject::build(fixture, *target, binary) {
                Ok(subject) => prove(&mut checks, &subject, &tools),
                Err(error) => checks.check("build", || Err(error)),
            }
        }
    }
    if fixtures
        .iter()
        .any(|fixture| fixture.name == SHARED_LAYER.name)
    {
        println!("\na private index");
        private_index::prove(&mut checks, &tools, binary);
        println!("\nwrong input");
        wrong_input::prove(&mut checks, binary);
        println!("\npackages without a wheel");
        sources::prove(&mut checks, binary, &tools);
    }
    checks.report()
}

fn prove(checks: &mut Checks, subject: &Subject, tools: &Tools) {
    checks.check("holds the packages of the lock", || {
        subject.holds_the_packages()
    });
    checks.check("same bytes in other folders and caches", || {
        reproducible::prove(subject)
    });
    checks.check("zip, staging directory and report agree", || {
        reproducible::outputs_agree(subject)
    });
    checks.check("zip reads in unzip and zipfile", || {
        zip::prove(subject, tools)
    });
    checks.check("files equal those of pip install --target", || {
        pip::prove(subject, tools)
    });
    checks.check("libraries are for the architecture", || elf::prove(subject));
    checks.check("export equals poetry export", || {
        export::prove(subject, tools)
    });
    for function in subject.fixture.functions {
        checks.check(&format!("{} runs on the layer", function.folder), || {
            function::prove(subject, function, tools)
        });
        checks.check(
            &format!("{} fails without the layer", function.folder),
            || function::prove_needs_layer(subject, function, tools),
        );
    }
    checks.check("scripts run from PATH", || script::prove(subject, tools));
    if let Some(app) = &subject.fixture.cdk {
        checks.check("cdk synth", || cdk::prove(subject, app, tools));
    }
    checks.check("publish to AWS (moto)", || publish::aws(subject, tools));
    checks.check("publish to a local folder", || publish::local(subject));
    checks.check("leaves no temporary files", || {
        subject.left_nothing_behind()
    });
}

fn select(names: &[String]) -> Result<Vec<&'static Fixture>> {
    if names.is_empty() {
        return Ok(ALL.to_vec());
    }
    names
        .iter()
        .map(|name| {
            Fixture::named(name).with_context(|| {
                let all: Vec<&str> = ALL.iter().map(|fixture| fixture.name).collect();
                format!(
                    "no fixture is named {name}; there are {}",
                    all.join(" and ")
                )
            })
        })
        .collect()
}
