//! No change of a package-lock.json makes its reader panic. The seeds of the fuzz target, too.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input has failed"
)]

use std::path::{Path, PathBuf};

use layerlock_npm::NpmProject;
use layerlock_target::{Architecture, Provider, Target};
use proptest::prelude::*;

/// The projects that real npm locked.
fn fixtures() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/npm");
    let entries = fs_err::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut projects: Vec<PathBuf> = paths
        .filter(|path| path.join("package-lock.json").is_file())
        .collect();
    projects.sort();
    projects
}

/// A quarter of the usual number, unless somebody asks for another: some locks have megabytes.
fn cases() -> u32 {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default().cases,
        None => 64,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn no_mutation_of_a_package_lock_makes_it_panic(
        project in prop::sample::select(fixtures()),
        at in any::<prop::sample::Index>(),
        length in 0usize..24,
        new in "[\\[\\]{}\",: a-c0-9/\\\\@.^~*|-]{0,12}|\\PC{0,4}",
    ) {
        let directory = tempfile::tempdir().unwrap();
        let file = |name| directory.path().join(name);
        fs_err::copy(project.join("package.json"), file("package.json")).unwrap();
        let mut lock = fs_err::read(project.join("package-lock.json")).unwrap();
        let at = at.index(lock.len() + 1);
        let end = (at + length).min(lock.len());
        lock.splice(at..end, new.bytes());
        fs_err::write(file("package-lock.json"), lock).unwrap();
        if let Ok(project) = NpmProject::read(directory.path()) {
            let runtime = Provider::Aws.runtime("nodejs22.x").unwrap();
            let _ = project.select(&[], &Target::new(runtime, Architecture::X86_64));
        }
    }
}
