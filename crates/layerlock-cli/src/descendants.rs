//! The programs that a run has started, and those that they have: pip, uv, git, a build's
//! backend. They end with the run.
//!
//! Ctrl-C in a terminal reaches them by itself, as it goes to all of its processes; a signal
//! to one process, as `docker stop` and CI runners send it, does not. They are no process
//! group of their own, since ssh then could not ask for a passphrase.

use std::collections::HashMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpid, kill_process};

/// How long they have to end by themselves.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// Ends them. What has cut its ties, as a connection that ssh keeps, is none of ours. Only
/// Linux says who they are; elsewhere none is found.
pub(crate) fn end() {
    let start = Instant::now();
    for process in descendants() {
        let _ = kill_process(process, Signal::TERM);
    }
    while !descendants().is_empty() {
        if start.elapsed() > PATIENCE {
            for process in descendants() {
                let _ = kill_process(process, Signal::KILL);
            }
            return;
        }
        sleep(PAUSE);
    }
}

/// All that run.
fn descendants() -> Vec<Pid> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for (process, parent) in processes() {
        children.entry(parent).or_default().push(process);
    }
    let mut found = Vec::new();
    let mut rest = vec![getpid().as_raw_nonzero().get()];
    while let Some(process) = rest.pop() {
        for child in children.remove(&process).unwrap_or_default() {
            found.extend(Pid::from_raw(child));
            rest.push(child);
        }
    }
    found
}

/// Every process with its parent, but for those that have ended and that nobody has asked.
fn processes() -> Vec<(i32, i32)> {
    let entries = fs_err::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| {
        let process: i32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs_err::read_to_string(entry.path().join("stat")).ok()?;
        // The name in parentheses may be anything.
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let state = fields.next()?;
        let parent = fields.next()?.parse().ok()?;
        (state != "Z").then_some((process, parent))
    });
    processes.collect()
}
