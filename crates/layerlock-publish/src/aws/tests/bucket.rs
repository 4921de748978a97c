//! Zips that go through a bucket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use super::*;
use crate::Storage;

const OBJECT: &str =
    "/layers/layerlock/277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9.zip";
const KEY: &str = "layerlock/277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9.zip";

fn head() -> String {
    format!("HEAD {OBJECT}")
}

fn put() -> String {
    format!("PUT {OBJECT}")
}

/// The object as HEAD finds it.
fn there(artifact: &Artifact) -> Answer {
    Answer::body(200, String::new())
        .header("content-length", &artifact.size.to_string())
        .header("x-amz-checksum-sha256", &artifact.code_sha256())
        .header("x-amz-version-id", "v1")
}

fn not_there() -> Answer {
    Answer::body(404, String::new())
}

fn stored() -> Answer {
    Answer::body(200, String::new()).header("x-amz-version-id", "v2")
}

fn versioning(status: &str) -> Answer {
    Answer::body(
        200,
        format!(
            "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             {status}</VersioningConfiguration>"
        ),
    )
}

fn enabled() -> Answer {
    versioning("<Status>Enabled</Status>")
}

fn create() -> PublishPlan {
    PublishPlan::Create {
        changed: vec![Change::New],
        newest: None,
    }
}

fn with_bucket(server: &Replay, storage: Storage) -> AwsLambda {
    publisher(&server.url).with_bucket(Some("layers".to_owned()), storage)
}

/// Carries out a plan for a new version, against these answers after the first look.
fn carry_out(
    artifact: &Artifact,
    storage: Storage,
    answers: Vec<Answer>,
) -> (Result<Publication, Error>, Replay) {
    let answers = std::iter::once(listed(&[])).chain(answers).collect();
    let server = Replay::start(answers);
    let published = with_bucket(&server, storage).carry_out(artifact, &create(), &|_| {});
    (published, server)
}

fn refused(storage: Storage, answers: Vec<Answer>) -> Error {
    let (_directory, artifact) = artifact(b"bytes");
    let (published, server) = carry_out(&artifact, storage, answers);
    let error = published.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider, "{error}");
    let lines = server.lines();
    assert!(
        !lines.iter().any(|line| line.starts_with("POST")),
        "{lines:?}"
    );
    error
}

#[test]
fn a_zip_is_put_once_and_lambda_told_where() {
    let (_directory, artifact) = artifact(b"bytes");
    let made = |version| full(201, version, &artifact.code_sha256());
    let answers = vec![not_there(), stored(), made(1)];
    let (published, server) = carry_out(&artifact, Storage::Copy, answers);
    assert_eq!(published.unwrap().version, 1);
    assert_eq!(server.lines(), [LIST, &head(), &put(), POST]);

    let requests = server.requests();
    assert_eq!(requests[1].header("x-amz-checksum-mode"), Some("ENABLED"));
    let put = &requests[2];
    assert_eq!(put.bytes, b"bytes");
    for (name, value) in [
        ("content-length", "5"),
        ("if-none-match", "*"),
        ("x-amz-content-sha256", &artifact.digest.hex()),
        ("x-amz-checksum-sha256", &artifact.code_sha256()),
        ("x-amz-security-token", TOKEN),
    ] {
        assert_eq!(put.header(name), Some(value), "{name}");
    }
    assert_eq!(put.header("transfer-encoding"), None);
    assert!(put.authorization.contains("/eu-west-1/s3/aws4_request"));
    assert_eq!(
        requests[3].body,
        json!({
            "CompatibleArchitectures": ["arm64"],
            "CompatibleRuntimes": ["python3.12", "python3.13"],
            "Content": {"S3Bucket": "layers", "S3Key": KEY},
            "Description": "made by a test [layerlock shop 277089d91c0bdf4f]",
            "LicenseInfo": "MIT",
        })
    );

    // The next one sends no byte of it.
    let answers = vec![there(&artifact), made(2), listed(&[])];
    let (published, server) = carry_out(&artifact, Storage::Copy, answers);
    assert_eq!(published.unwrap().version, 2);
    assert_eq!(server.lines(), [LIST, &head(), POST, LIST]);
}

#[test]
fn a_plan_asks_the_bucket_only_where_there_is_a_version_to_make() {
    let (_directory, mut artifact) = artifact(b"bytes");
    // No request could carry it.
    artifact.size = 60 << 20;
    let server = Replay::start(vec![
        listed(&[marked(1, &artifact)]),
        listed(&[]),
        there(&artifact),
        listed(&[]),
        not_there(),
        Answer::body(200, String::new()),
    ]);
    let copying = with_bucket(&server, Storage::Copy);
    assert!(matches!(
        plan(&copying, &artifact).unwrap(),
        PublishPlan::Reuse(_)
    ));
    assert_eq!(plan(&copying, &artifact).unwrap(), create());
    assert_eq!(plan(&copying, &artifact).unwrap(), create());
    let expected = [LIST, LIST, &head(), LIST, &head(), "HEAD /layers/"];
    assert_eq!(server.lines(), expected);

    let server = Replay::start(vec![listed(&[]), enabled(), not_there()]);
    plan(&with_bucket(&server, Storage::Reference), &artifact).unwrap();
    assert_eq!(server.lines(), [LIST, "GET /layers/?versioning", &head()]);
}

#[test]
fn a_bucket_that_is_not_there_is_found_by_the_plan() {
    let (_directory, artifact) = artifact(b"bytes");
    let gone = || Answer::xml(404, "NoSuchBucket", "The specified bucket does not exist");
    for (storage, answers) in [
        (Storage::Copy, vec![not_there(), not_there()]),
        (Storage::Reference, vec![gone()]),
    ] {
        let answers = std::iter::once(listed(&[])).chain(answers).collect();
        let server = Replay::start(answers);
        let error = plan(&with_bucket(&server, storage), &artifact).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Provider);
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"the bucket layers does not exist");
            insta::assert_snapshot!(error.hint().unwrap(), @"create it in eu-west-1, or name another one by --bucket or `bucket` in [tool.layerlock.publish.aws]");
        }
    }
    let error = refused(Storage::Copy, vec![not_there(), gone()]);
    insta::assert_snapshot!(error, @"the bucket layers does not exist");
}

#[test]
fn a_reference_names_the_version_of_an_object_in_a_bucket_that_keeps_it() {
    let (_directory, artifact) = artifact(b"bytes");
    let made = || full(201, 1, &artifact.code_sha256());
    for (answers, version) in [
        (vec![enabled(), not_there(), stored()], "v2"),
        (vec![enabled(), there(&artifact)], "v1"),
    ] {
        let mut answers = answers;
        answers.extend([made(), listed(&[])]);
        let (published, server) = carry_out(&artifact, Storage::Reference, answers);
        published.unwrap();
        let requests = server.requests();
        let post = requests.iter().find(|request| request.line == POST);
        assert_eq!(
            post.unwrap().body["Content"],
            json!({
                "S3Bucket": "layers",
                "S3Key": KEY,
                "S3ObjectVersion": version,
                "S3ObjectStorageMode": "REFERENCE",
            })
        );
    }

    let error = refused(Storage::Reference, vec![versioning("")]);
    insta::assert_snapshot!(error, @r#"the bucket layers keeps no versions of its objects, which `storage = "reference"` needs"#);
    insta::assert_snapshot!(error.hint().unwrap(), @r#"enable versioning (aws s3api put-bucket-versioning --bucket layers --versioning-configuration Status=Enabled), or set `storage = "copy"`"#);
    let suspended = versioning("<Status>Suspended</Status>");
    let error = refused(Storage::Reference, vec![suspended]);
    insta::assert_snapshot!(error, @r#"the bucket layers no longer keeps versions of its objects, which `storage = "reference"` needs"#);

    // It is there, and these credentials cannot see in which version.
    let exists = Answer::xml(412, "PreconditionFailed", "exists");
    let denied = || Answer::body(403, String::new());
    let error = refused(
        Storage::Reference,
        vec![enabled(), denied(), exists, denied()],
    );
    assert!(
        error
            .to_string()
            .starts_with("AWS denied s3:GetObject on s3://layers/"),
        "{error}"
    );
}

#[test]
fn an_object_that_is_something_else_is_named() {
    let (_directory, artifact) = artifact(b"bytes");
    let object = |size: &str, checksum: &str| {
        Answer::body(200, String::new())
            .header("content-length", size)
            .header("x-amz-checksum-sha256", checksum)
    };
    let error = refused(Storage::Copy, vec![object("5", "b3RoZXI=")]);
    insta::assert_snapshot!(error, @"the bucket layers has other bytes at layerlock/277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9.zip than the zip: expected sha256 J3CJ2RwL308uaGK6fkoHYFEZQx9dE/cm3TUrBvGyBqk=, found sha256 b3RoZXI=");
    let size = Answer::body(200, String::new()).header("content-length", "6");
    let error = refused(Storage::Copy, vec![size]);
    assert!(
        error
            .to_string()
            .ends_with("expected 5 bytes, found 6 bytes"),
        "{error}"
    );
    for (name, archive) in [
        ("x-amz-storage-class", "DEEP_ARCHIVE"),
        ("x-amz-archive-status", "ARCHIVE_ACCESS"),
    ] {
        let archived = there(&artifact).header(name, archive);
        let error = refused(Storage::Copy, vec![archived]);
        let part = format!("in the archive {archive}, where Lambda cannot read it");
        assert!(error.to_string().ends_with(&part), "{error}");
    }
    let restored = there(&artifact)
        .header("x-amz-storage-class", "GLACIER")
        .header(
            "x-amz-restore",
            "ongoing-request=\"false\", expiry-date=\"x\"",
        );
    let made = full(201, 1, &artifact.code_sha256());
    let answers = vec![restored, made, listed(&[])];
    carry_out(&artifact, Storage::Copy, answers).0.unwrap();

    // Copied in parts, or by a server without checksums: Lambda's hash tells.
    for answer in [
        object("5", "b3RoZXI=-3"),
        Answer::body(200, String::new()).header("content-length", "5"),
        Answer::body(200, String::new()).header("content-length", "0"),
    ] {
        let empty = full(201, 1, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        let (published, _server) = carry_out(&artifact, Storage::Copy, vec![answer, empty]);
        assert_eq!(published.unwrap_err().kind(), ErrorKind::Integrity);
    }
}

/// Without the right to list a bucket, a key that is not there is forbidden.
#[test]
fn who_may_not_look_may_put() {
    let (_directory, artifact) = artifact(b"bytes");
    let made = || full(201, 1, &artifact.code_sha256());
    let denied = || Answer::body(403, String::new());
    let answers = vec![denied(), stored(), made()];
    let (published, _server) = carry_out(&artifact, Storage::Copy, answers);
    published.unwrap();

    let exists = Answer::xml(412, "PreconditionFailed", "exists");
    let answers = vec![denied(), exists, denied(), made()];
    let (published, server) = carry_out(&artifact, Storage::Copy, answers);
    published.unwrap();
    assert_eq!(server.lines(), [LIST, &head(), &put(), &head(), POST]);

    let error = refused(
        Storage::Copy,
        vec![denied(), Answer::xml(403, "AccessDenied", "Access Denied")],
    );
    insta::assert_snapshot!(error, @"AWS denied s3:PutObject on s3://layers/layerlock/277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9.zip: Access Denied");
    assert!(
        error
            .hint()
            .unwrap()
            .starts_with("allow s3:PutObject on s3://layers/")
    );
}

/// S3 quotes what it signed for itself.
#[test]
fn a_refused_signature_repeats_no_credential() {
    for code in [
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "ExpiredToken",
    ] {
        let body = format!(
            "<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>It is refused.</Message>\
             <AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId><Token-0>{TOKEN}</Token-0>\
             <StringToSign>AWS4-HMAC-SHA256 {SECRET}</StringToSign></Error>"
        );
        let error = refused(Storage::Copy, vec![not_there(), Answer::body(403, body)]);
        assert!(matches!(error, Error::Credentials { .. }), "{error}");
        let text = format!("{error} {error:?} {:?}", error.hint());
        assert!(text.contains("It is refused."), "{text}");
        for credential in [SECRET, TOKEN, "AKIDEXAMPLE"] {
            assert!(!text.contains(credential), "{text}");
        }
    }
}

#[test]
fn what_another_run_put_at_the_same_time_is_taken() {
    let (_directory, artifact) = artifact(b"bytes");
    let conflicts = || {
        [
            Answer::xml(412, "PreconditionFailed", "exists"),
            Answer::xml(409, "ConditionalRequestConflict", "at once"),
        ]
    };
    for conflict in conflicts() {
        let made = full(201, 1, &artifact.code_sha256());
        let answers = vec![not_there(), conflict, there(&artifact), made];
        let (published, server) = carry_out(&artifact, Storage::Copy, answers);
        published.unwrap();
        assert_eq!(server.lines(), [LIST, &head(), &put(), &head(), POST]);
    }
}

#[test]
fn an_unclear_end_is_looked_after() {
    let (_directory, artifact) = artifact(b"bytes");
    let made = || full(201, 1, &artifact.code_sha256());
    let ends = || {
        vec![
            Answer::cut(),
            Answer::xml(500, "InternalError", "We encountered an internal error."),
            Answer::xml(503, "SlowDown", "Please reduce your request rate."),
            Answer::xml(400, "RequestTimeout", "not read from or written to"),
            Answer::html(502),
        ]
    };
    for end in ends() {
        let answers = vec![not_there(), end, there(&artifact), made()];
        let (published, server) = carry_out(&artifact, Storage::Copy, answers);
        published.unwrap();
        assert_eq!(server.lines(), [LIST, &head(), &put(), &head(), POST]);
    }
    for end in ends() {
        let again = vec![not_there(), end, not_there(), stored(), made()];
        let (published, _server) = carry_out(&artifact, Storage::Copy, again);
        published.unwrap();
    }
    // HEAD has no words.
    for end in [Answer::cut(), Answer::body(503, String::new())] {
        let answers = vec![end, there(&artifact), made(), listed(&[])];
        let (published, _server) = carry_out(&artifact, Storage::Copy, answers);
        published.unwrap();
    }

    let slow = || Answer::xml(503, "SlowDown", "Please reduce your request rate.");
    let answers = vec![not_there(), slow(), not_there(), slow()];
    let error = refused(Storage::Copy, answers);
    insta::assert_snapshot!(error, @"AWS throttled s3:PutObject: Please reduce your request rate.");

    let failed = || Answer::xml(500, "InternalError", "We encountered an internal error.");
    let answers = vec![not_there(), failed(), not_there(), failed()];
    let (published, _server) = carry_out(&artifact, Storage::Copy, answers);
    let error = published.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    insta::assert_snapshot!(error, @"AWS failed at s3:PutObject: We encountered an internal error. (InternalError)");
}

#[test]
fn a_bucket_in_another_region_says_where_it_is() {
    let elsewhere =
        |status| Answer::body(status, String::new()).header("x-amz-bucket-region", "us-east-1");
    for answers in [
        vec![elsewhere(301)],
        vec![elsewhere(400)],
        vec![
            not_there(),
            elsewhere(307).header("location", "http://127.0.0.1:9/"),
        ],
        vec![
            not_there(),
            Answer::body(
                400,
                "<Error><Code>AuthorizationHeaderMalformed</Code><Message>x</Message>\
                 <Region>us-east-1</Region></Error>"
                    .to_owned(),
            ),
        ],
    ] {
        let error = refused(Storage::Copy, answers);
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"the bucket layers is in us-east-1, and Lambda in eu-west-1 takes zips only from buckets in eu-west-1");
            insta::assert_snapshot!(error.hint().unwrap(), @r#"name one bucket in each region, such as `bucket = "layers-{region}"` in [tool.layerlock.publish.aws]"#);
        }
    }
    let untold = Answer::xml(301, "PermanentRedirect", "x");
    let error = refused(Storage::Copy, vec![not_there(), untold]);
    assert!(
        error.to_string().contains("is in another region"),
        "{error}"
    );
}

#[test]
fn a_redirect_within_the_region_is_followed_and_no_other() {
    let (_directory, artifact) = artifact(b"bytes");
    let server = Replay::start_with(|url| {
        vec![
            listed(&[]),
            Answer::body(307, String::new()).header("location", &format!("{url}{OBJECT}")),
            not_there(),
            stored(),
            full(201, 1, &artifact.code_sha256()),
            listed(&[]),
        ]
    });
    let publisher = with_bucket(&server, Storage::Copy);
    publisher.carry_out(&artifact, &create(), &|_| {}).unwrap();
    assert_eq!(server.lines()[1..4], [head(), head(), put()]);

    for location in ["http://127.0.0.1:9/x", "https://example.com/"] {
        let redirect = Answer::body(307, String::new()).header("location", location);
        let error = refused(Storage::Copy, vec![redirect]);
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"AWS refused s3:GetObject: bucket layers: Temporary Redirect (TemporaryRedirect)");
        }
    }
}

#[test]
fn what_lambda_says_of_the_bucket_is_told_as_such() {
    let (_directory, artifact) = artifact(b"bytes");
    let says = |storage, code: &str, message: &str| {
        let mut answers = vec![there(&artifact), Answer::error(400, code, message)];
        if storage == Storage::Reference {
            answers.insert(0, enabled());
        }
        let (published, _server) = carry_out(&artifact, storage, answers);
        let error = published.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Provider);
        error.to_string().replace(KEY, "KEY")
    };
    let invalid = "InvalidParameterValueException";
    insta::assert_snapshot!(says(Storage::Copy, invalid, "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."), @"the bucket layers had no object KEY when Lambda read it (NoSuchKey)");
    insta::assert_snapshot!(says(Storage::Copy, invalid, "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: no"), @"the bucket layers does not exist");
    insta::assert_snapshot!(says(Storage::Copy, invalid, "Error occurred while GetObject. S3 Error Code: PermanentRedirect. S3 Error Message: The bucket is in this region: us-east-1. Please use this region to retry the request"), @"the bucket layers is in us-east-1, and Lambda in eu-west-1 takes zips only from buckets in eu-west-1");
    let denied = "Your access has been denied by S3. S3 Error Code: AccessDenied. S3 Error Message: Access Denied";
    insta::assert_snapshot!(says(Storage::Copy, "AccessDeniedException", denied), @"AWS denied s3:GetObject on s3://layers/KEY: Your access has been denied by S3. S3 Error Code: AccessDenied. S3 Error Message: Access Denied");
    insta::assert_snapshot!(says(Storage::Reference, invalid, denied), @"the bucket layers does not let Lambda read KEY: Your access has been denied by S3. S3 Error Code: AccessDenied. S3 Error Message: Access Denied");
    insta::assert_snapshot!(says(Storage::Copy, invalid, "Unzipped size must be smaller than 262144000 bytes"), @"AWS refused lambda:PublishLayerVersion: Unzipped size must be smaller than 262144000 bytes (InvalidParameterValueException)");
}

#[test]
fn a_publish_from_the_bucket_is_made_once_too() {
    let (_directory, artifact) = artifact(b"bytes");
    let answers = vec![
        there(&artifact),
        Answer::cut(),
        listed(&[marked(1, &artifact)]),
        full(200, 1, &artifact.code_sha256()),
    ];
    let (published, server) = carry_out(&artifact, Storage::Copy, answers);
    let published = published.unwrap();
    assert_eq!((published.version, published.reused), (1, false));
    let get = format!("{LIST}/1");
    assert_eq!(server.lines(), [LIST, &head(), POST, LIST, &get]);
}

#[test]
fn a_zip_that_changed_is_not_put() {
    let (_directory, artifact) = artifact(b"bytes");
    fs::write(&artifact.zip, b"other").unwrap();
    let (published, server) = carry_out(&artifact, Storage::Copy, vec![not_there(), stored()]);
    let error = published.unwrap_err();
    assert!(matches!(error, Error::ZipChanged { .. }), "{error}");
    let requests = server.requests();
    assert!(requests.iter().all(|request| request.bytes.is_empty()));
}

#[test]
fn an_upload_that_stands_still_is_tried_again() {
    let (_directory, artifact) = artifact(b"bytes");
    let server = Replay::start(vec![
        listed(&[]),
        not_there(),
        Answer::hang(),
        there(&artifact),
        full(201, 1, &artifact.code_sha256()),
    ]);
    let mut publisher = with_bucket(&server, Storage::Copy);
    publisher.policy.stall = Duration::from_millis(300);
    publisher.carry_out(&artifact, &create(), &|_| {}).unwrap();
    assert_eq!(server.lines().len(), 5);
}

/// S3 refuses before it has read what is sent, and closes.
#[test]
fn a_refusal_in_the_middle_of_an_upload_is_heard() {
    let bytes = vec![7; 8 << 20];
    let (_directory, artifact) = artifact(&bytes);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let mut header = String::new();
            while reader.read_line(&mut header).unwrap() > 2 {
                header.clear();
            }
            let answer = match line.split_once(' ').unwrap().0 {
                "GET" => "200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
                "HEAD" => "403 Forbidden\r\nconnection: close\r\n\r\n",
                _ => {
                    let mut some = vec![0; 1 << 17];
                    reader.read_exact(&mut some).unwrap();
                    "403 Forbidden\r\nconnection: close\r\ncontent-length: 52\r\n\r\n\
                     <Error><Code>AccessDenied</Code><Message/></Error>  "
                }
            };
            stream
                .write_all(format!("HTTP/1.1 {answer}").as_bytes())
                .unwrap();
            // Long enough for the answer to arrive before the end of the connection.
            thread::sleep(Duration::from_millis(100));
        }
    });
    let publisher = publisher(&url).with_bucket(Some("layers".to_owned()), Storage::Copy);
    let error = publisher
        .carry_out(&artifact, &create(), &|_| {})
        .unwrap_err();
    assert!(matches!(error, Error::Denied { .. }), "{error}");
}
