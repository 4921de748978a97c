//! Published versions that are downloaded to be looked into: by `check`, which asks for the
//! layers of others by their ARNs, and by `diff`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::judge::{Call, Judge};
use super::run::publish;
use super::server::{REGION, Server};
use super::zips;
use crate::checks::Problems;
use crate::e2e::subject::Subject;
use crate::files;
use crate::process::Finished;

/// Bytes of the one file in a small zip.
const SMALL: u64 = 13;

/// On a server whose layers can be downloaded.
pub(super) fn prove(
    problems: &mut Problems,
    subject: &Subject,
    directory: &Path,
    (server, judge): (&Server, &Judge),
) -> Result<()> {
    let own = subject.target.architecture;
    let other = if own == "arm64" { "x86_64" } else { "arm64" };
    let fits = published_by_hand(judge, "tools", subject.target.runtime, own)?;
    let misfit = published_by_hand(judge, "misfit", subject.target.runtime, other)?;
    let project = directory.join("functions");
    files::copy(&subject.fixture.project(), &project)?;
    let path = project.join("pyproject.toml");
    let mut text = fs_err::read_to_string(&path)?;
    writeln!(
        text,
        "\n[tool.layerlock.functions.fits]\nlayers = [{fits:?}]"
    )?;
    writeln!(
        text,
        "\n[tool.layerlock.functions.misfit]\nlayers = [{misfit:?}]"
    )?;
    fs_err::write(&path, text)?;
    let check = || -> Result<Finished> {
        let mut arguments = subject.arguments("check");
        arguments.extend(["--offline", "--json"]);
        let command = subject.layerlock.command(&project, &arguments);
        server.environment(command).finish()
    };
    let report = json_of(&check()?)?;
    let function = |name: &str| {
        let functions = report["functions"].as_array();
        let mut functions = functions.into_iter().flatten();
        functions.find(|one| one["name"] == name)
    };
    let fits = function("fits").context("no function is reported")?;
    problems.equal(
        "the bytes of a layer of others",
        fits["unzipped_size"].as_u64(),
        Some(SMALL),
    );
    problems.equal(
        "what is found in its function",
        &fits["findings"],
        &json!([]),
    );
    let misfit = function("misfit").context("no function is reported")?;
    problems.equal(
        "what is found of one for another processor",
        &misfit["findings"][0]["code"],
        &json!("wrong-layer"),
    );
    // What is known of a version is kept.
    let without_server = subject
        .layerlock
        .command(&project, &subject.arguments("check"))
        .args(["--offline", "--json"])
        .finish()?;
    problems.equal(
        "the report without the server",
        &json_of(&without_server)?,
        &report,
    );
    diff(problems, subject, server)
}

fn published_by_hand(
    judge: &Judge,
    name: &str,
    runtime: &str,
    architecture: &str,
) -> Result<String> {
    let answer = judge.ask(Call::of_lambda(
        "publish_layer_version",
        json!({
            "LayerName": name,
            "Content": {"ZipFile": {"$base64": zips::small()?}},
            "CompatibleRuntimes": [runtime],
            "CompatibleArchitectures": [architecture],
        }),
    ))?;
    let arn = answer["LayerVersionArn"].as_str();
    Ok(arn.context("the version has no ARN")?.to_owned())
}

/// The zip of the layer against the version that it was published as, and against another.
fn diff(problems: &mut Problems, subject: &Subject, server: &Server) -> Result<()> {
    let name = "compared";
    let published = server.environment(publish(subject, name).arg("--offline"));
    let report = json_of(&published.finish()?.success()?)?;
    let zip = report["layers"][0]["zip"]["path"].as_str();
    let zip = zip.context("no zip is reported")?;
    let compare = |with: &str| -> Result<Finished> {
        let options = ["--name", name, "--provider", "aws", "--region", REGION];
        let command = subject
            .layerlock
            .command(&subject.project, &["diff", zip, with])
            .args(options)
            .args(["--exit-code", "--json"]);
        server.environment(command).finish()
    };
    let same = compare("published:1")?;
    problems.equal("the exit code of a diff with itself", same.code, Some(0));
    let same = json_of(&same)?;
    problems.equal("its packages", &same["packages"], &json!([]));
    problems.equal(
        "the bytes of both",
        &same["before"]["unzipped_size"],
        &same["after"]["unzipped_size"],
    );
    let none = compare("published:7")?;
    problems.equal("the exit code where there is none", none.code, Some(6));
    problems.hold(none.stderr.contains("no version 7"), || none.stderr.clone());
    Ok(())
}

fn json_of(finished: &Finished) -> Result<Value> {
    serde_json::from_str(&finished.stdout).with_context(|| finished.describe())
}
