//! The zip of a version, over the loopback.

use super::*;

/// A version of these bytes, as `detail` gives it.
fn version(bytes: &[u8]) -> LayerVersion {
    LayerVersion {
        crc64: None,
        layer: "web".to_owned(),
        version: 3,
        arn: arn(3),
        code_sha256: Some(Digest::sha256_of(bytes).base64()),
        size: Some(bytes.len() as u64),
        created: None,
        description: None,
        license: None,
        runtimes: Vec::new(),
        architectures: Vec::new(),
    }
}

/// An answer that says that the zip is on the server of the request.
fn located() -> Answer {
    located_at("http://HOST/zip?X-Amz-Security-Token=session-token-of-test")
}

fn located_at(location: &str) -> Answer {
    let mut body = item(3);
    body["Content"] = json!({"Location": location, "CodeSha256": "x", "CodeSize": 5});
    Answer::json(200, &body)
}

fn text(status: u16, body: &str) -> Answer {
    Answer::body(status, body.to_owned())
}

fn download(answers: Vec<Answer>) -> (Result<Vec<u8>, Error>, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let to = directory.path().join("layer.zip");
    let server = Replay::start(answers);
    let done = publisher(&server.url).download(&version(b"bytes"), &to);
    (done.map(|()| fs::read(&to).unwrap()), server.lines())
}

const GET: &str = "GET /2018-10-31/layers/web/versions/3";
const ZIP: &str = "GET /zip?X-Amz-Security-Token=session-token-of-test";

#[test]
fn the_detail_of_a_version_is_its_hash_and_size() {
    let server = Replay::start(vec![
        full(200, 3, "c2hh"),
        Answer::error(404, "ResourceNotFoundException", "no such version"),
    ]);
    let publisher = publisher(&server.url);
    let listed = LayerVersion {
        code_sha256: None,
        size: None,
        description: Some("made by a test".to_owned()),
        ..version(b"bytes")
    };
    let detail = publisher.detail(&listed).unwrap();
    assert_eq!(
        (detail.code_sha256.as_deref(), detail.size),
        (Some("c2hh"), Some(5))
    );
    assert_eq!(detail.description, listed.description);
    let error = publisher.detail(&listed).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider);
    assert_eq!(
        error.to_string(),
        format!("there is no version {} any more", arn(3))
    );
}

#[test]
fn a_zip_is_downloaded_and_verified() {
    let (done, lines) = download(vec![located(), text(200, "bytes")]);
    assert_eq!(done.unwrap(), b"bytes");
    assert_eq!(lines, [GET, ZIP]);
    for other in ["other", "byte", "bytes and more"] {
        let (done, _) = download(vec![located(), text(200, other)]);
        let error = done.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert!(error.to_string().contains(&arn(3)), "{error}");
    }
}

#[test]
fn a_download_that_breaks_begins_anew_with_a_new_url() {
    for broken in [
        text(200, "bytes").truncated(),
        Answer::cut(),
        text(503, "<Error><Code>SlowDown</Code></Error>"),
    ] {
        let (done, lines) = download(vec![located(), broken, located(), text(200, "bytes")]);
        assert_eq!(done.unwrap(), b"bytes");
        assert_eq!(lines, [GET, ZIP, GET, ZIP]);
    }
}

#[test]
fn a_refused_download_tells_the_code_and_no_credential() {
    let denied = format!(
        "<Error><Code>AccessDenied</Code><Message>{TOKEN}</Message><Token>{TOKEN}</Token></Error>"
    );
    for (answers, kind, told) in [
        (
            vec![located(), text(403, &denied)],
            ErrorKind::Provider,
            "AWS refused the download of a layer's zip: HTTP status 403 (AccessDenied)",
        ),
        (
            vec![located(), Answer::html(407)],
            ErrorKind::Network,
            "unexpected response to the download of a layer's zip: HTTP status 407 without an \
             error code",
        ),
        (
            vec![located_at("s3://bucket/key")],
            ErrorKind::Network,
            "unexpected response to lambda:GetLayerVersion: it gives no URL for the zip",
        ),
        (
            vec![full(200, 3, "x")],
            ErrorKind::Network,
            "unexpected response to lambda:GetLayerVersion: it does not say where the zip is",
        ),
    ] {
        let (done, _) = download(answers);
        let error = done.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, told));
    }
    // Nobody is there.
    let nowhere = format!("http://127.0.0.1:1/zip?X-Amz-Security-Token={TOKEN}");
    let (done, _) = download(vec![located_at(&nowhere), located_at(&nowhere)]);
    let error = done.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(!error.to_string().contains(TOKEN), "{error}");
}

#[test]
fn functions_that_use_versions_are_all_of_all_pages() {
    let function = |name: &str, layers: &[u64]| {
        let layers = layers.iter().map(|version| json!({"Arn": arn(*version)}));
        json!({
            "FunctionArn": format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}"),
            "Layers": layers.collect::<Vec<_>>(),
        })
    };
    let server = Replay::start(vec![
        Answer::json(
            200,
            &json!({
                "Functions": [function("f:$LATEST", &[3]), function("f:1", &[1, 2])],
                "NextMarker": "more",
            }),
        ),
        Answer::json(200, &json!({"Functions": [function("g:$LATEST", &[])]})),
    ]);
    let uses = publisher(&server.url).uses().unwrap();
    let uses: Vec<_> = uses
        .iter()
        .map(|one| (&*one.layer, &*one.function))
        .collect();
    let function = |name| format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}");
    assert_eq!(
        uses,
        [
            (&*arn(3), &*function("f:$LATEST")),
            (&*arn(1), &*function("f:1")),
            (&*arn(2), &*function("f:1")),
        ]
    );
    assert_eq!(
        server.lines(),
        [
            "GET /2015-03-31/functions?FunctionVersion=ALL",
            "GET /2015-03-31/functions?FunctionVersion=ALL&Marker=more"
        ]
    );
}
