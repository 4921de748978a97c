//! `layerlock init`: what it writes, and what it leaves as it is.

use layerlock_testkit::{LockedPackage, ProjectBuilder, WheelBuilder};
use serde_json::json;

use crate::support::{Sandbox, json};

fn pyproject(sandbox: &Sandbox) -> String {
    fs_err::read_to_string(sandbox.project.pyproject()).unwrap()
}

/// Runs `layerlock init`, which succeeds: its standard output and standard error.
#[track_caller]
fn init(sandbox: &Sandbox, arguments: &[&str]) -> (String, String) {
    let mut command = sandbox.layerlock(&["init"]);
    let output = command.args(arguments).assert().success();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let output = output.get_output();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_project_gets_what_a_build_would_choose() {
    let sandbox = Sandbox::new();
    let before = pyproject(&sandbox);
    let built = sandbox.layerlock(&["build", "--json"]).assert().success();
    let (stdout, stderr) = init(&sandbox, &[]);
    assert_eq!(stdout, "");
    insta::assert_snapshot!(stderr, @r#"
    added to [tool.layerlock] in pyproject.toml: runtime = "python3.14", architecture = "x86_64"
    note: python3.14: the newest runtime that the project's Python allows
    "#);
    let table = "\n[tool.layerlock]\nruntime = \"python3.14\"\narchitecture = \"x86_64\"\n";
    assert_eq!(pyproject(&sandbox), format!("{before}{table}"));
    // The lock is still up to date, and the build makes the same.
    let rebuilt = sandbox.layerlock(&["build", "--json"]).assert().success();
    let sha256 = |bytes: &[u8]| {
        let report = json(bytes);
        report["layers"][0]["zip"]["sha256"].clone()
    };
    assert_eq!(
        sha256(&rebuilt.get_output().stdout),
        sha256(&built.get_output().stdout)
    );
}

#[test]
fn a_second_time_there_is_nothing_to_add() {
    let sandbox = Sandbox::new();
    init(&sandbox, &[]);
    let before = pyproject(&sandbox);
    for arguments in [["--runtime", "python3.12"].as_slice(), &["--dry-run"], &[]] {
        let (stdout, stderr) = init(&sandbox, arguments);
        assert_eq!(stdout, "");
        assert_eq!(
            stderr,
            "nothing to add: pyproject.toml has [tool.layerlock] already\n"
        );
        assert_eq!(pyproject(&sandbox), before);
    }
}

#[test]
fn a_dry_run_prints_a_diff_and_writes_nothing() {
    let sandbox = Sandbox::new();
    let files = sandbox.files();
    let before = pyproject(&sandbox);
    let (stdout, stderr) = init(&sandbox, &["--dry-run", "--architecture", "arm64"]);
    insta::assert_snapshot!(stdout, @r#"
    --- pyproject.toml
    +++ pyproject.toml
    @@ -8,3 +8,7 @@
     
     [tool.poetry]
     package-mode = false
    +
    +[tool.layerlock]
    +runtime = "python3.14"
    +architecture = "arm64"
    "#);
    assert!(stderr.starts_with("would add to [tool.layerlock] in pyproject.toml: "));
    assert_eq!(pyproject(&sandbox), before);
    assert_eq!(sandbox.files(), files);
}

#[test]
fn json_has_the_change_as_data() {
    let sandbox = Sandbox::new();
    let (stdout, stderr) = init(
        &sandbox,
        &["--json", "--dry-run", "--runtime", "python3.12"],
    );
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(stderr, "");
    assert_eq!(
        report,
        json!({
            "path": "pyproject.toml",
            "written": false,
            "added": [
                {"key": "runtime", "values": ["python3.12"]},
                {"key": "architecture", "values": ["x86_64"]},
            ],
            "kept": [],
            "diff": {
                "line": 8,
                "before": ["", "[tool.poetry]", "package-mode = false"],
                "removed": [],
                "added": [
                    "",
                    "[tool.layerlock]",
                    "runtime = \"python3.12\"",
                    "architecture = \"x86_64\"",
                ],
                "after": [],
            },
            "notes": [],
        })
    );
}

#[test]
fn the_files_form_is_kept() {
    for (turn, ending) in [
        (
            &(|text: String| text.replace('\n', "\r\n")) as &dyn Fn(String) -> String,
            "\r\n",
        ),
        (&|text| text.trim_end().to_owned(), ""),
        (&|text| format!("# us\n{text}\n\n# the end\n"), "\n"),
    ] {
        let sandbox = Sandbox::new();
        let before = turn(pyproject(&sandbox));
        fs_err::write(sandbox.project.pyproject(), &before).unwrap();
        init(&sandbox, &[]);
        let after = pyproject(&sandbox);
        let added = after.strip_prefix(&before).unwrap();
        assert!(
            added.ends_with(&format!("architecture = \"x86_64\"{ending}")),
            "{added:?}"
        );
        let carriage_returns = after.matches('\r').count();
        assert!(carriage_returns == 0 || carriage_returns == after.matches('\n').count());
        sandbox.layerlock(&["build"]).assert().success();
    }
}

#[test]
fn a_table_that_is_there_gets_what_it_lacks_and_no_staging_directory() {
    let settings = "[tool.layerlock]\narchitecture = \"arm64\" # Graviton\n";
    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop").pyproject(settings));
    fs_err::write(sandbox.project.path().join("cdk.json"), "{}").unwrap();
    let before = pyproject(&sandbox);
    let (_, stderr) = init(
        &sandbox,
        &["--runtime", "python3.12", "--architecture", "x86_64"],
    );
    assert_eq!(
        stderr,
        "added to [tool.layerlock] in pyproject.toml: runtime = \"python3.12\" (kept: \
         architecture)\n"
    );
    assert_eq!(
        pyproject(&sandbox),
        format!("{before}runtime = \"python3.12\"\n")
    );
    sandbox.layerlock(&["build"]).assert().success();
}

#[test]
fn a_cdk_app_gets_a_staging_directory() {
    for directory in ["", "infra/"] {
        let sandbox = Sandbox::new();
        let below = sandbox.project.path().join(directory);
        fs_err::create_dir_all(&below).unwrap();
        fs_err::write(below.join("cdk.json"), "{}").unwrap();
        init(&sandbox, &[]);
        assert!(pyproject(&sandbox).ends_with("\nstaging = \"lambda_dependencies\"\n"));
        sandbox.layerlock(&["build"]).assert().success();
        let files = sandbox.files();
        assert!(files.contains(&"lambda_dependencies/bin/greet".to_owned()));
    }
}

#[test]
fn the_runtime_is_the_newest_that_every_package_fits() {
    let native = WheelBuilder::new("native", "2.0")
        .tag("cp312-cp312-manylinux_2_28_x86_64")
        .build();
    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop").package(&native));
    let (_, stderr) = init(&sandbox, &[]);
    assert!(stderr.contains("runtime = \"python3.12\""), "{stderr}");
    assert!(
        stderr.contains("python3.14: native has no wheel"),
        "{stderr}"
    );
}

#[test]
fn layers_that_would_get_a_runtime_each_get_no_common_one() {
    let native = WheelBuilder::new("native", "2.0")
        .tag("cp312-cp312-manylinux_2_28_x86_64")
        .build();
    let layers = "[tool.layerlock.layers.web]\n\n[tool.layerlock.layers.data]\ngroups = \
                  [\"data\"]\n";
    let project = ProjectBuilder::new("shop")
        .package(LockedPackage::from(&native).groups(&["data"]))
        .pyproject(layers);
    let sandbox = Sandbox::from_project(project);
    let (_, stderr) = init(&sandbox, &[]);
    assert!(stderr.contains("no runtime was added"), "{stderr}");
    let added = "[tool.layerlock]\narchitecture = \"x86_64\"\n\n[tool.layerlock.layers.web]";
    assert!(
        pyproject(&sandbox).contains(added),
        "{}",
        pyproject(&sandbox)
    );
}

#[test]
fn without_a_lock_it_is_the_newest_runtime_allowed() {
    let sandbox =
        Sandbox::from_project(ProjectBuilder::new("shop").requires_python(">=3.10,<3.13"));
    fs_err::remove_file(sandbox.project.lock()).unwrap();
    let (_, stderr) = init(&sandbox, &[]);
    insta::assert_snapshot!(stderr, @r#"
    added to [tool.layerlock] in pyproject.toml: runtime = "python3.12", architecture = "x86_64"
    note: there is no poetry.lock yet: run `poetry lock` before `layerlock build`
    note: python3.12: the newest runtime that the project's Python allows
    "#);
}

#[test]
fn what_is_wrong_with_the_project_is_told_and_nothing_is_written() {
    let stale = ProjectBuilder::new("shop").content_hash("of another time");
    let wrong = ProjectBuilder::new("shop").pyproject("[tool.layerlock]\nruntimes = 3\n");
    for project in [stale, wrong] {
        let sandbox = Sandbox::from_project(project);
        let before = (pyproject(&sandbox), sandbox.files());
        sandbox.layerlock(&["init"]).assert().code(3);
        assert_eq!((pyproject(&sandbox), sandbox.files()), before);
    }
    let sandbox = Sandbox::new();
    fs_err::remove_file(sandbox.project.pyproject()).unwrap();
    sandbox.layerlock(&["init"]).assert().code(3);
    assert_eq!(sandbox.files(), ["poetry.lock"]);
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_the_files_mode_kept() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let (link, real) = (
        sandbox.project.pyproject(),
        sandbox.project.path().join("real.toml"),
    );
    fs_err::rename(&link, &real).unwrap();
    std::os::unix::fs::symlink("real.toml", &link).unwrap();
    fs_err::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    init(&sandbox, &[]);
    assert!(fs_err::symlink_metadata(&link).unwrap().is_symlink());
    let text = fs_err::read_to_string(&real).unwrap();
    assert!(text.contains("[tool.layerlock]"), "{text}");
    let mode = fs_err::metadata(&real).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o640);
}
