//! Progress on a terminal.

use std::collections::HashSet;
use std::fmt;
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use layerlock::{PublishReporter, Reporter, Style, Upload, render_warning};

use crate::args::OutputArgs;

/// One line for all downloads and builds, on standard error, where that is a terminal.
pub(crate) struct Progress {
    line: ProgressBar,
    wheels: Mutex<Wheels>,
    uploads: Mutex<Uploads>,
    quiet: bool,
    verbose: bool,
}

/// Where downloads are: nothing in it ever becomes less.
#[derive(Debug, Default)]
struct Wheels {
    planned: usize,
    finished: usize,
    bytes: u64,
    /// Those that lie on this machine, and are checked as downloads are.
    local: HashSet<String>,
}

impl Wheels {
    /// A file is complete. Only what was to be downloaded counts.
    fn finish(&mut self, file: &str) {
        if !self.local.remove(file) {
            self.finished = (self.finished + 1).min(self.planned);
        }
    }
}

/// `3/10 wheels  16.5 MB`, or how many there will be before the first byte is here.
impl fmt::Display for Wheels {
    #[expect(
        clippy::cast_precision_loss,
        reason = "four digits are shown, and no layer comes near 2^53 bytes"
    )]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            planned,
            finished,
            bytes,
            ..
        } = self;
        let plural = if *planned == 1 { "" } else { "s" };
        if *bytes == 0 {
            return write!(f, "fetching {planned} wheel{plural}");
        }
        let megabytes = *bytes as f64 / 1e6;
        write!(f, "{finished}/{planned} wheel{plural}  {megabytes:.1} MB")
    }
}

/// Where uploads are. The bytes of one that is tried again count again, and never to more
/// than there are.
#[derive(Debug, Default)]
struct Uploads {
    planned: usize,
    finished: usize,
    size: u64,
    bytes: u64,
}

/// `publishing 1/3 layers  16.5/45.0 MB`
impl fmt::Display for Uploads {
    #[expect(
        clippy::cast_precision_loss,
        reason = "four digits are shown, and no layer comes near 2^53 bytes"
    )]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            planned,
            finished,
            size,
            bytes,
        } = self;
        let plural = if *planned == 1 { "" } else { "s" };
        let sent = (*bytes).min(*size) as f64 / 1e6;
        let all = *size as f64 / 1e6;
        write!(
            f,
            "publishing {finished}/{planned} layer{plural}  {sent:.1}/{all:.1} MB"
        )
    }
}

/// How often the line moves while nothing happens.
const TICK: Duration = Duration::from_millis(100);

/// A line without a time, and one that tells how long a build or an upload takes.
const FETCHING: &str = "{spinner} {msg}";
const BUILDING: &str = "{spinner} {msg} ({seconds})";
const UPLOADING: &str = BUILDING;

impl Progress {
    pub(crate) fn new(args: &OutputArgs) -> Self {
        let target = if args.quiet || args.no_progress {
            ProgressDrawTarget::hidden()
        } else {
            // Hides itself where it is no terminal.
            ProgressDrawTarget::stderr()
        };
        Self {
            line: ProgressBar::with_draw_target(None, target),
            wheels: Mutex::default(),
            uploads: Mutex::default(),
            quiet: args.quiet,
            verbose: args.verbose,
        }
    }

    /// Ends the line, so that what is printed next begins on an empty one.
    pub(crate) fn end(&self) {
        self.line.finish_and_clear();
    }

    /// Begins a line of this form. A run with nothing to do never comes here.
    fn begin(&self, template: &str, message: String) {
        if self.line.is_hidden() {
            return;
        }
        if let Ok(style) = ProgressStyle::with_template(template) {
            let seconds = |state: &ProgressState, text: &mut dyn fmt::Write| {
                let _ = write!(text, "{} s", state.elapsed().as_secs());
            };
            self.line.set_style(style.with_key("seconds", seconds));
        }
        self.line.reset_elapsed();
        self.line.set_message(message);
        self.line.enable_steady_tick(TICK);
    }

    fn wheels(&self) -> MutexGuard<'_, Wheels> {
        self.wheels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn uploads(&self) -> MutexGuard<'_, Uploads> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show_uploads(&self, uploads: &Uploads) {
        if !self.line.is_hidden() {
            self.line.set_message(uploads.to_string());
        }
    }

    fn show_wheels(&self, wheels: &Wheels) {
        if !self.line.is_hidden() {
            self.line.set_message(wheels.to_string());
        }
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

    fn index_found(&self, index: &str, named_by: &str) {
        self.tell(&format!("index {index}, from {named_by}"));
    }

    fn found_locally(&self, file: &str, path: &str) {
        self.wheels().local.insert(file.to_owned());
        self.tell(&format!("found {file} at {path}"));
    }

    fn file_yanked(&self, file: &str, reason: &str) {
        let because = if reason.is_empty() { "" } else { ": " };
        self.tell(&format!("{file} has been yanked{because}{reason}"));
    }

    fn downloads_planned(&self, count: usize) {
        let mut wheels = self.wheels();
        wheels.planned += count;
        self.begin(FETCHING, wheels.to_string());
    }

    fn download_started(&self, file: &str, _size: Option<u64>) {
        self.tell(&format!("fetching {file}"));
    }

    fn download_progressed(&self, _file: &str, bytes: u64) {
        let mut wheels = self.wheels();
        wheels.bytes += bytes;
        self.show_wheels(&wheels);
    }

    fn download_restarted(&self, file: &str, reason: &str) {
        self.tell(&format!("fetching {file} again: {reason}"));
    }

    fn build_started(&self, package: &str, frontend: &str) {
        self.begin(BUILDING, format!("building {package}"));
        self.tell(&format!("building {package} by {frontend}"));
    }

    fn build_output(&self, package: &str, line: &str) {
        self.tell(&format!("{package}: {line}"));
    }

    fn build_finished(&self, _package: &str, file: &str) {
        // The next build begins a line of its own, and so do downloads.
        self.line.disable_steady_tick();
        self.tell(&format!("built {file}"));
    }

    fn download_finished(&self, file: &str) {
        let mut wheels = self.wheels();
        wheels.finish(file);
        self.show_wheels(&wheels);
        drop(wheels);
        self.tell(&format!("checked {file}"));
    }
}

impl PublishReporter for Progress {
    fn upload_planned(&self, upload: &Upload<'_>) {
        let mut uploads = self.uploads();
        uploads.planned += 1;
        uploads.size += upload.size;
        self.begin(UPLOADING, uploads.to_string());
        drop(uploads);
        self.tell(&format!("publishing {upload}"));
    }

    fn upload_progressed(&self, _upload: &Upload<'_>, bytes: u64) {
        let mut uploads = self.uploads();
        uploads.bytes += bytes;
        self.show_uploads(&uploads);
    }

    fn upload_finished(&self, upload: &Upload<'_>) {
        let mut uploads = self.uploads();
        uploads.finished += 1;
        self.show_uploads(&uploads);
        drop(uploads);
        self.tell(&format!("answered: {upload}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        Progress {
            line: ProgressBar::hidden(),
            wheels: Mutex::default(),
            uploads: Mutex::default(),
            quiet: true,
            verbose: false,
        }
    }

    #[test]
    fn wheels_are_counted_as_they_come() {
        let progress = progress();
        let text = || progress.wheels().to_string();
        // What lies here is checked too, and no download.
        progress.found_locally("local.whl", "/wheels/local.whl");
        progress.download_finished("local.whl");
        progress.downloads_planned(2);
        assert_eq!(text(), "fetching 2 wheels");
        progress.download_started("a.whl", Some(16_500_000));
        assert_eq!(text(), "fetching 2 wheels");
        progress.download_progressed("a.whl", 400_000);
        assert_eq!(text(), "0/2 wheels  0.4 MB");
        progress.download_progressed("a.whl", 16_100_000);
        progress.download_finished("a.whl");
        assert_eq!(text(), "1/2 wheels  16.5 MB");
    }

    #[test]
    fn uploads_are_counted_as_they_go() {
        let progress = progress();
        let text = || progress.uploads().to_string();
        let upload = |size| Upload {
            name: "shop",
            provider: "aws",
            region: Some("eu-west-1"),
            size,
        };
        progress.upload_planned(&upload(30_000_000));
        assert_eq!(text(), "publishing 0/1 layer  0.0/30.0 MB");
        progress.upload_planned(&upload(10_000_000));
        progress.upload_progressed(&upload(30_000_000), 16_500_000);
        assert_eq!(text(), "publishing 0/2 layers  16.5/40.0 MB");
        progress.upload_finished(&upload(30_000_000));
        // One that was sent twice.
        progress.upload_progressed(&upload(10_000_000), 30_000_000);
        assert_eq!(text(), "publishing 1/2 layers  40.0/40.0 MB");
        assert_eq!(
            upload(30_000_000).to_string(),
            "shop (30.0 MB) to aws in eu-west-1"
        );
    }

    #[test]
    fn a_count_never_goes_back() {
        let progress = progress();
        progress.downloads_planned(1);
        progress.download_progressed("a.whl", 1_000_000);
        progress.download_restarted("a.whl", "cut off");
        progress.download_started("a.whl", Some(1_000_000));
        assert_eq!(progress.wheels().to_string(), "0/1 wheel  1.0 MB");
        progress.download_finished("a.whl");
        // As after a source, whose wheels are fetched later.
        progress.downloads_planned(3);
        assert_eq!(progress.wheels().to_string(), "1/4 wheels  1.0 MB");
    }
}
