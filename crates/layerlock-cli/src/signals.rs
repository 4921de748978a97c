//! What happens at Ctrl-C and SIGTERM.

use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Has the process remove unfinished files when a signal ends it. It still ends by
/// that signal, which its parent sees. Where no thread can be started for this, the
/// next run removes the files.
pub(crate) fn clean_up_at_end() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else {
        return;
    };
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            // Held to the end, so that no job reports errors about the removed files.
            let _lock = layerlock::remove_temporaries();
            let _ = emulate_default_handler(signal);
        }
    };
    let _ = thread::Builder::new().name("signals".into()).spawn(wait);
}
