//! Any bytes, read as a page of an index.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = layerlock_install::index::read_hostile_page(bytes);
});
