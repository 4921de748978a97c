//! Layers of jars, where there is no Maven.
#![cfg(unix)]

use assert_cmd::Command;
use tempfile::TempDir;

#[test]
fn a_missing_maven_is_told_with_how_to_get_it() {
    let root = TempDir::new().unwrap();
    fs_err::create_dir_all(root.path().join("services/pdf")).unwrap();
    fs_err::write(root.path().join("services/pdf/pom.xml"), "<project/>").unwrap();
    let settings = "[layers.pdf]\nmaven = \"services/pdf\"\nruntime = \"java21\"\n";
    fs_err::write(root.path().join("layerlock.toml"), settings).unwrap();
    let cache = TempDir::new().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_layerlock"))
        .env_clear()
        .env("PATH", root.path())
        .env("LAYERLOCK_CACHE_DIR", cache.path())
        .current_dir(root.path())
        .arg("build")
        .assert()
        .code(4);
    let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    for part in [
        "there is no program \"mvn\" to list the jars of services/pdf with",
        "layerlock.toml:2",
        "hint: install Maven (`apt-get install maven`",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(!root.path().join("dist").exists());
}
