//! What is made once for a run.

use std::io;
use std::num::NonZero;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use layerlock_diagnostic::is_out_of_files;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::once::get_or_make;
use crate::{Client, Error, MachineConfig};

/// The HTTP client of a run, and the runtime that it works on. Both are made when
/// something is first got: a run that needs no network starts no thread, and reads
/// neither certificates nor configuration files.
pub struct Session {
    machine: Arc<MachineConfig>,
    client: OnceLock<Client>,
    runtime: OnceLock<Runtime>,
}

impl Session {
    /// A session on a machine. Reads nothing yet.
    pub fn new(machine: MachineConfig) -> Self {
        Self {
            machine: Arc::new(machine),
            client: OnceLock::new(),
            runtime: OnceLock::new(),
        }
    }

    /// What the session was made for.
    pub fn machine(&self) -> &MachineConfig {
        &self.machine
    }

    /// The HTTP client. At the first call, reads what the machine says of proxies,
    /// certificates, timeouts and trusted hosts.
    pub fn client(&self) -> Result<&Client, Error> {
        get_or_make(&self.client, || Client::new(&self.machine))
    }

    /// A text that a server or a program said, without the credentials that this run has
    /// used.
    pub fn hide_secrets(&self, text: &str) -> String {
        match self.client.get() {
            Some(client) => client.hide_secrets(text),
            None => text.to_owned(),
        }
    }

    /// Does asynchronous work, and waits for its end. May be called from anywhere, an
    /// asynchronous function included: a runtime cannot wait where another one works,
    /// so a thread of its own waits there.
    pub fn block_on<T, E, F>(&self, work: impl FnOnce() -> F + Send) -> Result<T, E>
    where
        T: Send,
        E: From<Error> + Send,
        F: Future<Output = Result<T, E>>,
    {
        if Handle::try_current().is_err() {
            return self.runtime()?.block_on(work());
        }
        thread::scope(|scope| {
            thread::Builder::new()
                .spawn_scoped(scope, move || self.runtime()?.block_on(work()))
                .map_err(start)?
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Where the system refuses threads (a container has a limit of them), there are as many
    /// as it allows.
    fn runtime(&self) -> Result<&Runtime, Error> {
        get_or_make(&self.runtime, || {
            spare_files().map_err(start)?;
            let cores = thread::available_parallelism().map_or(1, NonZero::get);
            let mut builder = match spare_threads(cores + BESIDE).map_err(start)? {
                few if few <= BESIDE => Builder::new_current_thread(),
                _ => Builder::new_multi_thread(),
            };
            let runtime = builder
                .enable_all()
                .thread_keep_alive(FOR_THE_RUN)
                .build()
                .map_err(start)?;
            // The first thread for what blocks, now that there is one: later it may be refused,
            // which the runtime takes only where it has another.
            drop(runtime.spawn_blocking(|| ()));
            Ok(runtime)
        })
    }
}

/// Longer than any run.
const FOR_THE_RUN: Duration = Duration::from_hours(24);

/// Threads that a runtime needs for what blocks: names of hosts, unpacking.
const BESIDE: usize = 2;

/// Whether a runtime gets the files that it needs: its queue of events, and what wakes it.
/// It panics where it does not.
fn spare_files() -> io::Result<()> {
    let pairs: io::Result<Vec<_>> = (0..4).map(|_| io::pipe()).collect();
    pairs.map(drop)
}

/// How many threads can be made, so many at most; an error where it is none. A runtime itself
/// panics where it gets none, and waits for ever where it gets too few.
fn spare_threads(wanted: usize) -> io::Result<usize> {
    let gate = Mutex::new(());
    thread::scope(|scope| {
        let closed = gate.lock();
        let mut made = 0;
        for _ in 0..wanted {
            let thread = thread::Builder::new().spawn_scoped(scope, || drop(gate.lock()));
            match thread {
                Ok(_) => made += 1,
                Err(error) if made == 0 => return Err(error),
                Err(_) => break,
            }
        }
        drop(closed);
        Ok(made)
    })
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn start(error: io::Error) -> Error {
    if is_out_of_files(&error) {
        return Error::OpenFiles(error.to_string());
    }
    Error::Start(error.to_string())
}

impl Drop for Session {
    /// Waits for work that nobody waits for any more to end; on a thread of its own where
    /// another runtime works, since there none may be dropped.
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        if Handle::try_current().is_err() {
            return;
        }
        let place = Arc::new(Mutex::new(Some(runtime)));
        let last = Arc::clone(&place);
        let take = |place: &Mutex<Option<Runtime>>| place.lock().ok().and_then(|mut it| it.take());
        match thread::Builder::new().spawn(move || drop(take(&last))) {
            Ok(thread) => drop(thread.join()),
            Err(_) => {
                if let Some(runtime) = take(&place) {
                    runtime.shutdown_background();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PipFiles;

    /// The client cannot be made with this file.
    fn machine_that_is_broken(directory: &std::path::Path) -> MachineConfig {
        let file = directory.join("pip.conf");
        fs_err::write(&file, "[global\n").unwrap();
        MachineConfig {
            pip_files: PipFiles::new([file]),
            ..MachineConfig::default()
        }
    }

    #[test]
    fn nothing_is_read_before_something_is_got() {
        let directory = tempfile::tempdir().unwrap();
        let session = Session::new(machine_that_is_broken(directory.path()));
        assert!(session.runtime.get().is_none());
        let done: Result<(), Error> = session.block_on(|| async { Ok(()) });
        done.unwrap();
        let client = session.client().map(drop);
        assert!(matches!(client, Err(Error::PipFile { .. })), "{client:?}");
    }

    #[test]
    fn an_asynchronous_caller_may_wait_and_end_the_session() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let answer: Result<u8, Error> = runtime.block_on(async {
            let session = Session::new(MachineConfig::default());
            let work = async || Ok(tokio::task::spawn_blocking(|| 1).await.unwrap_or(0));
            let first: u8 = session.block_on(work)?;
            let second: u8 = session.block_on(work)?;
            Ok(first + second)
        });
        assert_eq!(answer.unwrap(), 2);
    }
}
