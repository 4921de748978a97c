//! How fast downloads are.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What is told is the rate of the last seconds.
const WINDOW: Duration = Duration::from_secs(3);

/// Bytes are added up for this long: a fast download comes in many small pieces.
const PIECE: Duration = Duration::from_millis(100);

/// Of less time there is no rate to tell.
const SHORTEST: Duration = Duration::from_millis(300);

/// The bytes of the last seconds, of all downloads together. The time in which none was
/// on its way does not count.
#[derive(Debug, Default)]
pub(super) struct Rate {
    since: Option<Instant>,
    pieces: VecDeque<(Instant, u64)>,
}

impl Rate {
    /// A download begins, and none was on its way.
    pub(super) fn begin(&mut self, now: Instant) {
        self.since = Some(now);
        self.pieces.clear();
    }

    /// The last download has ended.
    pub(super) fn end(&mut self) {
        self.since = None;
        self.pieces.clear();
    }

    pub(super) fn add(&mut self, now: Instant, bytes: u64) {
        match self.pieces.back_mut() {
            Some((from, sum)) if now.saturating_duration_since(*from) < PIECE => *sum += bytes,
            _ => self.pieces.push_back((now, bytes)),
        }
        let is_old = |from: &Instant| now.saturating_duration_since(*from) > WINDOW;
        while self.pieces.front().is_some_and(|(from, _)| is_old(from)) {
            self.pieces.pop_front();
        }
    }

    /// Bytes in a second.
    pub(super) fn per_second(&self, now: Instant) -> Option<u64> {
        let time = now.saturating_duration_since(self.since?).min(WINDOW);
        if time < SHORTEST {
            return None;
        }
        let is_new = |from: Instant| now.saturating_duration_since(from) <= WINDOW;
        let pieces = self.pieces.iter().filter(|(from, _)| is_new(*from));
        let bytes: u64 = pieces.map(|(_, bytes)| bytes).sum();
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Some(bytes.saturating_mul(1000) / millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut rate = Rate::default();
        assert_eq!(rate.per_second(start), None);
        rate.begin(start);
        for tenth in 0..10 {
            rate.add(at(tenth * 100), 100_000);
        }
        assert_eq!(rate.per_second(at(200)), None);
        assert_eq!(rate.per_second(at(1000)), Some(1_000_000));
        // Nothing more comes.
        assert_eq!(rate.per_second(at(2000)), Some(500_000));
        assert_eq!(rate.per_second(at(6000)), Some(0));
        rate.add(at(6000), 3_000_000);
        assert_eq!(rate.per_second(at(6000)), Some(1_000_000));
        assert_eq!(rate.pieces.len(), 1);
    }

    #[test]
    fn the_time_between_downloads_does_not_count() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut rate = Rate::default();
        rate.begin(start);
        rate.add(at(500), 1_000_000);
        rate.end();
        assert_eq!(rate.per_second(at(1000)), None);
        rate.begin(at(60_000));
        rate.add(at(60_500), 1_000_000);
        assert_eq!(rate.per_second(at(60_500)), Some(2_000_000));
    }
}
