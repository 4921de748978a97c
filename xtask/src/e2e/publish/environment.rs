//! What the environment of a run says of AWS, and what a run leaves and tells.

use anyhow::Result;
use layerlock_testkit::{Break, BrokenRequest, FaultProxy};

use super::bucket::create_bucket;
use super::judge::{Judge, arns, list};
use super::run::{one, publish, to_aws};
use super::server::{REGION, Server, environment_at};
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::files;
use crate::layerlock::Report;
use crate::process::Command;
use crate::tools::Tools;

const SECRET: &str = "n0b0dy-may-read-this";

pub(super) fn prove(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let directory = subject.new_directory("moto-environment")?;
    let server = Server::start(tools, &directory)?;
    let judge = Judge::new(tools, &server);
    let mut problems = Problems::default();
    without_credentials(&mut problems, subject, &server)?;

    // Each service has its own variable, also where requests are signed by hand.
    judge.ask(create_bucket("own-endpoint", REGION))?;
    let [s3, ssm] = ["S3", "SSM"].map(|_| FaultProxy::start(server.address(), &[]));
    let (s3, ssm) = (s3?, ssm?);
    let command = publish(subject, "endpoints")
        .args([
            "--bucket",
            "own-endpoint",
            "--ssm-parameter",
            "/own/endpoint",
        ])
        .env("AWS_ENDPOINT_URL_S3", s3.url())
        .env("AWS_ENDPOINT_URL_SSM", ssm.url());
    Report::parse(&server.environment(command))?;
    let sent = |proxy: &FaultProxy, method: &str| proxy.methods().iter().any(|it| it == method);
    problems.hold(sent(&s3, "PUT"), || {
        "S3 has no endpoint of its own".to_owned()
    });
    problems.hold(sent(&ssm, "POST"), || {
        "SSM has no endpoint of its own".to_owned()
    });

    // A secret is in no message.
    let refused = BrokenRequest {
        method: "POST",
        number: None,
        how: Break::Status(403),
    };
    let proxy = FaultProxy::start(server.address(), &[refused])?;
    let command = environment_at(publish(subject, "secret"), &proxy.url());
    let command = command
        .arg("--verbose")
        .env("AWS_SECRET_ACCESS_KEY", SECRET);
    let finished = command.finish()?;
    problems.equal("the exit code of a refusal", finished.code, Some(6));
    problems.hold(
        !finished.stdout.contains(SECRET) && !finished.stderr.contains(SECRET),
        || "the secret key is told".to_owned(),
    );

    // A dry run leaves the project as it is, and a run no staging directory.
    let project = directory.join("project");
    files::copy(&subject.fixture.project(), &project)?;
    let before = files::tree(&project)?;
    let run = |more: &[&str]| -> Result<Report> {
        // One region, twice.
        let command = to_aws(subject, &project).args(["--region", REGION]);
        let command = command.args(["--name", "clean", "--json"]).args(more);
        Report::parse(&server.environment(command))
    };
    run(&["--dry-run"])?;
    let after = files::tree(&project)?;
    problems.hold(after == before, || {
        "a dry run changes the project".to_owned()
    });
    let report = run(&[])?;
    problems.equal("the outcome", one(&report)?.outcome.as_str(), "published");
    let staging = subject.fixture.staging.map(|staging| project.join(staging));
    problems.hold(staging.is_some_and(|staging| !staging.exists()), || {
        "publishing writes a staging directory".to_owned()
    });
    let listed = judge.ask(list("clean"))?;
    problems.equal(
        "the versions in a region named twice",
        arns(&listed).len(),
        1,
    );
    problems.finish()?;
    Ok(Proof::Full)
}

/// What is wrong with credentials is told before anything is fetched: there is no index here.
fn without_credentials(problems: &mut Problems, subject: &Subject, server: &Server) -> Result<()> {
    let without = |change: &dyn Fn(Command) -> Command| {
        let command = publish(subject, "nobody");
        let command = command.args(["--no-cache", "--index-url", "http://127.0.0.1:9/simple/"]);
        change(server.environment(command)).finish()
    };
    let no_keys: &dyn Fn(Command) -> Command =
        &|command| command.without_env(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    let no_profile: &dyn Fn(Command) -> Command =
        &|command| command.args(["--profile", "no-such-profile"]);
    for (what, change, words) in [
        ("without keys", no_keys, "no usable AWS credentials"),
        ("with an unknown profile", no_profile, "no-such-profile"),
    ] {
        let finished = without(change)?;
        problems.equal(&format!("the exit code {what}"), finished.code, Some(6));
        problems.hold(finished.stderr.contains(words), || {
            format!("{what} nothing says {words:?}: {}", finished.stderr)
        });
    }
    Ok(())
}
