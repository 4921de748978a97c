//! The parameter of Systems Manager that has a version's ARN.

use anyhow::Result;
use serde_json::json;

use super::judge::{Call, Judge};
use super::run::{one, publish};
use super::server::Server;
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::layerlock::Report;
use crate::tools::Tools;

/// It is written once, and again where it names something else.
pub(super) fn prove(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let server = Server::start(tools, &subject.new_directory("moto-parameter")?)?;
    let judge = Judge::new(tools, &server);
    let parameter = format!(
        "/layers/{}/{}",
        subject.fixture.name, subject.target.architecture
    );
    let run = |more: &[&str]| -> Result<Report> {
        let command = publish(subject, "named").args(more);
        let command = command.args(["--ssm-parameter", "/layers/{layer}/{architecture}"]);
        Report::parse(&server.environment(command))
    };
    // The value, and how often it was written.
    let found = || -> Result<(String, u64)> {
        let arguments = json!({"Name": parameter});
        let found = judge.ask(Call::new("ssm", "get_parameter", arguments))?;
        let value = found["Parameter"]["Value"].as_str().unwrap_or_default();
        let version = found["Parameter"]["Version"].as_u64().unwrap_or_default();
        Ok((value.to_owned(), version))
    };
    let mut problems = Problems::default();

    run(&["--dry-run"])?;
    let arguments = json!({"Name": parameter});
    let refused = judge.refusal(Call::new("ssm", "get_parameter", arguments))?;
    let what = "what a dry run leaves";
    problems.equal(what, refused.as_deref(), Some("ParameterNotFound"));

    let report = run(&[])?;
    let arn = one(&report)?.arn.clone().unwrap_or_default();
    problems.equal("the parameter", found()?, (arn.clone(), 1));
    let again = run(&[])?;
    problems.equal("what a second run changes", one(&again)?.changed.len(), 0);
    problems.equal("the parameter after it", found()?, (arn.clone(), 1));

    let arguments =
        json!({"Name": parameter, "Value": "other", "Type": "String", "Overwrite": true});
    judge.ask(Call::new("ssm", "put_parameter", arguments))?;
    let changed = ["ssm-parameter".to_owned()];
    let planned = run(&["--dry-run"])?;
    problems.equal("a dry run then", one(&planned)?.outcome.as_str(), "planned");
    problems.equal(
        "what it would change",
        &one(&planned)?.changed[..],
        &changed,
    );
    problems.equal(
        "the parameter after that",
        found()?,
        ("other".to_owned(), 2),
    );
    let repaired = run(&[])?;
    problems.equal("a run then", one(&repaired)?.outcome.as_str(), "unchanged");
    problems.equal("what it changes", &one(&repaired)?.changed[..], &changed);
    problems.equal("the parameter after all", found()?, (arn, 3));
    problems.finish()?;
    Ok(Proof::Figure(parameter))
}
