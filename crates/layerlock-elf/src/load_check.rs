//! A check of a file that goes by piece by piece.

use std::ops::Range;

use crate::Platform;
use crate::file::places_of_tables;
use crate::fit::{LoadError, check_image};
use crate::image::{Keeper, MOST_PASSES};

/// Checks a file as [`check`](crate::check) does, and keeps no more of it than some
/// megabytes.
pub struct LoadCheck {
    keeper: Keeper,
    wanted: Vec<Range<u64>>,
    passes: usize,
}

impl LoadCheck {
    /// For a file that begins to go by.
    #[expect(clippy::new_without_default, reason = "none is of use without a file")]
    pub fn new() -> Self {
        Self::again(Vec::new(), 1)
    }

    fn again(wanted: Vec<Range<u64>>, passes: usize) -> Self {
        Self {
            keeper: Keeper::new(wanted.clone()),
            wanted,
            passes,
        }
    }

    /// Takes the bytes that come next.
    pub fn take(&mut self, piece: &[u8]) {
        self.keeper.take(piece, places_of_tables);
    }

    /// What [`check`](crate::check) says, after all of the file has gone by; or a check that
    /// has to see it once more, since what matters was not where it is in other files.
    pub fn finish(
        self,
        platform: &Platform,
        is_beside: impl Fn(&str) -> bool,
    ) -> Result<Result<(), LoadError>, Self> {
        let image = self.keeper.finish();
        let checked = check_image(&image, platform, is_beside);
        let missed = image.missed();
        if !missed.is_empty() && self.passes < MOST_PASSES {
            return Err(Self::again([self.wanted, missed].concat(), self.passes + 1));
        }
        Ok(checked)
    }
}

impl std::fmt::Debug for LoadCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadCheck").finish_non_exhaustive()
    }
}
