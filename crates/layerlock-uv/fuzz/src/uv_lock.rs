//! Any bytes, read as a uv.lock, whether or not it fits its project.
#![no_main]

use layerlock_uv::UvLock;
use libfuzzer_sys::fuzz_target;

const PROJECT: &str = "[project]\nname = \"demo\"\nversion = \"1\"\n";

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let lock = folder.path().join("uv.lock");
    std::fs::write(folder.path().join("pyproject.toml"), PROJECT).expect("a project");
    std::fs::write(&lock, bytes).expect("a lock");
    let _ = UvLock::read_even_stale(&lock, None);
});
