//! The wheels of all layers.

use std::collections::{HashMap, HashSet};

use layerlock_digest::Digest;
use layerlock_install::{ChosenWheel, FetchOptions, Fetched, Reporter, Wheel, Yanked};

use crate::Error;

/// The wheels of all layers: layers that share packages share their wheels.
pub(super) struct Wheels {
    by_digest: HashMap<Digest, Wheel>,
    /// Whether to keep what is unpacked of them. Not at the first time: a machine of
    /// CI, which saves its cache after it, would carry every large file twice.
    pub(super) keep_unpacked: bool,
    pub(super) yanked: Vec<Yanked>,
}

impl Wheels {
    /// Brings the wheels into the cache, each once.
    pub(super) fn fetch<'c>(
        chosen: impl Iterator<Item = &'c ChosenWheel>,
        options: &FetchOptions<'_>,
        reporter: &dyn Reporter,
    ) -> Result<Self, Error> {
        let mut seen = HashSet::new();
        let wanted: Vec<ChosenWheel> = chosen
            .filter(|one| seen.insert(one.digest))
            .cloned()
            .collect();
        let Fetched {
            wheels,
            were_cached,
            yanked,
        } = layerlock_install::fetch(&wanted, options, reporter)?;
        let digests = wanted.into_iter().map(|one| one.digest);
        Ok(Self {
            by_digest: digests.zip(wheels).collect(),
            keep_unpacked: were_cached,
            yanked,
        })
    }

    /// The wheel of a chosen file, which has been fetched.
    pub(super) fn get(&self, chosen: &ChosenWheel) -> &Wheel {
        &self.by_digest[&chosen.digest]
    }
}
