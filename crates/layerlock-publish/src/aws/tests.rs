mod bucket;
mod by_arn;
mod download;
mod environment;
mod errors;
mod once;
mod parameter;
mod replay;
mod sending;
mod signed_in;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_lambda::config::{Credentials, SharedCredentialsProvider};
use fs_err as fs;
use layerlock_digest::Digest;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::Change;
use layerlock_diagnostic::{Diagnose as _, ErrorKind};
use replay::{Answer, Replay};

const VERSIONS: &str = "/2018-10-31/layers/web/versions";
const SECRET: &str = "secret-key-of-test";
const TOKEN: &str = "session-token-of-test";

/// A publisher that speaks to the server; a request is tried twice, and an upload may stand
/// still for as long as a busy machine may.
fn publisher(url: &str) -> AwsLambda {
    let credentials = Credentials::new("AKIDEXAMPLE", SECRET, Some(TOKEN.to_owned()), None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        // No proxy of the developer's machine between us and the loopback.
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(url)
        .build();
    AwsLambda::new(
        Arc::new(Blocking::new().unwrap()),
        &config,
        &Identity::default(),
        TWICE,
    )
    .unwrap()
}

const TWICE: Policy = Policy {
    attempts: 2,
    first_wait: Duration::from_millis(1),
    stall: Duration::from_secs(20),
};

/// A file that stands for a zip, and its artifact.
fn artifact(bytes: &[u8]) -> (TempDir, Artifact) {
    let directory = tempfile::tempdir().unwrap();
    let zip = directory.path().join("web.zip");
    fs::write(&zip, bytes).unwrap();
    let artifact = Artifact {
        crc64: None,
        object: None,
        layer: "web".to_owned(),
        zip,
        size: bytes.len() as u64,
        digest: Digest::sha256_of(bytes),
        project: Some("shop".to_owned()),
        adopt: false,
        description: Some("made by a test".to_owned()),
        license: Some("MIT".to_owned()),
        runtimes: vec!["python3.12".to_owned(), "python3.13".to_owned()],
        architectures: vec!["arm64".to_owned()],
    };
    (directory, artifact)
}

fn arn(version: u64) -> String {
    format!("arn:aws:lambda:eu-west-1:123456789012:layer:web:{version}")
}

/// A version as the list has it, with the artifact's runtimes in another order.
fn item(version: u64) -> Value {
    json!({
        "LayerVersionArn": arn(version),
        "Version": version,
        "CreatedDate": "2026-11-20T10:00:00.000+0000",
        "CompatibleRuntimes": ["python3.13", "python3.12"],
        "CompatibleArchitectures": ["arm64"],
    })
}

fn listed(items: &[Value]) -> Answer {
    Answer::json(200, &json!({"LayerVersions": items}))
}

/// A version in full, as Get and Publish have it.
fn full(status: u16, version: u64, code_sha256: &str) -> Answer {
    let mut body = item(version);
    body["Content"] = json!({"CodeSha256": code_sha256, "CodeSize": 5});
    Answer::json(status, &body)
}

/// The version that a publish of the artifact made, as the list has it.
fn marked(version: u64, artifact: &Artifact) -> Value {
    let mut item = item(version);
    item["Description"] = json!(artifact.marked_description());
    item["LicenseInfo"] = json!(artifact.license);
    item["CompatibleRuntimes"] = json!(artifact.runtimes);
    item["CompatibleArchitectures"] = json!(artifact.architectures);
    item
}

fn plan(publisher: &AwsLambda, artifact: &Artifact) -> Result<PublishPlan, Error> {
    let versions = publisher.survey(&artifact.layer, std::slice::from_ref(artifact))?;
    publisher.plan(artifact, &versions)
}

const LIST: &str = "GET /2018-10-31/layers/web/versions";
const POST: &str = "POST /2018-10-31/layers/web/versions";

#[test]
fn the_first_publish_sends_the_zip_and_its_facts() {
    let (_directory, artifact) = artifact(b"bytes");
    let server = Replay::start(vec![
        listed(&[]),
        listed(&[]),
        full(201, 1, &artifact.code_sha256()),
    ]);
    let publisher = publisher(&server.url);
    let plan = plan(&publisher, &artifact).unwrap();
    let sent = AtomicU64::new(0);
    let count = |bytes| {
        sent.fetch_add(bytes, Ordering::Relaxed);
    };
    let published = publisher.carry_out(&artifact, &plan, &count).unwrap();
    assert_eq!(
        published,
        Publication {
            arn: arn(1),
            version: 1,
            reused: false,
            duplicate: None,
        }
    );
    assert_eq!(publisher.account().as_deref(), Some("123456789012"));

    let requests = server.requests();
    // The plan, a look under the lock, and one for what was published at the same time.
    assert_eq!(server.lines(), [LIST, LIST, POST]);
    assert_eq!(
        requests[2].body,
        json!({
            "CompatibleArchitectures": ["arm64"],
            "CompatibleRuntimes": ["python3.12", "python3.13"],
            "Content": {"ZipFile": "Ynl0ZXM="},
            "Description": "made by a test [layerlock shop 277089d91c0bdf4f]",
            "LicenseInfo": "MIT",
        })
    );
    assert_eq!(sent.into_inner(), artifact.size);
    let signed = &requests[2].authorization;
    assert!(
        signed.contains("Credential=AKIDEXAMPLE/") && signed.contains("/eu-west-1/lambda/"),
        "{signed}"
    );
}

#[test]
fn what_an_artifact_has_not_is_not_sent() {
    let (_directory, mut artifact) = artifact(b"bytes");
    artifact.project = None;
    artifact.description = None;
    artifact.license = None;
    artifact.runtimes.clear();
    artifact.architectures.clear();
    let server = Replay::start(vec![
        listed(&[]),
        listed(&[]),
        full(201, 1, &artifact.code_sha256()),
        listed(&[]),
    ]);
    publisher(&server.url).publish(&artifact).unwrap();
    assert_eq!(
        server.requests()[2].body,
        json!({
            "Content": {"ZipFile": "Ynl0ZXM="},
            "Description": "[layerlock 277089d91c0bdf4f]",
        })
    );
}

/// What is there already is known after one request.
#[test]
fn nothing_changed_is_one_request() {
    let (_directory, artifact) = artifact(b"bytes");
    // The newest is the highest number, wherever it stands; there are more pages.
    let page = json!({
        "LayerVersions": [item(2), marked(10, &artifact), item(9)],
        "NextMarker": "more",
    });
    let server = Replay::start(vec![Answer::json(200, &page)]);
    let published = publisher(&server.url).publish(&artifact).unwrap();
    assert!(published.reused);
    assert_eq!((published.version, published.arn), (10, arn(10)));
    assert_eq!(server.lines(), [LIST]);
}

#[test]
fn an_old_version_is_found_on_any_page() {
    let (_directory, old) = artifact(b"bytes");
    let (_directory, new) = artifact(b"other");
    let page = json!({"LayerVersions": [marked(9, &new)], "NextMarker": "more"});
    let server = Replay::start(vec![
        Answer::json(200, &page),
        listed(&[marked(2, &new), marked(1, &old)]),
    ]);
    assert_eq!(publisher(&server.url).publish(&old).unwrap().version, 1);
}

#[test]
fn a_version_without_a_mark_is_compared_by_its_hash() {
    let (_directory, mut artifact) = artifact(b"bytes");
    artifact.description = None;
    artifact.license = None;
    let server = Replay::start(vec![
        listed(&[item(3)]),
        full(200, 3, &artifact.code_sha256()),
        listed(&[item(3)]),
        full(200, 3, "b3RoZXI="),
        listed(&[]),
    ]);
    let publisher = publisher(&server.url);
    let PublishPlan::Reuse(version) = plan(&publisher, &artifact).unwrap() else {
        panic!("the bytes are there");
    };
    assert_eq!(version.code_sha256, Some(artifact.code_sha256()));
    assert_eq!((version.version, version.size), (3, Some(5)));
    let create = |changed, newest| PublishPlan::Create {
        changed: vec![changed],
        newest,
    };
    assert_eq!(
        plan(&publisher, &artifact).unwrap(),
        create(Change::Bytes, Some(3))
    );
    assert_eq!(
        plan(&publisher, &artifact).unwrap(),
        create(Change::New, None)
    );
}

#[test]
fn other_targets_are_another_version_whatever_the_bytes() {
    let (_directory, mut artifact) = artifact(b"bytes");
    let there = marked(3, &artifact);
    artifact.architectures = vec!["x86_64".to_owned()];
    let server = Replay::start(vec![
        listed(std::slice::from_ref(&there)),
        listed(std::slice::from_ref(&there)),
        full(201, 4, &artifact.code_sha256()),
    ]);
    assert_eq!(
        publisher(&server.url).publish(&artifact).unwrap().version,
        4
    );
    // The hash was not worth a request.
    assert_eq!(server.lines(), [LIST, LIST, POST]);
}

#[test]
fn a_newest_version_that_vanishes_is_no_reason_to_stop() {
    let (_directory, artifact) = artifact(b"bytes");
    let server = Replay::start(vec![
        listed(&[item(3)]),
        Answer::error(404, "ResourceNotFoundException", "no such version"),
        listed(&[]),
        full(201, 4, &artifact.code_sha256()),
    ]);
    assert_eq!(
        publisher(&server.url).publish(&artifact).unwrap().version,
        4
    );
}

#[test]
fn other_bytes_at_aws_are_an_integrity_error_that_names_the_version() {
    let (_directory, artifact) = artifact(b"bytes");
    let server = Replay::start(vec![listed(&[]), listed(&[]), full(201, 1, "b3RoZXI=")]);
    let error = publisher(&server.url).publish(&artifact).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    let text = error.to_string();
    assert!(
        text.contains(&arn(1)) && text.contains("b3RoZXI="),
        "{text}"
    );
}

#[test]
fn a_zip_that_changed_since_the_build_is_not_sent() {
    let (_directory, artifact) = artifact(b"bytes");
    fs::write(&artifact.zip, b"other").unwrap();
    let server = Replay::start(vec![listed(&[]), listed(&[])]);
    let error = publisher(&server.url).publish(&artifact).unwrap_err();
    assert!(matches!(error, Error::ZipChanged { .. }), "{error}");
    assert_eq!(server.lines(), [LIST, LIST]);
}

#[test]
fn a_zip_over_the_requests_limit_is_found_by_the_plan() {
    let (_directory, mut artifact) = artifact(b"bytes");
    artifact.size = 52_428_801;
    let server = Replay::start(vec![listed(&[]), listed(&[marked(1, &artifact)])]);
    let publisher = publisher(&server.url);
    let error = publisher.publish(&artifact).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider);
    insta::assert_snapshot!(error, @"the zip is too large to publish: it has 52428801 bytes, a request to AWS can have at most 52428800");
    insta::assert_snapshot!(error.hint().unwrap(), @r#"set `compression = "best"` in [tool.layerlock], or let zips go through a bucket: `bucket` in [tool.layerlock.publish.aws], or --bucket"#);
    // One that is there needs no upload.
    assert!(publisher.publish(&artifact).unwrap().reused);
    assert_eq!(server.lines().len(), 2);
}

#[test]
fn a_list_is_all_pages_newest_first() {
    let server = Replay::start(vec![
        Answer::json(
            200,
            &json!({"LayerVersions": [item(3), item(2)], "NextMarker": "more"}),
        ),
        listed(&[item(1)]),
    ]);

    let versions = publisher(&server.url).list("web").unwrap();

    assert_eq!(
        versions.iter().map(|it| it.version).collect::<Vec<_>>(),
        [3, 2, 1]
    );
    assert_eq!(versions[0].arn, arn(3));
    assert_eq!(versions[0].runtimes, ["python3.13", "python3.12"]);
    assert_eq!(
        versions[0].created.as_deref(),
        Some("2026-11-20T10:00:00.000+0000")
    );
    assert_eq!(
        server.lines(),
        [
            format!("GET {VERSIONS}"),
            format!("GET {VERSIONS}?Marker=more")
        ]
    );
}

#[test]
fn a_delete_names_the_version() {
    let server = Replay::start(vec![Answer::json(204, &Value::Null)]);

    publisher(&server.url).delete("web", 3).unwrap();

    assert_eq!(server.lines(), [format!("DELETE {VERSIONS}/3")]);
}

#[test]
fn a_grant_is_one_statement_whose_id_says_it() {
    let granted = || Answer::json(201, &json!({"Statement": "{}", "RevisionId": "1"}));
    let server = Replay::start(vec![
        granted(),
        granted(),
        Answer::error(409, "ResourceConflictException", "the id exists already"),
        Answer::error(404, "ResourceNotFoundException", "no such version"),
    ]);
    let publisher = publisher(&server.url);
    let account = Grant::new("arn:aws:iam::123456789012:root", None).unwrap();
    let organization = Grant::new("*", Some("o-abcdefghij")).unwrap();

    publisher.grant("web", 3, &account).unwrap();
    publisher.grant("web", 3, &organization).unwrap();
    // There already.
    publisher.grant("web", 3, &organization).unwrap();
    let error = publisher.grant("web", 4, &account).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Provider);
    let requests = server.requests();
    assert_eq!(requests[0].line, format!("POST {VERSIONS}/3/policy"));
    assert_eq!(
        requests[0].body,
        json!({
            "Action": "lambda:GetLayerVersion",
            "Principal": "arn:aws:iam::123456789012:root",
            "StatementId": "layerlock-123456789012",
        })
    );
    assert_eq!(
        requests[1].body,
        json!({
            "Action": "lambda:GetLayerVersion",
            "OrganizationId": "o-abcdefghij",
            "Principal": "*",
            "StatementId": "layerlock-o-abcdefghij",
        })
    );
}

#[test]
fn names_are_checked_before_anything_is_asked() {
    let (_directory, mut artifact) = artifact(b"bytes");
    artifact.layer = "../web".to_owned();
    let server = Replay::start(vec![listed(&[])]);
    let publisher = publisher(&server.url);
    let grant = Grant::new("*", None).unwrap();

    for error in [
        plan(&publisher, &artifact).unwrap_err(),
        publisher.publish(&artifact).unwrap_err(),
        publisher.list("../web").unwrap_err(),
        publisher.delete("../web", 1).unwrap_err(),
        publisher.grant("../web", 1, &grant).unwrap_err(),
        publisher.delete("web", u64::MAX).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Usage);
    }
    assert_eq!(server.lines(), [""; 0]);
}

#[test]
fn works_and_drops_inside_another_runtime() {
    let server = Replay::start(vec![listed(&[item(1)])]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let versions = runtime.block_on(async {
        let publisher = publisher(&server.url);
        publisher.list("web").unwrap()
    });
    assert_eq!(versions.len(), 1);
}
