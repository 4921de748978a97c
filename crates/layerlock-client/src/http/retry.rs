//! Which failures may pass, and how long to wait before the next try.

use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBuilder};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::failure::{Failure, Retry};
use super::patience::Patience;
use crate::Error;

const FIRST_WAIT: Duration = Duration::from_millis(200);
/// Of waits that grow by themselves.
const LAST_WAIT: Duration = Duration::from_secs(8);
/// A server that asks for more patience than this, at once or in all, is told of,
/// not waited for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Runs `attempt` until it succeeds, fails for good, or has been tried `retries`
/// times more, or our own patience is at its end. A server that asks for patience is there,
/// and gets it: such answers count by the time they take. `again` hears why another try
/// begins.
pub(super) async fn with_retries<T, F>(
    retries: usize,
    patience: &Patience,
    attempt: impl Fn() -> F,
    mut again: impl FnMut(&Error),
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut waits = ExponentialBuilder::default()
        .with_min_delay(FIRST_WAIT)
        .with_max_delay(LAST_WAIT)
        .without_max_times()
        .with_jitter()
        .build();
    let mut failures = 0;
    let mut waited = Duration::ZERO;
    loop {
        let Failure { error, retry } = match attempt().await {
            Ok(done) => return Ok(done),
            Err(failure) => failure,
        };
        let mut wait = waits.next().unwrap_or(LAST_WAIT);
        match retry {
            Retry::Never => return Err(error),
            Retry::Soon => {
                failures += 1;
                if !patience.lasts_for(wait) {
                    return Err(error);
                }
            }
            Retry::After(asked) => {
                wait = wait.max(asked);
                waited += wait;
            }
        }
        if failures > retries || waited > LONGEST_WAIT {
            return Err(error);
        }
        again(&error);
        tokio::time::sleep(wait).await;
        if retry != Retry::Soon {
            patience.restart();
        }
    }
}

/// Whether a status may be another one next time.
pub(super) fn for_status(status: StatusCode) -> Retry {
    match status {
        StatusCode::TOO_MANY_REQUESTS => Retry::After(Duration::ZERO),
        StatusCode::REQUEST_TIMEOUT => Retry::Soon,
        _ if status.is_server_error() => Retry::Soon,
        _ => Retry::Never,
    }
}

/// What the server asks for in Retry-After (RFC 9110, 10.2.3): seconds or a date.
pub(super) fn wait_asked_for(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    // A date that has passed asks for nothing.
    Some(date.duration_since(now).unwrap_or_default())
}

/// Whether a wait is worth it: what is longer is told of.
pub(super) fn is_short_enough(wait: Duration) -> bool {
    wait <= LONGEST_WAIT
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often something is tried that always fails like this, and for how long.
    async fn tries(retry: Retry) -> (usize, Duration) {
        let count = std::cell::Cell::new(0);
        let start = tokio::time::Instant::now();
        let patience = Patience::new(Duration::from_mins(1));
        let attempt = || async {
            count.set(count.get() + 1);
            Err::<(), _>(Failure {
                error: Error::Start(String::new()),
                retry,
            })
        };
        with_retries(3, &patience, attempt, |_| {})
            .await
            .unwrap_err();
        (count.get(), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_counted_and_waits_are_summed() {
        assert_eq!(tries(Retry::Never).await.0, 1);
        let (count, time) = tries(Retry::Soon).await;
        assert_eq!(count, 4);
        assert!(time < Duration::from_secs(5), "{time:?}");
        // A server that throttles for good is left alone in the end.
        let (count, time) = tries(Retry::After(Duration::ZERO)).await;
        assert!((8..16).contains(&count), "{count}");
        assert!(time <= LONGEST_WAIT, "{time:?}");
        let (count, time) = tries(Retry::After(Duration::from_secs(25))).await;
        assert_eq!((count, time.as_secs()), (3, 50));
    }

    /// A server that answers nothing is not waited for again and again.
    #[tokio::test]
    async fn without_patience_left_nothing_is_tried_again() {
        let count = std::cell::Cell::new(0);
        let patience = Patience::new(Duration::ZERO);
        let attempt = || async {
            count.set(count.get() + 1);
            Err::<(), _>(Failure {
                error: Error::Start(String::new()),
                retry: Retry::Soon,
            })
        };
        with_retries(3, &patience, attempt, |_| {})
            .await
            .unwrap_err();
        assert_eq!(count.get(), 1);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let wait = |value: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            wait_asked_for(&headers, now)
        };
        assert_eq!(wait("120"), Some(Duration::from_mins(2)));
        assert_eq!(wait(" 0 "), Some(Duration::ZERO));
        let date = |text| wait(text).map(|wait| wait.as_secs());
        assert_eq!(date("Sun, 06 Nov 1994 08:49:47 GMT"), Some(10));
        assert_eq!(date("Sun, 06 Nov 1994 08:49:27 GMT"), Some(0));
        assert_eq!(wait("soon"), None);
        for malformed in ["-1", "1.5", "", "99999999999999999999", "Sun, 99 Nov 1994"] {
            assert_eq!(wait(malformed), None, "{malformed}");
        }
        assert_eq!(wait_asked_for(&HeaderMap::new(), now), None);
    }

    #[test]
    fn only_errors_of_the_server_may_pass() {
        for (status, retry) in [
            (408, Retry::Soon),
            (429, Retry::After(Duration::ZERO)),
            (500, Retry::Soon),
            (503, Retry::Soon),
            (401, Retry::Never),
            (404, Retry::Never),
        ] {
            assert_eq!(for_status(StatusCode::from_u16(status).unwrap()), retry);
        }
    }
}
