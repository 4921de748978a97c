//! What each command prints and leaves behind.

use crate::support::{Sandbox, json};
use layerlock_testkit::{LockedPackage, ProjectBuilder, ServedFile, SourceTree, WheelBuilder};
use serde_json::Value;

#[test]
fn build_writes_the_zip_and_says_so() {
    let sandbox = Sandbox::new();
    let output = sandbox
        .layerlock(&["build", "--runtime", "python3.12"])
        .assert()
        .success();
    let text = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    insta::with_settings!({filters => vec![("[0-9a-f]{64}", "[sha256]")]}, {
        insta::assert_snapshot!(text, @r#"
shop for python3.12 x86_64: 6 files in 1 package, 966 B unzipped
  greeter  1.2.0      966 B  greeter-1.2.0-py3-none-any.whl
zip: dist/layers/shop-python3.12-x86_64.zip (1.6 kB)
sha256: [sha256]
"#);
    });
    assert!(output.get_output().stdout.is_empty());
    assert_eq!(
        sandbox.files(),
        [
            "dist/.gitignore",
            "dist/layers/shop-python3.12-x86_64.zip",
            "poetry.lock",
            "pyproject.toml"
        ]
    );
}

#[test]
fn json_is_all_that_is_on_stdout_and_agrees_with_the_files() {
    let sandbox = Sandbox::new();
    let arguments = [
        "build",
        "--json",
        "--staging",
        "staged",
        "--architecture",
        "arm64",
    ];
    let output = sandbox.layerlock(&arguments).assert().success();
    let layer = &json(&output.get_output().stdout)["layers"][0];
    assert_eq!(layer["name"], "shop");
    assert_eq!(layer["target"]["provider"], "aws");
    assert_eq!(layer["target"]["architecture"], "arm64");
    assert_eq!(layer["packages"][0]["name"], "greeter");
    assert_eq!(layer["packages"][0]["version"], "1.2.0");
    assert_eq!(layer["staging"], "staged");

    let zip = fs_err::read(
        sandbox
            .project
            .path()
            .join(layer["zip"]["path"].as_str().unwrap()),
    )
    .unwrap();
    assert_eq!(layer["zip"]["size"], zip.len());
    assert_eq!(layer["zip"]["sha256"], layerlock_testkit::sha256_hex(&zip));
    let staged = sandbox
        .files()
        .into_iter()
        .filter(|file| file.starts_with("staged/"))
        .count();
    assert_eq!(layer["file_count"], staged);
    // Nobody named a runtime, so the report says which was taken.
    assert_eq!(layer["findings"][0]["code"], "default-runtime");
    assert_eq!(layer["findings"][0]["severity"], "info");
}

#[test]
fn install_writes_files_and_no_zip() {
    let sandbox = Sandbox::new();
    sandbox
        .layerlock(&["install", "--to", "layer"])
        .assert()
        .success();
    let files = sandbox.files();
    assert!(files.contains(&"layer/bin/greet".to_owned()), "{files:?}");
    assert!(files.contains(&"layer/python/greeter/__init__.py".to_owned()));
    assert!(!files.iter().any(|file| file.starts_with("dist/")));
}

#[test]
fn publish_makes_one_version_of_one_content() {
    let sandbox = Sandbox::new();
    let publish = |arguments: &[&str]| {
        let arguments = [&["publish", "--json", "--runtime", "python3.12"], arguments].concat();
        json(
            &sandbox
                .layerlock(&arguments)
                .assert()
                .success()
                .get_output()
                .stdout,
        )
    };
    let planned = &publish(&["--dry-run"])["published"][0];
    assert_eq!(planned["outcome"], "planned");
    assert_eq!(planned["arn"], Value::Null);
    let first = publish(&[]);
    assert_eq!(first["published"][0]["arn"], "local:shop:1");
    assert_eq!(first["published"][0]["reused"], false);
    let second = publish(&[]);
    assert_eq!(second["published"][0]["version"], 1);
    assert_eq!(second["published"][0]["reused"], true);
    let planned = &publish(&["--dry-run"])["published"][0];
    assert_eq!(planned["outcome"], "unchanged");
    assert_eq!(planned["arn"], "local:shop:1");
}

#[test]
fn quiet_prints_nothing_and_verbose_says_where_from() {
    let sandbox = Sandbox::new();
    let verbose = sandbox.layerlock(&["build", "-v"]).assert().success();
    let told = String::from_utf8(verbose.get_output().stderr.clone()).unwrap();
    assert!(
        told.contains("PIP_INDEX_URL") && told.contains("greeter-1.2.0"),
        "{told}"
    );
    let quiet = sandbox.layerlock(&["build", "-q"]).assert().success();
    assert!(quiet.get_output().stdout.is_empty() && quiet.get_output().stderr.is_empty());
}

#[test]
fn a_directory_of_find_links_is_enough_without_network_and_cache() {
    let sandbox = Sandbox::new();
    let wheel = crate::support::greeter();
    let wheels = sandbox.project.path().join("wheels");
    fs_err::create_dir(&wheels).unwrap();
    fs_err::write(wheels.join(&wheel.file_name), &wheel.bytes).unwrap();
    for arguments in [
        &["build", "--find-links", "wheels", "--offline"][..],
        &["build", "--find-links", "wheels", "--offline", "--no-cache"],
    ] {
        sandbox.layerlock(arguments).assert().success();
    }
    sandbox
        .layerlock(&["build", "--offline", "--no-cache"])
        .env("UV_FIND_LINKS", &wheels)
        .assert()
        .success();
    // As pip is told to use directories alone.
    sandbox
        .layerlock(&["build", "--no-cache"])
        .env("PIP_FIND_LINKS", &wheels)
        .env("PIP_NO_INDEX", "1")
        .assert()
        .success();
    assert!(sandbox.index.requests().is_empty());
}

/// pip and uv may have a directory for everything they install: it does not take
/// the place of what is locked.
#[test]
fn a_wheel_that_no_lock_lists_is_taken_only_where_the_user_says_so() {
    let wheel = WheelBuilder::new("demo", "1.0").build();
    let locked = LockedPackage::new("demo", "1.0").file("demo-1.0.tar.gz", &"0".repeat(64));
    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop").package(locked));
    let wheels = sandbox.project.path().join("wheels");
    fs_err::create_dir(&wheels).unwrap();
    for wheel in [wheel, crate::support::greeter()] {
        fs_err::write(wheels.join(&wheel.file_name), &wheel.bytes).unwrap();
    }
    for variable in ["PIP_FIND_LINKS", "UV_FIND_LINKS"] {
        let build = sandbox
            .layerlock(&["build", "--offline"])
            .env(variable, &wheels)
            .assert()
            .failure();
        let said = String::from_utf8_lossy(&build.get_output().stderr).into_owned();
        assert!(said.contains("demo-1.0.tar.gz"), "{said}");
    }
    sandbox
        .layerlock(&["build", "--offline", "--find-links", "wheels"])
        .assert()
        .success();
}

#[test]
fn the_cache_is_told_pruned_and_cleaned() {
    let sandbox = Sandbox::new();
    let run = |arguments: &[&str]| {
        let output = sandbox.layerlock(arguments).assert().success();
        String::from_utf8(output.get_output().stdout.clone()).unwrap()
    };
    let directory = run(&["cache", "dir"]);
    let directory = directory.trim_end();
    assert_eq!(run(&["cache", "dir", "--cache-dir", "here"]), "here\n");
    let nothing = format!("nothing to remove from {directory}\n");
    assert_eq!(run(&["cache", "clean"]), nothing);
    run(&["build"]);
    assert_eq!(run(&["cache", "prune", "--older-than", "1"]), nothing);
    assert_eq!(run(&["cache", "clean", "requests"]), nothing);
    let removed = run(&["cache", "prune", "--older-than", "0"]);
    // The wheel, what was found in it, and the note of the run.
    assert!(removed.starts_with("removed 3 files ("), "{removed}");
    run(&["build"]);
    let report = json(run(&["cache", "clean", "Greeter", "--json"]).as_bytes());
    assert_eq!(report["folder"], directory);
    assert_eq!(report["removed_files"], 2);
    assert!(report["freed"].as_u64().unwrap() > 500);
    run(&["build", "--rebuild"]);
    // The wheel, what is known of it, and the note of the last run.
    let removed = run(&["cache", "clean"]);
    assert!(removed.starts_with("removed 3 files ("), "{removed}");
    assert_eq!(sandbox.index.requests().len(), 6);
}

#[test]
fn a_yanked_file_is_a_warning_in_the_report() {
    let mut sandbox = Sandbox::new();
    sandbox.index = layerlock_testkit::LoopbackIndex::start();
    sandbox.index.add(ServedFile {
        yanked: Some("broken".to_owned()),
        ..ServedFile::from(&crate::support::greeter())
    });
    let arguments = ["build", "--json", "--runtime", "python3.12"];
    let output = sandbox.layerlock(&arguments).assert().success();
    let finding = &json(&output.get_output().stdout)["layers"][0]["findings"][0];
    assert_eq!(finding["code"], "yanked");
    assert_eq!(finding["severity"], "warning");
    assert_eq!(finding["package"], "greeter");
    assert_eq!(
        finding["message"],
        "greeter-1.2.0-py3-none-any.whl has been yanked from its index: broken"
    );
}

#[test]
fn a_layer_that_cannot_work_is_exit_code_1_and_not_published() {
    // Sparse claims will not do: a layer over the limit needs that many bytes.
    let large = layerlock_testkit::WheelBuilder::new("large", "1.0")
        .file("large/data.bin", vec![0; 263_000_000])
        .build();
    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop").package(&large));
    sandbox.index.add(&large);
    let output = sandbox.layerlock(&["publish", "--json"]).assert().code(1);
    let report = json(&output.get_output().stdout);
    assert_eq!(report["published"], Value::Array(Vec::new()));
    let codes: Vec<_> = report["layers"][0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    assert!(codes.contains(&"layer-too-large"), "{codes:?}");
}

#[test]
fn an_empty_layer_is_exit_code_1() {
    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop").optional_group("docs"));
    let output = sandbox
        .layerlock(&[
            "build",
            "--json",
            "--only",
            "docs",
            "--runtime",
            "python3.12",
        ])
        .assert()
        .code(1);
    let report = json(&output.get_output().stdout);
    assert_eq!(report["layers"][0]["findings"][0]["code"], "empty-layer");
    let quiet = sandbox
        .layerlock(&["build", "--quiet", "--only", "docs"])
        .assert()
        .code(1);
    let stderr = String::from_utf8_lossy(&quiet.get_output().stderr).into_owned();
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert!(quiet.get_output().stdout.is_empty());
}

/// The time of the first member of the zip, as MS-DOS wrote it: date and time.
fn first_time(zip: &[u8]) -> [u16; 2] {
    let number = |at: usize| u16::from_le_bytes([zip[at], zip[at + 1]]);
    [number(12), number(10)]
}

#[test]
fn the_zips_time_is_that_of_source_date_epoch() {
    let sandbox = Sandbox::new();
    let zip = sandbox
        .project
        .path()
        .join("dist/layers/shop-python3.12-x86_64.zip");
    let date = |year: u16, month: u16, day: u16| ((year - 1980) << 9) | (month << 5) | day;
    for (epoch, expected) in [
        ("1709164801", [date(2024, 2, 29), 0]),
        ("-5", [date(1980, 1, 1), 0]),
        ("", [date(1980, 1, 1), 0]),
    ] {
        sandbox
            .layerlock(&["build", "--runtime", "python3.12"])
            .env("SOURCE_DATE_EPOCH", epoch)
            .assert()
            .success();
        assert_eq!(
            first_time(&fs_err::read(&zip).unwrap()),
            expected,
            "{epoch:?}"
        );
    }
    let output = sandbox
        .layerlock(&["build"])
        .env("SOURCE_DATE_EPOCH", "yesterday")
        .assert()
        .code(2);
    insta::assert_snapshot!(String::from_utf8_lossy(&output.get_output().stderr), @r"
error: SOURCE_DATE_EPOCH is `yesterday`, not a number of seconds
hint: unset it, or set it to whole seconds since 1970-01-01 00:00 UTC
");
}

#[test]
fn a_zip_is_compressed_as_asked_for() {
    let sandbox = Sandbox::from_project(
        ProjectBuilder::new("shop").pyproject("[tool.layerlock]\ncompression = \"store\"\n"),
    );
    let size = |more: &[&str]| {
        let arguments = [&["build", "--json"], more].concat();
        let output = sandbox.layerlock(&arguments).assert().success();
        let zip = &json(&output.get_output().stdout)["layers"][0]["zip"];
        assert!(zip["crc64"].as_str().unwrap().parse::<u64>().is_ok());
        zip["size"].as_u64().unwrap()
    };
    let (store, copy, best) = (
        size(&[]),
        size(&["--compression", "copy"]),
        size(&["--compression", "best"]),
    );
    assert!(best <= copy && copy < store, "{best} {copy} {store}");
    sandbox
        .layerlock(&["build", "--compression", "brotli"])
        .assert()
        .code(2);
}

#[test]
fn a_stale_lock_is_taken_where_it_is_allowed() {
    let stale = ProjectBuilder::new("shop").content_hash("of another time");
    let sandbox = Sandbox::from_project(stale);
    let warning = "pyproject.toml changed since poetry.lock was written, which may lack what is \
                   needed now: run `poetry lock`";
    for command in ["build", "install", "publish"] {
        sandbox.layerlock(&[command]).assert().code(3);
        let output = sandbox
            .layerlock(&[command, "--allow-stale-lock", "--json"])
            .assert()
            .success();
        let report = json(&output.get_output().stdout);
        let finding = &report["layers"][0]["findings"][0];
        assert_eq!(finding["code"], "stale-lock");
        assert_eq!(finding["severity"], "warning");
        assert_eq!(finding["message"], warning);
    }
    for command in ["export", "init"] {
        sandbox.layerlock(&[command]).assert().code(3);
        let output = sandbox
            .layerlock(&[command, "--allow-stale-lock"])
            .assert()
            .success();
        let text = String::from_utf8(output.get_output().stderr.clone()).unwrap();
        assert!(text.contains(warning), "{text}");
    }
}

/// A repository whose package lies in a submodule. git allows a submodule from a
/// path only where it is told to.
#[test]
fn a_package_from_a_repository_with_submodules_is_built() {
    let directory = tempfile::tempdir().unwrap();
    let git = |below: &str, arguments: &[&str]| {
        let directory = directory.path().join(below);
        fs_err::create_dir_all(&directory).unwrap();
        let output = std::process::Command::new("git")
            .args([
                "-c",
                "user.name=Nobody",
                "-c",
                "user.email=nobody@example.com",
            ])
            .args(["-c", "protocol.file.allow=always"])
            .args(arguments)
            .current_dir(directory)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git("inner", &["init", "--quiet"]);
    SourceTree::new("demo", "1.0").write_to(&directory.path().join("inner"));
    git("inner", &["add", "--all"]);
    git("inner", &["commit", "--quiet", "--message", "inner"]);
    git("outer", &["init", "--quiet"]);
    git(
        "outer",
        &["submodule", "--quiet", "add", "../inner", "packages/demo"],
    );
    git("outer", &["commit", "--quiet", "--message", "outer"]);
    let commit = git("outer", &["rev-parse", "HEAD"]);

    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop").lock_packages(&format!(
        "[[package]]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"\"\n\
         optional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = []\n\n\
         [package.source]\ntype = \"git\"\nurl = 'file://{}'\nreference = \"main\"\n\
         resolved_reference = \"{commit}\"\nsubdirectory = \"packages/demo\"\n",
        directory.path().join("outer").display()
    )));
    let arguments = ["install", "--verbose", "--build-frontend", "pip"];
    let output = sandbox
        .layerlock(&arguments)
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", std::env::var_os("HOME").unwrap_or_default())
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "protocol.file.allow")
        .env("GIT_CONFIG_VALUE_0", "always")
        .assert()
        .success();
    let said = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    for part in [
        "building demo by pip ",
        "demo: ",
        "built demo-1.0-py3-none-any.whl",
        "note[built]: demo 1.0 was built from",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let files = sandbox.files();
    let expected = "dist/staging/shop/python/demo/__init__.py".to_owned();
    assert!(files.contains(&expected), "{files:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_no_text_is_reported_as_near_as_can_be() {
    use std::os::unix::ffi::OsStrExt;

    let sandbox = Sandbox::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
    for command in ["build", "publish", "install"] {
        let mut run = sandbox.layerlock(&[command, "--json", "-P"]);
        let project = sandbox.project.path().join(name);
        fs_err::create_dir_all(&project).unwrap();
        for file in ["pyproject.toml", "poetry.lock"] {
            fs_err::copy(sandbox.project.path().join(file), project.join(file)).unwrap();
        }
        for _ in 0..2 {
            let output = run.arg(&project).assert().success();
            let report = json(&output.get_output().stdout);
            let layer = &report["layers"][0];
            let path = layer["zip"]["path"].as_str().or(layer["staging"].as_str());
            assert!(path.unwrap().contains("caf\u{fffd}/dist/"), "{path:?}");
            run = sandbox.layerlock(&[command, "--json", "-P"]);
        }
    }
}

/// As Poetry does it.
#[test]
fn a_directory_of_the_project_stands_for_it() {
    let sandbox = Sandbox::new();
    let below = sandbox.project.path().join("src/shop");
    fs_err::create_dir_all(&below).unwrap();
    let output = sandbox
        .layerlock(&["build", "--json", "--staging", "staged"])
        .current_dir(&below)
        .assert()
        .success();
    let layer = &json(&output.get_output().stdout)["layers"][0];
    let zip = layer["zip"]["path"].as_str().unwrap();
    assert!(zip.starts_with("../../dist/layers/shop-"), "{zip}");
    let files = sandbox.files();
    assert!(files.iter().any(|file| file.starts_with("dist/layers/")));
    // What is named on the command line is seen from where one is.
    assert!(files.contains(&"src/shop/staged/bin/greet".to_owned()));

    // Only a directory that was not named is looked for.
    sandbox
        .layerlock(&["build", "--project", "."])
        .current_dir(&below)
        .assert()
        .code(3);
}

#[test]
fn a_dist_that_layerlock_makes_is_ignored_by_git() {
    for (arguments, made) in [
        (&["build"][..], true),
        (&["install"], true),
        (&["publish"], true),
        (&["publish", "--output", "zips"], true),
        (&["build", "--dry-run"], false),
        (&["publish", "--dry-run"], false),
        (&["build", "--output", "dist"], false),
        (&["build", "--output", "zips", "--staging", "staged"], false),
    ] {
        let sandbox = Sandbox::new();
        let ignored = || {
            let files = sandbox.files();
            let mut ignored: Vec<_> = files.into_iter().collect();
            ignored.retain(|file| file.ends_with(".gitignore"));
            ignored
        };
        sandbox.layerlock(arguments).assert().success();
        let expected: &[&str] = if made { &["dist/.gitignore"] } else { &[] };
        assert_eq!(ignored(), expected, "{arguments:?}");
        if made {
            let file = sandbox.project.path().join("dist/.gitignore");
            assert_eq!(fs_err::read_to_string(&file).unwrap(), "*\n");
            // Who removes it does not get it again, and a run sees no change in it.
            fs_err::remove_file(&file).unwrap();
            let again = sandbox.layerlock(&["build", "--json"]).assert().success();
            assert_eq!(ignored(), [""; 0]);
            let unchanged = &json(&again.get_output().stdout)["unchanged"];
            assert_eq!(unchanged, arguments == ["build"], "{arguments:?}");
        }
    }
    // One that was there is the user's.
    let sandbox = Sandbox::new();
    fs_err::create_dir(sandbox.project.path().join("dist")).unwrap();
    sandbox.layerlock(&["build"]).assert().success();
    assert!(!sandbox.files().contains(&"dist/.gitignore".to_owned()));
}

#[test]
fn what_git_does_not_ignore_of_a_staging_directory_is_told_once() {
    let staged = "[tool.layerlock]\nstaging = \"lambda_dependencies\"\n";
    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop").pyproject(staged));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let told = |arguments: &[&str]| {
        let mut command = sandbox.layerlock(arguments);
        let output = command.env("PATH", &path).assert().success();
        let text = String::from_utf8(output.get_output().stderr.clone()).unwrap();
        text.contains("note: git does not ignore the staging directory lambda_dependencies: ")
            && text.contains("add `/lambda_dependencies/` to the .gitignore")
    };
    let remove = || {
        let staged = sandbox.project.path().join("lambda_dependencies");
        fs_err::remove_dir_all(staged).unwrap();
    };
    assert!(!told(&["install"]));
    let mut git = std::process::Command::new("git");
    let init = git
        .args(["init", "-q"])
        .arg(sandbox.project.path())
        .status();
    if !init.is_ok_and(|status| status.success()) {
        return;
    }
    assert!(told(&["init"]));
    assert!(!told(&["install"]));
    remove();
    assert!(!told(&["install", "--dry-run"]));
    assert!(!told(&["install", "--quiet"]));
    remove();
    assert!(told(&["install"]));
    assert!(!told(&["install", "--rebuild"]));
    remove();
    fs_err::write(sandbox.project.path().join(".gitignore"), "lambda_*/\n").unwrap();
    assert!(!told(&["install"]));
    assert!(!told(&["init"]));
}
