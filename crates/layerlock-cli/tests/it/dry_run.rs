//! Builds that only plan.

use layerlock_testkit::{LockedPackage, ProjectBuilder, WheelBuilder};
use serde_json::Value;

use crate::support::{Sandbox, greeter, json};

fn planned(sandbox: &Sandbox, arguments: &[&str], code: i32) -> Value {
    let before = sandbox.files();
    let assert = sandbox
        .layerlock(arguments)
        .arg("--json")
        .assert()
        .code(code);
    assert_eq!(sandbox.files(), before, "something was written");
    json(&assert.get_output().stdout)
}

#[test]
fn a_dry_run_writes_no_output() {
    let sandbox = Sandbox::new();
    for command in ["build", "install"] {
        let arguments = [command, "--dry-run", "--staging", "staged"];
        let arguments = if command == "build" {
            &arguments[..]
        } else {
            &arguments[..2]
        };
        let report = planned(&sandbox, arguments, 0);
        let layer = &report["layers"][0];
        assert_eq!(layer["packages"][0]["file"], greeter().file_name);
        assert_eq!(layer["zip"], Value::Null);
        assert_eq!(layer["staging"], Value::Null);
        // What is in the wheel is known.
        assert_eq!(layer["file_count"], 6);
    }
}

#[test]
fn an_offline_dry_run_needs_the_lock_alone() {
    let wheel = WheelBuilder::new("native", "2.0")
        .tag("cp312-cp312-manylinux_2_17_x86_64")
        .build();
    let source =
        LockedPackage::new("source-only", "1.0").file("source_only-1.0.tar.gz", &"0".repeat(64));
    let project = ProjectBuilder::new("shop").package(&wheel).package(source);
    let sandbox = Sandbox::from_project(project);
    let home = tempfile::tempdir().unwrap();
    let cache = home.path().join("cache");
    for command in ["build", "install"] {
        let report = planned(
            &sandbox,
            &[
                command,
                "--offline",
                "--dry-run",
                "--cache-dir",
                cache.to_str().unwrap(),
            ],
            0,
        );
        let layer = &report["layers"][0];
        assert_eq!(layer["name"], "shop");
        assert_eq!(layer["target"]["runtime"], "python3.12");
        let packages = layer["packages"].as_array().unwrap();
        let files: Vec<_> = packages
            .iter()
            .map(|one| one["file"].as_str().unwrap())
            .collect();
        assert_eq!(
            files,
            [
                &greeter().file_name[..],
                &wheel.file_name,
                "source_only-1.0.tar.gz"
            ]
        );
        assert_eq!(packages[1]["sha256"], wheel.sha256);
        assert_eq!(packages[2]["kind"], "registry");
        assert_eq!(layer["findings"][0]["code"], "default-runtime");
    }
    assert!(sandbox.index.requests().is_empty());
    assert!(!cache.exists());
    let text = sandbox
        .layerlock(&["build", "--offline", "--dry-run", "--runtime", "python3.12"])
        .assert()
        .success();
    insta::assert_snapshot!(String::from_utf8_lossy(&text.get_output().stderr), @r"
shop for python3.12 x86_64: 3 packages, as the lock alone tells
  greeter      1.2.0  greeter-1.2.0-py3-none-any.whl
  native       2.0    native-2.0-cp312-cp312-manylinux_2_17_x86_64.whl
  source-only  1.0    source_only-1.0.tar.gz
note[default-architecture]: built for x86_64, the provider's default architecture: native is compiled for it
  hint: set `architecture` in [tool.layerlock] to your functions' architecture
");
}

#[test]
fn an_offline_dry_run_fails_as_a_build() {
    let native = WheelBuilder::new("native", "2.0")
        .tag("cp312-cp312-macosx_11_0_arm64")
        .build();
    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop").package(&native));
    let report = planned(&sandbox, &["build", "--offline", "--dry-run"], 4);
    assert_eq!(report["error"]["package"], "native");
    let stale = Sandbox::from_project(ProjectBuilder::new("shop").content_hash("of another time"));
    planned(&stale, &["build", "--offline", "--dry-run"], 3);
    let empty = Sandbox::from_project(ProjectBuilder::new("shop").optional_group("docs"));
    let arguments = ["build", "--offline", "--dry-run", "--only", "docs"];
    let report = planned(&empty, &arguments, 1);
    let findings = report["layers"][0]["findings"].as_array().unwrap();
    assert!(
        findings.iter().any(|one| one["code"] == "empty-layer"),
        "{findings:?}"
    );
    // A directory that is named has to be there, and its wheels count.
    let links = ["build", "--offline", "--dry-run", "--find-links", "wheels"];
    planned(&sandbox, &links, 2);
    let wheel = WheelBuilder::new("native", "2.0").build();
    let wheels = sandbox.project.path().join("wheels");
    fs_err::create_dir(&wheels).unwrap();
    fs_err::write(wheels.join(&wheel.file_name), &wheel.bytes).unwrap();
    planned(&sandbox, &links, 0);
}
