//! Any bytes, read as a package-lock.json.
#![no_main]

use layerlock_npm::NpmProject;
use layerlock_target::{Architecture, Provider, Target};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("package.json"), "{}").expect("a project");
    std::fs::write(folder.path().join("package-lock.json"), bytes).expect("a lock");
    if let Ok(project) = NpmProject::read(folder.path()) {
        let runtime = Provider::Aws.runtime("nodejs22.x").expect("a runtime");
        let _ = project.select(&[], &Target::new(runtime, Architecture::X86_64));
    }
});
