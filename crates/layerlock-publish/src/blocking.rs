use std::io;
use std::panic;
use std::sync::Mutex;
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};

/// An async runtime that any threads can block on, also at the same time: a thread of its
/// own looks after the connections that they share.
#[derive(Debug)]
pub(crate) struct Blocking {
    // `None` only during drop.
    runtime: Option<Runtime>,
}

impl Blocking {
    pub(crate) fn new() -> io::Result<Self> {
        can_make_threads(THREADS)?;
        can_open_files()?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        Ok(Self {
            runtime: Some(runtime),
        })
    }

    /// Runs `work` to its end; on a new thread inside another async runtime, where blocking
    /// on a second one panics. The thread costs little next to a network request.
    pub(crate) fn run<T: Send>(&self, work: impl Future<Output = T> + Send) -> T {
        #[expect(clippy::expect_used, reason = "only drop takes it")]
        let runtime = self
            .runtime
            .as_ref()
            .expect("the runtime exists until drop");
        if Handle::try_current().is_err() {
            return runtime.block_on(work);
        }
        thread::scope(|scope| {
            scope
                .spawn(|| runtime.block_on(work))
                .join()
                .unwrap_or_else(|payload| panic::resume_unwind(payload))
        })
    }
}

/// The runtime's own, and what it needs for the names of hosts.
const THREADS: usize = 3;

/// A runtime needs some files for itself, and panics where it does not get them.
fn can_open_files() -> io::Result<()> {
    let pipes: io::Result<Vec<_>> = (0..4).map(|_| io::pipe()).collect();
    pipes.map(drop)
}

/// Whether so many threads can be made: a runtime panics where it gets none, and waits for
/// ever where it gets too few.
fn can_make_threads(count: usize) -> io::Result<()> {
    let gate = Mutex::new(());
    thread::scope(|scope| {
        let closed = gate.lock();
        let made: io::Result<Vec<_>> = (0..count)
            .map(|_| thread::Builder::new().spawn_scoped(scope, || drop(gate.lock())))
            .collect();
        drop(closed);
        made.map(drop)
    })
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
