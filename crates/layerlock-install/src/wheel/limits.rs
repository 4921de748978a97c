//! How much of a foreign archive is read.

use layerlock_layer::archive::ArchiveRules;
use layerlock_target::Provider;

/// What a wheel may unpack to: 16 times what a provider takes. Such a layer would
/// be refused anyway, with a finding that says so; this stops archives that are made
/// to fill a disk.
pub(crate) const MAX_UNPACKED: u64 = 16 * Provider::Aws.limits().unzipped;

/// What is read into memory whole: the scripts of a wheel together.
pub(super) const MAX_SCRIPTS: u64 = 64 << 20;

/// The largest RECORDs have some megabytes.
pub(super) const MAX_RECORD: u64 = 24 << 20;

/// Rows of RECORD: so many for each member, and these. Bytecode may be listed that an
/// installer makes.
pub(super) const MAX_ROWS_OF_MEMBER: usize = 4;
pub(super) const MAX_OTHER_ROWS: usize = 10_000;

/// METADATA has a description, often with pictures in it.
pub(super) const MAX_METADATA: u64 = 16 << 20;

/// `WHEEL` and `entry_points.txt`, which have some lines.
pub(super) const MAX_SMALL: u64 = 1 << 20;

/// Commands of a distribution: the largest have some hundred.
pub(super) const MAX_COMMANDS: usize = 5_000;

/// How the zip of a wheel is read.
pub(super) const RULES: ArchiveRules = ArchiveRules {
    max_unpacked: MAX_UNPACKED,
    links_are_files: false,
};
