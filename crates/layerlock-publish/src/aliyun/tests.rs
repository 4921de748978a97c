//! The backend against a server that verifies every signature.

use std::collections::BTreeMap;
use std::time::Duration;

use layerlock_diagnostic::{Diagnose as _, ErrorKind};
use layerlock_testkit::{Break, BrokenRequest, FaultProxy, FcAccount, FcServer, noise};
use tempfile::TempDir;

use super::connect::connect;
use super::credentials::Machine;
use super::*;
use crate::once;

/// A server, a client and zips.
struct Scene {
    server: FcServer,
    directory: TempDir,
    variables: BTreeMap<String, String>,
    settings: AliyunSettings,
}

impl Scene {
    fn new() -> Self {
        Self::of(FcAccount::default())
    }

    fn of(account: FcAccount) -> Self {
        let server = FcServer::start(account).unwrap();
        let url = server.url();
        let variables = [
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAItest"),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s3cr3t/+="),
            ("ALIBABA_CLOUD_REGION_ID", "cn-hangzhou"),
            ("LAYERLOCK_FC_ENDPOINT", &url),
            ("LAYERLOCK_OSS_ENDPOINT", &url),
            ("LAYERLOCK_STS_ENDPOINT", &url),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            variables: variables.into(),
            server,
            directory: tempfile::tempdir().unwrap(),
            settings: AliyunSettings::default(),
        }
    }

    fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn try_client(&self) -> Result<AliyunFc, Error> {
        let variable = |name: &str| self.variables.get(name).cloned();
        let machine = Machine {
            variable: &variable,
            home: Some(self.directory.path().to_owned()),
        };
        let policy = Policy {
            first_wait: Duration::from_millis(1),
            stall: Duration::from_secs(3),
            ..Policy::default()
        };
        let mut clients = connect(&self.settings, &machine, policy)?;
        Ok(clients.remove(0))
    }

    fn client(&self) -> AliyunFc {
        self.try_client().unwrap()
    }

    /// A client whose requests are broken on their way.
    fn broken(&self, broken: &[BrokenRequest]) -> AliyunFc {
        let proxy = FaultProxy::start(&self.server.address(), broken).unwrap();
        let url = proxy.url();
        let mut variables = self.variables.clone();
        for name in ["LAYERLOCK_FC_ENDPOINT", "LAYERLOCK_OSS_ENDPOINT"] {
            variables.insert(name.to_owned(), url.clone());
        }
        let variable = |name: &str| variables.get(name).cloned();
        let machine = Machine {
            variable: &variable,
            home: None,
        };
        let policy = Policy {
            first_wait: Duration::from_millis(1),
            stall: Duration::from_secs(2),
            ..Policy::default()
        };
        connect(&self.settings, &machine, policy).unwrap().remove(0)
    }

    fn artifact(&self, bytes: &[u8]) -> Artifact {
        let digest = Digest::sha256_of(bytes);
        let zip = self.directory.path().join(format!("{}.zip", digest.hex()));
        fs_err::write(&zip, bytes).unwrap();
        Artifact {
            layer: "web".to_owned(),
            zip,
            size: bytes.len() as u64,
            digest,
            project: Some("shop".to_owned()),
            adopt: false,
            description: Some("größe & mehr".to_owned()),
            license: Some("MIT".to_owned()),
            runtimes: vec!["python3.10".to_owned()],
            architectures: vec!["x86_64".to_owned()],
            crc64: None,
            object: None,
        }
    }

    fn requests(&self) -> Vec<String> {
        let requests = self.server.take_requests().into_iter();
        requests
            .map(|(method, path, status)| format!("{method} {path} {status}"))
            .collect()
    }
}

#[test]
fn a_zip_is_published_once_and_nothing_changed_is_one_list_call() {
    let scene = Scene::new();
    let artifact = scene.artifact(b"a zip");
    let made = scene.client().publish(&artifact).unwrap();
    assert_eq!(
        made.arn,
        "acs:fc:cn-hangzhou:1234567890123456:layers/web/versions/1"
    );
    assert_eq!(made.account(), Some("1234567890123456"));
    let [version] = <[_; 1]>::try_from(scene.server.versions("web")).unwrap();
    assert_eq!(version.zip, b"a zip");
    assert_eq!(version.runtimes, ["python3.10"]);
    assert_eq!(version.license, "MIT");
    assert!(
        version
            .description
            .starts_with("größe & mehr [layerlock shop ")
    );

    scene.requests();
    let again = scene.client().publish(&artifact).unwrap();
    assert_eq!((again.version, again.reused), (1, true));
    let path = "/2023-03-30/layers/web/versions";
    assert_eq!(scene.requests(), [format!("GET {path} 200")]);
}

#[test]
fn each_difference_makes_a_version_and_a_revert_gives_the_old_one() {
    let scene = Scene::new();
    let client = scene.client();
    let first = scene.artifact(b"one");
    let publish = |artifact: &Artifact| client.publish(artifact).unwrap().version;
    assert_eq!(publish(&first), 1);
    assert_eq!(publish(&scene.artifact(b"two")), 2);
    assert_eq!(publish(&first), 1);
    let described = Artifact {
        description: Some("other".to_owned()),
        ..first.clone()
    };
    assert_eq!(publish(&described), 3);
    let licensed = Artifact {
        license: Some("BSD".to_owned()),
        ..first.clone()
    };
    assert_eq!(publish(&licensed), 4);
    let older = Artifact {
        runtimes: vec!["python3.9".to_owned()],
        ..first
    };
    assert_eq!(publish(&older), 5);
}

/// What others published is compared by its checksum, in the same list call.
#[test]
fn a_version_without_a_mark_is_told_by_its_checksum() {
    let scene = Scene::new();
    let client = scene.client();
    let artifact = Artifact {
        description: None,
        license: None,
        project: None,
        ..scene.artifact(b"theirs")
    };
    let body = zip_body::request(&artifact, zip_body::crc64_of(&artifact).unwrap()).unwrap();
    let mut body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    body["description"] = "made by hand".into();
    let made = client.blocking.run(client.api.create(
        "web",
        body.to_string().into(),
        reqwest::Body::from,
        Duration::from_secs(9),
    ));
    assert_eq!(made.unwrap().number(), 1);
    assert!(client.publish(&artifact).unwrap().reused);
}

#[test]
fn a_large_zip_goes_through_the_temporary_bucket_or_ones_own() {
    let bytes = noise(1, 21 << 20);
    for bucket in [None, Some("layers".to_owned())] {
        let mut scene = Scene::new();
        scene.settings.bucket.clone_from(&bucket);
        let artifact = scene.artifact(&bytes);
        let made = scene.client().publish(&artifact).unwrap();
        assert_eq!(made.version, 1);
        assert_eq!(scene.server.versions("web")[0].zip, bytes);
        let requests = scene.requests().join("\n");
        assert_eq!(
            requests.contains("GET /2016-08-15/tempBucketToken 200"),
            bucket.is_none(),
            "{requests}"
        );
        let Some(bucket) = bucket else { continue };
        // What is there is not sent again.
        let key = format!("layerlock/{}.zip", artifact.digest.hex());
        assert_eq!(scene.server.objects(&bucket), [(key, bytes.len())]);
        let licensed = Artifact {
            license: None,
            ..artifact
        };
        scene.client().publish(&licensed).unwrap();
        let requests = scene.requests().join("\n");
        assert!(!requests.contains("PUT"), "{requests}");
    }
}

#[test]
fn a_bucket_that_is_not_there_is_named() {
    let mut scene = Scene::new();
    scene.settings.bucket = Some("nobodys".to_owned());
    let artifact = scene.artifact(&noise(1, 21 << 20));
    let error = scene.client().publish(&artifact).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider);
    let text = "the bucket nobodys cannot be used: there is no bucket of this name";
    assert_eq!(error.to_string(), text);
    assert!(scene.server.versions("web").is_empty());
}

#[test]
fn temporary_credentials_and_roles_sign_too() {
    let mut scene = Scene::new();
    scene
        .set("ALIBABA_CLOUD_ACCESS_KEY_ID", "STS.test")
        .set("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "t3mp/+=")
        .set("ALIBABA_CLOUD_SECURITY_TOKEN", "CAIS/token+/==");
    assert_eq!(
        scene
            .client()
            .publish(&scene.artifact(b"1"))
            .unwrap()
            .version,
        1
    );
    scene.settings.role_arn = Some("acs:ram::1234567890123456:role/layers".to_owned());
    let client = scene.client();
    assert!(client.api.key.id.starts_with("STS.role"));
    assert_eq!(client.publish(&scene.artifact(b"2")).unwrap().version, 2);
    // Large zips too.
    let large = scene.artifact(&noise(1, 21 << 20));
    assert_eq!(client.publish(&large).unwrap().version, 3);
}

#[test]
fn a_role_by_openid_connect_needs_no_key() {
    let mut scene = Scene::new();
    let token = scene.directory.path().join("token");
    fs_err::write(&token, "oidc-token\n").unwrap();
    scene.variables.remove("ALIBABA_CLOUD_ACCESS_KEY_ID");
    scene.variables.remove("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
    scene
        .set("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/ci")
        .set(
            "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
            "acs:ram::1:oidc-provider/p",
        )
        .set("ALIBABA_CLOUD_OIDC_TOKEN_FILE", token.to_str().unwrap());
    assert_eq!(
        scene
            .client()
            .publish(&scene.artifact(b"1"))
            .unwrap()
            .version,
        1
    );
    fs_err::write(&token, "another").unwrap();
    let error = scene.try_client().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider);
    assert!(
        error
            .to_string()
            .starts_with("cannot take on the role acs:ram::1:role/ci")
    );
}

#[test]
fn a_wrong_secret_and_a_denied_action_are_the_providers() {
    let mut scene = Scene::new();
    scene.set("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "wrong");
    let error = scene.client().publish(&scene.artifact(b"1")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider);
    let text = error.to_string();
    assert!(text.contains("(SignatureNotMatch)"), "{text}");
    // What the server repeats of the request is not.
    assert!(!text.contains("x-acs"), "{text}");
    assert!(
        error
            .hint()
            .unwrap()
            .contains("the secret of the access key")
    );

    let scene = Scene::of(FcAccount {
        denied: vec!["fc:CreateLayerVersion".to_owned()],
        ..FcAccount::default()
    });
    let error = scene.client().publish(&scene.artifact(b"1")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider);
    let text = "Alibaba Cloud denied fc:CreateLayerVersion on layers/web";
    assert!(error.to_string().starts_with(text), "{error}");
    assert!(error.hint().unwrap().contains("fc:CreateLayerVersion"));
}

#[test]
fn lists_are_read_to_their_last_page() {
    let scene = Scene::of(FcAccount {
        page: 2,
        ..FcAccount::default()
    });
    let client = scene.client();
    for number in 1..=5 {
        let artifact = scene.artifact(format!("zip {number}").as_bytes());
        client.publish(&artifact).unwrap();
        let arn = format!("acs:fc:cn-hangzhou:1234567890123456:layers/web/versions/{number}");
        scene.server.add_function(&format!("f{number}"), &[&arn]);
    }
    let versions = client.list("web").unwrap();
    let numbers: Vec<u64> = versions.iter().map(|version| version.version).collect();
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
    assert_eq!(client.uses().unwrap().len(), 5);
    assert!(client.list("nothing").unwrap().is_empty());
}

#[test]
fn versions_are_deleted_shared_and_downloaded() {
    let scene = Scene::new();
    let client = scene.client();
    let artifact = scene.artifact(b"a zip");
    client.publish(&artifact).unwrap();
    let everybody = Grant::new("*", None).unwrap();
    assert!(client.grants("web", 1).unwrap().is_empty());
    client.grant("web", 1, &everybody).unwrap();
    assert!(scene.server.is_public("web"));
    assert_eq!(client.grants("web", 1).unwrap(), [everybody]);
    let one = Grant::new("123456789012", None).unwrap();
    let error = client.grant("web", 1, &one).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.hint().unwrap().contains("everybody or nobody"));

    let listed = client.list("web").unwrap().remove(0);
    let detail = client.detail(&listed).unwrap();
    assert_eq!(detail.code_sha256, Some(artifact.code_sha256()));
    for to in ["kept", "again"] {
        let to = scene.directory.path().join(to);
        client.download(&listed, &to).unwrap();
        assert_eq!(fs_err::read(to).unwrap(), b"a zip");
    }
    client.delete("web", 1).unwrap();
    client.delete("web", 1).unwrap();
    assert!(client.list("web").unwrap().is_empty());
    let error = client.detail(&listed).unwrap_err();
    assert!(matches!(error, Error::NoVersion { .. }), "{error:?}");
}

#[test]
fn an_object_of_a_bucket_is_fetched_and_published_where_it_is() {
    let scene = Scene::new();
    scene
        .server
        .add_object("layers", "a b/ü.zip", b"in a bucket");
    let object = StoredObject {
        bucket: "layers".to_owned(),
        key: "a b/ü.zip".to_owned(),
    };
    let client = scene.client();
    let to = scene.directory.path().join("fetched");
    assert!(client.fetch(&object, &to).unwrap().is_some());
    let artifact = Artifact {
        object: Some(object),
        ..scene.artifact(&fs_err::read(to).unwrap())
    };
    assert_eq!(client.publish(&artifact).unwrap().version, 1);
    assert_eq!(scene.server.versions("web")[0].zip, b"in a bucket");
}

/// A table of breaks: one version each time.
#[test]
fn whatever_becomes_of_a_request_there_is_one_version() {
    let slow = Break::Slow(Duration::from_millis(50));
    for how in [
        Break::Cut,
        Break::CutAfter,
        Break::Truncated,
        Break::Hang,
        slow,
        Break::Status(429),
        Break::RetryAfter(429),
        Break::Status(500),
        Break::Status(503),
        Break::StatusAfter(500),
        Break::StatusAfter(503),
        Break::Page,
    ] {
        for method in ["GET", "POST"] {
            if how == Break::Hang && method == "GET" {
                // It takes as long as a request may.
                continue;
            }
            let scene = Scene::new();
            let artifact = scene.artifact(b"a zip");
            let broken = [BrokenRequest {
                method,
                number: Some(1),
                how,
            }];
            let made = scene.broken(&broken).publish(&artifact);
            let made = made.unwrap_or_else(|error| panic!("{method} {how:?}: {error}"));
            assert_eq!((made.version, made.reused), (1, false), "{method} {how:?}");
            assert_eq!(scene.server.versions("web").len(), 1, "{method} {how:?}");
        }
    }
}

#[test]
fn what_never_passes_ends_with_its_own_sentence() {
    for (how, kind) in [
        (Break::Status(500), ErrorKind::Network),
        (Break::Status(429), ErrorKind::Provider),
        (Break::Cut, ErrorKind::Network),
        (Break::Status(403), ErrorKind::Provider),
    ] {
        let scene = Scene::new();
        let broken = [BrokenRequest {
            method: "POST",
            number: None,
            how,
        }];
        let error = scene.broken(&broken).publish(&scene.artifact(b"1"));
        let error = error.unwrap_err();
        assert_eq!(error.kind(), kind, "{how:?}: {error}");
        assert!(scene.server.versions("web").is_empty());
    }
}

#[test]
fn an_upload_that_is_broken_is_sent_again() {
    for how in [Break::Cut, Break::CutAfter, Break::Status(503), Break::Hang] {
        let scene = Scene::new();
        let artifact = scene.artifact(&noise(1, 21 << 20));
        let broken = [BrokenRequest {
            method: "PUT",
            number: Some(1),
            how,
        }];
        let made = scene.broken(&broken).publish(&artifact);
        assert_eq!(made.unwrap().version, 1, "{how:?}");
        assert_eq!(scene.server.versions("web").len(), 1, "{how:?}");
    }
}

#[test]
fn two_runs_at_once_give_one_version() {
    let mut scene = Scene::new();
    scene.settings.locks = Some(scene.directory.path().join("locks"));
    for round in 0..10 {
        let artifact = scene.artifact(format!("round {round}").as_bytes());
        let clients = [scene.client(), scene.client()];
        let made = std::thread::scope(|scope| {
            let artifact = &artifact;
            let runs = clients.each_ref();
            let runs = runs.map(|client| scope.spawn(|| client.publish(artifact).unwrap()));
            runs.map(|run| run.join().unwrap().version)
        });
        assert_eq!(made[0], made[1]);
        assert_eq!(scene.server.versions("web").len(), round + 1);
    }
}

/// On two machines no lock keeps them apart.
#[test]
fn what_two_machines_make_at_once_is_put_right() {
    let scene = Scene::new();
    let artifact = scene.artifact(b"a zip");
    let client = scene.client();
    let prepared = client.prepared(&artifact).unwrap();
    let plan = client.plan(&artifact, &[]).unwrap();
    scene.client().publish(&artifact).unwrap();
    // Its look comes before the other's version is there.
    let made = client.blocking.run(client.api.create(
        "web",
        zip_body::request(&prepared, prepared.crc64.unwrap()).unwrap(),
        reqwest::Body::from,
        Duration::from_secs(9),
    ));
    assert_eq!(made.as_ref().unwrap().number(), 2);
    let made = once::Made {
        arn: made.as_ref().unwrap().arn().to_owned(),
        version: 2,
    };
    let healed = client
        .blocking
        .run(once::heal(&client, &prepared, None, made, false));
    assert_eq!((healed.version, healed.reused), (1, true));
    assert_eq!(scene.server.versions("web").len(), 1);
    assert!(client.carry_out(&artifact, &plan, &|_| {}).unwrap().reused);
}

#[test]
fn what_no_layer_can_be_is_refused_before_it_is_sent() {
    let scene = Scene::new();
    let client = scene.client();
    let arm64 = Artifact {
        architectures: vec!["arm64".to_owned()],
        ..scene.artifact(b"1")
    };
    assert_eq!(
        client.publish(&arm64).unwrap_err().kind(),
        ErrorKind::Artifact
    );
    let named = Artifact {
        layer: "9web".to_owned(),
        ..scene.artifact(b"1")
    };
    assert_eq!(client.publish(&named).unwrap_err().kind(), ErrorKind::Usage);
    let large = Artifact {
        size: (500 << 20) + 1,
        ..scene.artifact(b"1")
    };
    let error = client.plan(&large, &[]).unwrap_err();
    assert!(
        error.to_string().ends_with("a layer at most 524288000"),
        "{error}"
    );
    assert!(scene.requests().is_empty());
}

#[test]
fn a_region_that_nobody_names_is_told() {
    let mut scene = Scene::new();
    scene.variables.remove("ALIBABA_CLOUD_REGION_ID");
    let error = scene.try_client().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(error.to_string(), "no region of Alibaba Cloud is set");
    scene.settings.regions = vec!["CN Hangzhou".to_owned()];
    let error = scene.try_client().unwrap_err().to_string();
    assert!(error.contains("is not the name of a region"), "{error}");
}
