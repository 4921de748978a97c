//! The messages where AWS, or a server in between, refuses a request.

use super::*;

/// Asks for a list, and returns the error that the answers lead to.
fn list_error(answers: Vec<Answer>) -> Error {
    let server = Replay::start(answers);
    publisher(&server.url).list("web").unwrap_err()
}

fn refused(status: u16, code: &str, message: &str) -> Error {
    list_error(vec![Answer::error(status, code, message)])
}

#[test]
fn denied_names_the_action() {
    let error = refused(
        403,
        "AccessDeniedException",
        "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: lambda:ListLayerVersions",
    );
    assert_eq!(error.kind(), ErrorKind::Provider);
    insta::assert_snapshot!(error, @"AWS denied lambda:ListLayerVersions: User: arn:aws:iam::123456789012:user/ci is not authorized to perform: lambda:ListLayerVersions");
    insta::assert_snapshot!(error.hint().unwrap(), @"allow lambda:ListLayerVersions for these credentials, or use others");
}

#[test]
fn an_invalid_parameter_keeps_awss_words() {
    let (_directory, artifact) = artifact(b"bytes");
    let server = Replay::start(vec![
        listed(&[]),
        listed(&[]),
        Answer::error(
            400,
            "InvalidParameterValueException",
            "Unzipped size must be smaller than 262144000 bytes",
        ),
    ]);
    let error = publisher(&server.url).publish(&artifact).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider);
    insta::assert_snapshot!(error, @"AWS refused lambda:PublishLayerVersion: Unzipped size must be smaller than 262144000 bytes (InvalidParameterValueException)");
}

#[test]
fn a_full_account_says_so() {
    let (_directory, artifact) = artifact(b"bytes");
    let server = Replay::start(vec![
        listed(&[]),
        listed(&[]),
        Answer::error(
            400,
            "CodeStorageExceededException",
            "Code storage limit exceeded.",
        ),
        Answer::json(
            200,
            &json!({
                "AccountLimit": { "TotalCodeSize": 322_122_547_200_u64 },
                "AccountUsage": { "TotalCodeSize": 322_122_547_000_u64 },
            }),
        ),
    ]);
    let error = publisher(&server.url).publish(&artifact).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider);
    insta::assert_snapshot!(error, @"the AWS account's code storage is full (322122547000 of 322122547200 bytes in this region): Code storage limit exceeded.");
}

#[test]
fn throttling_is_retried_before_it_is_an_error() {
    let throttled = || Answer::error(429, "TooManyRequestsException", "Rate exceeded");
    let server = Replay::start(vec![throttled(), listed(&[])]);
    assert_eq!(publisher(&server.url).list("web").unwrap(), []);

    let error = list_error(vec![throttled(), throttled()]);
    assert_eq!(error.kind(), ErrorKind::Provider);
    insta::assert_snapshot!(error, @"AWS throttled lambda:ListLayerVersions: Rate exceeded");
}

#[test]
fn an_unknown_error_keeps_code_and_words() {
    let error = refused(418, "TeapotException", "Short and stout.");
    insta::assert_snapshot!(error, @"AWS refused lambda:ListLayerVersions: Short and stout. (TeapotException)");
}

#[test]
fn refused_credentials_are_told_from_missing_rights() {
    let error = refused(
        403,
        "ExpiredTokenException",
        "The security token included in the request is expired",
    );
    assert_eq!(error.kind(), ErrorKind::Provider);
    insta::assert_snapshot!(error, @"no usable AWS credentials: AWS answered ExpiredTokenException: The security token included in the request is expired");
}

#[test]
fn a_refused_signature_repeats_no_credential() {
    // AWS's own words for it go on with the request that it signed for itself,
    // headers and session token included.
    let canonical = format!(
        "The request signature we calculated does not match the signature you provided.\n\n\
         The Canonical String for this request should have been\n'GET\n{VERSIONS}\n\n\
         x-amz-security-token:{TOKEN}\n'"
    );
    let quoted =
        format!("not a valid key=value pair in Authorization header: 'AKIDEXAMPLE {TOKEN}'");
    for error in [
        refused(403, "InvalidSignatureException", &canonical),
        refused(
            403,
            "SignatureDoesNotMatch",
            &canonical.replace('\n', "\\n"),
        ),
        refused(403, "IncompleteSignatureException", &quoted),
    ] {
        assert!(matches!(error, Error::Credentials { .. }), "{error}");
        let text = format!("{error} {error:?} {:?}", error.hint());
        for credential in [SECRET, TOKEN, "AKIDEXAMPLE"] {
            assert!(!text.contains(credential), "{text}");
        }
    }
}

#[test]
fn an_answer_that_is_not_awss_is_the_networks() {
    // What a proxy says in AWS's place may pass.
    for answers in [
        vec![Answer::html(200), Answer::html(200)],
        vec![Answer::html(407)],
        vec![Answer::html(502), Answer::html(502)],
    ] {
        let error = list_error(answers);
        assert!(matches!(error, Error::Answer { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Network);
    }
    insta::assert_snapshot!(list_error(vec![Answer::html(407)]), @"unexpected response to lambda:ListLayerVersions: HTTP status 407 without an error code");
    insta::assert_snapshot!(list_error(vec![Answer::html(200), Answer::html(200)]), @"unexpected response to lambda:ListLayerVersions: HTTP status 200 without an error code");
}

#[test]
fn a_closed_port_is_the_networks() {
    // Port 9 (discard): nobody listens.
    let error = publisher("http://127.0.0.1:9").list("web").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    let text = error.to_string();
    assert!(
        text.starts_with("no response to lambda:ListLayerVersions: tcp connect error: "),
        "{text}"
    );
}

/// AWS has a host for each region, and none for others.
#[test]
fn a_host_without_an_address_may_be_a_region_that_is_none() {
    let error = Error::Network {
        action: "lambda:ListLayerVersions",
        reason: "dns error: failed to lookup address information".to_owned(),
    };
    let hint = error.hint().unwrap();
    assert!(
        hint.starts_with("there may be no region of this name"),
        "{hint}"
    );
}

#[test]
fn a_region_that_cannot_be_is_a_setting() {
    for region in ["", "eu west/../1", "eu-west-1.example.com", "EU-WEST-1"] {
        let settings = AwsSettings {
            regions: vec!["eu-west-1".to_owned(), region.to_owned()],
            ..AwsSettings::default()
        };
        let error = AwsLambda::connect(&settings).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    }
    let error = check_region("eu west").unwrap_err();
    insta::assert_snapshot!(error, @r#"invalid AWS settings: "eu west" is not the name of a region, such as eu-central-1"#);
}
