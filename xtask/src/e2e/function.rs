//! The fixture's functions under Lambda's own runtime client, with the layer at /opt.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use layerlock_fixtures::{Fact, Function};
use serde_json::Value;

use super::namespace::{Mounts, Namespace};
use super::runtime_api::{Outcome, RuntimeApi};
use super::subject::Subject;
use crate::checks::{Problems, Proof};
use crate::files;
use crate::process::Command;
use crate::tools::{PYTHON, Tools};

const BOOTSTRAP: &str = include_str!("bootstrap.py");
const HANDLER: &str = "main.handler";

/// Where Lambda looks for programs and libraries.
pub(super) const SEARCH_PATHS: [&str; 2] = [
    "PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin",
    "LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/task:/opt/lib",
];

/// Runs the function once and compares what it returns.
pub(crate) fn prove(subject: &Subject, function: &Function, tools: &Tools) -> Result<Proof> {
    if let Some(why) = cannot_run(subject) {
        return Ok(Proof::Skipped(why));
    }
    let layer = subject.unzipped(&format!("{}-layer", directory_name(function)))?;
    let run = invoke(subject, function, tools, &layer)?;
    let answer = match run.outcome {
        Outcome::Answer(answer) => answer,
        other => bail!("the function failed: {other:?}"),
    };
    let members = answer.as_object().context("the answer is not an object")?;
    let mut problems = Problems::default();
    for (name, fact) in function.returns {
        let must = match fact {
            Fact::LayerFile(path) => Value::from(format!("{}/{path}", run.layer)),
            Fact::VersionOf(package) => Value::from(subject.fixture.version(package)),
            Fact::Json(text) => serde_json::from_str(text)?,
        };
        problems.equal(name, members.get(*name), Some(&must));
    }
    problems.equal(
        "the number of members",
        members.len(),
        function.returns.len(),
    );
    problems.finish()?;
    Ok(run.proof)
}

/// The same function with an empty layer cannot be imported: what made it run was the
/// layer, and nothing of this machine.
pub(crate) fn prove_needs_layer(
    subject: &Subject,
    function: &Function,
    tools: &Tools,
) -> Result<Proof> {
    if let Some(why) = cannot_run(subject) {
        return Ok(Proof::Skipped(why));
    }
    let empty = subject.new_directory(&format!("{}-empty", directory_name(function)))?;
    let run = invoke(subject, function, tools, &empty)?;
    let Outcome::InitError(error) = run.outcome else {
        bail!("without the layer, the function gave {:?}", run.outcome);
    };
    let mut problems = Problems::default();
    problems.equal(
        "the error",
        error["errorType"].as_str(),
        Some("Runtime.ImportModuleError"),
    );
    let missing = format!("No module named '{}'", function.imports);
    problems.hold(
        error["errorMessage"]
            .as_str()
            .is_some_and(|text| text.contains(&missing)),
        || format!("the error is {error}, and must say {missing}"),
    );
    problems.finish()?;
    Ok(run.proof)
}

struct Run {
    outcome: Outcome,
    /// Where the function saw the layer.
    layer: String,
    proof: Proof,
}

pub(super) fn cannot_run(subject: &Subject) -> Option<String> {
    let host = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    let target = &subject.target;
    if !cfg!(target_os = "linux") || host != target.architecture {
        return Some(format!(
            "a layer for Linux on {} does not load on this machine; its libraries' headers \
             were read instead",
            target.architecture
        ));
    }
    let python = target.runtime.trim_start_matches("python");
    (python != PYTHON).then(|| format!("there is no Python {python} here"))
}

fn invoke(subject: &Subject, function: &Function, tools: &Tools, layer: &Path) -> Result<Run> {
    let api = RuntimeApi::serve(function.event)?;
    let scratch = subject.new_directory(&format!("{}-run", files::name(layer)))?;
    let root = scratch.join("root");
    fs_err::create_dir(&root)?;
    let mounts = Mounts {
        root: &root,
        lang: &python_prefix(tools)?,
        opt: layer,
        task: &subject.project.join(function.directory),
        runtime: &tools.runtime_client(),
    };
    let (command, seen_layer, proof) = match Namespace::find() {
        Some(namespace) => (
            in_namespace(namespace, &mounts, &api),
            "/opt".to_owned(),
            Proof::Full,
        ),
        None => (
            beside(&mounts, &api, tools),
            layer.display().to_string(),
            Proof::Partial("no mount namespace here: run with an explicit sys.path only".into()),
        ),
    };

    let log = scratch.join("log");
    let running = command.start(&log)?;
    Ok(Run {
        outcome: api.outcome_of(&running, &log)?,
        layer: seen_layer,
        proof,
    })
}

/// Lambda's directories, environment and sys.path.
fn in_namespace(namespace: Namespace, mounts: &Mounts, api: &RuntimeApi) -> Command {
    let mut command = namespace.command(mounts);
    for (name, value) in api.environment(HANDLER, "/var/task", "/var/runtime") {
        command = command.arg(format!("{name}={value}"));
    }
    command
        .args(SEARCH_PATHS)
        .arg(format!("/var/lang/bin/python{PYTHON}"))
        .args(["-I", "-S", "-c", BOOTSTRAP])
        .args(["/opt", "/var/task", "/var/runtime"])
}

/// Lambda's sys.path, with the directories where they are.
fn beside(mounts: &Mounts, api: &RuntimeApi, tools: &Tools) -> Command {
    let mut command = tools.python().without_env(&["AWS_", "PYTHON", "LD_"]);
    let task = mounts.task.display().to_string();
    let runtime = mounts.runtime.display().to_string();
    for (name, value) in api.environment(HANDLER, &task, &runtime) {
        command = command.env(name, value);
    }
    command
        .args(["-I", "-S", "-c", BOOTSTRAP])
        .args([mounts.opt, mounts.task, mounts.runtime])
}

pub(super) fn python_prefix(tools: &Tools) -> Result<PathBuf> {
    let ask = "import sys; print(sys.base_prefix)";
    let prefix = tools.python().args(["-I", "-c", ask]).stdout()?;
    Ok(PathBuf::from(prefix.trim()))
}

fn directory_name(function: &Function) -> String {
    files::name(Path::new(function.directory))
}
