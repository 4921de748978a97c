//! Runs of the command against the server.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use layerlock_testkit::{FcAccount, FcServer, noise};
use serde_json::Value;

use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::process::Command;

/// A directory of a layer's files, in a directory of its own.
pub(super) fn layer(subject: &Subject, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let directory = subject
        .new_directory(&format!("aliyun-{name}"))?
        .join("layer");
    fs_err::create_dir_all(directory.join("python"))?;
    fs_err::write(directory.join("python/data.bin"), bytes)?;
    Ok(directory)
}

/// A command of layerlock with the server's key and endpoints.
pub(super) fn command(subject: &Subject, url: &str, arguments: &[&str]) -> Command {
    let nowhere = subject.layerlock.temporary.clone();
    subject
        .layerlock
        .command(&nowhere, arguments)
        .without_env(&["ALIBABA_CLOUD_"])
        .args(["--provider", "aliyun", "--json"])
        .env("HOME", &nowhere)
        .env("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAItest")
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s3cr3t/+=")
        .env("ALIBABA_CLOUD_REGION_ID", "cn-hangzhou")
        .env("LAYERLOCK_FC_ENDPOINT", url)
        .env("LAYERLOCK_OSS_ENDPOINT", url)
        .env("LAYERLOCK_STS_ENDPOINT", url)
}

/// A publish of a directory under a name.
pub(super) fn publish(subject: &Subject, url: &str, layer: &Path, name: &str) -> Command {
    command(subject, url, &["publish", "--name", name])
        .args(["--runtime", "python3.10"])
        .arg("--from")
        .arg(layer)
}

/// The first entry of a member of a report.
pub(super) fn first(command: &Command, member: &str) -> Result<Value> {
    let report = report(command)?;
    let entry = report[member].get(0).cloned();
    entry.with_context(|| format!("{command} reports no {member}: {report}"))
}

fn report(command: &Command) -> Result<Value> {
    Ok(serde_json::from_str(&command.finish()?.stdout)?)
}

pub(super) fn server() -> Result<FcServer> {
    Ok(FcServer::start(FcAccount::default())?)
}

pub(super) fn unchanged(subject: &Subject) -> Result<Proof> {
    let server = server()?;
    let layer = layer(subject, "unchanged", b"1")?;
    let publish = publish(subject, &server.url(), &layer, "unchanged");
    let made = first(&publish, "published")?;
    let mut problems = Problems::default();
    problems.equal("the outcome", &made["outcome"], &Value::from("published"));
    problems.equal("the version", &made["version"], &Value::from(1));
    server.take_requests();
    let time = std::time::Instant::now();
    let again = first(&publish, "published")?;
    let time = time.elapsed();
    problems.equal("the second", &again["outcome"], &Value::from("unchanged"));
    let requests = server.take_requests();
    let methods: Vec<_> = requests
        .iter()
        .map(|(method, ..)| method.as_str())
        .collect();
    problems.equal("the requests", methods, vec!["GET"]);
    problems.finish()?;
    Ok(Proof::Figure(format!("1 request, {} ms", time.as_millis())))
}

pub(super) fn upkeep(subject: &Subject) -> Result<Proof> {
    let server = server()?;
    let url = server.url();
    let mut problems = Problems::default();
    for number in 1..=4_u8 {
        let layer = layer(subject, &format!("upkeep-{number}"), &[number])?;
        let made = first(&publish(subject, &url, &layer, "kept"), "published")?;
        problems.equal("the version", &made["version"], &Value::from(number));
    }
    let arn = "acs:fc:cn-hangzhou:1234567890123456:layers/kept/versions/2";
    server.add_function("user", &[arn]);
    let list = report(&command(subject, &url, &["list", "--name", "kept"]))?;
    let listed = list["versions"].as_array().map_or(0, Vec::len);
    problems.equal("the versions", listed, 4);
    report(&command(
        subject,
        &url,
        &["prune", "--name", "kept", "--keep", "1", "--yes"],
    ))?;
    let numbers = |layer: &str| -> Vec<u64> {
        let versions = server.versions(layer).into_iter();
        versions.map(|version| version.version).collect()
    };
    problems.equal("what is used and the newest", numbers("kept"), vec![2, 4]);
    let used = command(subject, &url, &["delete", "kept", "2", "--yes"]).finish()?;
    problems.equal("the exit code of a version in use", used.code, Some(6));
    let layer = layer(subject, "shared", b"shared")?;
    let shared = publish(subject, &url, &layer, "shared").args(["--share", "public"]);
    first(&shared, "published")?;
    problems.hold(server.is_public("shared"), || "not shared".to_owned());
    problems.finish()?;
    Ok(Proof::Full)
}

pub(super) fn large(subject: &Subject) -> Result<Proof> {
    let layer = layer(subject, "large", &noise(7, 120 << 20))?;
    let mut problems = Problems::default();
    for bucket in [&[][..], &["--bucket", "layers"]] {
        let server = server()?;
        let publish = publish(subject, &server.url(), &layer, "large").args(bucket);
        let made = first(&publish, "published")?;
        if made["outcome"] != "published" {
            bail!("{made}");
        }
        let versions = server.versions("large");
        problems.equal("the versions", versions.len(), 1);
        server.take_requests();
        first(&publish, "published")?;
        problems.equal("the requests of a second", server.take_requests().len(), 1);
    }
    problems.finish()?;
    Ok(Proof::Full)
}
