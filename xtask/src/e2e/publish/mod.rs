//! Publishing: to a server that speaks AWS Lambda's API, and to a directory.

mod once;
mod server;

use anyhow::{Result, bail};
use serde::Deserialize;

use super::subject::Subject;
use crate::checks::{Problems, Proof};
use crate::files;
use crate::layerlock::{Published, Report};
use crate::tools::Tools;
use server::{REGION, Server};

pub(super) use once::{at_once, broken, killed, regions};

/// Asks for every version of a layer with boto3.
const ASK: &str = r#"
import json, sys, boto3
client = boto3.client("lambda")
listed = client.list_layer_versions(LayerName=sys.argv[1])["LayerVersions"]
versions = [client.get_layer_version(LayerName=sys.argv[1], VersionNumber=v["Version"]) for v in listed]
print(json.dumps([
    {
        "arn": v["LayerVersionArn"],
        "version": v["Version"],
        "code_sha256": v["Content"]["CodeSha256"],
        "code_size": v["Content"]["CodeSize"],
        "runtimes": v.get("CompatibleRuntimes"),
        "architectures": v.get("CompatibleArchitectures"),
    }
    for v in versions
]))
"#;

#[derive(Debug, PartialEq, Deserialize)]
struct Remote {
    arn: String,
    version: u64,
    code_sha256: String,
    code_size: u64,
    runtimes: Option<Vec<String>>,
    architectures: Option<Vec<String>>,
}

/// Dry run, first and second publish to moto's server; boto3 says what is there after each.
pub(crate) fn aws(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let directory = subject.new_directory("moto")?;
    let server = Server::start(tools, &directory)?;
    let layer = subject.layer()?;
    let publish = |more: &[&str]| -> Result<Report> {
        let mut arguments = subject.build_arguments();
        arguments[0] = "publish";
        arguments.extend(["--provider", "aws", "--region", REGION]);
        arguments.extend(more);
        let command = subject.layerlock.command(&subject.project, &arguments);
        Report::parse(&server.environment(command.arg("--json")))
    };
    let versions = || -> Result<Vec<Remote>> {
        let command = tools.moto_python().without_env(&["AWS_"]);
        let ask = command.args(["-I", "-c", ASK, &layer.name]);
        Ok(serde_json::from_str(&server.environment(ask).stdout()?)?)
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
    let must = vec![Remote {
        arn: first.arn.clone().unwrap_or_default(),
        version: 1,
        code_sha256: layer.zip.code_sha256.clone(),
        code_size: layer.zip.size,
        runtimes: Some(vec![subject.target.runtime.into()]),
        architectures: Some(vec![subject.target.architecture.into()]),
    }];
    problems.equal("what moto has", versions()?, must);

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
pub(crate) fn local(subject: &Subject) -> Result<Proof> {
    let layer = subject.layer()?;
    let mut arguments = subject.build_arguments();
    arguments[0] = "publish";
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

fn one(report: &Report) -> Result<&Published> {
    let [published] = report.published.as_slice() else {
        bail!("{} versions are reported, not one", report.published.len());
    };
    Ok(published)
}
