//! `--provider aliyun`, against a server that verifies every signature.

use layerlock_testkit::{FcAccount, FcServer, ProjectBuilder};
use serde_json::Value;

use crate::support::Sandbox;

const RUNTIME: &str = "[tool.layerlock]\nprovider = \"aliyun\"\nruntime = \"python3.10\"\n";

fn sandbox(toml: &str) -> Sandbox {
    Sandbox::from_project(
        ProjectBuilder::new("shop")
            .requires_python(">=3.9")
            .pyproject(toml),
    )
}

fn server() -> FcServer {
    FcServer::start(FcAccount::default()).unwrap()
}

/// Standard output and standard error.
fn run(sandbox: &Sandbox, server: &FcServer, arguments: &[&str], code: i32) -> (String, String) {
    let mut command = sandbox.layerlock(arguments);
    let command = command
        .env("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAItest")
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s3cr3t/+=")
        .env("ALIBABA_CLOUD_REGION_ID", "cn-hangzhou")
        .env("LAYERLOCK_FC_ENDPOINT", server.url())
        .env("LAYERLOCK_OSS_ENDPOINT", server.url())
        .env("LAYERLOCK_STS_ENDPOINT", server.url());
    let assert = command.assert().code(code);
    let output = assert.get_output();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

fn report(sandbox: &Sandbox, server: &FcServer, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--json"]].concat();
    serde_json::from_str(&run(sandbox, server, &arguments, 0).0).unwrap()
}

#[test]
fn a_layer_is_published_once_and_looked_after() {
    let (sandbox, server) = (sandbox(RUNTIME), server());
    let arn = "acs:fc:cn-hangzhou:1234567890123456:layers/shop/versions/1";
    let planned = report(&sandbox, &server, &["publish", "--dry-run"]);
    assert_eq!(planned["published"][0]["outcome"], "planned");
    assert!(server.versions("shop").is_empty());

    let published = &report(&sandbox, &server, &["publish"])["published"][0];
    assert_eq!(published["outcome"], "published");
    assert_eq!(published["provider"], "aliyun");
    assert_eq!(published["account"], "1234567890123456");
    assert_eq!(published["region"], "cn-hangzhou");
    assert_eq!(published["arn"], arn);
    assert_eq!(server.versions("shop")[0].runtimes, ["python3.10"]);

    server.take_requests();
    let again = &report(&sandbox, &server, &["publish"])["published"][0];
    assert_eq!(again["outcome"], "unchanged");
    assert_eq!(server.take_requests().len(), 1);
    let status = report(&sandbox, &server, &["status"]);
    assert_eq!(status["status"][0]["outcome"], "current");
    let listed = report(&sandbox, &server, &["list"]);
    assert_eq!(listed["versions"][0]["arn"], arn);
    assert_eq!(listed["versions"][0]["project"], "shop");

    let format = ["publish", "--output-format", "serverless-devs"];
    let (lines, _) = run(&sandbox, &server, &format, 0);
    assert_eq!(lines, format!("layers:\n  - {arn} # shop for python3.10\n"));
}

#[test]
fn old_versions_are_pruned_but_for_those_in_use() {
    let (sandbox, server) = (sandbox(RUNTIME), server());
    for number in 1..=3 {
        let description = number.to_string();
        report(
            &sandbox,
            &server,
            &["publish", "--description", &description],
        );
    }
    let arn =
        |number: u8| format!("acs:fc:cn-hangzhou:1234567890123456:layers/shop/versions/{number}");
    server.add_function("uses", &[&arn(1)]);
    report(&sandbox, &server, &["prune", "--keep", "1", "--yes"]);
    let left: Vec<_> = server
        .versions("shop")
        .into_iter()
        .map(|it| it.arn)
        .collect();
    assert_eq!(left, [arn(1), arn(3)]);
    let (_, text) = run(&sandbox, &server, &["delete", "1", "--yes"], 6);
    assert!(text.contains("in use by"), "{text}");
    report(&sandbox, &server, &["publish", "--share", "public"]);
    assert!(server.is_public("shop"));
    let all = ["delete", "shop", "--all", "--force", "--yes"];
    report(&sandbox, &server, &all);
    assert!(server.versions("shop").is_empty());
}

/// Each layer goes to its own cloud: here one of them is not to be reached.
#[test]
fn one_lock_goes_to_the_clouds_that_its_targets_name() {
    let toml = "[tool.layerlock.layers.web]\ntargets = [\"aliyun:python3.10\", \"aliyun:python3.9\"]\n\
                [tool.layerlock.publish.aliyun]\nregions = [\"cn-hangzhou\"]\n";
    let (sandbox, server) = (sandbox(toml), server());
    let published = report(&sandbox, &server, &["publish"]);
    let published = published["published"].as_array().unwrap();
    assert_eq!(published.len(), 2);
    let runtimes: Vec<_> = server
        .versions("web")
        .into_iter()
        .map(|it| it.runtimes)
        .collect();
    assert_eq!(runtimes, [["python3.10"], ["python3.9"]]);
}

#[test]
fn a_zip_an_object_and_a_promotion_need_no_build() {
    let (sandbox, server) = (sandbox(RUNTIME), server());
    report(&sandbox, &server, &["publish"]);
    let zip = server.versions("shop")[0].zip.clone();
    server.add_object("layers", "a b.zip", &zip);
    let from = [
        "publish",
        "--from",
        "oss://layers/a b.zip",
        "--name",
        "stored",
    ];
    let from = [&from[..], &["--runtime", "python3.10"]].concat();
    let stored = report(&sandbox, &server, &from);
    assert_eq!(stored["published"][0]["outcome"], "published", "{stored}");
    assert_eq!(server.versions("stored")[0].zip, zip);
    // It is told by what it is called there, and not by where it was brought to.
    let layer = &stored["layers"][0];
    assert_eq!(layer["name"], "a b");
    assert_eq!(layer["path"], "oss://layers/a b.zip");
    assert_eq!(layer["zip"], serde_json::Value::Null);
    let again = report(&sandbox, &server, &from);
    assert_eq!(again["published"][0]["outcome"], "unchanged");
    // Also where it is no layer.
    server.add_object("layers", "a b.zip", b"no zip");
    let (json, text) = run(&sandbox, &server, &from, 7);
    let told = "cannot publish oss://layers/a b.zip: ";
    assert!(text.contains(told), "{json}{text}");

    let promote = ["promote", "--to", "local"];
    let promoted = report(&sandbox, &server, &promote);
    assert_eq!(
        promoted["published"][0]["outcome"], "published",
        "{promoted}"
    );
    let kept = sandbox
        .project
        .path()
        .join("dist/published/shop/1/layer.zip");
    assert_eq!(fs_err::read(kept).unwrap(), zip);
}

#[test]
fn what_goes_wrong_has_its_exit_code_and_its_sentence() {
    let (sandbox, server) = (sandbox(RUNTIME), server());
    let wrong = |name: &str, value: &str, arguments: &[&str], code: i32| {
        let mut command = sandbox.layerlock(arguments);
        let command = command
            .env("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAItest")
            .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s3cr3t/+=")
            .env("ALIBABA_CLOUD_REGION_ID", "cn-hangzhou")
            .env("LAYERLOCK_FC_ENDPOINT", server.url())
            .env(name, value);
        let assert = command.assert().code(code);
        let output = assert.get_output();
        let all = [&output.stdout[..], &output.stderr].concat();
        String::from_utf8(all).unwrap()
    };
    let secret = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
    let text = wrong(secret, "n0t-th1s", &["publish"], 6);
    assert!(text.contains("SignatureNotMatch"), "{text}");
    assert!(!text.contains("n0t-th1s"), "{text}");
    let text = wrong(secret, "", &["publish"], 6);
    assert!(
        text.contains("ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set"),
        "{text}"
    );
    let text = wrong("ALIBABA_CLOUD_REGION_ID", "", &["publish"], 2);
    assert!(text.contains("no region of Alibaba Cloud is set"), "{text}");
    let text = wrong("X", "", &["publish", "--architecture", "arm64"], 4);
    assert!(text.contains("run on x86_64 alone"), "{text}");
    let text = wrong("X", "", &["publish", "--share", "account:123456789012"], 2);
    assert!(text.contains("everybody, by `public`, or nobody"), "{text}");
    let aliyun = ["publish", "--provider", "aliyun", "--ssm-parameter", "/a"];
    let text = wrong("X", "", &aliyun, 2);
    assert!(
        text.contains("--ssm-parameter can only be used with --provider aws"),
        "{text}"
    );
    let text = wrong("X", "", &["publish", "--runtime", "python3.13"], 2);
    assert!(text.contains("unknown runtime `python3.13`"), "{text}");
    assert!(server.versions("shop").is_empty());
}
