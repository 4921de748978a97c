//! Any bytes, read as a wheel.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = layerlock_install::read_hostile(bytes);
});
