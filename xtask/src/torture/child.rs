//! A pip that starts a program of its own, and whether that is still alive.
//!
//! layerlock asks pip for its default index, and so has children while it is stopped.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::process::Command;

/// Says to the pip whose child it is.
const VICTIM: &str = "TORTURED";

/// How long what was asked to end may take for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// A pip in a directory of its own.
pub(super) struct Pip {
    programs: PathBuf,
}

impl Pip {
    /// A pip whose default index this is; it takes a while to say so.
    pub(super) fn new(work: &Path, index: &str) -> Result<Self> {
        let programs = work.join("programs");
        fs_err::create_dir_all(&programs)?;
        let script = format!(
            "#!/bin/sh\nsh -c 'sleep 0.4; :' \"{}$TORTURED\" &\nsleep 0.2\n\
             echo '--index-url <url> Base URL (default {index}). --extra-index-url <url>'\n\
             kill $! 2>/dev/null\nwait\n",
            Self::mark(&programs, "")
        );
        for name in ["pip", "pip3", "python", "python3"] {
            let program = programs.join(name);
            fs_err::write(&program, &script)?;
            make_executable(&program)?;
        }
        let pip = Self { programs };
        pip.is_seen(work)?;
        Ok(pip)
    }

    /// What it starts can be seen, where processes can: else none would be missed.
    fn is_seen(&self, work: &Path) -> Result<()> {
        if !Path::new("/proc/self/cmdline").exists() {
            return Ok(());
        }
        let command = Command::new(self.programs.join("pip")).env(VICTIM, "nobody");
        let running = command.start(&work.join("pip.log"))?;
        let started = Instant::now();
        while self.now_alive("nobody").is_empty() {
            ensure!(started.elapsed() < PATIENCE, "the child of pip is not seen");
            thread::sleep(Duration::from_millis(5));
        }
        running.wait()?;
        Ok(())
    }

    /// The command with this pip before all others.
    pub(super) fn ask(&self, command: Command, victim: &str) -> Command {
        command
            .without_env(&["PIP_", "UV_"])
            .env("PIP_CONFIG_FILE", "/dev/null")
            .env("UV_NO_CONFIG", "1")
            .env(VICTIM, victim)
            .path_first(&[&self.programs])
    }

    /// The arguments of what that victim had started and is still alive.
    pub(super) fn alive(&self, victim: &str) -> Vec<String> {
        let started = Instant::now();
        loop {
            let alive = self.now_alive(victim);
            if alive.is_empty() || started.elapsed() > PATIENCE {
                return alive;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn now_alive(&self, victim: &str) -> Vec<String> {
        let mark = Self::mark(&self.programs, victim);
        let mut all = arguments_of_all();
        all.retain(|arguments| arguments.split('\0').any(|argument| argument == mark));
        all
    }

    fn mark(programs: &Path, victim: &str) -> String {
        format!("{}/child-of-{victim}", programs.display())
    }
}

/// Those of all processes; empty where the system has no `/proc`. What has ended has none.
fn arguments_of_all() -> Vec<String> {
    let processes = fs_err::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| fs_err::read(process.path().join("cmdline")).ok())
        .map(|arguments| String::from_utf8_lossy(&arguments).into_owned())
        .collect()
}

#[cfg(unix)]
fn make_executable(program: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o755);
    Ok(fs_err::set_permissions(program, mode)?)
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<()> {
    Ok(())
}
