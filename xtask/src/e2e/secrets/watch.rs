//! The arguments of all processes, every few milliseconds, as `ps` would show them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(10);

/// The programs that layerlock may run.
const PROGRAMS: &[&str] = &["uv", "pip", "git", "keyring"];

/// Looks at the arguments of all processes until it is told to stop.
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

/// What was seen.
#[derive(Default)]
pub(super) struct Seen {
    /// Those of layerlock's programs that ran.
    pub(super) programs: BTreeSet<&'static str>,
    /// Arguments with the secret.
    pub(super) with_secret: Vec<String>,
}

impl Watch {
    pub(super) fn start(secret: &'static str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut seen = Seen::default();
            while !asked.load(Ordering::Relaxed) {
                seen.look(secret);
                thread::sleep(EVERY);
            }
            seen
        });
        Self { stop, thread }
    }

    pub(super) fn finish(self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

impl Seen {
    fn look(&mut self, secret: &str) {
        let processes = fs_err::read_dir("/proc").into_iter().flatten().flatten();
        for process in processes {
            let Ok(bytes) = fs_err::read(process.path().join("cmdline")) else {
                continue;
            };
            let arguments = String::from_utf8_lossy(&bytes).replace('\0', " ");
            // A program, the script that an interpreter runs, or its module.
            let first = arguments.split(' ').take(5);
            let names: Vec<&str> = first.filter_map(|one| one.rsplit('/').next()).collect();
            let is_run = |program: &&&str| names.contains(*program);
            self.programs.extend(PROGRAMS.iter().filter(is_run));
            if arguments.contains(secret) && !self.with_secret.contains(&arguments) {
                self.with_secret.push(arguments);
            }
        }
    }
}
