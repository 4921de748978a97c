//! Any bytes, read as a poetry.lock, whether or not it fits its project.
#![no_main]

use layerlock_export::{Lock, Project};
use libfuzzer_sys::fuzz_target;

const PROJECT: &str = "[project]\nname = \"demo\"\nversion = \"1\"\n";

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("pyproject.toml"), PROJECT).expect("a project");
    std::fs::write(folder.path().join("poetry.lock"), bytes).expect("a lock");
    let project = Project::read(folder.path()).expect("a sound project");
    let _ = Lock::read_even_stale(&project);
});
