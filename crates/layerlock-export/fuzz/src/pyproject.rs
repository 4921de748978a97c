//! Any bytes, read as a pyproject.toml.
#![no_main]

use layerlock_export::Project;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("pyproject.toml"), bytes).expect("a project");
    let _ = Project::read(folder.path());
});
