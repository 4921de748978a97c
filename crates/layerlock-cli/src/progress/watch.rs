//! The thread that tells how a run goes, while the run works.

use std::io::Write as _;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use super::state::State;
use super::text::Form;

/// How often a terminal's line moves.
const FRAME: Duration = Duration::from_millis(100);

/// A run that is shorter than this leaves no line in a log.
const FIRST_LINE: Duration = Duration::from_secs(5);

/// The lines of a log come more and more seldom, up to this.
const SELDOMEST: Duration = Duration::from_secs(30);

/// What the run and the thread share.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    end: Mutex<bool>,
    ended: Condvar,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State::new(Instant::now())),
            end: Mutex::new(false),
            ended: Condvar::new(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self, form: Form) -> Option<String> {
        self.state().text(form, Instant::now())
    }

    /// Waits, and says whether the run goes on.
    fn goes_on_after(&self, time: Duration) -> bool {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.ended.wait_timeout_while(end, time, |end| !*end);
        !*waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn end(&self) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ended.notify_all();
    }
}

/// The thread. It ends with this.
pub(super) struct Watch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Draws the line, or adds lines to a log where there is no terminal. Where no thread
    /// can be started, the run does without.
    pub(super) fn start(shared: Arc<Shared>, line: &ProgressBar) -> Self {
        let (seen, line) = (Arc::clone(&shared), line.clone());
        let watch = move || {
            if line.is_hidden() {
                log(&seen);
            } else {
                draw(&seen, &line);
            }
        };
        let thread = std::thread::Builder::new().name("progress".to_owned());
        let thread = thread.spawn(watch).ok();
        Self { shared, thread }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.end();
        if let Some(thread) = self.thread.take() {
            // It has nothing to say of itself.
            let _ = thread.join();
        }
    }
}

fn draw(shared: &Shared, line: &ProgressBar) {
    while shared.goes_on_after(FRAME) {
        if let Some(text) = shared.text(Form::Terminal) {
            line.set_message(text);
            line.tick();
        }
    }
}

fn log(shared: &Shared) {
    let mut pause = FIRST_LINE;
    while shared.goes_on_after(pause) {
        if let Some(text) = shared.text(Form::Log) {
            let _ = writeln!(anstream::stderr(), "{text}");
        }
        pause = longer(pause);
    }
}

fn longer(pause: Duration) -> Duration {
    (pause * 3 / 2).min(SELDOMEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_more_and_more_seldom() {
        let pauses = std::iter::successors(Some(FIRST_LINE), |pause| Some(longer(*pause)));
        let pauses: Vec<_> = pauses.map(|pause| pause.as_millis()).take(7).collect();
        assert_eq!(pauses, [5000, 7500, 11250, 16875, 25312, 30000, 30000]);
    }

    #[test]
    fn a_run_that_ends_waits_for_no_line() {
        let begun = Instant::now();
        drop(Watch::start(
            Arc::new(Shared::new()),
            &ProgressBar::hidden(),
        ));
        assert!(begun.elapsed() < FIRST_LINE);
    }
}
