//! What the next step gets: `--output-format` and `--output-file`.

use layerlock_testkit::ProjectBuilder;

use crate::support::{Sandbox, json};

const TWO: &str = "[tool.layerlock]\nruntime = \"python3.12\"\n\
                   [tool.layerlock.layers.base]\n[tool.layerlock.layers.web]\n";

fn sandbox(toml: &str) -> Sandbox {
    Sandbox::from_project(ProjectBuilder::new("shop").pyproject(toml))
}

/// What a command prints: standard output and standard error.
fn run(sandbox: &Sandbox, arguments: &[&str], code: i32) -> (String, String) {
    run_in(sandbox, arguments, &[], code)
}

fn run_in(
    sandbox: &Sandbox,
    arguments: &[&str],
    variables: &[(&str, &str)],
    code: i32,
) -> (String, String) {
    let mut command = sandbox.layerlock(arguments);
    let assert = command.envs(variables.iter().copied()).assert().code(code);
    let output = assert.get_output();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

fn read(sandbox: &Sandbox, file: &str) -> String {
    fs_err::read_to_string(sandbox.project.path().join(file)).unwrap()
}

#[test]
fn standard_output_has_the_format_and_nothing_else() {
    let sandbox = sandbox(TWO);
    for (format, expected) in [
        ("text", "local:base:1\nlocal:web:1\n"),
        (
            "env",
            "LAYERLOCK_BASE_ARN=local:base:1\nLAYERLOCK_WEB_ARN=local:web:1\n",
        ),
        ("sam", "BaseLayerArn=local:base:1 WebLayerArn=local:web:1\n"),
    ] {
        let (stdout, stderr) = run(&sandbox, &["publish", "--output-format", format], 0);
        assert_eq!(stdout, expected);
        assert!(stderr.contains("local:base:1 for python3.12"), "{stderr}");
        assert!(!stderr.contains("handed over"), "{stderr}");
        let dry = ["publish", "--output-format", format, "--dry-run"];
        assert_eq!(run(&sandbox, &dry, 0).0, "");
    }
    let (stdout, stderr) = run(&sandbox, &["publish", "-q", "--output-format", "env"], 0);
    assert!(stdout.starts_with("LAYERLOCK_BASE_ARN="), "{stdout}");
    assert_eq!(stderr, "");
}

#[test]
fn files_get_what_standard_output_does_not() {
    let sandbox = sandbox(TWO);
    let publish = |format, more: &[&str]| {
        run(
            &sandbox,
            &[&["publish", "--output-format", format], more].concat(),
            0,
        )
    };
    for (format, file) in [
        ("cdk", "cdk.context.json"),
        ("terraform", "layerlock.auto.tfvars.json"),
    ] {
        let (stdout, stderr) = publish(format, &["--dry-run"]);
        assert_eq!(stdout, "");
        assert!(!sandbox.files().contains(&file.to_owned()), "{stderr}");
        let (stdout, stderr) = publish(format, &[]);
        assert_eq!(stdout, "");
        assert!(
            stderr.ends_with(&format!("handed over: {file}\n")),
            "{stderr}"
        );
        assert!(read(&sandbox, file).contains("\"base\": \"local:base:1\""));
        let (_, stderr) = publish(format, &[]);
        let told = format!("handed over: {file}, which was so already\n");
        assert!(stderr.ends_with(&told), "{stderr}");
        assert_eq!(publish(format, &["-q"]), Default::default());
        let (stdout, _) = publish(format, &["--output-file", "-"]);
        assert_eq!(stdout, read(&sandbox, file));
    }
    let (stdout, stderr) = publish("json", &["--output-file", "out/report.json"]);
    assert_eq!(stdout, "");
    assert!(stderr.contains("unchanged local:base:1"), "{stderr}");
    let report = json(read(&sandbox, "out/report.json").as_bytes());
    assert_eq!(report["published"][0]["arn"], "local:base:1");
    let (stdout, _) = run(&sandbox, &["publish", "--output-file", "arns"], 0);
    assert_eq!(stdout, "");
    assert_eq!(read(&sandbox, "arns"), "local:base:1\nlocal:web:1\n");
}

/// One file may have the layers of several projects.
#[test]
fn a_file_outside_of_the_project_keeps_what_is_there() {
    let sandbox = sandbox(TWO);
    let outside = tempfile::tempdir().unwrap();
    let inside = sandbox.project.path().to_owned();
    for (directory, is_kept) in [(outside.path(), true), (&inside, false)] {
        let file = directory.join("context.json");
        fs_err::write(&file, "{\"layerlock\": {\"other\": \"local:other:4\"}}").unwrap();
        let file = file.to_str().unwrap();
        let publish = ["publish", "--output-format", "cdk", "--output-file", file];
        run(&sandbox, &publish, 0);
        let text = fs_err::read_to_string(file).unwrap();
        assert_eq!(text.contains("\"other\""), is_kept, "{text}");
        assert!(text.contains("\"base\": \"local:base:1\""), "{text}");
    }
}

#[test]
fn json_is_json_however_it_is_asked_for() {
    let sandbox = sandbox(TWO);
    let asked = |arguments: &[&str]| run(&sandbox, arguments, 0).0;
    let _ = asked(&["publish"]);
    let expected = asked(&["publish", "--json"]);
    json(expected.as_bytes());
    for more in [
        &["--output-format", "json"][..],
        &["--json", "--output-format", "json"],
        &["--output-format", "json", "--output-file", "-"],
        &["--json", "--output-file", "-"],
    ] {
        assert_eq!(asked(&[&["publish"], more].concat()), expected);
    }
    let plan = [
        "publish",
        "--dry-run",
        "--json",
        "--output-file",
        "plan.json",
    ];
    assert_eq!(
        json(asked(&plan).as_bytes())["published"][0]["outcome"],
        "unchanged"
    );
    assert!(!sandbox.files().contains(&"plan.json".to_owned()));

    let both = ["publish", "--json", "--output-format", "env"];
    let (stdout, stderr) = run(&sandbox, &both, 2);
    let message = "--json means --output-format json and cannot be used with --output-format env";
    assert!(
        stderr.starts_with(&format!("error: {message}\n")),
        "{stderr}"
    );
    assert_eq!(json(stdout.as_bytes())["error"]["message"], message);
    let (stdout, _) = run(&sandbox, &["publish", "--output-format=json", "--what"], 2);
    assert_eq!(json(stdout.as_bytes())["error"]["code"], 2);
    let missing = ["publish", "--output-format=json", "--layer", "none"];
    let (stdout, _) = run(&sandbox, &missing, 2);
    assert_eq!(json(stdout.as_bytes())["error"]["code"], 2);
}

#[test]
fn outputs_of_a_step_go_to_the_file_that_its_runner_names() {
    let sandbox = sandbox(TWO);
    let github = ["publish", "--output-format", "github"];
    let (stdout, stderr) = run(&sandbox, &github, 2);
    assert_eq!(stdout, "");
    assert_eq!(
        stderr,
        "error: nothing says where outputs go: GITHUB_OUTPUT is not set\n\
         hint: run it in a step of GitHub Actions, or name a file with --output-file\n"
    );
    assert!(!sandbox.files().iter().any(|file| file.starts_with("dist/")));

    let file = sandbox.project.path().join("step");
    fs_err::write(&file, "other=1").unwrap();
    let runner = [("GITHUB_OUTPUT", file.to_str().unwrap())];
    for _ in 0..2 {
        let (stdout, _) = run_in(&sandbox, &github, &runner, 0);
        assert_eq!(stdout, "");
        let expected = "other=1\nbase-arn=local:base:1\nweb-arn=local:web:1\n";
        assert_eq!(read(&sandbox, "step"), expected);
    }
    let named = [&github[..], &["--output-file", "new/outputs"]].concat();
    run_in(&sandbox, &named, &runner, 0);
    let expected = "base-arn=local:base:1\nweb-arn=local:web:1\n";
    assert_eq!(read(&sandbox, "new/outputs"), expected);
}

#[test]
fn a_file_stays_as_it_was_where_a_version_failed() {
    let sandbox = sandbox(TWO);
    let shelf = sandbox.project.path().join("dist/published");
    fs_err::create_dir_all(&shelf).unwrap();
    fs_err::write(shelf.join("base"), "in the way").unwrap();
    let publish = ["publish", "--output-format", "terraform"];
    let (stdout, stderr) = run(&sandbox, &publish, 8);
    assert_eq!(stdout, "");
    assert!(stderr.contains("error: failed to publish base"), "{stderr}");
    let file = "layerlock.auto.tfvars.json";
    let told = format!("not handed over: {file} stays as it was, since something failed\n");
    assert!(stderr.ends_with(&told), "{stderr}");
    assert!(!sandbox.files().contains(&file.to_owned()));
    let as_json = [
        "publish",
        "--output-format",
        "json",
        "--output-file",
        "out.json",
    ];
    let (stdout, _) = run(&sandbox, &as_json, 8);
    assert_eq!(json(stdout.as_bytes())["published"][0]["outcome"], "failed");
    assert!(!sandbox.files().contains(&"out.json".to_owned()));
}

#[test]
fn a_build_hands_over_its_zips() {
    let sandbox = sandbox("[tool.layerlock]\nruntime = \"python3.12\"\nzip-name = \"l.zip\"\n");
    let build = |more: &[&str], code| run(&sandbox, &[&["build"], more].concat(), code);
    let terraform = [
        "--output-format",
        "terraform",
        "--output-file",
        "infra/l.auto.tfvars.json",
    ];
    let (stdout, _) = build(&[&terraform[..], &["--dry-run"]].concat(), 0);
    assert_eq!(stdout, "");
    assert!(
        !sandbox
            .files()
            .iter()
            .any(|file| file.starts_with("infra/"))
    );
    let (stdout, _) = build(&terraform, 0);
    assert_eq!(stdout, "");
    let value = json(read(&sandbox, "infra/l.auto.tfvars.json").as_bytes());
    assert_eq!(value["layer_zips"]["shop"]["path"], "../dist/layers/l.zip");

    assert_eq!(build(&["--output-format", "text"], 0).0, "");
    let (stdout, _) = build(&["--output-format", "json"], 0);
    let hash = &json(stdout.as_bytes())["layers"][0]["zip"]["code_sha256"];
    assert_eq!(&value["layer_zips"]["shop"]["source_code_hash"], hash);
    for format in ["cdk", "sam"] {
        let (_, stderr) = build(&["--output-format", format], 2);
        let message = "error: --output-format cdk and sam are for the ARNs of `layerlock publish`";
        assert!(stderr.starts_with(message), "{stderr}");
    }
    let (_, stderr) = build(&["--output-file", "layer.zip"], 2);
    assert!(
        stderr.contains("the directory for zips is --output"),
        "{stderr}"
    );
}
