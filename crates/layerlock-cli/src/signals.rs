//! Ctrl-C, and being asked to end.

use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Has the process remove what is unfinished before it ends by a signal, as it would
/// without this: who waits for it sees the signal. Without a thread for it, the next
/// run removes these things.
pub(crate) fn clean_up_at_end() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else {
        return;
    };
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            // Held to the end, so that no job tells of files that are gone.
            let _lock = layerlock::remove_temporaries();
            let _ = emulate_default_handler(signal);
        }
    };
    let _ = thread::Builder::new().name("signals".into()).spawn(wait);
}
