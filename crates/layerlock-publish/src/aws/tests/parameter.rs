//! The parameter that gets a version's ARN.

use super::*;

const NAME: &str = "/layers/web/arm64";

fn found(kind: &str, value: &str) -> Answer {
    Answer::json(
        200,
        &json!({"Parameter": {"Name": NAME, "Type": kind, "Value": value, "Version": 3}}),
    )
}

/// An error as Systems Manager sends it: the code in the body.
fn refused(code: &str, message: &str) -> Answer {
    Answer::json(
        400,
        &json!({"__type": format!("com.amazonaws.ssm#{code}"), "message": message}),
    )
}

#[test]
fn a_parameter_is_read_and_set() {
    let server = Replay::start(vec![
        refused("ParameterNotFound", "not found"),
        Answer::json(200, &json!({"Version": 1, "Tier": "Standard"})),
        found("String", &arn(1)),
    ]);
    let publisher = publisher(&server.url);
    assert_eq!(publisher.parameter(NAME).unwrap(), None);
    publisher.set_parameter(NAME, &arn(1)).unwrap();
    assert_eq!(publisher.parameter(NAME).unwrap(), Some(arn(1)));

    let requests = server.requests();
    assert_eq!(server.lines(), ["POST /", "POST /", "POST /"]);
    assert_eq!(requests[0].body, json!({"Name": NAME}));
    assert_eq!(
        requests[1].body,
        json!({"Name": NAME, "Value": arn(1), "Type": "String", "Overwrite": true})
    );
    let targets = ["AmazonSSM.GetParameter", "AmazonSSM.PutParameter"];
    for (request, target) in requests.iter().zip(targets) {
        assert_eq!(request.header("x-amz-target"), Some(target));
        assert_eq!(
            request.header("content-type"),
            Some("application/x-amz-json-1.1")
        );
        assert_eq!(request.header("x-amz-security-token"), Some(TOKEN));
        let signed = &request.authorization;
        assert!(
            signed.contains("Credential=AKIDEXAMPLE/")
                && signed.contains("/eu-west-1/ssm/aws4_request")
                && signed.contains("x-amz-target"),
            "{signed}"
        );
    }
}

#[test]
fn what_does_not_last_is_waited_for() {
    for answer in [
        refused("ThrottlingException", "Rate exceeded"),
        refused("TooManyUpdates", "another update"),
        Answer::error(500, "InternalServerError", "it failed"),
        Answer::cut(),
        found("String", "x").truncated(),
        Answer::html(200),
    ] {
        let server = Replay::start(vec![answer, found("String", "x")]);
        let value = publisher(&server.url).parameter(NAME).unwrap();
        assert_eq!(value.as_deref(), Some("x"));
        assert_eq!(server.lines().len(), 2);
    }
}

#[test]
fn what_is_refused_says_which_parameter() {
    let set = |answers| {
        let server = Replay::start(answers);
        publisher(&server.url).set_parameter(NAME, "x").unwrap_err()
    };
    let error = set(vec![refused(
        "AccessDeniedException",
        "User: x is not authorized",
    )]);
    assert_eq!(error.kind(), ErrorKind::Provider);
    insta::assert_snapshot!(error, @"AWS denied ssm:PutParameter on the parameter /layers/web/arm64: User: x is not authorized");
    insta::assert_snapshot!(error.hint().unwrap(), @"allow ssm:PutParameter on the parameter /layers/web/arm64 for these credentials, or use others");

    let error = set(vec![refused("HierarchyTypeMismatchException", "no")]);
    assert_eq!(error.kind(), ErrorKind::Provider);
    insta::assert_snapshot!(error, @"the parameter /layers/web/arm64 is of another type, not a String");

    let throttled = || refused("ThrottlingException", "Rate exceeded");
    let error = set(vec![throttled(), throttled()]);
    insta::assert_snapshot!(error, @"AWS throttled ssm:PutParameter: Rate exceeded");

    let error = set(vec![refused("ValidationException", "Invalid name")]);
    insta::assert_snapshot!(error, @"AWS refused ssm:PutParameter: parameter /layers/web/arm64: Invalid name (ValidationException)");

    let server = Replay::start(vec![found("SecureString", "x")]);
    let error = publisher(&server.url).parameter(NAME).unwrap_err();
    insta::assert_snapshot!(error, @"the parameter /layers/web/arm64 is a SecureString, not a String");
    assert!(error.hint().unwrap().contains("ssm-parameter"));
}
