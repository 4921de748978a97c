//! The zip of a built wheel, written anew.

use std::io::{self, Write};

use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::wheel::Unpacked;

/// Packs the files of a wheel without compressing them.
///
/// Backends differ in order, times and compression, and between their own
/// versions; a layer has none of it. What is stored here, the layer's own writer
/// compresses, in one way on every machine.
pub(super) fn stored(mut members: Vec<Unpacked>) -> io::Result<Vec<u8>> {
    members.sort_by(|a, b| a.name.cmp(&b.name));
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for member in members {
        let mode = if member.executable { 0o755 } else { 0o644 };
        let (mut entry, config) = archive
            .new_file(member.name.as_str())
            .compression_method(CompressionMethod::STORE)
            .unix_permissions(mode)
            .start()
            .map_err(io::Error::other)?;
        let mut writer = config.wrap(&mut entry);
        writer.write_all(&member.bytes)?;
        let (_, descriptor) = writer.finish().map_err(io::Error::other)?;
        entry.finish(descriptor).map_err(io::Error::other)?;
    }
    archive.finish().map_err(io::Error::other)
}
