use std::io;
use std::panic;
use std::thread;

use tokio::runtime::{Builder, Runtime};

/// An async runtime that any threads can block on, also at the same time: a thread of its
/// own looks after the connections that they share.
#[derive(Debug)]
pub(super) struct Blocking {
    // `None` only during drop.
    runtime: Option<Runtime>,
}

impl Blocking {
    pub(super) fn new() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        Ok(Self {
            runtime: Some(runtime),
        })
    }

    /// Runs `work` to its end, on a new thread: inside another async runtime, blocking
    /// on a second one panics. The thread costs little next to a network request.
    pub(super) fn run<T: Send>(&self, work: impl Future<Output = T> + Send) -> T {
        thread::scope(|scope| {
            let running = scope.spawn(|| {
                #[expect(clippy::expect_used, reason = "only drop takes it")]
                let runtime = self
                    .runtime
                    .as_ref()
                    .expect("the runtime exists until drop");
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
        // A runtime that is simply dropped waits for its threads, and panics inside
        // another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
