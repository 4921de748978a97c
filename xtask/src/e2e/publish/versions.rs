//! First and second publish of a layer: to a server that speaks AWS Lambda's API, and to a
//! directory.

use anyhow::Result;
use serde_json::{Value, json};

use super::judge::{Call, Judge, list};
use super::run::{one, to_aws};
use super::server::Server;
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::files;
use crate::layerlock::Report;
use crate::tools::Tools;

/// Dry run, first and second publish to moto's server; boto3 says what is there after each.
pub(super) fn aws(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let directory = subject.new_directory("moto")?;
    let server = Server::start(tools, &directory)?;
    let judge = Judge::new(tools, &server);
    let layer = subject.layer()?;
    let publish = |more: &[&str]| -> Result<Report> {
        let command = to_aws(subject, &subject.project).args(more);
        Report::parse(&server.environment(command.arg("--json")))
    };
    let versions = || -> Result<Vec<Value>> {
        let listed = judge.ask(list(&layer.name))?;
        let versions = listed["LayerVersions"].as_array().into_iter().flatten();
        let get = versions.map(|version| {
            let number = &version["Version"];
            let arguments = json!({"LayerName": &layer.name, "VersionNumber": number});
            Call::of_lambda("get_layer_version", arguments)
        });
        judge.ask_all(&get.collect::<Vec<_>>())
    };
    let mut problems = Problems::default();

    let planned = publish(&["--dry-run"])?;
    problems.equal("a dry run", one(&planned)?.outcome.as_str(), "planned");
    problems.equal("what a dry run published", versions()?.len(), 0);

    let report = publish(&[])?;
    let first = one(&report)?;
    problems.equal("provider", first.provider.as_str(), "aws");
    problems.equal("layer", first.layer.as_str(), layer.name.as_str());
    problems.equal("the first version", first.version, Some(1));
    problems.equal("whether the first is reused", first.reused, false);
    let found = versions()?;
    problems.equal("how many versions moto has", found.len(), 1);
    for (what, must) in [
        ("/LayerVersionArn", json!(first.arn)),
        ("/Version", json!(1)),
        ("/Content/CodeSha256", json!(layer.zip.code_sha256)),
        ("/Content/CodeSize", json!(layer.zip.size)),
        ("/CompatibleRuntimes", json!([subject.target.runtime])),
        (
            "/CompatibleArchitectures",
            json!([subject.target.architecture]),
        ),
    ] {
        let found = found.first().and_then(|version| version.pointer(what));
        problems.equal(&format!("moto's {what}"), found, Some(&must));
    }

    let report = publish(&[])?;
    let second = one(&report)?;
    problems.equal("whether the second is reused", second.reused, true);
    problems.equal("the second version", second.version, first.version);
    problems.equal("the second ARN", &second.arn, &first.arn);
    problems.equal("how many versions moto has", versions()?.len(), 1);

    // A change of words is a version, and taking it back is none.
    let report = publish(&["--description", "other words"])?;
    problems.equal(
        "why there is a third",
        &one(&report)?.changed[..],
        &["description".to_owned()],
    );
    let report = publish(&[])?;
    problems.equal(
        "the version after all",
        one(&report)?.version,
        first.version,
    );
    problems.equal("how many versions moto has then", versions()?.len(), 2);
    problems.finish()?;
    Ok(Proof::Figure(first.arn.clone().unwrap_or_default()))
}

/// First and second publish to a directory.
pub(super) fn local(subject: &Subject) -> Result<Proof> {
    let layer = subject.layer()?;
    let mut arguments = subject.arguments("publish");
    arguments.extend(["--provider", "local"]);
    let published = subject.project.join("dist/published");
    let mut problems = Problems::default();

    let dry: Vec<&str> = arguments.iter().copied().chain(["--dry-run"]).collect();
    subject.layerlock.report(&subject.project, &dry)?;
    problems.equal("what a dry run wrote", files::tree(&published)?.len(), 0);

    let report = subject.layerlock.report(&subject.project, &arguments)?;
    let first = one(&report)?;
    problems.equal("provider", first.provider.as_str(), "local");
    problems.equal("the first version", first.version, Some(1));
    problems.equal("whether the first is reused", first.reused, false);
    let tree = files::tree(&published)?;
    let copies = tree.values().filter(|file| file.sha256 == layer.zip.sha256);
    problems.equal("how many copies of the zip are there", copies.count(), 1);

    let report = subject.layerlock.report(&subject.project, &arguments)?;
    let second = one(&report)?;
    problems.equal("whether the second is reused", second.reused, true);
    problems.equal("the second version", second.version, Some(1));
    problems.equal("the second ARN", &second.arn, &first.arn);
    problems.hold(files::tree(&published)? == tree, || {
        "publishing again changed the directory".into()
    });
    problems.finish()?;
    Ok(Proof::Figure(
        tree.into_keys().collect::<Vec<_>>().join(", "),
    ))
}
