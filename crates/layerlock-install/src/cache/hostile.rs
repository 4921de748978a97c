//! What the fuzz target `contents` runs.

use layerlock_digest::{seal, unseal};

use super::{CachedContents, parse_contents};
use crate::WheelContents;

/// What the digest of a file of the fuzz target is about.
const ABOUT: &[u8] = b"demo";

/// The `.contents` file of a wheel of a distribution `demo`, version 1.0: a seed.
#[doc(hidden)]
pub fn contents_file(wheel: &[u8]) -> Option<Vec<u8>> {
    let name = "demo-1.0-py3-none-any.whl".parse().ok()?;
    let contents = CachedContents {
        archive_size: wheel.len() as u64,
        contents: WheelContents::verify(&name, wheel).ok()?,
    };
    Some(seal(postcard::to_allocvec(&contents).ok()?, ABOUT))
}

/// The body of the fuzz target, and of the test that stands in for it: reads bytes as a
/// `.contents` file, and as the content of one whose digest is right. Says whether the
/// first was one.
///
/// # Panics
///
/// Where bytes pass whose digest is not right, or what was read cannot be written again.
#[doc(hidden)]
#[expect(
    clippy::expect_used,
    reason = "to panic is how a fuzz target tells of what it found"
)]
pub fn read_hostile_contents(bytes: &[u8]) -> bool {
    if let Some(contents) = parse_contents(bytes) {
        // No digest stops it where a later version of layerlock writes another form.
        let again = postcard::to_allocvec(&contents).expect("what was read can be written");
        let read = parse_contents(&again).expect("what was written can be read");
        assert_eq!(read.archive_size, contents.archive_size);
        assert!(read.contents == contents.contents, "it reads as another");
    }
    let Some(content) = unseal(bytes, ABOUT) else {
        return false;
    };
    assert_eq!(
        seal(content.to_vec(), ABOUT),
        bytes,
        "a wrong digest passed"
    );
    parse_contents(content).is_some()
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use layerlock_testkit::{Change, mutate, sound_wheel};
    use proptest::prelude::*;

    use super::*;

    static SEED: LazyLock<Vec<u8>> =
        LazyLock::new(|| contents_file(&sound_wheel().build().bytes).unwrap());

    #[test]
    fn the_seed_is_a_file_of_the_cache() {
        assert!(read_hostile_contents(&SEED));
    }

    proptest! {
        /// What a fuzzer does, in little: with the digest, and with none to stop it.
        #[test]
        fn no_mutation_of_a_contents_file_passes(
            changes in prop::collection::vec(any::<Change>(), 1..6),
        ) {
            let mutated = mutate(&SEED, &changes);
            prop_assert_eq!(read_hostile_contents(&mutated), mutated == *SEED);
            let content = unseal(&SEED, ABOUT).unwrap();
            read_hostile_contents(&mutate(content, &changes));
        }
    }
}
