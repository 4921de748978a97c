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
