//! The default chains read the environment, which a test cannot change safely
//! in its own process: these run themselves again as a child with another one.

use std::env;
use std::process::Command;

use super::*;

const OUTCOME: &str = "LAYERLOCK_TEST_OUTCOME";

/// Connects and lists with nothing but the environment; returns the outcome in
/// one line.
pub(super) fn outcome(settings: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("outcome");
    let mut child = Command::new(env::current_exe().unwrap());
    for (name, _) in env::vars_os() {
        let upper = name.to_string_lossy().to_uppercase();
        if upper.starts_with("AWS_") || upper.starts_with("SSL_") || upper.ends_with("_PROXY") {
            child.env_remove(name);
        }
    }
    let status = child
        .args(["--exact", "--ignored", "aws::tests::environment::child"])
        .env("HOME", directory.path())
        .env("USERPROFILE", directory.path())
        // Do not look for the role of a machine in the cloud.
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env(OUTCOME, &file)
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
    fs::read_to_string(file).unwrap()
}

#[test]
#[ignore = "run by the tests below, in an environment of theirs"]
fn child() {
    let settings = AwsSettings {
        role: env::var("LAYERLOCK_TEST_ROLE").ok().map(|arn| AwsRole {
            arn,
            external_id: env::var("LAYERLOCK_TEST_EXTERNAL_ID").ok(),
        }),
        regions: env::var("LAYERLOCK_TEST_REGION").into_iter().collect(),
        profile: env::var("LAYERLOCK_TEST_PROFILE").ok(),
        locks: None,
    };
    let listed = AwsLambda::connect(&settings).and_then(|publishers| {
        let publisher = publishers.into_iter().next().unwrap();
        let bucket = env::var("LAYERLOCK_TEST_BUCKET").ok();
        let has_bucket = bucket.is_some();
        let publisher = publisher.with_bucket(bucket, Storage::Copy);
        if has_bucket {
            publisher.plan(&artifact(b"bytes").1, &[])?;
        }
        if let Ok(name) = env::var("LAYERLOCK_TEST_PARAMETER") {
            publisher.set_parameter(&name, "x")?;
        }
        Ok((
            publisher.list("web")?,
            publisher.region().map(str::to_owned),
        ))
    });
    let text = match listed {
        Ok((versions, region)) => format!("{} in {}", versions.len(), region.unwrap()),
        Err(error) => format!("{:?}: {error}", error.kind()),
    };
    fs::write(env::var_os(OUTCOME).unwrap(), text).unwrap();
}

#[test]
fn keys_region_and_endpoint_come_from_the_environment() {
    let server = Replay::start(vec![listed(&[item(1)]), listed(&[])]);
    let settings = [
        ("AWS_ENDPOINT_URL", server.url.as_str()),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
    ];
    assert_eq!(outcome(&settings), "1 in eu-west-1");

    // What is given goes first.
    let given = [&settings[..], &[("LAYERLOCK_TEST_REGION", "us-east-2")]].concat();
    assert_eq!(outcome(&given), "0 in us-east-2");
    assert!(
        server.requests()[1]
            .authorization
            .contains("/us-east-2/lambda/")
    );
}

/// As with the SDK and the AWS CLI, in this order.
#[test]
fn an_endpoint_of_one_service_comes_before_that_of_all() {
    let lambda = Replay::start((0..4).map(|_| listed(&[])).collect());
    let ssm = Replay::start((0..3).map(|_| Answer::json(200, &json!({}))).collect());
    let services = format!(
        "services = own\n[services own]\nssm =\n  endpoint_url = {}\n",
        ssm.url
    );
    let s3 = Replay::start((0..3).map(|_| Answer::body(403, String::new())).collect());
    let services = format!("{services}s3 =\n  endpoint_url = {}\n", s3.url);
    let whole = format!("endpoint_url = {}\n", lambda.url);
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("LAYERLOCK_TEST_PARAMETER", "/web"),
        ("LAYERLOCK_TEST_BUCKET", "layers"),
    ];
    let of_environment = [
        ("AWS_ENDPOINT_URL", lambda.url.as_str()),
        ("AWS_ENDPOINT_URL_SSM", &ssm.url),
        ("AWS_ENDPOINT_URL_S3", &s3.url),
    ];
    for (config, variables) in [
        (String::new(), &of_environment[..]),
        (format!("{whole}{services}"), &[]),
        (whole.clone(), &of_environment[1..]),
    ] {
        let settings = [&keys[..], variables].concat();
        assert_eq!(outcome_with(&config, &settings), "0 in eu-west-1");
    }
    assert_eq!(ssm.lines(), ["POST /"; 3]);
    assert_eq!(s3.lines().len(), 3);
    assert_eq!(lambda.lines(), [LIST; 3]);

    let settings = [&keys[..3], &[("AWS_ENDPOINT_URL_SSM", "user:hunter2@host")]].concat();
    insta::assert_snapshot!(outcome_with(&whole, &settings), @"Usage: invalid AWS settings: the endpoint of SSM is not an address such as https://host:port");
}

#[test]
fn a_profile_brings_region_and_keys() {
    let server = Replay::start(vec![listed(&[])]);
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config");
    let text = format!(
        "[profile ci]\nregion = eu-north-1\naws_access_key_id = AKIDPROFILE\n\
         aws_secret_access_key = {SECRET}\nendpoint_url = {}\n",
        server.url
    );
    fs::write(&config, text).unwrap();
    let settings = [
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ("LAYERLOCK_TEST_PROFILE", "ci"),
    ];
    assert_eq!(outcome(&settings), "0 in eu-north-1");
    assert!(server.requests()[0].authorization.contains("AKIDPROFILE"));
}

#[test]
fn no_region_and_no_credentials_say_so() {
    insta::assert_snapshot!(outcome(&[]), @"Usage: no AWS region is set");
    insta::assert_snapshot!(outcome(&[("AWS_REGION", "eu-west-1")]), @"Provider: no usable AWS credentials: none in the environment, the AWS profile or the machine's role");
}

/// The outcome with this configuration file, whose path is `config` in it.
pub(super) fn outcome_with(config: &str, settings: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config");
    fs::write(&path, format!("[default]\nregion = eu-west-1\n{config}")).unwrap();
    let path = path.to_str().unwrap();
    outcome(&[settings, &[("AWS_CONFIG_FILE", path)]].concat()).replace(path, "config")
}

#[test]
fn what_is_wrong_with_a_profile_is_told() {
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
    ];
    insta::assert_snapshot!(outcome_with("", &[("AWS_PROFILE", "nobody")]), @"Provider: no usable AWS credentials: the profile `nobody` is neither in config nor in ~/.aws/credentials");
    let asked = [&keys[..], &[("LAYERLOCK_TEST_PROFILE", "nobody")]].concat();
    insta::assert_snapshot!(outcome_with("", &asked), @"Provider: no usable AWS credentials: the profile `nobody` is neither in config nor in ~/.aws/credentials");
    insta::assert_snapshot!(
        outcome_with(
            "[profile a]\nrole_arn = arn:aws:iam::123456789012:role/ci\nsource_profile = zzz\n",
            &[("AWS_PROFILE", "a")],
        ),
        @"Provider: no usable AWS credentials: the profile `a` has the source_profile `zzz`, which does not exist"
    );
    insta::assert_snapshot!(
        outcome_with(
            "[profile a]\nsource_profile = b\n[profile b]\nsource_profile = a\n",
            &[("AWS_PROFILE", "a")],
        ),
        @"Provider: no usable AWS credentials: the profiles a, b name each other as source_profile"
    );
    insta::assert_snapshot!(
        outcome_with("[profile a]\nsso_session = corp\n", &[("AWS_PROFILE", "a")]),
        @"Provider: no usable AWS credentials: the profile `a` has the sso_session `corp`, which does not exist"
    );
    insta::assert_snapshot!(
        outcome_with(
            "[profile a]\noutput = json\n",
            &[("LAYERLOCK_TEST_PROFILE", "a"), ("AWS_REGION", "eu-west-1")],
        ),
        @"Provider: no usable AWS credentials: the profile `a` has none"
    );
}

#[test]
fn a_file_of_profiles_that_cannot_be_read_is_told_by_its_line() {
    let outcome = outcome_with(&format!("aws_secret_access_key {SECRET}\n"), &[]);
    assert!(!outcome.contains(SECRET), "{outcome}");
    insta::assert_snapshot!(outcome, @"Provider: no usable AWS credentials: error parsing config on line 3: Expected an '=' sign defining a property");
}

/// As with the AWS CLI: else the layer would go to the account of other keys.
#[test]
fn a_profile_that_was_asked_for_comes_before_keys_of_the_environment() {
    let server = Replay::start(vec![listed(&[])]);
    let profile = format!(
        "[profile ci]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = {SECRET}\n"
    );
    let settings = [
        ("LAYERLOCK_TEST_PROFILE", "ci"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL", &server.url),
    ];
    assert_eq!(outcome_with(&profile, &settings), "0 in eu-west-1");
    assert!(server.requests()[0].authorization.contains("AKIDPROFILE"));
}

#[cfg(unix)]
#[test]
fn a_credential_process_that_fails_is_not_quoted() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config");
    let text =
        format!("[default]\nregion = eu-west-1\ncredential_process = echo {SECRET} >&2; exit 3\n");
    fs::write(&config, text).unwrap();
    let outcome = outcome(&[("AWS_CONFIG_FILE", config.to_str().unwrap())]);
    assert!(!outcome.contains(SECRET), "{outcome}");
    insta::assert_snapshot!(outcome, @"Provider: no usable AWS credentials: an error occurred while loading credentials: Error retrieving credentials: external process exited with code exit status: 3.");
}

#[test]
fn a_password_in_a_url_is_not_repeated() {
    // Port 9 (discard): nobody listens.
    for (endpoint, proxy, kind) in [
        (
            "http://127.0.0.1:9",
            "http://user:hunter2@127.0.0.1:9",
            "Network: ",
        ),
        ("http://user:hunter2@127.0.0.1:9", "", "Network: "),
        ("http://user:hunter2 @127.0.0.1:9", "", "Usage: "),
        ("user:hunter2@127.0.0.1:9", "", "Usage: "),
    ] {
        let outcome = outcome(&[
            ("AWS_ENDPOINT_URL", endpoint),
            ("HTTP_PROXY", proxy),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_MAX_ATTEMPTS", "1"),
        ]);
        assert!(outcome.starts_with(kind), "{endpoint}: {outcome}");
        assert!(!outcome.contains("hunter2"), "{outcome}");
    }
}

#[test]
fn a_role_that_cannot_be_asked_for_is_the_networks() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config");
    let text = format!(
        "[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/ci\n\
         source_profile = base\n[profile base]\naws_access_key_id = AKIDEXAMPLE\n\
         aws_secret_access_key = {SECRET}\n"
    );
    fs::write(&config, text).unwrap();
    let outcome = outcome(&[
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_MAX_ATTEMPTS", "1"),
    ]);
    assert!(outcome.starts_with("Network: "), "{outcome}");
}

#[test]
fn a_bundle_that_is_not_there_is_named() {
    let outcome = outcome(&[
        ("AWS_REGION", "eu-west-1"),
        ("AWS_CA_BUNDLE", "no-such.pem"),
    ]);
    assert!(
        outcome.starts_with("Machine: ") && outcome.contains("no-such.pem"),
        "{outcome}"
    );
}
