//! A handler of Node with uuid and sharp, which has compiled files, from a layer.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::mounted::{Mounted, Project, cannot_run, fixture, lacks};
use crate::checks::{Problems, Proof};
use crate::e2e::runtime_api::{Outcome, RuntimeApi};
use crate::layerlock::Layer;
use crate::repository;
use crate::tools::{Tools, node_client_lacks};

const SETTINGS: &str = "runtime = \"nodejs22\"\n[layers.render]\nnpm = \".\"\n";
const EVENT: &str = r#"{"width": 3}"#;
/// As Lambda sets it for Node 22.
const NODE_PATH: &str =
    "NODE_PATH=/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules";
/// Calls the handler as the client does.
const CALL: &str = "require('/var/task/index.js').handler(JSON.parse(process.argv[1]))\
                    .then(answer => console.log(JSON.stringify(answer)))";

fn sharp() -> PathBuf {
    repository::root().join("fixtures/npm/sharp")
}

fn layer(binary: &Path) -> Result<(Project, Layer)> {
    let project = Project::new(binary, &sharp(), SETTINGS)?;
    let layer = project.build()?;
    Ok((project, layer))
}

/// The handler under Node alone, with the layer and without.
pub(super) fn prove(_: &Tools, binary: &Path) -> Result<Proof> {
    if let Some(skipped) = cannot_run(&["node", "npm"], "nodejs npm") {
        return Ok(skipped);
    }
    let (_project, layer) = layer(binary)?;
    let words = ["/usr/bin/env", "node", "-e", CALL, EVENT];
    let mounted = Mounted::new(Some(&layer.zip.path), &fixture("node"))?;
    let (command, proof) = mounted.command(&[NODE_PATH], &words);
    let answer: Value = serde_json::from_str(&command.stdout()?)?;
    judge(&answer)?;

    let without = Mounted::new(None, &fixture("node"))?;
    let (command, _) = without.command(&[NODE_PATH], &words);
    let finished = command.finish()?;
    if finished.code == Some(0) || !finished.stderr.contains("Cannot find module 'uuid'") {
        bail!("without the layer: {}", finished.describe());
    }
    Ok(proof)
}

/// What the handler has to answer.
fn judge(answer: &Value) -> Result<()> {
    let mut problems = Problems::default();
    for (name, must) in [
        // Of a name, and so the same each time.
        ("uuid", json!("a473b4d2-0ec4-5337-8c3d-acec14868b99")),
        ("width", json!(3)),
        ("format", json!("png")),
    ] {
        problems.equal(name, answer.get(name), Some(&must));
    }
    problems.finish()
}

/// The handler under the client that Lambda itself runs.
pub(super) fn prove_client(tools: &Tools, binary: &Path) -> Result<Proof> {
    if let Some(skipped) = cannot_run(&["node", "npm"], "nodejs npm") {
        return Ok(skipped);
    }
    if let Some(why) = node_client_lacks() {
        return Ok(Proof::Skipped(why));
    }
    let (project, layer) = layer(binary)?;
    let mounted = Mounted::new(Some(&layer.zip.path), &fixture("node"))?;
    let api = RuntimeApi::serve(EVENT)?;
    let mut environment = vec![NODE_PATH.to_owned()];
    for (name, value) in api.environment("index.handler", "/var/task", "/var/runtime") {
        environment.push(format!("{name}={value}"));
    }
    // It looks for the function where it is started.
    let start = "cd /var/task && exec node \
                 /var/runtime/node_modules/aws-lambda-ric/bin/index.mjs index.handler";
    let words = ["/bin/sh", "-c", start];
    let client = tools.node_client();
    let environment: Vec<&str> = environment.iter().map(String::as_str).collect();
    let (command, proof) = mounted.command_with(Some(&client), &environment, &words);
    let log = project.beside("log");
    let running = command.start(&log)?;
    let outcome = api.outcome_of(&running, &log)?;
    let Outcome::Answer(answer) = outcome else {
        bail!("the function failed: {outcome:?}");
    };
    judge(&answer)?;
    Ok(proof)
}

/// The same zip from another folder, with another umask, other caches and an npm that is
/// told to install for another machine.
pub(super) fn prove_same_bytes(_: &Tools, binary: &Path) -> Result<Proof> {
    if let Some(skipped) = lacks(&["npm"], "nodejs npm") {
        return Ok(skipped);
    }
    let (_project, first) = layer(binary)?;
    let mut problems = Problems::default();
    let npmrc = "os=darwin\ncpu=arm64\nlibc=musl\nomit=optional\nnode-options=--no-warnings\n";
    for (name, umask) in [("umask 077", "077"), ("umask 000", "000")] {
        let other = Project::new(binary, &sharp(), SETTINGS)?;
        fs_err::write(other.path.join(".npmrc"), npmrc)?;
        let script = format!("umask {umask}; exec \"$0\" \"$@\"");
        let cache = other.beside("npm-cache");
        let layer = other.build_with(|command| {
            let command = command.env("npm_config_cache", cache);
            let command = command.env("npm_config_os", "win32");
            command.started_by("sh", ["-c", &script])
        })?;
        problems.equal(name, &layer.zip.sha256, &first.zip.sha256);
    }
    problems.finish()?;
    Ok(Proof::Figure(first.zip.sha256[..16].to_owned()))
}
