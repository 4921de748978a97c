//! How much is asked where nothing changed.

use anyhow::Result;
use layerlock_testkit::FaultProxy;

use super::bucket::create_bucket;
use super::judge::Judge;
use super::run::publish;
use super::server::{REGION, Server, environment_at};
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::layerlock::Report;
use crate::tools::Tools;

/// A run by its options, and what it asks for after one that published.
const RUNS: &[(&[&str], &[&str])] = &[
    (&[], &["GET /2018-10-31/layers/NAME/versions"]),
    (
        &["--region", "us-east-1,us-east-1"],
        &[
            "GET /2018-10-31/layers/NAME/versions",
            "GET /2018-10-31/layers/NAME/versions",
        ],
    ),
    (
        &["--share", "public,account:123456789012"],
        &[
            "GET /2018-10-31/layers/NAME/versions",
            "GET /2018-10-31/layers/NAME/versions/1/policy",
        ],
    ),
    (
        &["--ssm-parameter", "/layers/{layer}"],
        &["GET /2018-10-31/layers/NAME/versions", "POST /"],
    ),
    (
        &["--bucket", "asked-for"],
        &["GET /2018-10-31/layers/NAME/versions"],
    ),
];

/// One list for each region, the policy where the layer is shared, and the parameter where
/// there is one.
pub(super) fn prove(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let server = Server::start(tools, &subject.new_directory("moto-requests")?)?;
    Judge::new(tools, &server).ask(create_bucket("asked-for", REGION))?;
    let mut problems = Problems::default();
    for (index, (options, must)) in RUNS.iter().enumerate() {
        let name = format!("asked-{index}");
        let run = || -> Result<Vec<String>> {
            let proxy = FaultProxy::start(server.address(), &[])?;
            let command = publish(subject, &name).args(*options);
            Report::parse(&environment_at(command, &proxy.url()))?;
            let requests = proxy.requests().into_iter();
            let requests = requests.map(|(method, path)| format!("{method} {path}"));
            Ok(requests.map(|it| it.replace(&name, "NAME")).collect())
        };
        let first = run()?;
        problems.hold(first.iter().any(|it| it.starts_with("POST ")), || {
            format!("the first run with {options:?} published nothing: {first:?}")
        });
        let mut second = run()?;
        second.sort();
        let what = format!("what is asked with {options:?}");
        let second: Vec<&str> = second.iter().map(String::as_str).collect();
        problems.equal(&what, &second[..], must);
    }
    problems.finish()?;
    Ok(Proof::Full)
}
