//! Versions that go to another region and another account without a build.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::ACCOUNTS;
use super::judge::{Judge, Place, arns};
use super::server::{REGION, Server};
use crate::checks::Problems;
use crate::e2e::subject::Subject;
use crate::layerlock::Published;
use crate::process::Finished;

const LAYER: &str = "promoted";
const ELSEWHERE: &str = "us-east-1";

/// On a server whose layers can be downloaded; the project is published to several accounts.
pub(super) fn prove(
    problems: &mut Problems,
    subject: &Subject,
    project: &Path,
    (server, judge): (&Server, &Judge),
) -> Result<()> {
    let [here, there] = ACCOUNTS;
    let run = |arguments: &[&str]| -> Result<Finished> {
        let arguments = [arguments, &["--name", LAYER, "--json"]].concat();
        let command = subject.layerlock.command(project, &arguments);
        server.environment(command).finish()
    };
    let role = format!("arn:aws:iam::{here}:role/layers");
    let mut publish = subject.arguments("publish");
    publish.extend(["--offline", "--region", REGION, "--role-arn", &role]);
    publish.extend(["--description", "staged", "--license", "MIT"]);
    run(&publish)?.success()?;

    // By the account's number; the regions are those that are configured.
    let to_account = ["promote", "--from", here, "--to", there];
    let to_account = [&to_account[..], &["--region", REGION]].concat();
    let to_region = [
        "promote",
        "--from",
        here,
        "--from-region",
        REGION,
        "--to",
        ELSEWHERE,
    ];
    for (what, arguments, account, region) in [
        ("another account", &to_account[..], there, REGION),
        ("another region", &to_region[..], here, ELSEWHERE),
    ] {
        let place = place(account, region);
        let plan = run(&[arguments, &["--dry-run"]].concat())?;
        problems.equal(
            &format!("the exit code of a plan for {what}"),
            plan.code,
            Some(0),
        );
        problems.equal(
            &format!("what a plan leaves in {what}"),
            found(judge, &place)?,
            None,
        );
        for outcome in ["published", "unchanged"] {
            let finished = run(arguments)?;
            let report: Entries =
                serde_json::from_str(&finished.stdout).with_context(|| finished.describe())?;
            let outcomes: Vec<_> = report.published.iter().map(|it| &*it.outcome).collect();
            problems.equal(
                &format!("what becomes of {what}"),
                &outcomes[..],
                &[outcome],
            );
            problems.equal(&format!("the exit code for {what}"), finished.code, Some(0));
        }
        let theirs = found(judge, &place)?;
        let ours = found(judge, &self::place(here, REGION))?;
        problems.hold(ours.is_some(), || {
            "the first place has no version".to_owned()
        });
        problems.equal(&format!("the version in {what}"), theirs, ours);
    }
    // What is nowhere is an error, and makes no layer.
    let missing = run(&[&to_account[..], &["--version", "9"]].concat())?;
    problems.hold(missing.code != Some(0), || {
        "a version that is not there can be promoted".to_owned()
    });
    Ok(())
}

#[derive(Deserialize)]
struct Entries {
    published: Vec<Published>,
}

fn place(account: &str, region: &str) -> Place {
    Place {
        region: region.to_owned(),
        account: Some(account.to_owned()),
        layer: LAYER.to_owned(),
        version: 1,
    }
}

/// What boto3 says of the only version in a place.
fn found(judge: &Judge, place: &Place) -> Result<Option<Value>> {
    let list = place.call("list_layer_versions", json!({"LayerName": LAYER}));
    let listed = judge.ask(list)?;
    match arns(&listed).len() {
        0 => return Ok(None),
        1 => {}
        count => bail!("{place:?} has {count} versions"),
    }
    let arguments = json!({"LayerName": LAYER, "VersionNumber": 1});
    let version = judge.ask(place.call("get_layer_version", arguments))?;
    Ok(Some(json!({
        "hash": version["Content"]["CodeSha256"],
        "size": version["Content"]["CodeSize"],
        "description": version["Description"],
        "license": version["LicenseInfo"],
        "runtimes": version["CompatibleRuntimes"],
        "architectures": version["CompatibleArchitectures"],
    })))
}
