/*!
How far an upload is, and whether it goes on.

A client knows only how long a whole request takes, so that a dead connection would have as
much time as a large upload needs. So uploads are watched here.
*/

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use crate::Error;
use crate::failed::{Class, Failed};

/// How often is looked whether an upload goes on.
const TICK: Duration = Duration::from_millis(100);

/// How far an upload is.
#[derive(Debug)]
pub(crate) struct Moved {
    /// Of the request.
    bytes: AtomicU64,
    /// Bytes of the request, and of the zip in it.
    sizes: (u64, u64),
    last: Mutex<Instant>,
    /// Why the zip could not be read.
    fault: Mutex<Option<Error>>,
}

impl Moved {
    /// For a request of so many bytes, and a zip of so many in it.
    pub(crate) fn new(request: u64, zip: u64) -> Arc<Self> {
        Arc::new(Self {
            bytes: AtomicU64::new(0),
            sizes: (request, zip),
            last: Mutex::new(Instant::now()),
            fault: Mutex::new(None),
        })
    }

    pub(crate) fn add(&self, count: usize) {
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub(crate) fn fail(&self, error: Error) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    fn fault(&self) -> Option<Error> {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.take()
    }

    /// How much of the zip.
    fn of_zip(&self) -> u64 {
        let (request, zip) = self.sizes;
        let bytes = self.bytes.load(Ordering::Relaxed);
        bytes.saturating_mul(zip) / request.max(1)
    }

    fn idle(&self) -> Duration {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.elapsed()
    }
}

/// Tells how many more bytes of a zip are on their way; those that are sent again only once.
pub(crate) struct Progress<'a> {
    sent: &'a (dyn Fn(u64) + Sync),
    told: AtomicU64,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(sent: &'a (dyn Fn(u64) + Sync)) -> Self {
        Self {
            sent,
            told: AtomicU64::new(0),
        }
    }

    fn reach(&self, bytes: u64) {
        let told = self.told.fetch_max(bytes, Ordering::Relaxed);
        if bytes > told {
            (self.sent)(bytes - told);
        }
    }
}

/// Waits for the answer to an upload, and tells how many bytes of the zip moved.
/// An error where nothing moved for so long, or where the zip could not be read.
pub(crate) async fn watch<T>(
    action: &'static str,
    sending: impl Future<Output = T>,
    moved: &Moved,
    stall: Duration,
    progress: &Progress<'_>,
) -> Result<T, Failed> {
    let mut sending = pin!(sending);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let answer = poll_fn(|context| match sending.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => ticks.poll_tick(context).map(|_| None),
        })
        .await;
        progress.reach(moved.of_zip());
        if let Some(error) = moved.fault() {
            return Err(Failed::finally(error));
        }
        if let Some(answer) = answer {
            return Ok(answer);
        }
        if moved.idle() > stall {
            return Err(Failed {
                error: Error::Network {
                    action,
                    reason: format!("the upload stood still for {} s", stall.as_secs()),
                },
                class: Class::TimedOut,
                retry_after: None,
            });
        }
    }
}
