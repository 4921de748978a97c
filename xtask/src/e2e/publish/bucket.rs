//! Zips that go through a bucket.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use layerlock_testkit::Break::{Cut, CutAfter, Slow, Status, StatusAfter};
use layerlock_testkit::{BrokenRequest, FaultProxy, noise};
use serde_json::{Value, json};

use super::judge::{Call, Judge, arns, list};
use super::run::publish;
use super::server::{REGION, Server, environment_at};
use super::zips;
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::files;
use crate::layerlock::Report;
use crate::memory;
use crate::process::Command;
use crate::tools::Tools;

const BUCKET: &str = "layers-in-europe";

/// Bytes of the large zip: more than a request takes, and less than a layer may have.
const LARGE: usize = 120_000_000;

/// Bytes of one that just fits in.
const DIRECT: usize = 45_000_000;

/// In megabytes, whatever the size of the zip.
const MEMORY: f64 = 64.0;

/// A zip of 120 MB: sent once, in little memory, and the same at the other end.
pub(super) fn large(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let directory = subject.new_directory("moto-bucket")?;
    let server = Server::start(tools, &directory)?;
    let judge = Judge::new(tools, &server);
    judge.ask(create_bucket(BUCKET, REGION))?;
    let zip = large_zip(&directory)?;
    let (hash, size) = (code_sha256(&zip)?, fs_err::metadata(&zip)?.len());
    let run = |more: &[&str]| from(subject, &zip, &[&["--bucket", BUCKET], more].concat());
    let mut problems = Problems::default();

    let proxy = FaultProxy::start(server.address(), &[])?;
    let quiet = environment_at(run(&["--quiet"]), &proxy.url());
    let peak = memory::peak(tools.python().program(), &quiet)?;
    problems.hold(peak < MEMORY, || format!("it took {peak:.0} MB of memory"));
    problems.equal("how often the zip is sent", puts(&proxy), 1);
    let version = Call::of_lambda(
        "get_layer_version",
        json!({"LayerName": "large", "VersionNumber": 1}),
    );
    let objects = Call::new("s3", "list_objects_v2", json!({"Bucket": BUCKET}));
    let answers = judge.ask_all(&[version, objects])?;
    let content = &answers[0]["Content"];
    problems.equal("Lambda's hash", &content["CodeSha256"], &json!(hash));
    problems.equal("Lambda's size", &content["CodeSize"], &json!(size));
    let objects = answers[1]["Contents"].as_array().map_or(0, Vec::len);
    problems.equal("how many objects there are", objects, 1);

    for (what, options, outcome) in [
        ("the second run", &[][..], "unchanged"),
        (
            "other words",
            &["--description", "other words"],
            "published",
        ),
    ] {
        let proxy = FaultProxy::start(server.address(), &[])?;
        let command = run(options).arg("--json");
        let report = Report::parse(&environment_at(command, &proxy.url()))?;
        let outcomes: Vec<_> = outcomes(&report);
        problems.equal(
            &format!("what becomes of {what}"),
            &outcomes[..],
            &[outcome],
        );
        let what = format!("how often the zip is sent for {what}");
        problems.equal(&what, puts(&proxy), 0);
    }
    problems.equal("how many versions there are", count(&judge, "large")?, 2);

    // One that a request carries is not held whole either.
    let direct = directory.join("direct.zip");
    zips::write(&direct, &noise(13, DIRECT))?;
    let direct = from(subject, &direct, &["--quiet", "--name", "direct"]);
    let in_request = memory::peak(tools.python().program(), &server.environment(direct))?;
    problems.hold(in_request < MEMORY, || {
        format!("{DIRECT} bytes in a request took {in_request:.0} MB of memory")
    });
    problems.equal("the versions without a bucket", count(&judge, "direct")?, 1);

    // No request carries the large one.
    let refused = server.environment(from(subject, &zip, &["--json", "--name", "too-large"]));
    let finished = refused.finish()?;
    problems.equal("the exit code without a bucket", finished.code, Some(6));
    let report: Report =
        serde_json::from_str(&finished.stdout).with_context(|| finished.describe())?;
    problems.equal("what becomes of it", &outcomes(&report)[..], &["failed"]);
    problems.hold(finished.stderr.contains("bucket"), || {
        format!("the error names no bucket: {}", finished.stderr)
    });
    problems.finish()?;
    Ok(Proof::Figure(format!(
        "{peak:.0} MB of memory, {in_request:.0} MB for 45 MB in a request"
    )))
}

/// Broken requests to S3, the exit code, and how many versions there are.
const BROKEN: &[(&[BrokenRequest], i32, usize)] = &[
    (&[put(Some(1), Cut)], 0, 1),
    (&[put(Some(1), CutAfter)], 0, 1),
    (&[put(Some(1), Status(503))], 0, 1),
    (&[put(Some(1), StatusAfter(500))], 0, 1),
    (
        &[put(Some(1), Slow(std::time::Duration::from_secs(2)))],
        0,
        1,
    ),
    (&[put(None, Status(403))], 6, 0),
    (&[put(None, Cut)], 5, 0),
];

const fn put(number: Option<usize>, how: layerlock_testkit::Break) -> BrokenRequest {
    BrokenRequest {
        method: "PUT",
        number,
        how,
    }
}

/// What becomes of a publish whose way to the bucket is broken, and of buckets that are not as
/// they should be.
pub(super) fn broken(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let server = Server::start(tools, &subject.new_directory("moto-bucket-broken")?)?;
    let judge = Judge::new(tools, &server);
    judge.ask(create_bucket(BUCKET, REGION))?;
    let mut problems = Problems::default();
    for (index, (broken, code, versions)) in BROKEN.iter().enumerate() {
        // Each has bytes of its own, which are not in the bucket.
        let zip = subject
            .new_directory(&format!("sent-{index}"))?
            .join("layer.zip");
        zips::write(&zip, &noise(u32::try_from(index)?, 10_000))?;
        let proxy = FaultProxy::start(server.address(), broken)?;
        let name = format!("sent-{index}");
        let command = from(
            subject,
            &zip,
            &["--bucket", BUCKET, "--json", "--name", &name],
        );
        let finished = environment_at(command, &proxy.url()).finish()?;
        let what = format!("the exit code after {broken:?}");
        problems.equal(&what, finished.code, Some(*code));
        let what = format!("the versions after {broken:?}");
        problems.equal(&what, count(&judge, &name)?, *versions);
    }

    let reference: &[&str] = &["--bucket", BUCKET, "--storage", "reference"];
    let missing: &[&str] = &["--bucket", "no-such-bucket"];
    for (options, words) in [
        (reference, "keeps no versions of its objects"),
        (missing, "no-such-bucket does not exist"),
    ] {
        let command = publish(subject, "refused").args(options);
        let proxy = FaultProxy::start(server.address(), &[])?;
        let finished = environment_at(command, &proxy.url()).finish()?;
        problems.equal(
            &format!("the exit code with {options:?}"),
            finished.code,
            Some(6),
        );
        problems.hold(finished.stderr.contains(words), || {
            format!(
                "with {options:?} nothing says {words:?}: {}",
                finished.stderr
            )
        });
        problems.equal(&format!("what is sent with {options:?}"), puts(&proxy), 0);
    }
    problems.equal(
        "the versions of what is refused",
        count(&judge, "refused")?,
        0,
    );
    problems.finish()?;
    Ok(Proof::Figure(format!("{} combinations", BROKEN.len())))
}

/// A publish of a zip that is there.
fn from(subject: &Subject, zip: &Path, more: &[&str]) -> Command {
    let zip = zip.display().to_string();
    let mut arguments = subject.arguments("publish");
    arguments.extend(["--provider", "aws", "--region", REGION, "--from", &zip]);
    if !more.contains(&"--name") {
        arguments.extend(["--name", "large"]);
    }
    arguments.extend(more);
    // Nothing of a project is needed.
    subject
        .layerlock
        .environment(Command::new(&subject.layerlock.binary))
        .args(arguments)
}

/// Makes a bucket in a region.
pub(super) fn create_bucket(name: &str, region: &str) -> Call {
    let place = json!({"LocationConstraint": region});
    let arguments = json!({"Bucket": name, "CreateBucketConfiguration": place});
    Call::new("s3", "create_bucket", arguments).in_region(region)
}

fn large_zip(directory: &Path) -> Result<PathBuf> {
    let path = directory.join("large.zip");
    zips::write(&path, &noise(12, LARGE))?;
    Ok(path)
}

/// What AWS calls `CodeSha256`.
fn code_sha256(path: &Path) -> Result<String> {
    let hash = files::sha256(&fs_err::read(path)?);
    let hash = data_encoding::HEXLOWER.decode(hash.as_bytes())?;
    Ok(data_encoding::BASE64.encode(&hash))
}

fn puts(proxy: &FaultProxy) -> usize {
    let methods = proxy.methods();
    methods.iter().filter(|method| *method == "PUT").count()
}

fn count(judge: &Judge, layer: &str) -> Result<usize> {
    let listed: Value = judge.ask(list(layer))?;
    Ok(arns(&listed).len())
}

fn outcomes(report: &Report) -> Vec<&str> {
    let published = report.published.iter();
    published.map(|it| it.outcome.as_str()).collect()
}
