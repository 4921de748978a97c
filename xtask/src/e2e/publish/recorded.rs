//! What publishes a version, as the AWS CLI sends it.

use anyhow::{Context, Result, bail};
use layerlock_testkit::{RecordedRequest, RecordingLambda};
use serde_json::{Map, Value};

use super::run::publish;
use super::server::{REGION, environment_at};
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::tools::Tools;

/// What begins the mark that a description ends with.
const MARK: &str = " [layerlock ";

/// Both publish the same zip with the same words: method, path and members are the same, and
/// so are their values, apart from the mark in the description.
pub(super) fn prove(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let server = RecordingLambda::start()?;
    let (description, license) = ("words, \"quoted\" and gr\u{fc}n", "Apache-2.0 OR MIT");
    let ours = publish(subject, "recorded");
    let ours = ours.args(["--description", description, "--license", license]);
    environment_at(ours, &server.url()).stdout()?;
    let ours = published(server.take())?;

    let zip = subject.layer()?.zip.path.display().to_string();
    let theirs = tools
        .aws_cli()
        .without_env(&["AWS_"])
        .args(["lambda", "publish-layer-version", "--region", REGION])
        .args(["--layer-name", "recorded", "--description", description])
        .args(["--license-info", license])
        .args(["--compatible-runtimes", subject.target.runtime])
        .args(["--compatible-architectures", subject.target.architecture])
        .args(["--zip-file", &format!("fileb://{zip}")]);
    environment_at(theirs, &server.url()).stdout()?;
    let theirs = published(server.take())?;

    let mut problems = Problems::default();
    problems.equal("the method", &ours.method, &theirs.method);
    problems.equal("the path", &ours.path, &theirs.path);
    let (mut ours, theirs) = (members(&ours)?, members(&theirs)?);
    let words = ours.get("Description").and_then(Value::as_str);
    let words = words.context("layerlock sends no description")?;
    let Some((before, _)) = words.split_once(MARK) else {
        bail!("{words:?} has no mark");
    };
    let before = Value::from(before);
    ours.insert("Description".to_owned(), before);
    let names = |members: &Map<String, Value>| {
        let mut names: Vec<String> = members.keys().cloned().collect();
        names.sort();
        names
    };
    problems.equal("the members", names(&ours), names(&theirs));
    for (name, value) in &theirs {
        problems.equal(name, ours.get(name), Some(value));
    }
    problems.finish()?;
    Ok(Proof::Figure(names(&theirs).join(", ")))
}

/// The one request that is no question.
fn published(requests: Vec<RecordedRequest>) -> Result<RecordedRequest> {
    let mut sent = requests
        .into_iter()
        .filter(|request| request.method != "GET");
    match (sent.next(), sent.next()) {
        (Some(request), None) => Ok(request),
        _ => bail!("there is not one request that publishes"),
    }
}

fn members(request: &RecordedRequest) -> Result<Map<String, Value>> {
    serde_json::from_slice(&request.body).context("the body is no JSON object")
}
