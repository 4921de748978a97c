//! What goes to standard output, for programs, and what to standard error, for people.

use std::process::Output;

use layerlock_testkit::{LockedPackage, ProjectBuilder, Wheel, WheelBuilder};
use serde_json::{Value, json};

use crate::support::{Sandbox, greeter, json};

/// What a command that has to end with this code prints.
#[track_caller]
fn run(sandbox: &Sandbox, arguments: &[&str], code: i32) -> (String, String) {
    let assert = sandbox.layerlock(arguments).assert().code(code);
    let Output { stdout, stderr, .. } = assert.get_output().clone();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(stdout), text(stderr))
}

/// The `error` of a command with `--json`, after a look at the rest: there is one object
/// with nothing else in it, the same as at the first time, and the text of the error as
/// always.
#[track_caller]
fn error(sandbox: &Sandbox, arguments: &[&str], code: i32) -> Value {
    let (stdout, stderr) = run(sandbox, arguments, code);
    let (again, _) = run(sandbox, arguments, code);
    assert_eq!(stdout, again);
    assert!(stderr.starts_with("error: "), "{stderr}");
    let mut report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report.as_object().unwrap().len(), 1, "{report}");
    let keys: Vec<_> = report["error"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        keys,
        ["code", "kind", "message", "hint", "package", "place"]
    );
    assert_eq!(report["error"]["code"], code);
    report["error"].take()
}

fn shop(package: &Wheel) -> Sandbox {
    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop").package(package));
    sandbox.index.add(package);
    sandbox
}

#[test]
fn reports_are_for_people_and_stdout_is_for_programs() {
    let sandbox = Sandbox::new();
    for command in ["build", "install"] {
        for _ in 0..2 {
            let (stdout, stderr) = run(&sandbox, &[command], 0);
            assert_eq!(stdout, "");
            assert!(
                stderr.starts_with("shop for python3.14 x86_64: "),
                "{stderr}"
            );
        }
        assert_eq!(run(&sandbox, &[command, "-q"], 0), Default::default());
        let (stdout, stderr) = run(&sandbox, &[command, "--json"], 0);
        assert!(
            stdout.starts_with("{\n") && stdout.ends_with("\n}\n"),
            "{stdout}"
        );
        assert_eq!(stderr, "");
    }
}

/// `ARN=$(layerlock publish)`
#[test]
fn publish_prints_the_names_of_versions_alone_on_stdout() {
    let sandbox = Sandbox::new();
    let runtimes = ["--runtime", "python3.12,python3.13"];
    let publish = |more: &[&str]| run(&sandbox, &[&["publish"], &runtimes[..], more].concat(), 0);
    let (stdout, stderr) = publish(&["--dry-run"]);
    assert_eq!(stdout, "");
    assert!(
        stderr.contains("would publish a new version of shop"),
        "{stderr}"
    );
    let (stdout, stderr) = publish(&[]);
    assert_eq!(stdout, "local:shop:1\nlocal:shop:2\n");
    assert!(stderr.contains("published local:shop:1"), "{stderr}");
    // Whether they are new or not.
    let (stdout, stderr) = publish(&["--quiet"]);
    assert_eq!(stdout, "local:shop:1\nlocal:shop:2\n");
    assert_eq!(stderr, "");
    let (stdout, _) = publish(&["--json"]);
    serde_json::from_str::<Value>(&stdout).unwrap();
}

#[test]
fn nothing_is_published_of_a_layer_that_cannot_work() {
    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop").optional_group("docs"));
    let arguments = ["publish", "--only", "docs", "--runtime", "python3.12"];
    let (stdout, stderr) = run(&sandbox, &arguments, 1);
    assert_eq!(stdout, "");
    assert!(stderr.contains("error[empty-layer]: "), "{stderr}");
    // The report has got made: it is the object, and people are told in words.
    let (stdout, stderr) = run(&sandbox, &[&arguments[..], &["--json"]].concat(), 1);
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["layers"][0]["findings"][0]["code"], "empty-layer");
    assert_eq!(report["error"], Value::Null);
    assert!(stderr.starts_with("error: the layer is empty"), "{stderr}");
    assert!(stderr.contains("\nhint: "), "{stderr}");
}

#[test]
fn an_error_is_an_object_too() {
    let sandbox = Sandbox::new();
    for command in ["build", "install", "publish"] {
        let missing = error(&sandbox, &[command, "--json", "--project", "no-such"], 3);
        assert_eq!(missing["kind"], "project");
        assert_eq!(missing["package"], Value::Null);
        assert_eq!(missing["place"], Value::Null);
    }
    let group = error(&sandbox, &["build", "--json", "--with", "docs"], 2);
    assert_eq!(group["message"], "the project has no group `docs` (--with)");
    assert_eq!(group["hint"], "the groups are: main");
    let offline = error(&sandbox, &["build", "--offline", "--json"], 5);
    assert_eq!(offline["package"], "greeter");
    let dist = sandbox.project.path().join("dist");
    fs_err::write(&dist, "a file where a directory must be").unwrap();
    assert_eq!(error(&sandbox, &["build", "--json"], 8)["kind"], "machine");
    let export = ["export", "--format", "json", "--with", "docs"];
    assert_eq!(error(&sandbox, &export, 2)["kind"], "usage");
    let clean = ["cache", "clean", "--json", "--cache-dir", "."];
    assert_eq!(error(&sandbox, &clean, 2)["kind"], "usage");
}

#[test]
fn an_error_has_its_place_and_package() {
    let stale = Sandbox::from_project(ProjectBuilder::new("shop").content_hash("of another time"));
    let stale = error(&stale, &["build", "--json"], 3);
    let place = json!({ "file": "poetry.lock", "line": 17, "column": 16 });
    assert_eq!(stale["place"], place);
    assert_eq!(
        stale["hint"],
        "run `poetry lock` to bring poetry.lock up to date, or take it as it is with \
         --allow-stale-lock"
    );

    let native = WheelBuilder::new("Native.Code", "2.0")
        .tag("cp312-cp312-manylinux_2_38_x86_64")
        .build();
    let arguments = ["build", "--json", "--runtime", "python3.12"];
    let native = error(&shop(&native), &arguments, 4);
    assert_eq!(native["kind"], "artifact");
    assert_eq!(native["package"], "native-code");
    assert_eq!(native["place"]["file"], "poetry.lock");

    let locked = LockedPackage::new("greeter", "1.2.0").file(&greeter().file_name, &"0".repeat(64));
    let mut other = Sandbox::new();
    other.project = ProjectBuilder::new("shop").package(locked).write();
    let other = error(&other, &["build", "--json"], 7);
    assert_eq!(other["kind"], "integrity");
    assert_eq!(other["package"], "greeter");
}

#[test]
fn a_wrong_command_line_is_an_object_too() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["build", "--json", "--no-such-flag"][..],
        &["build", "--runtime", "python2.7", "--json"],
        &["--json", "bild"],
        &["export", "--json", "--runtime", "python3.12"],
        &["publish", "--region", "eu-west-1", "--json"],
        &["build", "--json", "-C", "no-such"],
        &["build", "--json", "--json"],
    ] {
        let wrong = error(&sandbox, arguments, 2);
        assert_eq!(wrong["kind"], "usage");
        let message = wrong["message"].as_str().unwrap();
        assert!(
            !message.contains('\n') && !message.contains("error: "),
            "{message}"
        );
    }
    let (stdout, stderr) = run(&sandbox, &["build", "--no-such-flag"], 2);
    assert_eq!(stdout, "");
    assert!(stderr.contains("--no-such-flag"), "{stderr}");
    // Help is help.
    let (stdout, _) = run(&sandbox, &["build", "--json", "--help"], 0);
    assert!(stdout.contains("Usage: layerlock build"), "{stdout}");
}

#[test]
fn an_output_has_its_path_from_here_and_from_the_root() {
    let sandbox = Sandbox::new();
    let below = sandbox.project.path().join("infra");
    fs_err::create_dir(&below).unwrap();
    // The second time, nothing has changed.
    for _ in 0..2 {
        let build = sandbox
            .layerlock(&["build", "--json", "--staging", "../staged"])
            .current_dir(&below)
            .assert()
            .success();
        let report = json(&build.get_output().stdout);
        let layer = &report["layers"][0];
        let root = fs_err::canonicalize(sandbox.project.path()).unwrap();
        let zip = "dist/layers/shop-python3.14-x86_64.zip";
        assert_eq!(layer["zip"]["path"], format!("../{zip}"));
        assert_eq!(
            layer["zip"]["absolute_path"],
            root.join(zip).to_str().unwrap()
        );
        assert_eq!(layer["staging"], "../staged");
        let staged = root.join("staged");
        assert_eq!(layer["staging_absolute_path"], staged.to_str().unwrap());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_is_gone_is_no_failure() {
    let sandbox = Sandbox::new();
    sandbox.layerlock(&["build"]).assert().success();
    for (arguments, code) in [
        (&["build", "--json"][..], 0),
        (&["build", "--json", "--with", "x"], 2),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let status = std::process::Command::new(env!("CARGO_BIN_EXE_layerlock"))
            .args(arguments)
            .current_dir(sandbox.project.path())
            .env("PIP_INDEX_URL", sandbox.index.url())
            .stdout(writer)
            .stderr(std::process::Stdio::null())
            .status();
        assert_eq!(status.unwrap().code(), Some(code));
    }
}

#[test]
fn a_report_is_a_file_too_and_the_same() {
    let sandbox = Sandbox::new();
    let path = |name: &str| sandbox.project.path().join(name);
    for command in ["build", "install", "publish"] {
        for _ in 0..2 {
            let arguments = [command, "--report", "reports/layers.json"];
            let (stdout, _) = run(&sandbox, &[&arguments[..], &["--json"]].concat(), 0);
            let file = fs_err::read_to_string(path("reports/layers.json")).unwrap();
            assert_eq!(file, stdout, "{command}");
            let (_, stderr) = run(&sandbox, &arguments, 0);
            assert!(stderr.starts_with("shop for "), "{stderr}");
        }
    }
    // One of a layer that cannot work says so.
    let empty = Sandbox::from_project(ProjectBuilder::new("shop").optional_group("docs"));
    let arguments = ["build", "--only", "docs", "--report", "a.json", "--json"];
    let (stdout, _) = run(&empty, &arguments, 1);
    let file = fs_err::read_to_string(empty.project.path().join("a.json")).unwrap();
    assert_eq!(file, stdout);
}

#[test]
fn a_report_is_as_it_was_where_the_job_fails() {
    let sandbox = Sandbox::new();
    let report = sandbox.project.path().join("layers.json");
    fs_err::write(&report, "the last good one").unwrap();
    for (arguments, code) in [
        (&["build", "--with", "docs"][..], 2),
        (&["build", "--offline"], 5),
        (&["publish", "--index-url", "http://127.0.0.1:9/simple/"], 5),
    ] {
        let before = sandbox.files();
        run(
            &sandbox,
            &[arguments, &["--report", "layers.json"]].concat(),
            code,
        );
        assert_eq!(fs_err::read(&report).unwrap(), b"the last good one");
        assert_eq!(sandbox.files(), before);
    }
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_the_work() {
    let sandbox = Sandbox::new();
    let before = sandbox.files();
    for (place, code, message) in [
        ("poetry.lock/a.json", 8, "failed to create poetry.lock: "),
        (".", 8, "failed to write .: "),
        (
            "staged/a.json",
            3,
            "the output staged/a.json is inside the staging directory staged",
        ),
        (
            "dist/layers/shop-python3.14-x86_64.zip",
            2,
            "the report would replace dist/layers/shop-python3.14-x86_64.zip",
        ),
        ("./poetry.lock", 2, "the report would replace poetry.lock"),
        (
            "pyproject.toml",
            2,
            "the report would replace pyproject.toml",
        ),
    ] {
        let arguments = ["build", "--staging", "staged", "--json", "--report", place];
        let error = error(&sandbox, &arguments, code);
        let said = error["message"].as_str().unwrap();
        assert!(said.starts_with(message), "{said}");
        assert_eq!(sandbox.files(), before);
    }
    // Nor where an earlier run has made the outputs.
    run(&sandbox, &["build", "--staging", "staged"], 0);
    let before = sandbox.files();
    run(
        &sandbox,
        &["build", "--staging", "staged", "--report", "staged/a.json"],
        3,
    );
    assert_eq!(sandbox.files(), before);
}

/// One that fails does not stop the others, and each is told in words and in JSON.
#[test]
fn what_could_not_be_published_is_an_error_beside_the_report() {
    let tables = "[tool.layerlock.layers.a]\n[tool.layerlock.layers.b]\n";
    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop").pyproject(tables));
    let shelf = sandbox.project.path().join("shelf");
    fs_err::create_dir(&shelf).unwrap();
    fs_err::write(shelf.join("a"), "in the way").unwrap();
    let publish = ["publish", "--local-dir", "shelf"];

    let (stdout, stderr) = run(&sandbox, &publish, 8);
    assert_eq!(stdout, "local:b:1\n");
    assert!(stderr.contains("published local:b:1 for"), "{stderr}");
    let failed = "\nerror: failed to publish a for python3.14 x86_64 to local: ";
    assert!(stderr.contains(failed), "{stderr}");

    let (stdout, stderr) = run(&sandbox, &[&publish[..], &["--json"]].concat(), 8);
    assert!(stderr.starts_with(failed.trim_start()), "{stderr}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let outcomes = [&report["published"][0], &report["published"][1]].map(|it| &it["outcome"]);
    assert_eq!(outcomes, ["failed", "unchanged"]);
    assert_eq!(report["published"][0]["error"]["code"], 8);
    assert_eq!(report["layers"][0]["name"], "a");
}

#[test]
fn a_publish_takes_no_staging_directory() {
    let sandbox = Sandbox::new();
    let (_, stderr) = run(&sandbox, &["publish", "--staging", "staged"], 2);
    assert!(
        stderr.starts_with("error: publish writes no staging directory"),
        "{stderr}"
    );
}

#[cfg(feature = "aws")]
#[test]
fn credentials_are_found_missing_before_the_work() {
    let sandbox = Sandbox::new();
    let before = sandbox.files();
    let mut command = sandbox.layerlock(&["publish", "--provider", "aws", "--json"]);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command
        .env("AWS_REGION", "eu-west-1")
        .env("HOME", "/nowhere");
    let output = command.assert().code(6).get_output().clone();
    let report = json(&output.stdout);
    assert_eq!(report["error"]["kind"], "provider");
    assert_eq!(sandbox.files(), before);
    assert_eq!(sandbox.index.requests().len(), 0);
}

/// Who has credentials may have expected AWS.
#[test]
fn a_publish_to_the_directory_says_how_to_name_aws_where_there_are_credentials() {
    let sandbox = Sandbox::new();
    let text = |arguments: &[&str]| {
        let mut command = sandbox.layerlock(arguments);
        let output = command.env("AWS_PROFILE", "ci").assert().success();
        String::from_utf8(output.get_output().stderr.clone()).unwrap()
    };
    let told = "no provider is named, so layers are published to the directory dist/published";
    assert!(text(&["publish"]).contains(told));
    assert!(!text(&["publish", "--provider", "local"]).contains(told));
}

const LONG_NAME: &str = "a-distribution-with-a-name-of-sixty-characters-as-some-have1";

/// The lines that a command prints for people where there are so many columns.
fn lines(sandbox: &Sandbox, arguments: &[&str], columns: Option<usize>) -> Vec<String> {
    let mut command = sandbox.layerlock(arguments);
    if let Some(columns) = columns {
        command.env("COLUMNS", columns.to_string());
    }
    let output = command.assert().success().get_output().clone();
    let text = String::from_utf8(output.stderr).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn reports_fit_the_columns_that_there_are() {
    assert_eq!(LONG_NAME.len(), 60);
    let long = WheelBuilder::new(LONG_NAME, "1.0.0.dev20250101+local").build();
    let native = WheelBuilder::new("native", "2.0")
        .tag("cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64")
        .build();
    let project = ProjectBuilder::new("shop").package(&long).package(&native);
    let sandbox = Sandbox::from_project(project);
    sandbox.index.add(&long);
    sandbox.index.add(&native);
    let python = ["--runtime", "python3.12"];
    for command in [
        &["build"][..],
        &["build", "--dry-run"],
        &["build", "--dry-run", "--offline"],
        &["install", "--sort", "size"],
        &["publish"],
        &["init"],
    ] {
        let arguments = [command, &python].concat();
        for columns in [60, 80] {
            for line in lines(&sandbox, &arguments, Some(columns)) {
                // Hashes, paths and names are not cut.
                let is_word = !line.trim().contains(' ');
                let length = line.chars().count();
                assert!(
                    length <= columns || is_word,
                    "{arguments:?}: {length} {line}"
                );
            }
        }
        let whole = lines(&sandbox, &arguments, None);
        if command[0] != "publish" && command[0] != "init" {
            let lines = [LONG_NAME, &native.file_name];
            for name in lines {
                let found = whole.iter().any(|line| line.contains(name));
                assert!(found || whole.iter().any(|line| line.starts_with("unchanged")));
            }
        }
    }
}

#[test]
fn packages_are_listed_in_the_order_that_is_asked_for() {
    let large = WheelBuilder::new("zlarge", "1.0")
        .file("zlarge.py", [b'#'; 5000])
        .build();
    let sandbox = shop(&large);
    let order = |arguments: &[&str]| -> Vec<String> {
        let lines = lines(&sandbox, arguments, None);
        let rows = lines.iter().filter(|line| line.starts_with("  "));
        let names = rows.filter_map(|row| row.split_whitespace().next());
        names
            .filter(|name| *name != "hint:")
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(order(&["build"]), ["greeter", "zlarge"]);
    // Nothing is to be done, and yet it is asked for.
    assert_eq!(order(&["build"]), [""; 0]);
    assert_eq!(order(&["build", "--sort", "size"]), ["zlarge", "greeter"]);
    assert_eq!(order(&["install", "--sort=size"]), ["zlarge", "greeter"]);
    assert_eq!(
        order(&["build", "--dry-run", "--sort", "size"]),
        ["zlarge", "greeter"]
    );
    assert_eq!(
        order(&["build", "--rebuild", "--sort", "name"]),
        ["greeter", "zlarge"]
    );
    // No size is known.
    let arguments = ["build", "--dry-run", "--offline", "--sort", "size"];
    assert_eq!(order(&arguments), ["greeter", "zlarge"]);
    let (stdout, _) = run(&sandbox, &["build", "--json", "--sort", "size"], 0);
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["layers"][0]["packages"][0]["name"], "greeter");
}
