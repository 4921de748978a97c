//! Any bytes, read as a `.contents` file of the cache.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = layerlock_install::read_hostile_contents(bytes);
});
