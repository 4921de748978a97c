//! Progress: a line on a terminal, lines now and then in a log.

mod downloads;
mod rate;
mod state;
mod text;
mod uploads;
mod watch;

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use layerlock::{PublishReporter, Reporter, Style, Upload, render_note, render_warning};

use crate::args::OutputArgs;
use watch::{Shared, Watch};

/// How a run goes, on standard error.
pub(crate) struct Progress {
    line: ProgressBar,
    shared: Arc<Shared>,
    watch: Mutex<Option<Watch>>,
    shown: bool,
    quiet: bool,
    verbose: bool,
}

impl Progress {
    pub(crate) fn new(args: &OutputArgs) -> Self {
        let shown = !args.quiet && !args.no_progress;
        let target = if shown {
            // Hides itself where it is no terminal, or one that cannot draw.
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let line = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            line.set_style(style);
        }
        Self {
            line,
            shared: Arc::new(Shared::new()),
            watch: Mutex::default(),
            shown,
            quiet: args.quiet,
            verbose: args.verbose,
        }
    }

    /// From here on the run may take long.
    pub(crate) fn begin(&self) {
        if self.shown {
            let watch = Watch::start(Arc::clone(&self.shared), &self.line);
            self.set_watch(Some(watch));
        }
    }

    /// Ends the line, so that what is printed next begins on an empty one.
    pub(crate) fn end(&self) {
        self.set_watch(None);
        self.line.finish_and_clear();
    }

    fn set_watch(&self, watch: Option<Watch>) {
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = watch;
    }

    fn tell(&self, line: &str) {
        if self.verbose {
            self.line.suspend(|| {
                let _ = writeln!(anstream::stderr(), "{line}");
            });
        }
    }
}

impl Reporter for Progress {
    fn warned(&self, message: &str) {
        if !self.quiet {
            self.line.suspend(|| {
                let warning = render_warning(message, Style::Ansi);
                let _ = writeln!(anstream::stderr(), "{warning}");
            });
        }
    }

    fn noted(&self, message: &str) {
        if !self.quiet {
            self.line.suspend(|| {
                let note = render_note(message, Style::Ansi);
                let _ = writeln!(anstream::stderr(), "{note}");
            });
        }
    }

    fn index_found(&self, index: &str, named_by: &str) {
        self.tell(&format!("index {index}, from {named_by}"));
    }

    fn found_locally(&self, file: &str, path: &str) {
        self.shared.state().downloads.find_locally(file);
        self.tell(&format!("found {file} at {path}"));
    }

    fn file_yanked(&self, file: &str, reason: &str) {
        let because = if reason.is_empty() { "" } else { ": " };
        self.tell(&format!("{file} has been yanked{because}{reason}"));
    }

    fn downloads_planned(&self, count: usize) {
        self.shared.state().downloads.plan(count);
    }

    fn download_started(&self, file: &str, size: Option<u64>) {
        let now = Instant::now();
        self.shared.state().downloads.start(file, size, now);
        self.tell(&format!("fetching {file}"));
    }

    fn download_progressed(&self, file: &str, bytes: u64) {
        let now = Instant::now();
        self.shared.state().downloads.progress(file, bytes, now);
    }

    fn download_restarted(&self, file: &str, reason: &str) {
        self.tell(&format!("fetching {file} again: {reason}"));
    }

    fn build_started(&self, package: &str, frontend: &str) {
        self.shared.state().begin_build(package, Instant::now());
        self.tell(&format!("building {package} by {frontend}"));
    }

    fn build_output(&self, package: &str, line: &str) {
        self.tell(&format!("{package}: {line}"));
    }

    fn build_finished(&self, package: &str, file: &str) {
        self.shared.state().end_build(package);
        self.tell(&format!("built {file}"));
    }

    fn download_finished(&self, file: &str) {
        self.shared.state().downloads.finish(file);
        self.tell(&format!("checked {file}"));
    }
}

impl PublishReporter for Progress {
    fn upload_planned(&self, upload: &Upload<'_>) {
        let now = Instant::now();
        self.shared.state().uploads.plan(upload.size, now);
        self.tell(&format!("publishing {upload}"));
    }

    fn upload_progressed(&self, _upload: &Upload<'_>, bytes: u64) {
        self.shared.state().uploads.progress(bytes);
    }

    fn upload_finished(&self, upload: &Upload<'_>) {
        self.shared.state().uploads.finish();
        self.tell(&format!("answered: {upload}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}
