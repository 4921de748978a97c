//! Where uploads are.

use std::time::Instant;

use super::text::{Form, megabytes};

/// All uploads of a run. The bytes of one that is tried again count again, and never to
/// more than there are.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    planned: usize,
    finished: usize,
    size: u64,
    bytes: u64,
    since: Option<Instant>,
}

impl Uploads {
    pub(super) fn plan(&mut self, size: u64, now: Instant) {
        self.planned += 1;
        self.size += size;
        self.since.get_or_insert(now);
    }

    pub(super) fn progress(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    pub(super) fn finish(&mut self) {
        self.finished += 1;
    }

    /// Whether there is one to wait for.
    pub(super) fn are_pending(&self) -> bool {
        self.finished < self.planned
    }

    /// Whether there ever was one.
    pub(super) fn are_any(&self) -> bool {
        self.planned > 0
    }

    /// `publishing 1/3 layers  16.5/45.0 MB (12 s)`
    pub(super) fn text(&self, form: Form, now: Instant) -> String {
        let Self {
            planned, finished, ..
        } = self;
        let plural = if *planned == 1 { "" } else { "s" };
        let sent = megabytes(self.bytes.min(self.size));
        let size = megabytes(self.size);
        let (_, of_all, of, gap) = form.words();
        let seconds = self
            .since
            .map_or(0, |since| now.saturating_duration_since(since).as_secs());
        format!(
            "publishing {finished}{of_all}{planned} layer{plural}{gap}{sent}{of}{size} MB \
             ({seconds} s)"
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn uploads_are_counted_as_they_go() {
        let now = Instant::now();
        let mut uploads = Uploads::default();
        let text = |uploads: &Uploads| uploads.text(Form::Terminal, now);
        uploads.plan(30_000_000, now);
        assert_eq!(text(&uploads), "publishing 0/1 layer  0.0/30.0 MB (0 s)");
        uploads.plan(10_000_000, now + Duration::from_secs(1));
        uploads.progress(16_500_000);
        assert_eq!(text(&uploads), "publishing 0/2 layers  16.5/40.0 MB (0 s)");
        uploads.finish();
        // One that was sent twice.
        uploads.progress(30_000_000);
        assert_eq!(text(&uploads), "publishing 1/2 layers  40.0/40.0 MB (0 s)");
        assert_eq!(
            uploads.text(Form::Log, now + Duration::from_secs(12)),
            "publishing 1 of 2 layers, 40.0 of 40.0 MB (12 s)"
        );
    }
}
