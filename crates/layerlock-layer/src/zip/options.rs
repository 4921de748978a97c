//! What a zip is asked for, and what is told of it.

use layerlock_digest::Digest;
use serde::Serialize;

use super::time::EntryTime;

/// How a zip is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct ZipOptions {
    /// How its members are compressed.
    pub compression: Compression,
    /// The time that every member has.
    pub time: EntryTime,
}

/// How the members of a zip are compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum Compression {
    /// Deflate streams are copied out of archives as they are; what comes
    /// otherwise is deflated, but for files that are archives themselves (jars).
    #[default]
    Copy,
    /// Everything is compressed as well as deflate goes, with all cores. A stream
    /// that was smaller stays.
    Best,
    /// Nothing is compressed.
    Store,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZipSummary {
    /// Bytes of the zip.
    pub size: u64,
    /// SHA-256 of the zip.
    pub digest: Digest,
    /// CRC-64/XZ of the zip.
    pub crc64: u64,
    /// Compressed bytes that each owner takes up in it, without headers, by
    /// [`OwnerId`](crate::OwnerId).
    pub zipped_sizes: Vec<u64>,
    /// The same of each entry, in the order of the plan.
    pub entry_sizes: Vec<u64>,
}
