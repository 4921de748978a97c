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

#[test]
fn nothing_is_deleted_without_a_yes() {
    let sandbox = published(3);
    let plan = stdout(&sandbox, &["prune", "--keep", "1"], 0);
    assert!(
        plan.ends_with("would delete 2 versions and keep 1; with --yes it is done\n"),
        "{plan}"
    );
    assert_eq!(
        stdout(&sandbox, &["prune", "--keep", "1", "--dry-run"], 0),
        plan
    );
    let plan = object(&sandbox, &["prune", "--keep=2", "--json"], 0);
    assert_eq!(plan["pruned"][2]["outcome"], "planned");
    let plan = stdout(&sandbox, &["delete", "--version", "1"], 0);
    assert!(plan.contains("would delete local:shop:1"), "{plan}");
    let listed = object(&sandbox, &["list", "--json"], 0);
    assert_eq!(listed["versions"].as_array().unwrap().len(), 3);

    let done = object(&sandbox, &["prune", "--keep", "2", "--yes", "--json"], 0);
    assert_eq!(done["pruned"][2]["outcome"], "deleted");
    assert_eq!(
        stdout(&sandbox, &["prune", "--keep", "1", "-y", "-q"], 0),
        ""
    );
    let done = object(
        &sandbox,
        &["delete", "shop", "3,2", "9", "--yes", "--json"],
        0,
    );
    let outcomes = done["deleted"].as_array().unwrap();
    let outcomes: Vec<_> = outcomes.iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["missing", "deleted", "missing"]);
}

#[test]
fn what_to_delete_has_to_be_said() {
    let sandbox = Sandbox::new();
    for (arguments, part) in [
        (
            &["delete"][..],
            "name the versions to delete: --version 3,4",
        ),
        (&["delete", "shop"], "name the versions to delete"),
        (
            &["delete", "shop", "x"],
            "\"x\" is not the number of a version",
        ),
        (
            &["delete", "--version", "x"],
            "invalid value 'x' for '--version <NUMBERS>'",
        ),
        (
            &["delete", "1", "--yes", "--dry-run"],
            "cannot be used with",
        ),
        (&["prune"], "--keep <COUNT>"),
        (
            &["prune", "--keep", "0"],
            "invalid value '0' for '--keep <COUNT>'",
        ),
    ] {
        let said = stderr(&sandbox, arguments, 2);
        assert!(said.contains(part), "{arguments:?}: {said}");
    }
}

#[test]
fn the_status_is_the_exit_code() {
    let sandbox = Sandbox::new();
    let status = ["status", "--runtime", "python3.12"];
    let before = sandbox.files();
    let text = stdout(&sandbox, &status, 1);
    assert!(
        text.ends_with("drift shop for python3.12 x86_64 at local: none is published\n"),
        "{text}"
    );
    assert_eq!(sandbox.files(), before);
    sandbox.layerlock(&CONFIGURED).assert().success();
    let requests = sandbox.index.requests().len();
    let text = stdout(&sandbox, &status, 0);
    assert!(
        text.ends_with("current local:shop:1 for python3.12 x86_64\n"),
        "{text}"
    );
    // Nothing was fetched or built for that.
    assert_eq!(sandbox.index.requests().len(), requests);
    let report = object(&sandbox, &[&status[..], &["--json"]].concat(), 0);
    let current = &report["status"][0];
    assert_eq!(
        (&current["outcome"], &current["version"]),
        (&json!("current"), &json!(1))
    );
    assert_eq!(report["layers"][0]["name"], "shop");
    assert_eq!(
        stdout(&sandbox, &[&status[..], &["--quiet"]].concat(), 0),
        ""
    );
    let other = [&status[..], &["--description", "new", "--json"]].concat();
    let drift = &object(&sandbox, &other, 1)["status"][0];
    assert_eq!(
        (&drift["outcome"], &drift["arn"]),
        (&json!("drift"), &Value::Null)
    );
    assert_eq!(drift["changed"], json!(["description"]));
}

#[test]
fn a_promotion_prints_the_new_arns() {
    let sandbox = published(2);
    let promote = ["promote", "--from", "local", "--to", "local:shelf"];
    let dry_run = ["--runtime", "python3.12", "--dry-run", "--json"];
    let plan = object(&sandbox, &[&promote[..], &dry_run].concat(), 0);
    assert_eq!(plan["published"][0]["outcome"], "planned");
    let named = [&promote[..], &["--name", "shop", "--version", "1"]].concat();
    assert_eq!(stdout(&sandbox, &named, 0), "local:shop:1\n");
    let newest = [&promote[..], &["--name", "shop"]].concat();
    assert_eq!(stdout(&sandbox, &newest, 0), "local:shop:2\n");
    let said = stderr(&sandbox, &newest, 0);
    assert!(
        said.contains("unchanged local:shop:2 for python3.12 x86_64"),
        "{said}"
    );
    let said = stderr(&sandbox, &[&promote[..], &["--name", "other"]].concat(), 6);
    assert!(
        said.contains("failed to promote other: there is no version of other at local"),
        "{said}"
    );
    let said = stderr(&sandbox, &["promote", "--from", "local"], 2);
    assert!(said.contains("--to <PROFILE|ACCOUNT|REGION>"), "{said}");
    let said = stderr(
        &sandbox,
        &["promote", "--from", "123456789012", "--to", "local"],
        2,
    );
    assert!(said.contains("has a role in 123456789012"), "{said}");
}
