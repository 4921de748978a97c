//! What a run is doing.

use std::time::{Duration, Instant};

use super::downloads::Downloads;
use super::text::Form;
use super::uploads::Uploads;

/// A run that does nothing else for this long says so.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct State {
    pub(super) downloads: Downloads,
    pub(super) uploads: Uploads,
    builds: Vec<Build>,
    begun: Instant,
}

#[derive(Debug)]
struct Build {
    package: String,
    begun: Instant,
}

impl State {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            downloads: Downloads::default(),
            uploads: Uploads::default(),
            builds: Vec::new(),
            begun: now,
        }
    }

    pub(super) fn begin_build(&mut self, package: &str, now: Instant) {
        self.end_build(package);
        self.builds.push(Build {
            package: package.to_owned(),
            begun: now,
        });
    }

    pub(super) fn end_build(&mut self, package: &str) {
        self.builds.retain(|build| build.package != package);
    }

    /// What is told of it: what is waited for, else what was done last.
    pub(super) fn text(&self, form: Form, now: Instant) -> Option<String> {
        let seconds = |since| now.saturating_duration_since(since).as_secs();
        let Self {
            downloads, uploads, ..
        } = self;
        if let Some(Build { package, begun }) = self.builds.last() {
            return Some(format!("building {package} ({} s)", seconds(*begun)));
        }
        let is_terminal = form == Form::Terminal;
        if uploads.are_pending() || (is_terminal && uploads.are_any()) {
            return Some(uploads.text(form, now));
        }
        if downloads.are_pending() || (is_terminal && downloads.are_any()) {
            return Some(downloads.text(form, now));
        }
        let is_long = now.saturating_duration_since(self.begun) >= PATIENCE;
        is_long.then(|| format!("working ({} s)", seconds(self.begun)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_is_told() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut state = State::new(start);
        assert_eq!(state.text(Form::Terminal, start), None);
        let text = |state: &State, seconds| state.text(Form::Log, at(seconds)).unwrap();
        assert_eq!(text(&state, 5), "working (5 s)");
        state.downloads.plan(1);
        assert_eq!(text(&state, 6), "fetching 1 wheel");
        state.begin_build("numpy", at(6));
        state.begin_build("numpy", at(8));
        assert_eq!(text(&state, 20), "building numpy (12 s)");
        state.end_build("numpy");
        assert_eq!(text(&state, 21), "fetching 1 wheel");
        state.downloads.finish("a.whl");
        // As when a layer is compressed.
        assert_eq!(text(&state, 30), "working (30 s)");
        let terminal = state.text(Form::Terminal, at(30)).unwrap();
        assert_eq!(terminal, "1/1 wheel  0.0 MB");
        state.uploads.plan(1_000_000, at(30));
        assert_eq!(
            text(&state, 31),
            "publishing 0 of 1 layer, 0.0 of 1.0 MB (1 s)"
        );
    }
}
