//! A layer of folders and one of npm packages, published to moto's server.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use super::judge::{Call, Judge};
use super::server::{REGION, Server};
use crate::checks::{Problems, Proof};
use crate::files;
use crate::layerlock::{Layerlock, Report};
use crate::repository;
use crate::tools::Tools;

const SETTINGS: &str = "[layers.tools.folders]\nbin = \"build/bin\"\n\
    [layers.render]\nnpm = \"render\"\nruntime = \"nodejs22\"\narchitecture = \"arm64\"\n";

/// What moto says of each: its runtimes and architectures; and that nothing is published
/// twice.
pub(crate) fn layers_of_other_languages(tools: &Tools, binary: &Path) -> Result<Proof> {
    let work = tempfile::Builder::new()
        .prefix("layerlock-e2e-")
        .tempdir()?;
    let project = work.path().join("project");
    fs_err::create_dir_all(project.join("build/bin"))?;
    fs_err::write(project.join("build/bin/tool"), "#!/bin/sh\n")?;
    files::copy(
        &repository::root().join("fixtures/npm/overrides"),
        &project.join("render"),
    )?;
    fs_err::write(project.join("layerlock.toml"), SETTINGS)?;
    let layerlock = Layerlock::new(binary, work.path())?;
    let server = Server::start(tools, work.path())?;
    let publish = || -> Result<Report> {
        let arguments = ["publish", "--provider", "aws", "--region", REGION, "--json"];
        let command = layerlock.command(&project, &arguments);
        Report::parse(&server.environment(command))
    };
    let mut problems = Problems::default();
    let first = publish()?;
    let judge = Judge::new(tools, &server);
    for (layer, runtimes, architecture) in [
        // For all runtimes: it names none.
        ("tools", json!(null), "x86_64"),
        ("render", json!(["nodejs22.x"]), "arm64"),
    ] {
        let published = first.published.iter().find(|one| one.layer == layer);
        let published = published.with_context(|| format!("{layer} is not published"))?;
        problems.equal(layer, published.version, Some(1));
        let arguments = json!({"LayerName": layer, "VersionNumber": 1});
        let found = judge.ask(Call::of_lambda("get_layer_version", arguments))?;
        let mut declared = found["CompatibleRuntimes"].clone();
        if declared == json!([]) {
            declared = json!(null);
        }
        problems.equal(&format!("the runtimes of {layer}"), &declared, &runtimes);
        let architectures = json!([architecture]);
        let what = format!("the architectures of {layer}");
        problems.equal(&what, &found["CompatibleArchitectures"], &architectures);
    }
    let second = publish()?;
    problems.hold(second.published.iter().all(|one| one.reused), || {
        "something was published twice".to_owned()
    });
    problems.finish()?;
    Ok(Proof::Full)
}
