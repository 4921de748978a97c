//! Where wheels are kept, and a place where none can be.

use std::path::Path;
use std::process::Command;

use crate::support::Sandbox;

/// A build for which nobody named a cache, with this home.
fn build(sandbox: &Sandbox, home: Option<&Path>) -> assert_cmd::Command {
    let mut command = sandbox.layerlock(&["build", "--rebuild"]);
    command.env_remove("LAYERLOCK_CACHE_DIR");
    if let Some(home) = home {
        command.env("HOME", home);
    }
    command
}

fn stderr(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
}

#[test]
fn a_default_cache_that_cannot_be_made_is_a_warning() {
    let sandbox = Sandbox::new();
    // Where a directory is needed there is a file: not even root can write there.
    let home = sandbox.project.path().join("home");
    fs_err::write(&home, "").unwrap();
    let built = build(&sandbox, Some(&home)).assert().success();
    let said = stderr(&built);
    let cache = home.join(".cache/layerlock");
    let expected = format!(
        "warning: the cache is not used, and nothing is kept for the next run: failed to create \
         a file in {}: Not a directory (os error 20); another directory can be named with \
         --cache-dir or LAYERLOCK_CACHE_DIR\nshop for python3.14",
        cache.display()
    );
    assert!(said.starts_with(&expected), "{said}");
    let quiet = build(&sandbox, Some(&home)).arg("-q").assert().success();
    assert_eq!(stderr(&quiet), "");
    let json = build(&sandbox, Some(&home))
        .arg("--json")
        .assert()
        .success();
    assert_eq!(stderr(&json).lines().count(), 1, "{}", stderr(&json));

    // One that was named is an error.
    for (arguments, variable) in [
        (&["--cache-dir", "home/cache"][..], ""),
        (&[], "home/cache"),
    ] {
        let named = build(&sandbox, None)
            .args(arguments)
            .env("LAYERLOCK_CACHE_DIR", variable)
            .assert()
            .code(8);
        let said = stderr(&named);
        assert!(
            said.starts_with("error: failed to create a file in home/cache"),
            "{said}"
        );
        assert!(
            said.contains("\nhint: name a directory for the cache"),
            "{said}"
        );
    }
}

/// What is in it is used all the same, without the network.
#[test]
fn a_default_cache_that_can_only_be_read_is_read() {
    let sandbox = Sandbox::new();
    let home = sandbox.project.path().join("home");
    build(&sandbox, Some(&home)).assert().success();
    let cache = home.join(".cache/layerlock");
    // As on a disk that is read only, for root too.
    fs_err::remove_dir_all(cache.join("tmp")).unwrap();
    fs_err::write(cache.join("tmp"), "").unwrap();
    let built = build(&sandbox, Some(&home))
        .arg("--offline")
        .assert()
        .success();
    assert!(stderr(&built).starts_with("warning: the cache is not used"));
}

/// As `sudo` leaves a cache: its top is the user's, what is in it is not.
#[test]
fn a_default_cache_that_fails_within_is_a_warning() {
    let sandbox = Sandbox::new();
    let home = sandbox.project.path().join("home");
    let cache = home.join(".cache/layerlock");
    fs_err::create_dir_all(&cache).unwrap();
    fs_err::write(cache.join("wheels-v2"), "").unwrap();
    let built = build(&sandbox, Some(&home)).assert().success();
    let said = stderr(&built);
    assert!(said.starts_with("warning: the cache is not used"), "{said}");
    assert!(said.contains("wheels-v2"), "{said}");
}

/// As in a container whose user is a number (`docker run -u`), where the home is `/`.
#[cfg(target_os = "linux")]
#[test]
fn a_user_without_a_home_builds() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let everyone = std::fs::Permissions::from_mode(0o777);
    fs_err::set_permissions(sandbox.project.path(), everyone).unwrap();
    let directory = tempfile::tempdir().unwrap();
    fs_err::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let binary = directory.path().join("layerlock");
    fs_err::copy(env!("CARGO_BIN_EXE_layerlock"), &binary).unwrap();
    let setpriv = |home: Option<&str>| {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", "12345", "--regid", "12345", "--clear-groups"])
            .arg(&binary)
            .args(["build", "--rebuild"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("PIP_INDEX_URL", sandbox.index.url())
            .current_dir(sandbox.project.path());
        if let Some(home) = home {
            command.env("HOME", home);
        }
        command.output().ok()
    };
    for home in [Some("/"), None] {
        // Only root may be somebody else.
        let Some(output) = setpriv(home) else { return };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if said.starts_with("setpriv: ") {
            return;
        }
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(said.starts_with("warning: "), "{said}");
        assert!(said.contains("nothing is kept for the next run"), "{said}");
        assert!(said.contains("shop for "), "{said}");
    }
}
