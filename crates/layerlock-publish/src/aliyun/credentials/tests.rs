use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;

/// A machine with these variables and files in its home.
fn found(
    variables: &[(&str, &str)],
    files: &[(&str, &str)],
    profile: Option<&str>,
) -> Result<Found, Error> {
    let home = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = home.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    let variable = |name: &str| variables.get(name).map(ToString::to_string);
    let machine = Machine {
        variable: &variable,
        home: Some(home.path().to_owned()),
    };
    find(&machine, profile)
}

fn key(id: &str, token: Option<&str>) -> Source {
    Source::Key(Key {
        id: id.to_owned(),
        secret: "secret".to_owned(),
        token: token.map(str::to_owned),
    })
}

const ENVIRONMENT: [(&str, &str); 2] = [
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "environment"),
    ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret"),
];

const CONFIG: (&str, &str) = (
    ".aliyun/config.json",
    r#"{"current":"default","profiles":[
      {"name":"default","mode":"AK","access_key_id":"config","access_key_secret":"secret","region_id":"cn-beijing","sts_token":"left from before"},
      {"name":"sts","mode":"StsToken","access_key_id":"sts","access_key_secret":"secret","sts_token":"token"},
      {"name":"role","mode":"RamRoleArn","access_key_id":"by","access_key_secret":"secret","ram_role_arn":"acs:ram::1:role/a","ram_session_name":"s","expired_seconds":900},
      {"name":"chain","mode":"ChainableRamRoleArn","source_profile":"sts","ram_role_arn":"acs:ram::1:role/b"},
      {"name":"circle","mode":"ChainableRamRoleArn","source_profile":"circle","ram_role_arn":"acs:ram::1:role/b"},
      {"name":"ecs","mode":"EcsRamRole","ram_role_name":"r"},
      {"name":"half","mode":"AK","access_key_id":"half"}]}"#,
);

const INI: (&str, &str) = (
    ".alibabacloud/credentials",
    "[default]\ntype = access_key # the usual\naccess_key_id = ini\naccess_key_secret = secret\n\
     [other]\ntype=ram_role_arn\naccess_key_id=by\naccess_key_secret=secret\nrole_arn=acs:ram::1:role/c\n\
     [rsa]\ntype=rsa_key_pair\n",
);

#[test]
fn the_environment_goes_first_then_the_files() {
    let with_token = [&ENVIRONMENT[..], &[("ALIBABA_CLOUD_SECURITY_TOKEN", "t")]].concat();
    assert_eq!(
        found(&with_token, &[CONFIG], None).unwrap().source,
        key("environment", Some("t"))
    );
    let of_config = found(&[], &[CONFIG, INI], None).unwrap();
    assert_eq!(of_config.source, key("config", None));
    assert_eq!(of_config.region.as_deref(), Some("cn-beijing"));
    assert_eq!(found(&[], &[INI], None).unwrap().source, key("ini", None));
    let disabled = [("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "TRUE")];
    assert_eq!(
        found(&disabled, &[CONFIG, INI], None).unwrap().source,
        key("ini", None)
    );
}

#[test]
fn a_profile_that_is_named_goes_before_the_environment() {
    for (profile, source) in [
        ("sts", key("sts", Some("token"))),
        (
            "role",
            Source::Role {
                by: Box::new(key("by", None)),
                role: Role {
                    arn: "acs:ram::1:role/a".to_owned(),
                    session: Some("s".to_owned()),
                    seconds: Some(900),
                    ..Role::default()
                },
            },
        ),
        (
            "chain",
            Source::Role {
                by: Box::new(key("sts", Some("token"))),
                role: Role {
                    arn: "acs:ram::1:role/b".to_owned(),
                    ..Role::default()
                },
            },
        ),
        (
            "other",
            Source::Role {
                by: Box::new(key("by", None)),
                role: Role {
                    arn: "acs:ram::1:role/c".to_owned(),
                    ..Role::default()
                },
            },
        ),
    ] {
        let found = found(&ENVIRONMENT, &[CONFIG, INI], Some(profile)).unwrap();
        assert_eq!(found.source, source, "{profile}");
    }
    let of_variable = [("ALIBABA_CLOUD_PROFILE", "sts")];
    assert_eq!(
        found(&of_variable, &[CONFIG], None).unwrap().source,
        key("sts", Some("token"))
    );
}

#[test]
fn a_role_by_openid_connect_is_of_the_environment() {
    let variables = [
        ("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/a"),
        (
            "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
            "acs:ram::1:oidc-provider/p",
        ),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/var/token"),
    ];
    let Source::Oidc(oidc) = found(&variables, &[CONFIG], None).unwrap().source else {
        panic!("another source");
    };
    assert_eq!(oidc.role.arn, "acs:ram::1:role/a");
    assert_eq!(oidc.token_file, PathBuf::from("/var/token"));
}

#[test]
fn what_cannot_be_used_is_named_without_its_secret() {
    type Case<'c> = (&'c [(&'c str, &'c str)], Option<&'c str>, &'c str);
    let cases: [Case<'_>; 8] = [
        (
            &[],
            Some("ecs"),
            "from the mode EcsRamRole of the profile `ecs` are not supported",
        ),
        (
            &[],
            Some("rsa"),
            "from the type rsa_key_pair of the profile `rsa` are not supported",
        ),
        (
            &[],
            Some("half"),
            "the profile `half` has no access_key_secret",
        ),
        (&[], Some("circle"), "leads back to itself"),
        (&[], Some("none"), "there is no profile `none` in"),
        (
            &[("ALIBABA_CLOUD_PROFILE", "none")],
            None,
            "there is no profile `none` in",
        ),
        (
            &ENVIRONMENT[..1],
            None,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set, and its other half is",
        ),
        (
            &[
                ("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "true"),
                ("ALIBABA_CLOUD_CREDENTIALS_FILE", "/no/such"),
                ("ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1"),
            ],
            Some("nobody"),
            "there is no profile `nobody`",
        ),
    ];
    for (variables, profile, part) in cases {
        let message = found(variables, &[CONFIG, INI], profile)
            .unwrap_err()
            .to_string();
        assert!(message.contains(part), "{message}");
        assert!(!message.contains("secret\""), "{message}");
    }
    let broken = (
        ".aliyun/config.json",
        "{\"access_key_secret\": \"s3cr3t\", ",
    );
    let message = found(&[], &[broken], None).unwrap_err().to_string();
    assert!(message.contains("is no profile file: line 1"), "{message}");
    assert!(!message.contains("s3cr3t"), "{message}");
    let message = found(&[], &[], None).unwrap_err().to_string();
    assert!(message.contains("none in the environment"), "{message}");
    let uri = [("ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1")];
    let message = found(&uri, &[], None).unwrap_err().to_string();
    assert!(message.contains("from a URI"), "{message}");
}
