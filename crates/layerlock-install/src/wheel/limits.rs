//! How much of a foreign archive is read.

use layerlock_layer::archive::ArchiveRules;
use layerlock_target::Provider;

/// What a wheel may unpack to: 16 times what a provider takes. Such a layer would
/// be refused anyway, with a finding that says so; this stops archives that are made
/// to fill a disk.
pub(crate) const MAX_UNPACKED: u64 = 16 * Provider::Aws.limits().unzipped;

/// What is read into memory whole: metadata and scripts. The largest RECORDs have
/// some megabytes.
pub(super) const MAX_IN_MEMORY: u64 = 64 << 20;

/// How the zip of a wheel is read.
pub(super) const RULES: ArchiveRules = ArchiveRules {
    max_unpacked: MAX_UNPACKED,
    links_are_files: false,
};
