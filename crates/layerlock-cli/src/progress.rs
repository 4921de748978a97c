//! Progress on a terminal.

use std::io::Write;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use layerlock::{Reporter, Style, render_warning};

use crate::args::OutputArgs;

/// One bar for all downloads, on standard error, where that is a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    quiet: bool,
    verbose: bool,
}

impl Progress {
    pub(crate) fn new(args: &OutputArgs) -> Self {
        let target = if args.quiet || args.no_progress {
            ProgressDrawTarget::hidden()
        } else {
            // Hides itself where it is no terminal.
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let template =
            "{msg} {wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self {
            bar,
            quiet: args.quiet,
            verbose: args.verbose,
        }
    }

    fn tell(&self, line: &str) {
        if self.verbose {
            self.bar.suspend(|| {
                let _ = writeln!(anstream::stderr(), "{line}");
            });
        }
    }
}

impl Reporter for Progress {
    fn warned(&self, message: &str) {
        if !self.quiet {
            self.bar.suspend(|| {
                let warning = render_warning(message, Style::Ansi);
                let _ = writeln!(anstream::stderr(), "{warning}");
            });
        }
    }

    fn index_found(&self, index: &str, named_by: &str) {
        self.tell(&format!("index {index}, from {named_by}"));
    }

    fn found_locally(&self, file: &str, path: &str) {
        self.tell(&format!("found {file} at {path}"));
    }

    fn file_yanked(&self, file: &str, reason: &str) {
        let because = if reason.is_empty() { "" } else { ": " };
        self.tell(&format!("{file} has been yanked{because}{reason}"));
    }

    fn downloads_planned(&self, count: usize) {
        let plural = if count == 1 { "" } else { "s" };
        self.bar
            .set_message(format!("fetching {count} wheel{plural}"));
    }

    fn download_started(&self, file: &str, size: Option<u64>) {
        self.bar.inc_length(size.unwrap_or(0));
        self.tell(&format!("fetching {file}"));
    }

    fn download_progressed(&self, _file: &str, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn download_restarted(&self, file: &str, reason: &str) {
        self.tell(&format!("fetching {file} again: {reason}"));
    }

    fn build_started(&self, package: &str, frontend: &str) {
        self.bar.set_message(format!("building {package}"));
        self.tell(&format!("building {package} by {frontend}"));
    }

    fn build_output(&self, package: &str, line: &str) {
        self.tell(&format!("{package}: {line}"));
    }

    fn build_finished(&self, _package: &str, file: &str) {
        self.tell(&format!("built {file}"));
    }

    fn download_finished(&self, file: &str) {
        self.tell(&format!("checked {file}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
