//! Ctrl-C, and being asked to end.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use layerlock_testkit::Fault;
use tempfile::TempDir;

use crate::support::{Sandbox, greeter};

#[test]
fn a_run_that_is_asked_to_end_leaves_nothing() {
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let sandbox = Sandbox::new();
        let before = sandbox.files();
        let slow = Fault::Slow {
            after: 10,
            pause: Duration::from_mins(1),
        };
        let file = sandbox.index.file_path(&greeter());
        sandbox.index.fault(&file, slow);
        let temporary = TempDir::new().unwrap();
        let is_empty = || fs_err::read_dir(temporary.path()).unwrap().next().is_none();
        let mut run = Command::new(env!("CARGO_BIN_EXE_layerlock"))
            .args(["build", "--no-cache"])
            .env_clear()
            .env("PIP_INDEX_URL", sandbox.index.url())
            .env("TMPDIR", temporary.path())
            .current_dir(sandbox.project.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while sandbox.index.request_count(&file) == 0 {
            assert!(started.elapsed() < Duration::from_secs(30), "no download");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(!is_empty(), "the cache of a run without one is there");

        let killed = Command::new("kill")
            .args([&format!("-{name}"), &run.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
        assert_eq!(run.wait().unwrap().signal(), Some(number));
        assert!(is_empty(), "{name}");
        assert_eq!(sandbox.files(), before);
    }
}

/// As `docker stop` and CI runners end a run: by a signal to it alone.
#[cfg(target_os = "linux")]
#[test]
fn what_a_run_has_started_ends_with_it() {
    let sandbox = Sandbox::new();
    let programs = TempDir::new().unwrap();
    let pids = programs.path().join("pids");
    // pip is asked for its default index. What it starts goes on without it.
    let script = format!(
        "#!/bin/sh\n/bin/sleep 60 &\necho $$ $! > {0}.new\n/bin/mv {0}.new {0}\nwait\n",
        pids.display()
    );
    let pip = programs.path().join("pip");
    fs_err::write(&pip, script).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs_err::set_permissions(&pip, executable).unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_layerlock"))
        .args(["build", "--no-cache"])
        .env_clear()
        // No Python of this machine.
        .env("PATH", programs.path())
        .env("HOME", programs.path())
        .current_dir(sandbox.project.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while !pids.exists() {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "pip is not asked"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    let killed = Command::new("kill")
        .args(["-TERM", &run.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(run.wait().unwrap().signal(), Some(15));
    for pid in fs_err::read_to_string(pids).unwrap().split_whitespace() {
        // One that has ended may wait for its parent to ask.
        let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "{pid} goes on");
    }
}
