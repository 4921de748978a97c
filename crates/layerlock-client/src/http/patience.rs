//! How long a server is waited for in all, its tries together.
//!
//! Each wait for a piece has a limit of its own, but a server could send a byte now and then
//! for ever, or be tried again and again. So there is one clock, which starts anew only when
//! something of use has come.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::failure::{Failure, Retry};
use crate::{Error, SafeUrl};

/// So many bytes are of use. Slow lines that many downloads share still bring them in time.
const OF_USE: u64 = 8 << 10;

/// The clock of one page or file.
#[derive(Debug)]
pub(super) struct Patience {
    limit: Duration,
    clock: Mutex<Clock>,
}

#[derive(Debug)]
struct Clock {
    since: Instant,
    bytes: u64,
}

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        let clock = Clock {
            since: Instant::now(),
            bytes: 0,
        };
        Self {
            limit,
            clock: Mutex::new(clock),
        }
    }

    /// Starts the clock anew: nobody waited for the server just now.
    pub(super) fn restart(&self) {
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        *clock = Clock {
            since: Instant::now(),
            bytes: 0,
        };
    }

    /// So many bytes came.
    pub(super) fn received(&self, bytes: usize) {
        let is_of_use = {
            let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
            clock.bytes += bytes as u64;
            clock.bytes >= OF_USE
        };
        if is_of_use {
            self.restart();
        }
    }

    fn left(&self) -> Duration {
        let clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        self.limit.saturating_sub(clock.since.elapsed())
    }

    /// Whether it is worth while to ask once more after this wait.
    pub(super) fn lasts_for(&self, wait: Duration) -> bool {
        self.left() > wait
    }

    /// Waits for an answer, or a piece of it, as long as there is time left.
    pub(super) async fn wait<T>(
        &self,
        url: &SafeUrl,
        answer: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        tokio::time::timeout(self.left(), answer)
            .await
            .map_err(|_| Failure {
                error: Error::Request {
                    url: url.to_string(),
                    reason: format!(
                        "timed out (nothing of use came for {} s)",
                        self.limit.as_secs()
                    ),
                },
                retry: Retry::Never,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> SafeUrl {
        SafeUrl::parse("https://packages.example.com/simple/").unwrap()
    }

    #[tokio::test]
    async fn what_never_comes_is_waited_for_in_all_and_not_each_time() {
        let patience = Patience::new(Duration::from_millis(50));
        let begun = Instant::now();
        let mut pieces = 0;
        let piece = || tokio::time::sleep(Duration::from_millis(20));
        let failure = loop {
            match patience.wait(&url(), piece()).await {
                Ok(()) => patience.received(1),
                Err(failure) => break failure,
            }
            pieces += 1;
        };
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert!(pieces <= 2, "{pieces}");
        assert_eq!(failure.retry, Retry::Never);
        assert!(!patience.lasts_for(Duration::ZERO));
        patience.restart();
        assert!(patience.lasts_for(Duration::ZERO));
    }

    #[tokio::test]
    async fn what_is_slow_and_comes_is_waited_for() {
        let patience = Patience::new(Duration::from_millis(200));
        for _ in 0..6 {
            let piece = tokio::time::sleep(Duration::from_millis(50));
            patience.wait(&url(), piece).await.unwrap();
            patience.received(4 << 10);
        }
    }
}
