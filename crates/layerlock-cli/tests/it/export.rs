//! What `layerlock export` prints.

use crate::support::{Sandbox, json};
use layerlock_testkit::{LockedPackage, ProjectBuilder, WheelBuilder};

#[test]
fn export_prints_requirements_and_needs_no_index() {
    let sandbox = Sandbox::new();
    let output = sandbox
        .layerlock(&["export"])
        .env("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
        .assert()
        .success();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    let expected = format!(
        "greeter==1.2.0 ; python_version >= \"3.10\" and python_version < \"4.0\" \\\n    \
         --hash=sha256:{}\n",
        crate::support::greeter().sha256
    );
    assert_eq!(text, expected);
    let written = sandbox
        .layerlock(&["export", "-o", "requirements.txt"])
        .assert()
        .success();
    assert!(written.get_output().stdout.is_empty());
    let file = fs_err::read_to_string(sandbox.project.path().join("requirements.txt")).unwrap();
    assert_eq!(file, text);
}

#[test]
fn export_as_json_names_the_file_for_the_target() {
    let sandbox = Sandbox::new();
    let output = sandbox
        .layerlock(&["export", "--format", "json", "--runtime", "python3.12"])
        .assert()
        .success();
    let package = &json(&output.get_output().stdout)["packages"][0];
    assert_eq!(package["name"], "greeter");
    assert_eq!(package["kind"], "registry");
    assert_eq!(package["file"], "greeter-1.2.0-py3-none-any.whl");
    assert_eq!(package["sha256"], crate::support::greeter().sha256);
    assert_eq!(package["groups"][0], "main");
}

#[test]
fn export_takes_the_flags_of_poetry_in_a_script() {
    let sandbox = Sandbox::new();
    let plain = sandbox.layerlock(&["export"]).assert().success();
    let plain = plain.get_output().stdout.clone();
    assert!(!plain.is_empty());
    for arguments in [
        &["export", "-f", "requirements.txt", "-n", "--no-ansi"][..],
        &["--no-interaction", "export", "--with-credentials"],
        &["export", "--ansi"],
        &["export", "-vvv", "--no-plugins", "--no-cache"],
        &["-C", ".", "export", "--format=requirements.txt"],
        &["export", "--directory", ".", "-P", "."],
    ] {
        let output = sandbox.layerlock(arguments).assert().success();
        assert_eq!(output.get_output().stdout, plain, "{arguments:?}");
    }
    let directory = sandbox.project.path().to_str().unwrap();
    let output = ["-C", directory, "export", "-q", "-o", "requirements.txt"];
    sandbox
        .layerlock(&output)
        .current_dir("/")
        .assert()
        .success()
        .stdout("");
    let written = sandbox.project.path().join("requirements.txt");
    assert_eq!(fs_err::read(written).unwrap(), plain);
}

/// As in Poetry 1, which took it for the group alone where there is one.
#[test]
fn dev_is_the_group_dev_and_deprecated() {
    let tester = WheelBuilder::new("tester", "3.0").build();
    let locked = LockedPackage::from(&tester).groups(&["dev"]);
    let with_dev = Sandbox::from_project(ProjectBuilder::new("shop").package(locked));
    let without = Sandbox::new();
    for (sandbox, expected) in [
        (&with_dev, &["export", "--with", "dev"][..]),
        (&without, &["export"]),
    ] {
        let expected = sandbox.layerlock(expected).assert().success();
        for format in ["requirements.txt", "constraints.txt"] {
            let output = sandbox
                .layerlock(&["export", "--dev", "-f", format])
                .assert()
                .success()
                .stderr("warning: --dev is deprecated: use --with dev instead\n");
            assert_eq!(output.get_output().stdout, expected.get_output().stdout);
        }
        sandbox
            .layerlock(&["export", "--dev", "--all-groups"])
            .assert()
            .success();
    }
    let json = with_dev.layerlock(&["export", "--dev", "-f", "json"]);
    let output = { json }.assert().success();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert!(text.contains("\"tester\""), "{text}");
}

#[test]
fn credentials_of_poetry_are_printed_only_when_asked_for() {
    let url = "http://packages.example.com:8080/simple";
    let sandbox = Sandbox::with_source("my-company", url);
    let export = |arguments: &[&str]| {
        let output = sandbox
            .layerlock(arguments)
            .env("POETRY_HTTP_BASIC_MY_COMPANY_USERNAME", "me")
            .env("POETRY_HTTP_BASIC_MY_COMPANY_PASSWORD", "hu/sh")
            .assert()
            .success();
        String::from_utf8(output.get_output().stdout.clone()).unwrap()
    };
    let with = export(&["export", "--with-credentials"]);
    let lines: Vec<_> = with.lines().take(2).collect();
    assert_eq!(
        lines,
        [
            "--trusted-host packages.example.com:8080",
            "--index-url http://me:hu%2Fsh@packages.example.com:8080/simple",
        ]
    );
    assert!(!export(&["export"]).contains("hu"));
    assert!(!export(&["export", "--with-credentials", "--without-urls"]).contains("hu"));
}
