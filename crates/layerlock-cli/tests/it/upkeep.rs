//! The commands that look after published versions.

use crate::support::{Sandbox, json};
use serde_json::{Value, json};

const CONFIGURED: [&str; 3] = ["publish", "--runtime", "python3.12"];

fn stdout(sandbox: &Sandbox, arguments: &[&str], code: i32) -> String {
    let output = sandbox.layerlock(arguments).assert().code(code);
    String::from_utf8(output.get_output().stdout.clone()).unwrap()
}

fn stderr(sandbox: &Sandbox, arguments: &[&str], code: i32) -> String {
    let output = sandbox.layerlock(arguments).assert().code(code);
    String::from_utf8(output.get_output().stderr.clone()).unwrap()
}

fn object(sandbox: &Sandbox, arguments: &[&str], code: i32) -> Value {
    json(stdout(sandbox, arguments, code).as_bytes())
}

/// A sandbox with so many versions of `shop`.
fn published(count: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    for number in 1..=count {
        let description = number.to_string();
        let arguments = [&CONFIGURED[..], &["--description", &description]].concat();
        sandbox.layerlock(&arguments).assert().success();
    }
    sandbox
}

#[test]
fn a_list_is_on_stdout_also_where_quiet() {
    let sandbox = published(2);
    let text = stdout(&sandbox, &["list"], 0);
    assert!(text.starts_with("shop at local\n  2  "), "{text}");
    assert!(
        text.ends_with("python3.12 x86_64  shop  local:shop:1\n"),
        "{text}"
    );
    assert_eq!(stdout(&sandbox, &["list", "--quiet"], 0), text);
    let versions = object(&sandbox, &["list", "--json"], 0);
    let versions = versions["versions"].as_array().unwrap();
    let numbers: Vec<_> = versions.iter().map(|one| &one["version"]).collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(
        stdout(&sandbox, &["list", "--name", "other"], 0),
        "other at local: no versions\n"
    );
    let empty = object(&sandbox, &["list", "--name", "other", "--json"], 0);
    assert_eq!(empty, json!({"versions": []}));
}

#[test]
fn options_of_the_other_provider_are_refused() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["list", "--local-dir", "x", "--region", "eu-west-1"][..],
        &["list", "--provider", "aws", "--local-dir", "x"],
    ] {
        let said = stderr(&sandbox, arguments, 2);
        assert!(said.contains("can only be used with --provider"), "{said}");
    }
    let said = stderr(&sandbox, &["list", "--region", "eu-west-1"], 2);
    assert!(
        said.contains("--region can only be used with --provider aws"),
        "{said}"
    );
}
