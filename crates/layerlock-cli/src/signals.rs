//! What happens at Ctrl-C, SIGTERM, and when the terminal is closed (SIGHUP).

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use crate::descendants;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Held from a signal on.
static ENDING: Mutex<()> = Mutex::new(());

/// Has a file that grows beyond the process's limit (`ulimit -f`) be an error of writing like
/// any other. The signal would end the process, and leave what is unfinished.
pub(crate) fn have_too_large_files_be_errors() {
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// Waits for the end of the process where a signal has come: what fails because of it is no
/// error to tell.
pub(crate) fn let_it_end() {
    drop(ENDING.lock());
}

/// Has the process end what it started and remove unfinished files when a signal ends it.
/// It still ends by that signal, which its parent sees. Where no thread can be started for
/// this, the next run removes the files.
pub(crate) fn clean_up_at_end() {
    let mut ending = vec![SIGINT, SIGTERM];
    if !is_ignored(SIGHUP) {
        ending.push(SIGHUP);
    }
    let (told, begun) = mpsc::channel();
    let wait = move || {
        // On this thread: where there is none, signals end the process as ever.
        let signals = Signals::new(ending);
        drop(told);
        let Ok(mut signals) = signals else {
            return;
        };
        if let Some(signal) = signals.forever().next() {
            let _ending = ENDING.lock();
            descendants::end();
            // Held to the end, so that no job reports errors about the removed files.
            let _lock = layerlock::remove_temporaries();
            let _ = emulate_default_handler(signal);
        }
    };
    let started = thread::Builder::new().name("signals".into()).spawn(wait);
    if started.is_ok() {
        let _: Result<(), _> = begun.recv();
    }
}

/// Whether a signal is ignored, as `nohup` has it for its command. Where nobody can say it
/// is taken for ignored.
fn is_ignored(signal: i32) -> bool {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask & (1 << (signal - 1)) != 0)
}
