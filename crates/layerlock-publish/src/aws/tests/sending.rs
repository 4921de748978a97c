//! What goes over the wire while a zip is sent.

use std::time::SystemTime;

use aws_sdk_lambda::primitives::SdkBody;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use data_encoding::BASE64;
use http_body::Body as _;
use layerlock_testkit::noise;

use super::super::upload::Content;
use super::replay::Request;
use super::*;

/// Whether the request is signed as it arrived, body included.
fn is_signed(request: &Request, host: &str) -> bool {
    let (method, target) = request.line.split_once(' ').unwrap();
    let part = |name: &str| {
        let (_, rest) = request.authorization.split_once(name).unwrap();
        rest.split(',').next().unwrap().to_owned()
    };
    let signed = part("SignedHeaders=");
    let own = ["host", "x-amz-date", "x-amz-security-token"];
    let names = signed.split(';').filter(|name| !own.contains(name));
    let headers: Vec<_> = names
        .map(|name| (name, request.header(name).unwrap()))
        .collect();
    let identity = Credentials::new("AKIDEXAMPLE", SECRET, Some(TOKEN.to_owned()), None, "test");
    let identity = identity.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("lambda")
        .time(time(request.header("x-amz-date").unwrap()))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let url = format!("{host}{target}");
    let body = SignableBody::Bytes(&request.bytes);
    let signable = SignableRequest::new(method, url, headers.into_iter(), body).unwrap();
    let (_, signature) = sign(signable, &parameters).unwrap().into_parts();
    signature == part("Signature=")
}

/// `20261128T010203Z`
fn time(text: &str) -> SystemTime {
    let text = format!(
        "{}-{}-{}:{}:{}",
        &text[..4],
        &text[4..6],
        &text[6..11],
        &text[11..13],
        &text[13..]
    );
    let format = aws_sdk_lambda::primitives::DateTimeFormat::DateTime;
    let time = aws_sdk_lambda::primitives::DateTime::from_str(&text, format).unwrap();
    time.try_into().unwrap()
}

/// Of all sizes around the pieces in which a zip is read.
#[test]
fn a_request_has_the_length_and_the_signature_of_all_it_carries() {
    for size in [1, 2, 3, 49_151, 49_152, 49_153, 300_001] {
        let bytes = noise(1, size);
        let (_directory, artifact) = artifact(&bytes);
        let server = Replay::start(vec![
            listed(&[]),
            listed(&[]),
            full(201, 1, &artifact.code_sha256()),
            listed(&[]),
        ]);
        publisher(&server.url).publish(&artifact).unwrap();
        let request = &server.requests()[2];
        let length = request.header("content-length").unwrap();
        assert_eq!(length, request.bytes.len().to_string());
        assert_eq!(request.header("transfer-encoding"), None);
        let zip = request.body["Content"]["ZipFile"].as_str().unwrap();
        assert!(
            zip == BASE64.encode(&bytes),
            "{size} bytes arrived otherwise"
        );
        assert!(is_signed(request, &server.url), "{size}");
    }
}

/// What a body gives until it ends, and whether it ends well.
fn read(mut body: SdkBody) -> (Vec<u8>, bool) {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut read = Vec::new();
    loop {
        match std::pin::Pin::new(&mut body).poll_frame(&mut context) {
            std::task::Poll::Ready(Some(Ok(frame))) => {
                read.extend_from_slice(&frame.into_data().unwrap());
            }
            std::task::Poll::Ready(None) => return (read, true),
            std::task::Poll::Ready(Some(Err(_))) => return (read, false),
            std::task::Poll::Pending => panic!("a file is always ready"),
        }
    }
}

#[test]
fn of_a_zip_that_changes_on_its_way_the_end_is_not_sent() {
    let bytes = noise(1, 200_000);
    let mut other = bytes.clone();
    other[199_999] ^= 1;
    for changed in [
        other,
        bytes[..150_000].to_vec(),
        [&bytes[..], b"more"].concat(),
    ] {
        for content in [Content::zip, Content::request] {
            let (_directory, artifact) = artifact(&bytes);
            let content = content(&artifact);
            content.hash().unwrap();
            let moved = content.moved();
            let (whole, is_whole) = read(content.body(&moved).unwrap());
            assert!(is_whole);
            assert_eq!(whole.len() as u64, content.length());

            fs::write(&artifact.zip, &changed).unwrap();
            let error = content.hash().unwrap_err();
            assert!(matches!(error, Error::ZipChanged { .. }), "{error}");
            let (part, is_whole) = read(content.body(&moved).unwrap());
            assert!(!is_whole);
            assert!(part.len() < whole.len());
        }
    }
}

#[test]
fn a_zip_that_is_gone_names_itself() {
    let (_directory, artifact) = artifact(b"bytes");
    fs::remove_file(&artifact.zip).unwrap();
    let server = Replay::start(vec![listed(&[]), listed(&[])]);
    let error = publisher(&server.url).publish(&artifact).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Machine);
    assert!(error.to_string().contains("web.zip"), "{error}");
}

/// A bar that counted both attempts would end beyond its end.
#[test]
fn what_is_sent_again_is_told_once() {
    let (_directory, artifact) = artifact(b"bytes");
    let made = || full(201, 1, &artifact.code_sha256());
    let failed = || Answer::error(500, "ServiceException", "An error occurred");
    let there = Answer::body(404, String::new());
    let again = Answer::body(404, String::new());
    for (bucket, answers) in [
        (
            None,
            vec![listed(&[]), failed(), listed(&[]), made(), listed(&[])],
        ),
        (
            Some("layers".to_owned()),
            vec![
                listed(&[]),
                there,
                failed(),
                again,
                Answer::body(200, String::new()),
                made(),
                listed(&[]),
            ],
        ),
    ] {
        let server = Replay::start(answers);
        let publisher = publisher(&server.url).with_bucket(bucket, Storage::Copy);
        let sent = AtomicU64::new(0);
        let count = |bytes| {
            sent.fetch_add(bytes, Ordering::Relaxed);
        };
        let plan = PublishPlan::Create {
            changed: vec![Change::New],
            newest: None,
        };
        publisher.carry_out(&artifact, &plan, &count).unwrap();
        assert_eq!(sent.into_inner(), artifact.size);
    }
}
