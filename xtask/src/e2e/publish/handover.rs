//! ARNs where the next step reads them: read by what reads them.

use anyhow::{Context, Result};
use serde_json::Value;

use super::judge::{Judge, arns, list};
use super::run::to_aws;
use super::server::Server;
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::files;
use crate::process::Command;
use crate::tools::Tools;

/// One layer, whose ARN boto3 tells too.
pub(super) fn prove(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let directory = subject.new_directory("moto-handover")?;
    let server = Server::start(tools, &directory)?;
    let project = directory.join("project");
    files::copy(&subject.fixture.project(), &project)?;
    let run = |format: &str| -> Result<String> {
        let command = to_aws(subject, &project)
            .args(["--name", "handed-over", "--output-format", format])
            .env("GITHUB_OUTPUT", directory.join("github"));
        server.environment(command).stdout()
    };
    let lines = run("env")?;
    let arn = arns(&Judge::new(tools, &server).ask(list("handed-over"))?);
    let arn = arn.first().context("nothing is published")?.as_str();
    let mut problems = Problems::default();

    // A shell reads it.
    let file = directory.join("env");
    fs_err::write(&file, &lines)?;
    let script = r#"set -eu; . "$1"; printf %s "$LAYERLOCK_SHARED_LAYER_ARN""#;
    let shell = Command::new("sh").args(["-c", script, "sh"]).arg(&file);
    problems.equal("what a shell reads", shell.stdout()?.as_str(), arn);

    run("github")?;
    let github = fs_err::read_to_string(directory.join("github"))?;
    let must = format!("shared-layer-arn={arn}\n");
    problems.equal("the outputs for GitHub", github, must);

    problems.equal("the line", run("text")?, format!("{arn}\n"));
    let must = format!("SharedLayerLayerArn={arn}\n");
    problems.equal("the parameters for SAM", run("sam")?, must);

    for (format, file, pointer) in [
        ("cdk", "cdk.context.json", "/layerlock/shared-layer"),
        (
            "terraform",
            "layerlock.auto.tfvars.json",
            "/layer_arns/shared-layer",
        ),
    ] {
        run(format)?;
        let text = fs_err::read_to_string(project.join(file))?;
        let json: Value = serde_json::from_str(&text)?;
        let found = json.pointer(pointer).and_then(Value::as_str);
        problems.equal(&format!("{pointer} in {file}"), found, Some(arn));
        run(format)?;
        let again = fs_err::read_to_string(project.join(file))?;
        problems.equal(&format!("{file} after a second run"), again, text);
    }
    let json: Value = serde_json::from_str(&run("json")?)?;
    let found = json.pointer("/published/0/arn").and_then(Value::as_str);
    problems.equal("the ARN in the report", found, Some(arn));
    problems.finish()?;
    Ok(Proof::Figure(
        "text, json, env, github, cdk, terraform, sam".to_owned(),
    ))
}
