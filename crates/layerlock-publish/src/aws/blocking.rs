use std::io;
use std::panic;
use std::thread;

use tokio::runtime::{Builder, Runtime};

/// A runtime of our own that callers block on, wherever they are.
#[derive(Debug)]
pub(super) struct Blocking {
    // None only while it is dropped.
    runtime: Option<Runtime>,
}

impl Blocking {
    pub(super) fn new() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            runtime: Some(runtime),
        })
    }

    /// Runs to the end. A thread of its own is what makes this work inside an
    /// async runtime too, where blocking on a second runtime panics; next to a
    /// request over the network it costs nothing.
    pub(super) fn run<T: Send>(&self, work: impl Future<Output = T> + Send) -> T {
        thread::scope(|scope| {
            let running = scope.spawn(|| {
                #[expect(clippy::expect_used, reason = "taken by drop alone")]
                let runtime = self.runtime.as_ref().expect("a runtime until drop");
                runtime.block_on(work)
            });
            running
                .join()
                .unwrap_or_else(|payload| panic::resume_unwind(payload))
        })
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        // Dropped as it is, a runtime waits for its threads, and panics where
        // that is inside another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
