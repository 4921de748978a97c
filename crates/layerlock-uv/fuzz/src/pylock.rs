//! Any bytes, read as a pylock.toml.
#![no_main]

use layerlock_uv::PyLock;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let lock = folder.path().join("pylock.toml");
    std::fs::write(&lock, bytes).expect("a lock");
    let _ = PyLock::read(&lock);
});
