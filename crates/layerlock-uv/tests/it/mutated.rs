//! No change of a lock makes its reader panic. The seeds of the fuzz targets, too.

use std::ops::Range;
use std::path::Path;

use layerlock_lock::{Choice, LockReader};
use layerlock_uv::{PyLock, UvLock};
use proptest::prelude::*;

use crate::support::{environment, fixtures};

/// What stands in the place of a part of a lock: what TOML, markers, versions, URLs and names
/// are made of, or anything.
const NEW: &str = "[\\[\\]{}=\"'.,\n a-c0-9/\\\\@:#<>!~*+_-]{0,12}|\\PC{0,4}";

/// Half of the usual number, unless somebody asks for another: each writes files.
fn cases() -> u32 {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default().cases,
        None => 128,
    }
}

fn changed(lock: &[u8], at: prop::sample::Index, length: usize, new: &str) -> Vec<u8> {
    let at = at.index(lock.len() + 1);
    let part: Range<usize> = at..(at + length).min(lock.len());
    let mut changed = lock.to_vec();
    changed.splice(part, new.bytes());
    changed
}

fn select(lock: &dyn LockReader) {
    let _ = lock.select(&Choice::default(), &environment("3.12", "x86_64"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn no_mutation_of_a_uv_lock_makes_it_panic(
        project in prop::sample::select(fixtures()),
        at in any::<prop::sample::Index>(),
        length in 0usize..24,
        new in NEW,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let file = |name| directory.path().join(name);
        fs_err::copy(project.join("pyproject.toml"), file("pyproject.toml")).unwrap();
        let lock = fs_err::read(project.join("uv.lock")).unwrap();
        fs_err::write(file("uv.lock"), changed(&lock, at, length, &new)).unwrap();
        if let Ok(lock) = UvLock::read_even_stale(&file("uv.lock"), None) {
            select(&lock);
        }
    }

    #[test]
    fn no_mutation_of_a_pylock_makes_it_panic(
        at in any::<prop::sample::Index>(),
        length in 0usize..24,
        new in NEW,
    ) {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        let lock = fs_err::read(data.join("pylock.toml")).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pylock.toml");
        fs_err::write(&path, changed(&lock, at, length, &new)).unwrap();
        if let Ok(lock) = PyLock::read(&path) {
            select(&lock);
        }
    }
}

/// Else no mutation of it would tell anything.
#[test]
fn the_seed_of_pylock_is_right() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    PyLock::read(&data.join("pylock.toml")).unwrap();
}
