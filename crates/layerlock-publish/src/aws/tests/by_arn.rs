//! Layers of others.

use super::*;

const ARN: &str = "arn:aws:lambda:eu-west-1:999999999999:layer:tools:7";

#[test]
fn a_layer_of_others_is_asked_for_by_its_arn_and_downloaded() {
    let mut body = item(7);
    body["LayerVersionArn"] = json!(ARN);
    body["Content"] = json!({
        "Location": "http://HOST/zip",
        "CodeSha256": Digest::sha256_of(b"bytes").base64(),
        "CodeSize": 5,
    });
    let located = || Answer::json(200, &body);
    let server = Replay::start(vec![
        located(),
        located(),
        Answer::body(200, "bytes".to_owned()),
    ]);
    let publisher = publisher(&server.url);
    let version = publisher.by_arn(ARN).unwrap();
    assert_eq!(version.runtimes, ["python3.13", "python3.12"]);
    assert_eq!(version.architectures, ["arm64"]);
    assert_eq!((version.version, version.size), (7, Some(5)));
    let directory = tempfile::tempdir().unwrap();
    let to = directory.path().join("layer.zip");
    publisher.download(&version, &to).unwrap();
    assert_eq!(fs::read(to).unwrap(), b"bytes");
    let lines = server.lines();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[0].starts_with("GET /2018-10-31/layers?find=LayerVersion&Arn=arn"),
        "{lines:?}"
    );
    // A layer of another account is named by its ARN.
    assert!(
        lines[1].starts_with("GET /2018-10-31/layers/arn") && lines[1].ends_with("/versions/7"),
        "{lines:?}"
    );
}

#[test]
fn what_nobody_may_see_is_refused() {
    let server = Replay::start(vec![
        Answer::error(404, "ResourceNotFoundException", "no such version"),
        Answer::error(403, "AccessDeniedException", "not for you"),
    ]);
    let publisher = publisher(&server.url);
    for part in ["there is no version", "AWS denied lambda:GetLayerVersion"] {
        let error = publisher.by_arn(ARN).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Provider);
        assert!(error.to_string().contains(part), "{error}");
    }
}
