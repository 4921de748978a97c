mod environment;
mod errors;
mod replay;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_lambda::config::{Credentials, SharedCredentialsProvider};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use layerlock_diagnostic::{Diagnose as _, ErrorKind};
use replay::{Answer, Replay};

const VERSIONS: &str = "/2018-10-31/layers/web/versions";
const SECRET: &str = "secret-key-of-test";
const TOKEN: &str = "session-token-of-test";

/// A publisher that speaks to the server; a request is tried twice.
fn publisher(url: &str) -> AwsLambda {
    let credentials = Credentials::new("AKIDEXAMPLE", SECRET, Some(TOKEN.to_owned()), None, "test");
    let retry = RetryConfig::standard()
        .with_max_attempts(2)
        .with_initial_backoff(Duration::from_millis(1));
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(retry)
        // No proxy of the developer's machine between us and the loopback.
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(url)
        .build();
    AwsLambda::new(Blocking::new().unwrap(), &config).unwrap()
}

/// A file that stands for a zip, and its artifact.
fn artifact(bytes: &[u8]) -> (TempDir, Artifact) {
    let directory = tempfile::tempdir().unwrap();
    let zip = directory.path().join("web.zip");
    fs::write(&zip, bytes).unwrap();
    let artifact = Artifact {
        layer: "web".to_owned(),
        zip,
        size: bytes.len() as u64,
        digest: Digest::sha256_of(bytes),
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

/// The request for the versions that a layer for this architecture may be.
fn listing(architecture: &str) -> String {
    format!("GET {VERSIONS}?CompatibleArchitecture={architecture}&CompatibleRuntime=python3.12")
}

#[test]
fn the_first_publish_sends_the_zip_and_its_facts() {
    let (_directory, artifact) = artifact(b"bytes");
    let server = Replay::start(vec![listed(&[]), full(201, 1, &artifact.code_sha256())]);

    let published = publisher(&server.url).publish(&artifact).unwrap();

    assert_eq!(
        published,
        Published {
            provider: "aws",
            region: Some("eu-west-1".to_owned()),
            layer: "web".to_owned(),
            runtimes: artifact.runtimes.clone(),
            architectures: artifact.architectures.clone(),
            arn: arn(1),
            version: 1,
            reused: false,
            code_sha256: artifact.code_sha256(),
        }
    );
    let requests = server.requests();
    assert_eq!(
        server.lines(),
        [listing("arm64"), format!("POST {VERSIONS}")]
    );
    assert_eq!(
        requests[1].body,
        json!({
            "CompatibleArchitectures": ["arm64"],
            "CompatibleRuntimes": ["python3.12", "python3.13"],
            "Content": {"ZipFile": "Ynl0ZXM="},
            "Description": "made by a test",
            "LicenseInfo": "MIT",
        })
    );
    let signed = &requests[1].authorization;
    assert!(
        signed.contains("Credential=AKIDEXAMPLE/") && signed.contains("/eu-west-1/lambda/"),
        "{signed}"
    );
}

#[test]
fn what_an_artifact_has_not_is_not_sent() {
    let (_directory, mut artifact) = artifact(b"bytes");
    artifact.description = None;
    artifact.license = None;
    artifact.runtimes.clear();
    artifact.architectures.clear();
    let server = Replay::start(vec![listed(&[]), full(201, 1, &artifact.code_sha256())]);

    publisher(&server.url).publish(&artifact).unwrap();

    assert_eq!(
        server.requests()[1].body,
        json!({"Content": {"ZipFile": "Ynl0ZXM="}})
    );
}

#[test]
fn the_same_bytes_for_the_same_targets_are_used_again() {
    let (_directory, artifact) = artifact(b"bytes");
    // The newest is the highest number, wherever it stands.
    let server = Replay::start(vec![
        listed(&[item(2), item(10), item(9)]),
        full(200, 10, &artifact.code_sha256()),
    ]);

    let published = publisher(&server.url).publish(&artifact).unwrap();

    assert!(published.reused);
    assert_eq!((published.version, published.arn), (10, arn(10)));
    assert_eq!(
        server.lines(),
        [listing("arm64"), format!("GET {VERSIONS}/10")]
    );
}

#[test]
fn a_plan_says_what_is_there() {
    let (_directory, artifact) = artifact(b"bytes");
    let server = Replay::start(vec![
        listed(&[item(3)]),
        full(200, 3, &artifact.code_sha256()),
        listed(&[item(3)]),
        full(200, 3, "b3RoZXI="),
        listed(&[]),
    ]);
    let publisher = publisher(&server.url);

    let PublishPlan::Reuse(version) = publisher.plan(&artifact).unwrap() else {
        panic!("the bytes are there");
    };
    assert_eq!(version.code_sha256, Some(artifact.code_sha256()));
    assert_eq!((version.version, version.size), (3, Some(5)));
    assert_eq!(
        publisher.plan(&artifact).unwrap(),
        PublishPlan::Create { newest: Some(3) }
    );
    assert_eq!(
        publisher.plan(&artifact).unwrap(),
        PublishPlan::Create { newest: None }
    );
}

#[test]
fn other_targets_are_another_version_whatever_the_bytes() {
    let (_directory, mut artifact) = artifact(b"bytes");
    artifact.architectures = vec!["x86_64".to_owned()];
    // Should a server not filter.
    let server = Replay::start(vec![
        listed(&[item(3)]),
        full(201, 4, &artifact.code_sha256()),
    ]);

    assert_eq!(
        publisher(&server.url).publish(&artifact).unwrap().version,
        4
    );
    // The hash was not worth a request.
    assert_eq!(
        server.lines(),
        [listing("x86_64"), format!("POST {VERSIONS}")]
    );
}

#[test]
fn a_newest_version_that_vanishes_is_no_reason_to_stop() {
    let (_directory, artifact) = artifact(b"bytes");
    let server = Replay::start(vec![
        listed(&[item(3)]),
        Answer::error(404, "ResourceNotFoundException", "no such version"),
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
    let server = Replay::start(vec![listed(&[]), full(201, 1, "b3RoZXI=")]);

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
    let server = Replay::start(vec![listed(&[])]);

    let error = publisher(&server.url).publish(&artifact).unwrap_err();

    assert!(matches!(error, Error::ZipChanged { .. }), "{error}");
    assert_eq!(server.lines(), [listing("arm64")]);
}

#[test]
fn a_zip_over_the_requests_limit_is_not_sent() {
    let (_directory, mut artifact) = artifact(b"bytes");
    artifact.size = 52_428_801;
    let server = Replay::start(vec![listed(&[]), listed(&[])]);
    let publisher = publisher(&server.url);

    let error = publisher.publish(&artifact).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider);
    insta::assert_snapshot!(error, @"the zip is too large to publish: it has 52428801 bytes, a request to AWS can have at most 52428800");
    // A dry run finds it too.
    let error = publisher.plan(&artifact).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
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
        publisher.plan(&artifact).unwrap_err(),
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
