//! The state of a running index, which its threads share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::fault::Fault;
use super::request::Request;
use super::served_file::ServedFile;
use crate::page::LinkStyle;

#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) stopping: AtomicBool,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) files: BTreeMap<String, Vec<ServedFile>>,
    pub(super) rules: Vec<Rule>,
    pub(super) requests: Vec<Request>,
    pub(super) html_only: bool,
    pub(super) without_ranges: bool,
    pub(super) without_versions: bool,
    pub(super) link_style: LinkStyle,
    pub(super) credentials: Option<String>,
    pub(super) proxy_credentials: Option<String>,
    pub(super) quota: Option<Quota>,
    pub(super) over_quota: usize,
}

/// At most `count` requests are answered in each `span` of time.
#[derive(Debug)]
pub(super) struct Quota {
    pub(super) count: usize,
    pub(super) span: Duration,
    pub(super) since: Instant,
    pub(super) used: usize,
}

impl Quota {
    /// Counts a request; `false` where it is over the quota.
    pub(super) fn take(&mut self) -> bool {
        if self.since.elapsed() >= self.span {
            self.since = Instant::now();
            self.used = 0;
        }
        self.used += 1;
        self.used <= self.count
    }
}

/// A fault of requests for `path`.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) path: String,
    pub(super) fault: Fault,
    /// How many more requests it applies to; `None`: all.
    pub(super) left: Option<usize>,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Waits, unless the index is dropped meanwhile.
    pub(super) fn pause(&self, pause: Duration) {
        let step = Duration::from_millis(10);
        let mut left = pause;
        while !left.is_zero() && !self.stopping() {
            std::thread::sleep(left.min(step));
            left = left.saturating_sub(step);
        }
    }
}

impl State {
    pub(super) fn take_fault(&mut self, path: &str) -> Option<Fault> {
        let hit = |rule: &&mut Rule| rule.path == path && rule.left != Some(0);
        let rule = self.rules.iter_mut().find(hit)?;
        if let Some(left) = &mut rule.left {
            *left -= 1;
        }
        Some(rule.fault.clone())
    }
}
