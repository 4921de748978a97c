/*!
How often and how long a request is tried again.

AWS answers about fifteen requests of this kind a second, for the whole account: in a
busy pipeline throttling is usual, and passes. So requests are retried here, and not by
the SDK, which gives up after three attempts and knows nothing of `Retry-After`.
*/

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::Error;
use crate::failed::{Class, Failed};

/// How patient to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// How often a request is sent at most.
    pub(crate) attempts: u32,
    /// The first wait, which doubles from one to the next.
    pub(crate) first_wait: Duration,
    /// How long an upload may stand still.
    pub(crate) stall: Duration,
}

/// Without a server that answers there is less to wait for.
const NETWORK_ATTEMPTS: u32 = 5;
const TIMEOUT_ATTEMPTS: u32 = 3;

const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// From the first failure to the last attempt, unless the server asks for more.
const TOTAL: Duration = Duration::from_secs(45);

/// Who is asked to wait longer than this is told, and may do something else.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(5);

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 9,
            first_wait: Duration::from_millis(300),
            stall: Duration::from_mins(1),
        }
    }
}

/// The patience with one request.
pub(crate) struct Patience {
    policy: Policy,
    failures: u32,
    /// The last moment at which to try again.
    end: Option<Instant>,
}

impl Patience {
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            policy,
            failures: 0,
            end: None,
        }
    }

    /// Waits until the request may be tried again; `false`, and at once, where it should
    /// not.
    pub(crate) async fn wait(&mut self, failed: &Failed) -> bool {
        match self.next_wait(failed, Instant::now()) {
            Some(wait) => {
                sleep(wait).await;
                true
            }
            None => false,
        }
    }

    fn next_wait(&mut self, failed: &Failed, now: Instant) -> Option<Duration> {
        let limit = match failed.class {
            Class::Final => 0,
            Class::TimedOut => TIMEOUT_ATTEMPTS,
            Class::Network => NETWORK_ATTEMPTS,
            Class::Throttled | Class::Server => self.policy.attempts,
        };
        self.failures += 1;
        if self.failures >= limit.min(self.policy.attempts) {
            return None;
        }
        let end = *self.end.get_or_insert(now + TOTAL);
        let doubled = self.policy.first_wait * 2_u32.saturating_pow(self.failures - 1);
        let wait = jittered(doubled.min(LONGEST_WAIT));
        match failed.retry_after {
            Some(asked) if asked > LONGEST_RETRY_AFTER => None,
            Some(asked) => {
                let wait = asked.max(wait);
                self.end = Some(end.max(now + wait));
                Some(wait)
            }
            None => (now + wait <= end).then_some(wait),
        }
    }
}

/// Does a request that changes nothing, or nothing twice, until it succeeds or patience
/// ends.
pub(crate) async fn patiently<T, F>(policy: Policy, mut ask: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Failed>>,
{
    let mut patience = Patience::new(policy);
    loop {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(failed) => {
                if !patience.wait(&failed).await {
                    return Err(failed.error);
                }
            }
        }
    }
}

/// Between three quarters of the wait and all of it, so that those who were refused
/// together do not come back together.
fn jittered(wait: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish();
    let part = u32::try_from(random % 1000).unwrap_or_default();
    wait * (3000 + part) / 4000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(class: Class, retry_after: Option<u64>) -> Failed {
        Failed {
            error: Error::NoRegion,
            class,
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    /// The waits for a request that never succeeds.
    fn waits(failed: &Failed) -> Vec<Duration> {
        let mut patience = Patience::new(Policy::default());
        let mut now = Instant::now();
        let mut waits = Vec::new();
        while let Some(wait) = patience.next_wait(failed, now) {
            now += wait;
            waits.push(wait);
        }
        waits
    }

    #[test]
    fn throttling_gets_many_attempts_within_limits() {
        for class in [Class::Throttled, Class::Server] {
            let waits = waits(&failed(class, None));
            assert!(waits.len() >= 7, "{waits:?}");
            assert!(waits.iter().sum::<Duration>() <= TOTAL, "{waits:?}");
            assert!(waits[0] <= Duration::from_millis(300) && waits[0] < waits[3]);
        }
        assert_eq!(waits(&failed(Class::Network, None)).len(), 4);
        assert_eq!(waits(&failed(Class::TimedOut, None)).len(), 2);
        assert_eq!(waits(&failed(Class::Final, None)).len(), 0);
    }

    #[test]
    fn a_server_that_names_a_time_is_heard() {
        let asked = waits(&failed(Class::Throttled, Some(20)));
        assert_eq!(asked.len(), 8);
        assert!(asked.iter().all(|wait| *wait == Duration::from_secs(20)));
        assert_eq!(waits(&failed(Class::Throttled, Some(3600))).len(), 0);
    }
}
