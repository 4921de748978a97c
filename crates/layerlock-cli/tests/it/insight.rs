//! Where the bytes are, why a package is there, and what is different.

use layerlock_testkit::{LockedPackage, ProjectBuilder};
use serde_json::Value;

use crate::support::{Sandbox, greeter, json};

fn stdout(sandbox: &Sandbox, arguments: &[&str], code: i32) -> String {
    let assert = sandbox.layerlock(arguments).assert().code(code);
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

#[test]
fn sizes_are_printed_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    let before = sandbox.files();
    let text = stdout(&sandbox, &["size", "--runtime", "python3.12"], 0);
    assert!(text.starts_with("shop for python3.12 x86_64: "), "{text}");
    assert!(text.contains("  greeter 1.2.0  the project\n"), "{text}");
    let report = json(stdout(&sandbox, &["size", "--json", "--top", "1"], 0).as_bytes());
    let layer = &report["layers"][0];
    assert_eq!(layer["name"], "shop");
    assert_eq!(layer["path"], Value::Null);
    assert_eq!(layer["packages"][0]["name"], "greeter");
    assert_eq!(layer["packages"][0]["requested"], true);
    assert!(layer["packages"][0]["zipped_size"].as_u64() > Some(0));
    assert_eq!(layer["largest_files"].as_array().map(Vec::len), Some(1));
    assert_eq!(sandbox.files(), before);
}

#[test]
fn the_provider_is_chosen_as_for_a_build() {
    let sandbox = Sandbox::new();
    let provider = ["--provider", "aliyun", "--json"];
    for command in [&["size"][..], &["why", "greeter"]] {
        let report = json(stdout(&sandbox, &[command, &provider].concat(), 0).as_bytes());
        assert_eq!(report["layers"][0]["target"]["provider"], "aliyun");
    }
}

/// Who looks at a zip has no project to tell of.
#[test]
fn a_zip_is_measured_without_a_project() {
    let sandbox = Sandbox::new();
    sandbox.layerlock(&["build"]).assert().success();
    let elsewhere = tempfile::tempdir().unwrap();
    let layers = sandbox.project.path().join("dist/layers");
    let mut command = sandbox.layerlock(&["size", layers.to_str().unwrap(), "--json"]);
    let assert = command.current_dir(elsewhere.path()).assert().success();
    let report = json(&assert.get_output().stdout);
    let path = report["layers"][0]["path"].as_str().unwrap();
    assert_eq!(std::path::Path::new(path).extension(), Some("zip".as_ref()));
    assert_eq!(report["layers"][0]["packages"][0]["version"], "1.2.0");
    assert_eq!(report["layers"][0]["packages"][0]["requested"], Value::Null);
}

#[test]
fn the_page_is_written_where_it_is_asked_for() {
    let sandbox = Sandbox::new();
    let text = stdout(&sandbox, &["size", "--html", "page.html"], 0);
    assert!(text.ends_with("\n\nhtml: page.html\n"), "{text}");
    let page = fs_err::read_to_string(sandbox.project.path().join("page.html")).unwrap();
    assert!(page.contains("python/greeter/__init__.py"));
    let report = json(stdout(&sandbox, &["size", "--html", "page.html", "--json"], 0).as_bytes());
    assert_eq!(report["html"], "page.html");
}

#[test]
fn why_tells_paths_or_the_nearest_names() {
    let app = LockedPackage::new("app", "1.0")
        .file("app-1.0-py3-none-any.whl", &"0".repeat(64))
        .requires("greeter", ">=1");
    let sandbox = Sandbox::from_project(ProjectBuilder::new("shop").package(app));
    let text = stdout(&sandbox, &["why", "Greeter", "--runtime", "python3.12"], 0);
    assert_eq!(
        text,
        "shop for python3.12 x86_64: greeter 1.2.0\n\
         \x20 greeter 1.2.0 (==1.2.0; group main)\n\
         \x20 app 1.0 (==1.0; group main)\n\
         \x20   greeter 1.2.0 (>=1)\n"
    );
    let report = json(stdout(&sandbox, &["why", "greeter", "--json"], 0).as_bytes());
    assert_eq!(report["layers"][0]["presence"], "selected");
    let step = &report["layers"][0]["paths"][1][1];
    assert_eq!(
        (&step["package"], &step["versions"]),
        (&"greeter".into(), &">=1".into())
    );

    let error = json(stdout(&sandbox, &["why", "greter", "--json"], 2).as_bytes());
    assert_eq!(error["error"]["message"], "the lock has no package greter");
    assert_eq!(error["error"]["hint"], "did you mean greeter?");
}

#[test]
fn a_difference_is_an_exit_code_where_it_is_asked_for() {
    let sandbox = Sandbox::new();
    let other = ProjectBuilder::new("shop").package(&greeter()).lock_text();
    let other = other.replace("1.2.0", "1.3.0");
    fs_err::write(sandbox.project.path().join("new.lock"), other).unwrap();
    let pair = ["diff", "poetry.lock", "new.lock"];
    let text = stdout(&sandbox, &pair, 0);
    assert_eq!(
        text,
        "poetry.lock -> new.lock\npackages: 1 -> 1\n  ~ greeter  1.2.0 -> 1.3.0\n"
    );
    let asked = [&pair[..], &["--exit-code"]].concat();
    assert_eq!(stdout(&sandbox, &asked, 1), text);
    let same = ["diff", "poetry.lock", "poetry.lock", "--exit-code"];
    stdout(&sandbox, &same, 0);
    let report = json(stdout(&sandbox, &[&asked[..], &["--json"]].concat(), 1).as_bytes());
    assert_eq!(report["packages"][0]["change"], "moved");
    assert_eq!(report["packages"][0]["after"]["versions"][0], "1.3.0");
}
