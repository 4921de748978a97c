//! Roles, and people who sign in.

use super::environment::{outcome, outcome_with};
use super::*;

const ROLE: &str = "arn:aws:iam::210987654321:role/layers";
const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", SECRET),
    ("AWS_REGION", "eu-west-1"),
];

fn assumed() -> Answer {
    Answer::body(
        200,
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <AssumeRoleResult><AssumedRoleUser>\
         <AssumedRoleId>AROA:layerlock</AssumedRoleId>\
         <Arn>arn:aws:sts::210987654321:assumed-role/layers/layerlock</Arn></AssumedRoleUser>\
         <Credentials><AccessKeyId>AKIDROLE</AccessKeyId>\
         <SecretAccessKey>secret-of-role</SecretAccessKey><SessionToken>token</SessionToken>\
         <Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>\
         </AssumeRoleResult></AssumeRoleResponse>",
    )
}

#[test]
fn a_role_is_taken_on_with_its_external_id() {
    let server = Replay::start(vec![assumed(), listed(&[])]);
    let settings = [
        &KEYS[..],
        &[
            ("AWS_ENDPOINT_URL", server.url.as_str()),
            ("LAYERLOCK_TEST_ROLE", ROLE),
            ("LAYERLOCK_TEST_EXTERNAL_ID", "id of ours"),
        ],
    ];
    assert_eq!(outcome(&settings.concat()), "0 in eu-west-1");
    let requests = server.requests();
    assert!(requests[0].authorization.contains("AKIDEXAMPLE"));
    let asked = String::from_utf8_lossy(&requests[0].bytes);
    assert!(asked.contains("Action=AssumeRole"), "{asked}");
    assert!(asked.contains("role%2Flayers"), "{asked}");
    assert!(asked.contains("ExternalId=id%20of%20ours"), "{asked}");
    assert!(requests[1].authorization.contains("AKIDROLE"));
}

/// STS may have an endpoint of its own, as in a private network.
#[test]
fn the_endpoint_of_sts_can_be_another() {
    let sts = Replay::start(vec![assumed()]);
    let server = Replay::start(vec![listed(&[])]);
    let settings = [
        &KEYS[..],
        &[
            ("AWS_ENDPOINT_URL", server.url.as_str()),
            ("AWS_ENDPOINT_URL_STS", sts.url.as_str()),
            ("LAYERLOCK_TEST_ROLE", ROLE),
        ],
    ];
    assert_eq!(outcome(&settings.concat()), "0 in eu-west-1");
    assert_eq!((sts.requests().len(), server.requests().len()), (1, 1));
}

#[test]
fn a_role_that_is_refused_is_named() {
    let server = Replay::start(vec![Answer::body(
        403,
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
         <Type>Sender</Type><Code>AccessDenied</Code><Message>User ci is not authorized to \
         perform: sts:AssumeRole</Message></Error></ErrorResponse>",
    )]);
    let settings = [
        &KEYS[..],
        &[
            ("AWS_ENDPOINT_URL", server.url.as_str()),
            ("LAYERLOCK_TEST_ROLE", ROLE),
        ],
    ];
    insta::assert_snapshot!(outcome(&settings.concat()), @"Provider: cannot take on the role arn:aws:iam::210987654321:role/layers: User ci is not authorized to perform: sts:AssumeRole (AccessDenied)");
}

#[test]
fn who_lacks_keys_is_not_told_of_the_role() {
    let settings = [("AWS_REGION", "eu-west-1"), ("LAYERLOCK_TEST_ROLE", ROLE)];
    insta::assert_snapshot!(outcome(&settings), @"Provider: no usable AWS credentials: none in the environment, the AWS profile or the machine's role");
}

#[test]
fn who_is_not_signed_in_any_more_is_told_so() {
    let session = "[profile dev]\nregion = eu-west-1\nsso_session = corp\nsso_account_id = 123456789012\n\
                   sso_role_name = Dev\n[sso-session corp]\n\
                   sso_start_url = https://corp.example.com/start\nsso_region = eu-west-1\n";
    let old = "[profile dev]\nregion = eu-west-1\nsso_start_url = https://corp.example.com/start\n\
               sso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = Dev\n";
    let through = "[profile ci]\nregion = eu-west-1\nrole_arn = arn:aws:iam::210987654321:role/layers\n\
                   source_profile = dev\n";
    for (config, profile) in [
        (session.to_owned(), "dev"),
        (old.to_owned(), "dev"),
        (format!("{through}{session}"), "ci"),
    ] {
        for variable in ["LAYERLOCK_TEST_PROFILE", "AWS_PROFILE"] {
            let told = outcome_with(&config, &[(variable, profile)]);
            assert_eq!(
                told,
                "Provider: no usable AWS credentials: the profile `dev` is not signed in any more"
            );
        }
    }
}
