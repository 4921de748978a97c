//! The second server: it pages, it filters lists, and it refuses what is granted twice.

use anyhow::Result;
use serde_json::{Value, json};

use super::accounts::{Accounts, project};
use super::bucket::create_bucket;
use super::judge::{Call, Judge, arns, list};
use super::looked_into;
use super::network::Network;
use super::promote;
use super::run::{one, publish};
use super::server::{REGION, Server};
use super::zips;
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::layerlock::Report;
use crate::tools::Tools;

/// More than fit on a page of AWS's lists.
const FOREIGN: usize = 55;

pub(super) fn prove(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let Some(network) = Network::find(tools) else {
        return Ok(Proof::Skipped(
            "this machine gives a process no network of its own, and MiniStack would be seen \
             outside of it"
                .to_owned(),
        ));
    };
    let directory = subject.new_directory("ministack")?;
    let server = Server::ministack(tools, network, &directory)?;
    let judge = Judge::new(tools, &server);
    let mut problems = Problems::default();
    first_and_second(&mut problems, subject, &server, &judge)?;
    pages(&mut problems, subject, &server, &judge)?;
    twice_granted(&mut problems, subject, &server, &judge)?;
    other_region(&mut problems, subject, &server, &judge)?;
    let accounts = Accounts {
        server: &server,
        judge: &judge,
        has_whole_policies: true,
    };
    let project = project(subject, &directory)?;
    accounts.prove(&mut problems, subject, &project)?;
    promote::prove(&mut problems, subject, &project, (&server, &judge))?;
    looked_into::prove(&mut problems, subject, &directory, (&server, &judge))?;
    problems.finish()?;
    Ok(Proof::Full)
}

/// Runs a publish under a name; nothing but the server is reached there.
fn run(subject: &Subject, server: &Server, name: &str, more: &[&str]) -> Result<Report> {
    let command = publish(subject, name).arg("--offline").args(more);
    Report::parse(&server.environment(command))
}

/// What is published is there with its bytes, once.
fn first_and_second(
    problems: &mut Problems,
    subject: &Subject,
    server: &Server,
    judge: &Judge,
) -> Result<()> {
    for (what, reused) in [("the first run", false), ("the second run", true)] {
        let report = run(subject, server, "plain", &[])?;
        let published = one(&report)?;
        problems.equal(&format!("whether {what} reuses"), published.reused, reused);
        problems.equal(
            &format!("the version of {what}"),
            published.version,
            Some(1),
        );
    }
    let arguments = json!({"LayerName": "plain", "VersionNumber": 1});
    let version = judge.ask(Call::of_lambda("get_layer_version", arguments))?;
    let zip = &subject.layer()?.zip;
    let hash = json!(zip.code_sha256);
    problems.equal("its hash", &version["Content"]["CodeSha256"], &hash);
    let listed = judge.ask(list("plain"))?;
    problems.equal("how many versions there are", arns(&listed).len(), 1);
    // By what the console and other tools list: a runtime with an architecture.
    for (architecture, count) in [("x86_64", 1), ("arm64", 0)] {
        let arguments = json!({
            "LayerName": "plain",
            "CompatibleRuntime": subject.target.runtime,
            "CompatibleArchitecture": architecture,
        });
        let listed = judge.ask(Call::of_lambda("list_layer_versions", arguments))?;
        let what = format!("how many versions are for {architecture}");
        problems.equal(&what, arns(&listed).len(), count);
    }
    Ok(())
}

/// A change, many versions of somebody else, and the revert: the old version is on the second
/// page, and is it.
fn pages(problems: &mut Problems, subject: &Subject, server: &Server, judge: &Judge) -> Result<()> {
    let old = run(subject, server, "pages", &[])?;
    run(subject, server, "pages", &["--description", "changed"])?;
    let zip = zips::small()?;
    let foreign = (0..FOREIGN).map(|number| {
        let arguments = json!({
            "LayerName": "pages",
            "Description": format!("by hand {number}"),
            "Content": {"ZipFile": {"$base64": zip}},
            "CompatibleRuntimes": [subject.target.runtime],
            "CompatibleArchitectures": [subject.target.architecture],
        });
        Call::of_lambda("publish_layer_version", arguments)
    });
    judge.ask_all(&foreign.collect::<Vec<_>>())?;
    let page = judge.ask(list("pages"))?;
    problems.equal(
        "how many versions boto3 finds",
        arns(&page).len(),
        FOREIGN + 2,
    );

    let again = run(subject, server, "pages", &[])?;
    problems.equal(
        "the version of the revert",
        &one(&again)?.arn,
        &one(&old)?.arn,
    );
    problems.equal("whether it is reused", one(&again)?.reused, true);
    let changed = run(subject, server, "pages", &["--description", "changed"])?;
    problems.equal("the version of the change", one(&changed)?.version, Some(2));
    let page = judge.ask(list("pages"))?;
    problems.equal("how many there are then", arns(&page).len(), FOREIGN + 2);

    let list = [
        "list",
        "--provider",
        "aws",
        "--region",
        REGION,
        "--name",
        "pages",
        "--json",
    ];
    let command = subject.layerlock.command(&subject.project, &list);
    let listed: Value = serde_json::from_str(&server.environment(command).stdout()?)?;
    let rows = listed["versions"].as_array().map_or(0, Vec::len);
    problems.equal("how many are listed", rows, FOREIGN + 2);
    Ok(())
}

/// Lambda takes zips from its own region alone, and S3 says where a bucket is.
fn other_region(
    problems: &mut Problems,
    subject: &Subject,
    server: &Server,
    judge: &Judge,
) -> Result<()> {
    judge.ask(create_bucket("far-away", "us-west-2"))?;
    let command = publish(subject, "far").args(["--offline", "--bucket", "far-away"]);
    let finished = server.environment(command).finish()?;
    problems.equal(
        "the exit code where the bucket is elsewhere",
        finished.code,
        Some(6),
    );
    let must = format!("far-away is in us-west-2, and Lambda in {REGION}");
    problems.hold(finished.stderr.contains(&must), || {
        format!("nothing says {must:?}: {}", finished.stderr)
    });
    let listed = judge.ask(list("far"))?;
    problems.equal("what is published from elsewhere", arns(&listed).len(), 0);

    // One here does.
    judge.ask(create_bucket("close-by", REGION))?;
    let report = run(subject, server, "near", &["--bucket", "close-by"])?;
    problems.equal("the version from a bucket", one(&report)?.version, Some(1));
    let listed = judge.ask(list("near"))?;
    problems.equal("the versions from a bucket", arns(&listed).len(), 1);
    Ok(())
}

/// The server refuses a grant that is there, and a run that shares what is shared succeeds.
fn twice_granted(
    problems: &mut Problems,
    subject: &Subject,
    server: &Server,
    judge: &Judge,
) -> Result<()> {
    let share = ["--share", "public"];
    run(subject, server, "shared", &share)?;
    let policy = || -> Result<Value> {
        let arguments = json!({"LayerName": "shared", "VersionNumber": 1});
        let answer = judge.ask(Call::of_lambda("get_layer_version_policy", arguments))?;
        let policy = answer["Policy"].as_str().unwrap_or_default();
        Ok(serde_json::from_str(policy)?)
    };
    let before = policy()?;
    let statement = &before["Statement"][0];
    let same = Call::of_lambda(
        "add_layer_version_permission",
        json!({
            "LayerName": "shared",
            "VersionNumber": 1,
            "StatementId": statement["Sid"],
            "Action": statement["Action"],
            "Principal": "*",
        }),
    );
    let refused = judge.refusal(same)?;
    let must = Some("ResourceConflictException");
    problems.equal(
        "what the server says to a grant that is there",
        refused.as_deref(),
        must,
    );
    let report = run(subject, server, "shared", &share)?;
    problems.equal("what changes then", one(&report)?.changed.len(), 0);
    problems.equal("the policy then", policy()?, before);
    Ok(())
}
