//! Wrong input: the exit code, the message, and that nothing is left behind.

use std::path::Path;

use crate::support::{Sandbox, greeter};
use layerlock_testkit::{LockedPackage, ProjectBuilder};

/// Runs a build that has to fail, and gives what it said, with what differs from
/// run to run taken out.
#[track_caller]
fn failure(sandbox: &Sandbox, arguments: &[&str], code: i32) -> String {
    let before = sandbox.files();
    let output = sandbox.layerlock(arguments).assert().code(code);
    assert!(output.get_output().stdout.is_empty());
    assert_eq!(sandbox.files(), before, "something was left behind");
    let text = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    assert!(
        !text.contains('\u{1b}'),
        "no colors where there is no terminal"
    );
    text.replace(sandbox.index.url().trim_end_matches("/simple/"), "[index]")
        .replace(&sandbox.project.path().display().to_string(), "[project]")
}

macro_rules! assert_message {
    ($text:expr, @$expected:literal) => {
        insta::with_settings!({filters => vec![("[0-9a-f]{64}", "[sha256]")]}, {
            insta::assert_snapshot!($text, @$expected);
        });
    };
}

#[test]
fn unknown_runtime_is_usage() {
    let text = failure(&Sandbox::new(), &["build", "--runtime", "python2.7"], 2);
    assert_message!(text, @r#"
error: invalid value 'python2.7' for '--runtime <RUNTIME>': unknown runtime `python2.7`: there are python3.8, python3.9, python3.10, python3.11, python3.12, python3.13, python3.14, python3.15

Usage: layerlock build [OPTIONS]

For more information, try '--help'.
"#);
}

#[test]
fn unknown_group_is_usage() {
    let text = failure(&Sandbox::new(), &["build", "--with", "docs"], 2);
    assert_message!(text, @r#"
error: the project has no group `docs` (--with)
hint: the groups are: main
"#);
}

#[test]
fn no_lock_is_the_projects() {
    let sandbox = Sandbox::new();
    fs_err::remove_file(sandbox.project.lock()).unwrap();
    assert_message!(failure(&sandbox, &["build"], 3), @r#"
error: there is no poetry.lock
hint: run `poetry lock`, or `uv lock`, in the project's directory
"#);
}

#[test]
fn stale_lock_is_the_projects() {
    let sandbox =
        Sandbox::from_project(ProjectBuilder::new("shop").content_hash("of another time"));
    assert_message!(failure(&sandbox, &["build"], 3), @r#"
error: pyproject.toml changed since poetry.lock was written
  --> poetry.lock:17:16
   |
17 | content-hash = "of another time"
   |                ^^^^^^^^^^^^^^^^^
hint: run `poetry lock` to bring poetry.lock up to date, or take it as it is with --allow-stale-lock
"#);
}

#[test]
fn unknown_setting_is_the_projects() {
    let sandbox = Sandbox::from_project(
        ProjectBuilder::new("shop").pyproject("[tool.layerlock]\nruntimes = \"python3.12\"\n"),
    );
    assert_message!(failure(&sandbox, &["build"], 3), @r#"
error: unknown field `runtimes`: did you mean `runtime`?
  --> pyproject.toml:13:1
   |
13 | runtimes = "python3.12"
   | ^^^^^^^^
"#);
}

#[test]
fn no_wheel_for_the_target() {
    let native = layerlock_testkit::WheelBuilder::new("native", "2.0")
        .tag("cp312-cp312-manylinux_2_38_x86_64")
        .build();
    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop").package(&native));
    let text = failure(&sandbox, &["build", "--runtime", "python3.12"], 4);
    assert_message!(text, @r#"
error: native 2.0 has no wheel for python3.12 x86_64 (CPython 3.12, Amazon Linux 2023 with glibc 2.34): the nearest, native-2.0-cp312-cp312-manylinux_2_38_x86_64.whl, needs glibc 2.38
  --> poetry.lock:15:8
   |
15 | name = "native"
   |        ^^^^^^^^
hint: lock another version of native
"#);
}

#[test]
fn a_project_that_is_no_package_in_a_layer() {
    let project = ProjectBuilder::new("shop").pyproject(
        "[tool.layerlock]\nruntime = \"python3.12\"\n\n\
         [build-system]\nbuild-backend = \"poetry.core.masonry.api\"\n",
    );
    let text = failure(
        &Sandbox::from_project(project),
        &["build", "--include-project"],
        3,
    );
    assert_message!(text, @r#"
error: cannot include the project: `package-mode = false`
  --> pyproject.toml:10:16
   |
10 | package-mode = false
   |                ^^^^^
hint: remove this line and name a build backend in [build-system], or remove include-project
"#);
}

#[test]
fn nothing_to_build_with() {
    let sandbox = Sandbox::from_project(
        ProjectBuilder::new("shop")
            .package_mode()
            .pyproject("[tool.layerlock]\nruntime = \"python3.12\"\ninclude-project = true\n"),
    );
    let before = sandbox.files();
    let empty = tempfile::tempdir().unwrap();
    let mut command = sandbox.layerlock(&["build"]);
    let output = command.env("PATH", empty.path()).assert().code(4);
    assert_eq!(sandbox.files(), before);
    let text = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    assert_message!(text, @r#"
error: shop 0.1.0 cannot be built: there is no uv and no pip to build it with
  --> pyproject.toml:14:19
   |
14 | include-project = true
   |                   ^^^^
hint: install uv or pip: they build packages that have no wheel
"#);
}

#[test]
fn unknown_build_frontend_is_the_projects() {
    let sandbox = Sandbox::from_project(
        ProjectBuilder::new("shop").pyproject("[tool.layerlock]\nbuild-frontend = \"make\"\n"),
    );
    assert_message!(failure(&sandbox, &["build"], 3), @r#"
error: unknown build frontend `make`: there are uv and pip
  --> pyproject.toml:13:18
   |
13 | build-frontend = "make"
   |                  ^^^^^^
"#);
}

#[test]
fn index_down_is_the_networks() {
    let sandbox = Sandbox::new();
    let arguments = [
        "build",
        "--index-url",
        "http://user:secret@127.0.0.1:9/simple/",
    ];
    let text = failure(&sandbox, &arguments, 5);
    assert!(!text.contains("secret"), "{text}");
    assert_message!(text, @r#"
error: failed to get http://127.0.0.1:9/simple/greeter/: Connection refused (os error 111)
hint: check the network and the index's URL, then try again
"#);
}

#[test]
fn offline_with_an_empty_cache_is_the_networks() {
    assert_message!(failure(&Sandbox::new(), &["build", "--offline"], 5), @r#"
error: greeter-1.2.0-py3-none-any.whl is not in the cache, and --offline or UV_OFFLINE forbids fetching it
hint: run once without --offline, or name a directory that has it with --find-links
"#);
}

#[test]
fn a_find_links_directory_that_is_not_there_is_usage() {
    let arguments = ["build", "--find-links", "no-such-directory"];
    assert_message!(failure(&Sandbox::new(), &arguments, 2), @r#"
error: there is no directory no-such-directory
hint: --find-links takes a directory, or the http URL of a page with links
"#);
}

#[test]
fn an_index_that_wants_credentials_says_where_they_may_be() {
    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop"));
    sandbox.index.require_basic_auth("me", "secret");
    assert_message!(failure(&sandbox, &["build"], 5), @r#"
error: failed to get [index]/simple/greeter/: the server answered 401, and no credentials for it were found in the index's URL, the keyring (not asked: no user name is known); this index comes from the environment variable PIP_INDEX_URL
hint: add the host to netrc, or put them into the index's URL: https://USER:PASSWORD@HOST/simple/
"#);
}

#[test]
fn a_bundle_of_certificates_that_is_not_there_is_the_machines() {
    let sandbox = Sandbox::new();
    let output = sandbox
        .layerlock(&["build"])
        .env("REQUESTS_CA_BUNDLE", "no-such.pem")
        .assert()
        .code(8);
    let text = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    assert_message!(text, @r#"
error: the certificates in no-such.pem, which the environment variable REQUESTS_CA_BUNDLE names, cannot be used: failed to read PEM from file: No such file or directory (os error 2) at 'no-such.pem'
hint: it has to be certificates in PEM form; where none are named, the system's are used
"#);
}

#[test]
fn a_directory_that_is_no_cache_is_not_cleaned() {
    let arguments = ["cache", "clean", "--cache-dir", "."];
    assert_message!(failure(&Sandbox::new(), &arguments, 2), @r#"
error: . is not a cache of layerlock: it has no CACHEDIR.TAG that says so
hint: nothing was removed: name the directory of a cache with --cache-dir
"#);
}

#[test]
fn other_bytes_than_locked_are_integrity() {
    let locked = LockedPackage::new("greeter", "1.2.0").file(&greeter().file_name, &"0".repeat(64));
    let mut sandbox = Sandbox::new();
    sandbox.project = ProjectBuilder::new("shop").package(locked).write();
    assert_message!(failure(&sandbox, &["build"], 7), @r#"
error: greeter-1.2.0-py3-none-any.whl has sha256 [sha256], the lock says [sha256]
 --> poetry.lock:4:8
  |
4 | name = "greeter"
  |        ^^^^^^^^^
hint: what [index]/files/greeter/greeter-1.2.0-py3-none-any.whl serves is not what was locked: do not use it before you know why
"#);
}

#[test]
fn files_of_others_in_the_staging_directory_stay() {
    let sandbox = Sandbox::new();
    let mine = sandbox.project.path().join("staged/python/mine.py");
    fs_err::create_dir_all(mine.parent().unwrap_or(Path::new("."))).unwrap();
    fs_err::write(&mine, "precious").unwrap();
    assert_message!(failure(&sandbox, &["install", "--to", "staged"], 8), @r#"
error: staged holds files that no package brought: python/mine.py
hint: move them away, remove the directory, or name another staging directory
"#);
    assert_eq!(fs_err::read(&mine).unwrap(), b"precious");
}

#[test]
fn an_output_that_cannot_be_written_is_the_machines() {
    let sandbox = Sandbox::new();
    fs_err::write(
        sandbox.project.path().join("dist"),
        "a file where a directory must be",
    )
    .unwrap();
    assert_message!(failure(&sandbox, &["build"], 8), @r#"
error: failed to create dist/layers: Not a directory (os error 20)
"#);
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_is_lost_is_the_machines() {
    let sandbox = Sandbox::new();
    for arguments in [&["export"][..], &["build", "--json"]] {
        let full = fs_err::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_layerlock"))
            .args(arguments)
            .args(["--project".as_ref(), sandbox.project.path()])
            .env("LAYERLOCK_CACHE_DIR", sandbox.project.path().join("cache"))
            .env("PIP_INDEX_URL", sandbox.index.url())
            .stdout(full.into_file())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(8));
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "error: failed to write to standard output: No space left on device (os error 28)\n"
        );
    }
}

#[test]
fn outputs_in_each_other_are_the_projects() {
    let settings = "[tool.layerlock]\nstaging = \"dist\"\n";
    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop").pyproject(settings));
    assert_message!(failure(&sandbox, &["build"], 3), @r#"
error: the output dist/layers/shop-python3.14-x86_64.zip is inside the staging directory dist
hint: give each output a directory of its own
"#);
}

#[test]
fn a_region_for_the_local_directory_is_usage() {
    let sandbox = Sandbox::new();
    assert_message!(failure(&sandbox, &["publish", "--region", "eu-west-1"], 2), @r#"
error: --region can only be used with --provider aws
hint: add --provider aws, or set `provider = "aws"` in [tool.layerlock]
"#);
    let local = ["publish", "--provider", "local", "--region", "eu-west-1"];
    assert_message!(failure(&sandbox, &local, 2), @r#"
error: --region can only be used with --provider aws

Usage: layerlock publish [OPTIONS]

For more information, try '--help'.
"#);
}

#[test]
fn an_empty_cache_variable_is_none() {
    let sandbox = Sandbox::new();
    sandbox
        .layerlock(&["build"])
        .env("LAYERLOCK_CACHE_DIR", "")
        .env("HOME", sandbox.project.path().join("home"))
        .assert()
        .success();
}

#[test]
fn help_names_the_exit_codes() {
    let sandbox = Sandbox::new();
    let output = sandbox.layerlock(&["--help"]).assert().success();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert_message!(text, @r#"
Turn a project's lock file into serverless layers

Usage: layerlock [OPTIONS] <COMMAND>

Commands:
  init         Add [tool.layerlock] to pyproject.toml, with what a build would choose
  build        Build each layer as a zip, and as a staging directory where one is configured
  install      Build each layer as a staging directory only, without a zip
  export       Export the lock as `poetry export` does, without Poetry (takes all of its options)
  size         Tell where the bytes of layers are: the project's, or any zip's or directory's
  why          Tell why a package is in the layers: how the project comes to need it
  diff         Compare two layers or two locks: packages added, removed and moved, and their bytes
  check        Check layers before they are uploaded: the project's, or any zip or directory
  publish      Build layers, then publish those that changed
  status       Say whether what is published is what the lock gives (exit code 1 if not)
  list         List the published versions of the project's layers, or of one by its name
  promote      Publish versions in another account or region: the same bytes, without a build
  prune        Delete old versions: all but the newest, and those that functions use
  delete       Delete versions by their numbers, unless functions use them
  cache        Show or clean the cache of verified wheels
  completions  Print the script with which a shell completes commands, options and their values
  help         Print this message or the help of the given subcommand(s)

Options:
  -P, --project <DIR>    Project directory or pyproject.toml [default: the current one or a parent]
  -C, --directory <DIR>  Run as if started in this directory
  -h, --help             Print help
  -V, --version          Print version

Output:
  -q, --quiet         Print no report and no warnings: only errors, and what was asked for
  -v, --verbose       Also print each index, download and build
      --color <WHEN>  When to use colors [default: auto] [possible values: auto, always, never]
      --no-progress   Show no progress, neither as a line on a terminal nor as lines in a log

Exit codes:
  0  success
  1  a check found an error in a layer, or status a difference
  2  usage: an unknown option, runtime, group, extra or layer
  3  project: pyproject.toml or the lock is invalid or out of date
  4  artifact: no file fits the target, a build failed, or files conflict
  5  network: the network or an index failed
  6  provider: the provider refused the request
  7  integrity: a hash or RECORD does not match, or an archive is unsafe
  8  machine: a file could not be read or written
"#);
}

#[test]
fn only_a_typo_of_a_command_gets_a_tip() {
    for (command, tip) in [
        ("show", None),
        ("search", None),
        ("innit", Some("init")),
        ("biuld", Some("build")),
        ("instal", Some("install")),
    ] {
        let text = failure(&Sandbox::new(), &[command], 2);
        let first = format!("error: unrecognized subcommand '{command}'\n\n");
        assert!(text.starts_with(&first), "{text}");
        assert!(!text.contains("\n\n\n"), "{text}");
        let tip = tip.map(|tip| format!("tip: a similar subcommand exists: '{tip}'"));
        assert_eq!(text.contains("tip:"), tip.is_some(), "{text}");
        assert!(tip.is_none_or(|tip| text.contains(&tip)), "{text}");
    }
}

#[test]
fn pips_option_for_a_directory_gets_a_tip() {
    for arguments in [
        ["install", "-t", "layer"].as_slice(),
        &["install", "--target", "layer"],
        &["install", "--target=layer"],
        &["install", "-tlayer"],
    ] {
        let text = failure(&Sandbox::new(), arguments, 2);
        assert!(text.starts_with("error: unexpected argument '"), "{text}");
        assert!(
            text.contains("tip: a similar argument exists: '--to'"),
            "{text}"
        );
    }
}

#[test]
fn a_target_for_an_export_that_has_none_is_usage() {
    for flag in [
        ["--layer", "web"],
        ["--runtime", "python3.12"],
        ["--architecture", "arm64"],
    ] {
        let text = failure(&Sandbox::new(), &["export", flag[0], flag[1]], 2);
        let expected = format!("error: {} can only be used with --format json", flag[0]);
        assert!(text.starts_with(&expected), "{text}");
    }
}

#[test]
fn a_usage_error_shows_no_password() {
    let sandbox = Sandbox::new();
    let output = sandbox
        .layerlock(&[
            "install",
            "https://me:hunter2@packages.example.com/x.whl",
            "--json",
        ])
        .assert()
        .code(2);
    let output = output.get_output();
    for text in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(text);
        assert!(
            text.contains("packages.example.com") && !text.contains("hunter2"),
            "{text}"
        );
    }
}

/// Of an index that nobody has named, an error says where it is from.
#[cfg(unix)]
#[test]
fn an_error_of_the_index_that_pip_named_once_says_where_that_is_remembered() {
    use std::os::unix::fs::PermissionsExt as _;

    let sandbox = Sandbox::new();
    let programs = tempfile::TempDir::new().unwrap();
    let pip = programs.path().join("pip");
    let help = "--index-url <url> Base URL (default http://127.0.0.1:9/simple). \
                --extra-index-url <url>";
    fs_err::write(&pip, format!("#!/bin/sh\necho '{help}'\n")).unwrap();
    fs_err::set_permissions(&pip, std::fs::Permissions::from_mode(0o755)).unwrap();
    let run = || {
        let mut command = sandbox.layerlock(&["build"]);
        command.env_remove("PIP_INDEX_URL");
        // No Python of this machine.
        command.env("PATH", programs.path());
        let output = command.env("HOME", programs.path()).assert().code(5);
        String::from_utf8(output.get_output().stderr.clone()).unwrap()
    };
    let asked = run();
    let named = "this index comes from the default of this machine's pip";
    assert!(asked.contains(named), "{asked}");
    assert!(!asked.contains("remembered"), "{asked}");
    let remembered = run();
    for text in [
        "pip, remembered in ",
        "/pip-default-index\n",
        "if pip has another default now, remove ",
        "--index-url",
    ] {
        assert!(remembered.contains(text), "{text} is not in {remembered}");
    }
}
