//! Two projects with one layer's name.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::judge::{Judge, arns, list};
use super::run::to_aws;
use super::server::Server;
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::files;
use crate::process::Finished;
use crate::tools::Tools;

const LAYER: &str = "base";

/// The second is told whose the layer is, and has two ways out.
pub(super) fn prove(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let directory = subject.new_directory("moto-owners")?;
    let server = Server::start(tools, &directory)?;
    let judge = Judge::new(tools, &server);
    let run = |project: &Path, more: &[&str]| -> Result<Finished> {
        let command = to_aws(subject, project).arg("--offline").args(more);
        server.environment(command).finish()
    };
    let count = |layer: &str| -> Result<usize> { Ok(arns(&judge.ask(list(layer))?).len()) };
    let [shop, billing] = ["shop", "billing"].map(|name| project(subject, &directory, name));
    let (shop, billing) = (shop?, billing?);
    let mut problems = Problems::default();

    run(&shop, &["--name", LAYER])?.success()?;
    for what in [&["--dry-run"][..], &[]] {
        let refused = run(&billing, &[what, &["--name", LAYER]].concat())?;
        problems.equal("the exit code for another project", refused.code, Some(6));
        for word in ["`shop`", "`billing`", "--adopt", "name = "] {
            problems.hold(refused.stderr.contains(word), || {
                format!("nothing says {word}: {}", refused.stderr)
            });
        }
    }
    problems.equal("how many versions there are", count(LAYER)?, 1);

    run(&billing, &["--name", "{project}-{layer}"])?.success()?;
    // A project's only layer is named after it.
    let own = count("billing-billing")?;
    problems.equal("the versions of a layer of its own", own, 1);

    run(&billing, &["--name", LAYER, "--adopt"])?.success()?;
    problems.equal("how many versions there are then", count(LAYER)?, 2);
    run(&billing, &["--name", LAYER])?.success()?;
    problems.equal("how many there are after all", count(LAYER)?, 2);
    problems.finish()?;
    Ok(Proof::Full)
}

/// The fixture's project under another name.
fn project(subject: &Subject, directory: &Path, name: &str) -> Result<PathBuf> {
    let project = directory.join(name);
    files::copy(&subject.fixture.project(), &project)?;
    let path = project.join("pyproject.toml");
    let text = fs_err::read_to_string(&path)?;
    let old = format!("name = {:?}", subject.fixture.name);
    ensure!(text.contains(&old), "the fixture has another name");
    fs_err::write(&path, text.replacen(&old, &format!("name = {name:?}"), 1))?;
    Ok(project)
}
