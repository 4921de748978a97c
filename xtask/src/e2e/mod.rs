//! `cargo xtask e2e`: the fixtures, built by the binary and proved on real tools.
//!
//! A check that needs something this machine has not (a namespace, a processor of
//! the other architecture) says so instead of passing.

mod aliyun;
mod archive;
mod cdk;
mod elf;
mod export;
mod function;
mod install;
mod languages;
mod namespace;
mod part;
mod pip;
mod private_index;
mod publish;
mod reproducible;
mod runtime_api;
mod script;
mod secrets;
mod size;
mod sources;
mod subject;
mod uv;
mod wrong_input;
mod zip;

use std::path::PathBuf;

use anyhow::{Context, Result};
use layerlock_fixtures::{ALL, Fixture, SHARED_LAYER};

use crate::checks::{Checks, Proof};
use crate::repository::{self, Profile};
use crate::tools::{self, Tool, Tools};
use subject::Subject;

pub(crate) use part::Part;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Fixtures to run, by the name of their directory [default: all]
    fixtures: Vec<String>,
    /// Run the release build of layerlock
    #[arg(long)]
    release: bool,
    /// Check this binary instead of building one
    #[arg(long, value_name = "PATH", conflicts_with = "release")]
    binary: Option<PathBuf>,
    /// Install this wheel in the part `install`, instead of one with the binary
    #[arg(long, value_name = "FILE")]
    wheel: Option<PathBuf>,
    /// Run only these parts
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    part: Vec<Part>,
    /// Run only the checks whose name holds this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

impl Arguments {
    /// These parts, or all when none is named, with all fixtures and a binary of this tree.
    pub(crate) fn parts(part: Vec<Part>) -> Self {
        Self {
            fixtures: Vec::new(),
            release: false,
            binary: None,
            wheel: None,
            part,
            only: None,
        }
    }

    /// The installation of this wheel.
    pub(crate) fn wheel(wheel: PathBuf) -> Self {
        Self {
            wheel: Some(wheel),
            ..Self::parts(vec![Part::Install])
        }
    }

    fn binary(&self) -> Result<PathBuf> {
        match (&self.binary, self.release) {
            (Some(binary), _) => Ok(fs_err::canonicalize(binary)?),
            (None, true) => repository::build_layerlock(Profile::Release),
            (None, false) => repository::build_layerlock(Profile::Dev),
        }
    }
}

/// Runs the named fixtures, or all; every failure is reported at the end.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let parts = if arguments.part.is_empty() {
        Part::all()
    } else {
        &arguments.part
    };
    let fixtures = select(&arguments.fixtures)?;
    let binary = arguments.binary()?;
    let tools = Tools::prepare(&wanted(parts, &fixtures))?;

    let mut checks = Checks::only(arguments.only.clone());
    let targets = fixtures.iter().flat_map(|fixture| {
        let targets = fixture.targets.iter();
        targets.map(move |target| (*fixture, *target))
    });
    for (fixture, target) in targets.filter(|_| parts.iter().any(|part| part.needs_fixtures())) {
        println!(
            "\n{} for {} on {}",
            fixture.name, target.runtime, target.architecture
        );
        match Subject::build(fixture, target, &binary) {
            Ok(subject) => prove(&mut checks, parts, &subject, &tools),
            Err(error) => checks.fail("build", &error),
        }
    }
    let names_shared = fixtures
        .iter()
        .any(|fixture| fixture.name == SHARED_LAYER.name);
    let is_wanted = |part| names_shared && parts.contains(&part);
    if is_wanted(Part::Zip) {
        println!("\nnames outside ASCII");
        checks.check("names read in unzip and zipfile", || {
            zip::prove_names(&binary, &tools)
        });
    }
    if is_wanted(Part::PrivateIndex) {
        println!("\na private index");
        private_index::prove(&mut checks, &tools, &binary);
    }
    if is_wanted(Part::WrongInput) {
        println!("\nwrong input");
        wrong_input::prove(&mut checks, &binary);
    }
    if is_wanted(Part::Sources) {
        println!("\npackages without a wheel");
        sources::prove(&mut checks, &binary, &tools);
    }
    if is_wanted(Part::Secrets) {
        println!("\nsecrets");
        secrets::prove(&mut checks, &tools, &binary);
    }
    if is_wanted(Part::Uv) {
        println!("\nlocks of uv and pip");
        uv::prove(&mut checks, &tools, &binary);
    }
    if is_wanted(Part::Size) {
        println!("\nthe page of sizes");
        size::prove(&mut checks, &binary);
    }
    if is_wanted(Part::Languages) {
        println!("\nother languages");
        languages::prove(&mut checks, &tools, &binary);
    }
    if is_wanted(Part::Install) {
        println!("\nthe wheel");
        install::prove(&mut checks, &tools, &binary, arguments.wheel.as_deref());
    }
    checks.report()
}

/// The tools that the parts run.
fn wanted(parts: &[Part], fixtures: &[&Fixture]) -> Vec<Tool> {
    let mut wanted = vec![Tool::Poetry, Tool::RuntimeClient, Tool::Uv];
    for part in parts {
        match part {
            Part::Publish => wanted.extend([Tool::Moto, Tool::MiniStack, Tool::AwsCli]),
            Part::Languages => {
                wanted.push(Tool::Moto);
                wanted.extend(
                    tools::node_client_lacks()
                        .is_none()
                        .then_some(Tool::NodeClient),
                );
            }
            Part::Aliyun => wanted.push(Tool::Alibaba),
            Part::Cdk if fixtures.iter().any(|fixture| fixture.cdk.is_some()) => {
                wanted.extend(cdk::tools());
            }
            Part::Uv => wanted.extend(cdk::tools()),
            Part::Install => wanted.extend(install::tools()),
            _ => {}
        }
    }
    wanted
}

/// The parts that look at one fixture's layer.
fn prove(checks: &mut Checks, parts: &[Part], subject: &Subject, tools: &Tools) {
    let mut check = |part: Part, name: &str, check: &dyn Fn() -> Result<Proof>| {
        if parts.contains(&part) {
            checks.check(name, check);
        }
    };
    check(Part::Packages, "holds the packages of the lock", &|| {
        subject.holds_the_packages()
    });
    check(
        Part::Reproducible,
        "same bytes in other directories and caches",
        &|| reproducible::prove(subject),
    );
    check(
        Part::Reproducible,
        "zip, staging directory and report agree",
        &|| reproducible::outputs_agree(subject),
    );
    check(Part::Zip, "zip reads in unzip and zipfile", &|| {
        zip::prove(subject, tools)
    });
    check(
        Part::Pip,
        "files equal those of pip install --target",
        &|| pip::prove(subject, tools),
    );
    check(Part::Elf, "libraries are for the architecture", &|| {
        elf::prove(subject)
    });
    check(Part::Export, "export equals poetry export", &|| {
        export::prove(subject, tools)
    });
    for function in subject.fixture.functions {
        let name = function.directory;
        check(
            Part::Function,
            &format!("{name} runs on the layer"),
            &|| function::prove(subject, function, tools),
        );
        check(
            Part::Function,
            &format!("{name} fails without the layer"),
            &|| function::prove_needs_layer(subject, function, tools),
        );
    }
    check(Part::Script, "scripts run from PATH", &|| {
        script::prove(subject, tools)
    });
    if let Some(app) = &subject.fixture.cdk {
        check(Part::Cdk, "cdk synth", &|| cdk::prove(subject, app, tools));
    }
    if parts.contains(&Part::Publish) {
        publish::prove(checks, subject, tools);
    }
    // Its layers are no fixture's: once is enough.
    if parts.contains(&Part::Aliyun)
        && subject.fixture.name == SHARED_LAYER.name
        && subject.fixture.targets.first() == Some(&subject.target)
    {
        aliyun::prove(checks, subject, tools);
    }
    if parts.contains(&Part::Leftovers) {
        checks.check("leaves no temporary files", || {
            subject.left_nothing_behind()
        });
    }
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
                    "unknown fixture `{name}`; fixtures are {}",
                    all.join(" and ")
                )
            })
        })
        .collect()
}
