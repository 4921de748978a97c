//! Which project is meant, and what its layer is called.

use layerlock_testkit::content_hash;

use crate::support::{Sandbox, json};

/// The only layer's zip, from a build that succeeds.
#[track_caller]
fn zip(sandbox: &Sandbox, arguments: &[&str], directory: &str) -> String {
    let mut command = sandbox.layerlock(arguments);
    let output = command
        .current_dir(sandbox.project.path().join(directory))
        .args(["--json", "--runtime", "python3.13"])
        .assert()
        .success();
    let report = json(&output.get_output().stdout);
    let path = report["layers"][0]["zip"]["path"].as_str().unwrap();
    path.to_owned()
}

/// Makes the sandbox's project one in Poetry's own tables, with this line for its name.
fn in_poetrys_tables(sandbox: &Sandbox, name: &str) {
    let pyproject = format!(
        "[tool.poetry]\n{name}package-mode = false\n\n[tool.poetry.dependencies]\n\
         python = \">=3.10,<4.0\"\ngreeter = \"1.2.0\"\n"
    );
    let lock = fs_err::read_to_string(sandbox.project.lock()).unwrap();
    let (packages, _) = lock.split_once("content-hash").unwrap();
    let hash = content_hash(&pyproject);
    fs_err::write(
        sandbox.project.lock(),
        format!("{packages}content-hash = \"{hash}\"\n"),
    )
    .unwrap();
    fs_err::write(sandbox.project.pyproject(), pyproject).unwrap();
}

#[test]
fn pyproject_toml_stands_for_its_directory() {
    let sandbox = Sandbox::new();
    fs_err::create_dir(sandbox.project.path().join("below")).unwrap();
    let path = sandbox.project.pyproject();
    for (named, directory, directory_of_zip) in [
        ("pyproject.toml", ".", "dist/layers"),
        ("./pyproject.toml", ".", "dist/layers"),
        ("../pyproject.toml", "below", "../dist/layers"),
        (path.to_str().unwrap(), "below", "dist/layers"),
    ] {
        let zip = zip(&sandbox, &["build", "--project", named], directory);
        assert!(zip.ends_with(&format!("{directory_of_zip}/shop-python3.13-x86_64.zip")));
    }
}

#[test]
fn another_file_is_no_project() {
    let sandbox = Sandbox::new();
    for command in ["build", "install", "export", "publish"] {
        let output = sandbox
            .layerlock(&[command, "--project", "poetry.lock"])
            .assert()
            .code(2);
        let text = String::from_utf8(output.get_output().stderr.clone()).unwrap();
        let told = "error: --project takes a project's directory, its pyproject.toml or \
                    layerlock.toml, and poetry.lock is another file\n";
        assert!(text.starts_with(told), "{text}");
    }
}

#[test]
fn a_pyproject_toml_that_is_not_there_is_told_as_that() {
    let sandbox = Sandbox::new();
    let output = sandbox
        .layerlock(&["build", "--project", "src/pyproject.toml"])
        .assert()
        .code(3);
    let text = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    assert!(!text.contains("pyproject.toml/pyproject.toml"), "{text}");
}

#[test]
fn a_project_without_a_name_takes_its_directorys() {
    let sandbox = Sandbox::new();
    in_poetrys_tables(&sandbox, "");
    let directory = sandbox.project.path().file_name().unwrap();
    let name: String = directory
        .to_str()
        .unwrap()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    assert_ne!(*name, *directory, "it has a dot");
    let expected = format!("dist/layers/{name}-python3.13-x86_64.zip");
    fs_err::create_dir(sandbox.project.path().join("below")).unwrap();
    assert_eq!(zip(&sandbox, &["build"], "."), expected);
    assert_eq!(zip(&sandbox, &["build", "-P", "."], "."), expected);
    let zip = zip(&sandbox, &["build"], "below");
    assert_eq!(zip, format!("../{expected}"));
}

#[test]
fn a_project_without_a_name_is_exported() {
    let sandbox = Sandbox::new();
    let named = sandbox.layerlock(&["export"]).assert().success();
    in_poetrys_tables(&sandbox, "");
    for arguments in [["export"].as_slice(), &["export", "-P", "."]] {
        let nameless = sandbox.layerlock(arguments).assert().success();
        assert_eq!(nameless.get_output().stdout, named.get_output().stdout);
    }
    sandbox
        .layerlock(&["export", "--format", "json"])
        .assert()
        .success();
}

#[test]
fn a_name_that_no_layer_can_have_becomes_one_that_it_can() {
    let long = "n".repeat(200);
    for (name, layer) in [
        ("acme.shop", "acme-shop"),
        ("my shop", "my-shop"),
        ("gr\u{f6}\u{df}e", "gr--e"),
        (&long, &long[..140]),
    ] {
        let sandbox = Sandbox::new();
        in_poetrys_tables(&sandbox, &format!("name = \"{name}\"\n"));
        let zip = zip(&sandbox, &["build"], ".");
        assert_eq!(zip, format!("dist/layers/{layer}-python3.13-x86_64.zip"));
    }
}

#[test]
fn without_a_project_it_is_told_where_one_was_looked_for() {
    let sandbox = Sandbox::new();
    let empty = tempfile::tempdir().unwrap();
    let directory = empty.path().canonicalize().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = sandbox.layerlock(arguments);
        let output = command.current_dir(&directory).assert().code(3);
        let text = String::from_utf8(output.get_output().stderr.clone()).unwrap();
        text.replace(&directory.display().to_string(), "[directory]")
    };
    for command in ["build", "install", "export", "publish", "init"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(run(&[command]), @r"
            error: there is no pyproject.toml in [directory] or a directory above it
            hint: change to the project's directory, or name it with --project; `poetry init` or `uv init` makes a new project
            ");
        }
    }
    insta::assert_snapshot!(run(&["build", "-P", "none"]), @r"
    error: there is no directory [directory]/none
    hint: name the directory that holds pyproject.toml with --project
    ");
}
