//! Where downloads are: nothing in it ever becomes less.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use super::rate::Rate;
use super::text::{Form, megabytes};

/// All downloads of a run.
#[derive(Debug, Default)]
pub(super) struct Downloads {
    planned: usize,
    finished: usize,
    bytes: u64,
    under_way: HashMap<String, Download>,
    /// The bytes of those that have ended.
    finished_bytes: u64,
    /// Those that lie on this machine, and are checked as downloads are.
    local: HashSet<String>,
    rate: Rate,
}

/// One file. What is sent again counts once.
#[derive(Debug, Default)]
struct Download {
    size: Option<u64>,
    received: u64,
    counted: u64,
    /// Whether all of it is here, and only has to be checked.
    is_here: bool,
}

impl Downloads {
    pub(super) fn plan(&mut self, count: usize) {
        self.planned += count;
    }

    /// A file needs no download.
    pub(super) fn find_locally(&mut self, file: &str) {
        self.local.insert(file.to_owned());
    }

    /// An answer begins, with the rest of the file, which may be all of it.
    pub(super) fn start(&mut self, file: &str, rest: Option<u64>, now: Instant) {
        if !self.are_under_way() {
            self.rate.begin(now);
        }
        let download = self.under_way.entry(file.to_owned()).or_default();
        download.is_here = false;
        download.size = download.size.or(rest);
        download.received = match (download.size, rest) {
            (Some(size), Some(rest)) => size.saturating_sub(rest),
            _ => 0,
        };
    }

    pub(super) fn progress(&mut self, file: &str, bytes: u64, now: Instant) {
        self.rate.add(now, bytes);
        let download = self.under_way.entry(file.to_owned()).or_default();
        download.received += bytes;
        self.bytes += download.received.saturating_sub(download.counted);
        download.counted = download.counted.max(download.received);
        download.is_here = download.size.is_some_and(|size| download.received >= size);
        if !self.are_under_way() {
            self.rate.end();
        }
    }

    /// A file is complete. Only what was to be downloaded counts.
    pub(super) fn finish(&mut self, file: &str) {
        if let Some(download) = self.under_way.remove(file) {
            self.finished_bytes += download.counted;
        }
        if !self.local.remove(file) {
            self.finished = (self.finished + 1).min(self.planned);
        }
        if !self.are_under_way() {
            self.rate.end();
        }
    }

    /// Whether there is one to wait for.
    pub(super) fn are_pending(&self) -> bool {
        self.finished < self.planned
    }

    /// Whether there ever was one.
    pub(super) fn are_any(&self) -> bool {
        self.planned > 0
    }

    fn are_under_way(&self) -> bool {
        self.under_way.values().any(|download| !download.is_here)
    }

    /// The bytes of all downloads, where each has begun and has told its size.
    fn size(&self) -> Option<u64> {
        if self.finished + self.under_way.len() < self.planned {
            return None;
        }
        let sizes = self.under_way.values().map(|download| download.size);
        Some(self.finished_bytes + sizes.sum::<Option<u64>>()?)
    }

    /// `3/10 wheels  16.5/45.0 MB  20.1 MB/s`, or how many there will be before the first
    /// byte is here. In a log: `fetching 3 of 10 wheels, 16.5 of 45.0 MB, 20.1 MB/s`.
    pub(super) fn text(&self, form: Form, now: Instant) -> String {
        let Self {
            planned,
            finished,
            bytes,
            ..
        } = self;
        let plural = if *planned == 1 { "" } else { "s" };
        if *bytes == 0 && *finished == 0 {
            return format!("fetching {planned} wheel{plural}");
        }
        let done = megabytes(*bytes);
        let rate = self.rate.per_second(now).map(megabytes);
        let size = self.size().filter(|size| size > bytes).map(megabytes);
        let (fetching, of_all, of, gap) = form.words();
        let size = size.map_or(String::new(), |size| format!("{of}{size}"));
        let rate = rate.map_or(String::new(), |rate| format!("{gap}{rate} MB/s"));
        format!("{fetching}{finished}{of_all}{planned} wheel{plural}{gap}{done}{size} MB{rate}")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn lines(downloads: &Downloads, now: Instant) -> [String; 2] {
        [Form::Terminal, Form::Log].map(|form| downloads.text(form, now))
    }

    #[test]
    fn bytes_of_all_downloads_are_counted_as_they_come() {
        let now = Instant::now();
        let mut downloads = Downloads::default();
        // What lies here is checked too, and no download.
        downloads.find_locally("local.whl");
        downloads.finish("local.whl");
        downloads.plan(2);
        assert_eq!(lines(&downloads, now), ["fetching 2 wheels"; 2]);
        downloads.start("a.whl", Some(16_500_000), now);
        assert_eq!(lines(&downloads, now), ["fetching 2 wheels"; 2]);
        downloads.progress("a.whl", 400_000, now);
        assert_eq!(
            lines(&downloads, now),
            ["0/2 wheels  0.4 MB", "fetching 0 of 2 wheels, 0.4 MB"]
        );
        // Now all sizes are known.
        downloads.start("b.whl", Some(3_500_000), now);
        downloads.progress("a.whl", 16_100_000, now + Duration::from_secs(2));
        assert_eq!(
            lines(&downloads, now + Duration::from_secs(2)),
            [
                "0/2 wheels  16.5/20.0 MB  8.2 MB/s",
                "fetching 0 of 2 wheels, 16.5 of 20.0 MB, 8.2 MB/s"
            ]
        );
        downloads.finish("a.whl");
        downloads.progress("b.whl", 3_500_000, now + Duration::from_secs(3));
        downloads.finish("b.whl");
        let later = now + Duration::from_secs(9);
        assert_eq!(downloads.text(Form::Terminal, later), "2/2 wheels  20.0 MB");
        assert!(!downloads.are_pending());
    }

    #[test]
    fn what_is_sent_again_counts_once() {
        let now = Instant::now();
        let mut downloads = Downloads::default();
        let text = |downloads: &Downloads| downloads.text(Form::Terminal, now);
        downloads.plan(2);
        downloads.start("a.whl", Some(3_000_000), now);
        downloads.progress("a.whl", 2_000_000, now);
        // It goes on where it broke off.
        downloads.start("a.whl", Some(1_000_000), now);
        downloads.progress("a.whl", 500_000, now);
        assert_eq!(text(&downloads), "0/2 wheels  2.5 MB");
        // It begins again.
        downloads.start("a.whl", Some(3_000_000), now);
        downloads.progress("a.whl", 2_000_000, now);
        assert_eq!(text(&downloads), "0/2 wheels  2.5 MB");
        downloads.progress("a.whl", 1_000_000, now);
        downloads.finish("a.whl");
        assert_eq!(text(&downloads), "1/2 wheels  3.0 MB");
        // One that does not tell its size.
        downloads.start("b.whl", None, now);
        downloads.progress("b.whl", 1_000_000, now);
        downloads.start("b.whl", None, now);
        downloads.progress("b.whl", 1_000_000, now);
        assert_eq!(text(&downloads), "1/2 wheels  4.0 MB");
    }

    #[test]
    fn a_count_never_goes_back() {
        let now = Instant::now();
        let mut downloads = Downloads::default();
        let text = |downloads: &Downloads| downloads.text(Form::Terminal, now);
        downloads.plan(1);
        downloads.start("a.whl", Some(1_000_000), now);
        downloads.progress("a.whl", 1_000_000, now);
        downloads.finish("a.whl");
        // As after a source, or for the next layer, whose wheels are fetched later.
        downloads.plan(3);
        assert_eq!(text(&downloads), "1/4 wheels  1.0 MB");
        // Told twice.
        for _ in 0..5 {
            downloads.finish("b.whl");
        }
        assert_eq!(text(&downloads), "4/4 wheels  1.0 MB");
    }
}
