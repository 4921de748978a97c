//! One version, whatever becomes of the answers.

use std::time::Instant;

use super::*;

/// What becomes of a publish to which, after the plan and the look before it, the server
/// gives these answers.
fn publish(artifact: &Artifact, answers: Vec<Answer>) -> (Result<Publication, Error>, Replay) {
    let before = [
        listed(&[item(4)]),
        full(200, 4, "b3RoZXI="),
        listed(&[item(4)]),
    ];
    let server = Replay::start(before.into_iter().chain(answers).collect());
    let published = publisher(&server.url).publish(artifact);
    (published, server)
}

/// The requests after the plan and the look before it.
fn lines(server: &Replay) -> Vec<String> {
    server.lines().split_off(3)
}

fn created(artifact: &Artifact, version: u64) -> Answer {
    full(201, version, &artifact.code_sha256())
}

/// Ends after which nobody knows whether the version was made.
fn unclear_ends(artifact: &Artifact) -> Vec<Answer> {
    vec![
        Answer::cut(),
        created(artifact, 5).truncated(),
        Answer::error(500, "ServiceException", "An error occurred"),
        Answer::error(503, "ServiceUnavailableException", "Service unavailable"),
        Answer::html(502),
        Answer::html(200),
    ]
}

#[test]
fn after_an_unclear_end_what_is_there_is_taken() {
    let (_directory, artifact) = artifact(b"bytes");
    for end in unclear_ends(&artifact) {
        let found = listed(&[marked(5, &artifact), item(4)]);
        let verified = full(200, 5, &artifact.code_sha256());
        let (published, server) = publish(&artifact, vec![end, found, verified]);
        let published = published.unwrap();
        assert_eq!((published.version, published.reused), (5, false));
        let get = format!("{LIST}/5");
        assert_eq!(lines(&server), [POST, LIST, &get]);
    }
}

#[test]
fn after_an_unclear_end_that_left_nothing_it_is_sent_again() {
    let (_directory, artifact) = artifact(b"bytes");
    for end in unclear_ends(&artifact) {
        let nothing = || listed(&[item(4)]);
        let (published, server) = publish(&artifact, vec![end, nothing(), created(&artifact, 5)]);
        assert_eq!(published.unwrap().version, 5);
        assert_eq!(lines(&server), [POST, LIST, POST]);
    }
}

#[test]
fn the_last_attempt_is_looked_after_too() {
    let (_directory, artifact) = artifact(b"bytes");
    let failed = || Answer::error(500, "ServiceException", "An error occurred");
    let nothing = || listed(&[item(4)]);
    let (published, server) = publish(&artifact, vec![failed(), nothing(), failed(), nothing()]);
    let error = published.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    insta::assert_snapshot!(error, @"AWS failed at lambda:PublishLayerVersion: An error occurred (ServiceException)");
    assert_eq!(error.hint().as_deref(), Some("try again later"));
    assert_eq!(lines(&server), [POST, LIST, POST, LIST]);
}

#[test]
fn other_bytes_under_our_mark_are_an_integrity_error() {
    let (_directory, artifact) = artifact(b"bytes");
    let found = listed(&[marked(5, &artifact)]);
    let (published, _server) = publish(
        &artifact,
        vec![Answer::cut(), found, full(200, 5, "b3RoZXI=")],
    );
    assert_eq!(published.unwrap_err().kind(), ErrorKind::Integrity);
}

#[test]
fn without_the_right_to_ask_for_the_hash_the_mark_is_enough() {
    let (_directory, artifact) = artifact(b"bytes");
    let found = || listed(&[marked(5, &artifact)]);
    let denied = Answer::error(403, "AccessDeniedException", "no");
    let (published, _server) = publish(&artifact, vec![Answer::cut(), found(), denied]);
    assert_eq!(published.unwrap().version, 5);

    // One that was deleted meanwhile is none.
    let gone = Answer::error(404, "ResourceNotFoundException", "no such version");
    let rest = vec![
        Answer::cut(),
        found(),
        gone,
        created(&artifact, 6),
        listed(&[]),
    ];
    let (published, _server) = publish(&artifact, rest);
    assert_eq!(published.unwrap().version, 6);
}

#[test]
fn an_upload_that_stands_still_is_an_unclear_end() {
    let (_directory, artifact) = artifact(b"bytes");
    let server = Replay::start(vec![
        listed(&[]),
        Answer::hang(),
        listed(&[marked(1, &artifact)]),
        full(200, 1, &artifact.code_sha256()),
        listed(&[]),
        Answer::hang(),
        listed(&[]),
    ]);
    let mut publisher = publisher(&server.url);
    publisher.policy.stall = Duration::from_millis(300);
    let plan = PublishPlan::Create {
        changed: vec![Change::New],
        newest: None,
    };
    let started = Instant::now();
    let published = publisher.carry_out(&artifact, &plan, &|_| {}).unwrap();
    assert_eq!((published.version, published.reused), (1, false));
    assert!(started.elapsed() >= Duration::from_millis(300));

    publisher.policy.attempts = 1;
    publisher.policy.stall = Duration::from_secs(1);
    let error = publisher.carry_out(&artifact, &plan, &|_| {}).unwrap_err();
    insta::assert_snapshot!(error, @"no response to lambda:PublishLayerVersion: the upload stood still for 1 s");
}

#[test]
fn a_refusal_is_not_repeated() {
    let (_directory, artifact) = artifact(b"bytes");
    for (status, code) in [
        (400, "InvalidParameterValueException"),
        (403, "AccessDeniedException"),
        (413, "RequestEntityTooLargeException"),
    ] {
        let (published, server) = publish(&artifact, vec![Answer::error(status, code, "no")]);
        let error = published.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Provider);
        assert!(error.hint().is_some() || status == 400, "{error}");
        assert_eq!(lines(&server), [POST]);
    }
}

/// A throttled request was not carried out: nobody looks after it.
#[test]
fn throttling_is_waited_for_and_told_as_what_it_is() {
    let (_directory, artifact) = artifact(b"bytes");
    let throttled = || Answer::error(429, "TooManyRequestsException", "Rate exceeded");
    let started = Instant::now();
    let (published, server) = publish(
        &artifact,
        vec![
            throttled().header("retry-after", "1"),
            created(&artifact, 5),
        ],
    );
    assert_eq!(published.unwrap().version, 5);
    assert_eq!(lines(&server), [POST, POST]);
    assert!(started.elapsed() >= Duration::from_secs(1));

    let (published, _server) = publish(&artifact, vec![throttled(), throttled()]);
    let error = published.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider);
    insta::assert_snapshot!(error, @"AWS throttled lambda:PublishLayerVersion: Rate exceeded");
}

#[test]
fn what_another_run_published_since_the_plan_is_taken() {
    let (_directory, artifact) = artifact(b"bytes");
    let server = Replay::start(vec![listed(&[]), listed(&[marked(1, &artifact)])]);
    let published = publisher(&server.url).publish(&artifact).unwrap();
    assert_eq!((published.version, published.reused), (1, true));
    assert_eq!(server.lines(), [LIST, LIST]);
}

#[test]
fn of_two_that_published_at_once_the_first_one_stays() {
    let (_directory, artifact) = artifact(b"bytes");
    let both = || listed(&[marked(6, &artifact), marked(5, &artifact), item(4)]);
    let gone = Answer::json(204, &Value::Null);
    let (published, server) = publish(&artifact, vec![created(&artifact, 6), both(), gone]);
    let published = published.unwrap();
    assert_eq!((published.version, published.reused), (5, true));
    assert_eq!(published.duplicate, None);
    let delete = format!("DELETE {VERSIONS}/6");
    assert_eq!(lines(&server), [POST, LIST, &delete]);

    // The other run sees by its number that it was the first.
    let (published, server) = publish(&artifact, vec![created(&artifact, 5)]);
    assert_eq!(published.unwrap().version, 5);
    assert_eq!(lines(&server), [POST]);

    let denied = Answer::error(403, "AccessDeniedException", "no");
    let (published, _server) = publish(&artifact, vec![created(&artifact, 6), both(), denied]);
    let published = published.unwrap();
    assert_eq!((published.version, published.duplicate), (5, Some(arn(6))));
}
