//! Errors that point into a file of the user show its line, but no password in it.

use fs_err as fs;
use layerlock::{ErrorReport, Settings, Silent, Style, build, render_error};

const PASSWORD: &str = "hunter2";

const PROJECT: &str = "[project]\nname = \"p\"\nversion = \"1\"\nrequires-python = \">=3.10,<4.0\"\n\
                       dependencies = []\n[tool.poetry]\npackage-mode = false\n";

fn source(url: &str) -> String {
    format!("{PROJECT}[[tool.poetry.source]]\nname = \"company\"\nurl = {url}\n")
}

fn git(url: &str) -> String {
    format!(
        "package = []\n[[package]]\nname = \"delta\"\nversion = \"1.0\"\nfiles = []\n\
         [package.source]\ntype = \"git\"\nurl = {url}\n"
    )
}

#[test]
fn no_error_shows_a_password() {
    let no_package = "package = []\n";
    for (project, lock) in [
        (
            source("\"https://me:hunter2@packages.exam ple.com/simple\""),
            no_package,
        ),
        (
            source("\"https://me:hunter2@packages.example.com/simple"),
            no_package,
        ),
        (
            PROJECT.replace(
                "[]",
                "[\"demo @ https://me:hunter2@git.example.com/demo.whl ; python_version > 3\"]",
            ),
            no_package,
        ),
        (
            "[tool.poetry]\nname = \"p\"\nversion = \"1\"\n[tool.poetry.dependencies]\n\
             python = \"^3.10\"\n\
             demo = {git = \"https://me:hunter2@git.example.com/demo.git\", brnch = \"main\"}\n"
                .to_owned(),
            no_package,
        ),
        (
            PROJECT.to_owned(),
            &git("\"https://me:hunter2@git.example.com/demo.git\nreference = \"main\""),
        ),
        (
            PROJECT.to_owned(),
            &git("\"ext::https://me:hunter2@git.example.com/demo.git\"\nreference = \"main\""),
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("pyproject.toml"), &project).unwrap();
        let lock = format!("{lock}\n[metadata]\nlock-version = \"2.1\"\n");
        fs::write(directory.path().join("poetry.lock"), lock).unwrap();
        let settings = Settings {
            allow_stale_lock: true,
            ..Settings::for_project(directory.path())
        };
        let Err(error) = build(&settings, &Silent) else {
            panic!("{project} is taken");
        };
        for style in [Style::Plain, Style::Ansi] {
            let text = render_error(&error, style);
            assert!(!text.contains(PASSWORD), "{text}");
        }
        let json = serde_json::to_string(&ErrorReport::new(&error)).unwrap();
        assert!(!json.contains(PASSWORD), "{json}");
    }
}
