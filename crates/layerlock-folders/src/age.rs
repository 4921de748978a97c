//! For how long files have been as they are.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use layerlock_layer::nanoseconds;

/// Where the clock of a file system is coarse, in the worst case: two seconds. A file that
/// is younger may be changed again without a trace.
const COARSE_TICK: Duration = Duration::from_secs(2);
/// The same where times are in nanoseconds: a tick of the kernel's clock, ten times over.
const FINE_TICK: Duration = Duration::from_millis(100);

/// The last change of some files.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Age {
    /// Of those whose times are in nanoseconds, and of the others.
    fine: Option<i128>,
    coarse: Option<i128>,
}

impl Age {
    pub(crate) fn add(&mut self, time: i128) {
        let newest = if time % 1_000_000 == 0 {
            &mut self.coarse
        } else {
            &mut self.fine
        };
        *newest = (*newest).max(Some(time));
    }

    /// How long to wait until nothing can be changed without a trace; none where that is
    /// longer than somebody waits.
    pub(crate) fn wait(self) -> Option<Duration> {
        let now = nanoseconds(SystemTime::now());
        let until = |time: Option<i128>, tick: Duration| match time {
            None => 0,
            Some(time) => time + nanoseconds(UNIX_EPOCH + tick) - now,
        };
        if until(self.coarse, COARSE_TICK) > 0 {
            return None;
        }
        let fine = until(self.fine, FINE_TICK).max(0);
        let wait = Duration::from_nanos(u64::try_from(fine).ok()?);
        // A file of a time to come may be any age.
        (wait <= FINE_TICK).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarse_and_future_times_are_not_relied_on() {
        let now = nanoseconds(SystemTime::now());
        let age = |time: i128| {
            let mut age = Age::default();
            age.add(time);
            age.wait()
        };
        let whole = now - now % 1_000_000_000;
        assert_eq!(age(whole), None);
        assert_eq!(age(whole - 10_000_000_000), Some(Duration::ZERO));
        assert_eq!(age(whole - 10_000_000_001), Some(Duration::ZERO));
        assert!(age(now - now % 1_000_000 + 1).is_some_and(|wait| !wait.is_zero()));
        assert_eq!(age(whole + 60_000_000_001), None);
    }
}
