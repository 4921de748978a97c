//! The zip of a built wheel, written anew.

use std::io::{self, Write};

use layerlock_layer::archive::{ArchiveProblem, RawMember};
use rawzip::{CompressionMethod, ZipArchiveWriter};

use super::metadata::Rewritten;

/// Packs the files of a wheel without compressing them, and without holding one of them in
/// memory. The outer error is that of `out`.
///
/// Backends differ in order, times and compression, and between their own
/// versions; a layer has none of it. What is stored here, the layer's own writer
/// compresses, in one way on every machine.
pub(super) fn stored(
    members: &[RawMember<'_>],
    rewritten: &Rewritten,
    out: impl Write,
) -> io::Result<Result<(), ArchiveProblem>> {
    let mut members: Vec<&RawMember<'_>> = members.iter().collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    let mut archive = ZipArchiveWriter::new(out);
    for member in members {
        let mode = if member.executable { 0o755 } else { 0o644 };
        let (mut entry, config) = archive
            .new_file(member.name.as_str())
            .compression_method(CompressionMethod::STORE)
            .unix_permissions(mode)
            .start()
            .map_err(io::Error::other)?;
        let mut writer = config.wrap(&mut entry);
        let copied = match rewritten.get(member.name.as_str()) {
            Some(bytes) => Ok(writer.write_all(bytes)?),
            None => copy(member, &mut writer)?,
        };
        let (_, descriptor) = writer.finish().map_err(io::Error::other)?;
        entry.finish(descriptor).map_err(io::Error::other)?;
        if let Err(problem) = copied {
            return Ok(Err(problem));
        }
    }
    archive.finish().map_err(io::Error::other)?.flush()?;
    Ok(Ok(()))
}

fn copy(member: &RawMember<'_>, to: &mut impl Write) -> io::Result<Result<(), ArchiveProblem>> {
    let mut written = Ok(());
    let read = member.read_into(|piece| {
        if written.is_ok() {
            written = to.write_all(piece);
        }
    });
    written.map(|()| read.map(drop))
}

#[cfg(test)]
mod tests {
    use layerlock_testkit::WheelBuilder;

    use super::*;

    /// What a built wheel is packed to.
    fn packed(wheel: &[u8], rewritten: &Rewritten) -> Result<Vec<u8>, String> {
        let members = crate::wheel::members(&wheel, wheel.len() as u64).map_err(|e| e.to_string());
        let mut out = Vec::new();
        let packed = stored(&members?, rewritten, &mut out).unwrap();
        packed.map(|()| out).map_err(|problem| problem.to_string())
    }

    #[test]
    fn how_a_backend_packs_makes_no_difference() {
        let files = || {
            WheelBuilder::new("demo", "1.0")
                .file("demo/large.bin", vec![7; 300_000])
                .executable("demo/run", "#!/bin/sh\n")
        };
        let rewritten = Rewritten::from([("demo/run".to_owned(), b"new".to_vec())]);
        let deflated = packed(&files().build().bytes, &rewritten).unwrap();
        let stored = packed(&files().stored().build().bytes, &rewritten).unwrap();
        let streamed = packed(&files().streamed().build().bytes, &rewritten).unwrap();
        assert!(deflated == stored && stored == streamed);
        let (deflated, length) = (&deflated[..], deflated.len() as u64);
        let members = crate::wheel::members(&deflated, length);
        let members = members.unwrap_or_else(|problem| panic!("{problem}"));
        assert!(members.is_sorted_by_key(|member| member.name.as_str().to_owned()));
        let run = members.last().unwrap();
        assert_eq!((run.name.as_str(), run.executable), ("demo/run", true));
        assert_eq!(run.bytes().unwrap(), b"new");
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        let wheel = WheelBuilder::new("demo", "1.0").stored();
        let mut bytes = wheel.file("demo/a.py", "some text").build().bytes;
        let text = b"some text";
        let at = bytes.windows(text.len()).position(|bytes| bytes == text);
        bytes[at.unwrap()] ^= 1;
        let problem = packed(&bytes, &Rewritten::default()).unwrap_err();
        assert!(problem.contains("checksum"), "{problem}");
    }
}
