//! The deterministic zip writer.

mod container;
mod memory;
mod options;
mod pack;
mod sink;
mod time;

use std::path::Path;

use crate::output::{OutputFile, Prepared, parent};
use crate::source::Archives;
use crate::{EntrySource, Error, LayerPlan, Method};
use container::{Directory, Header, LINK, REGULAR_FILE};
pub use options::{Compression, ZipOptions, ZipSummary};
use pack::Pack;
use sink::Sink;
pub use time::EntryTime;

/// Writes a plan as a zip, in one pass, to be published at `path`.
///
/// What has to be compressed is compressed before, by encoders whose output
/// depends on their input alone, and waits in temporary files: memory does not
/// grow with the layer, only (and only for [`Compression::Best`]) with its largest
/// file, of which there is one in memory at a time.
pub fn prepare_zip(
    plan: &LayerPlan,
    path: &Path,
    options: ZipOptions,
) -> Result<(ZipSummary, Prepared), Error> {
    let mut output = OutputFile::beside(path)?;
    let pack = Pack::new(plan, options.compression, parent(path))?;
    let summary = write_into(plan, path, options, pack, Sink::new(output.file()))?;
    Ok((summary, output.into()))
}

fn write_into(
    plan: &LayerPlan,
    path: &Path,
    options: ZipOptions,
    mut pack: Pack,
    mut sink: Sink<'_>,
) -> Result<ZipSummary, Error> {
    let mut archives = Archives::new(plan);
    let mut directory = Directory::new(options.time);
    let mut zipped_sizes = vec![0; plan.owners().len()];
    let mut entry_sizes = Vec::with_capacity(plan.entries().len());
    for (index, entry) in plan.entries().iter().enumerate() {
        let size = entry.source.size();
        let packed = pack.entry(index);
        let (method, compressed_size) = match (packed, &entry.source) {
            (Some(packed), _) => (Method::Deflated, packed.size),
            (None, EntrySource::Member(_, member))
                if member.method == Method::Deflated
                    && options.compression != Compression::Store =>
            {
                (Method::Deflated, member.compressed_size)
            }
            _ => (Method::Stored, size),
        };
        let header = Header {
            name: entry.path.as_str(),
            unix_mode: if entry.source.is_link() {
                LINK
            } else {
                REGULAR_FILE | entry.mode.bits()
            },
            method,
            crc32: entry.source.crc32(),
            compressed_size,
            size,
        };
        let offset = sink.position();
        directory
            .begin(&mut sink, offset, &header)
            .map_err(Error::io("write", path))?;
        let copied = match (packed, &entry.source, method) {
            (Some(packed), ..) => pack
                .copy(packed, &mut sink)
                .map_err(Error::io("write", path)),
            (None, EntrySource::Member(id, member), Method::Deflated) => {
                { archives.copy_compressed(*id, member, &mut |piece| sink.take(piece)) }
                    .map_err(|error| archives.error(error, entry, path))
            }
            _ => archives
                .copy(entry, &mut |piece| sink.take(piece))
                .map_err(|error| archives.error(error, entry, path)),
        };
        copied?;
        zipped_sizes[entry.owner.index()] += compressed_size;
        entry_sizes.push(compressed_size);
    }

    let offset = sink.position();
    directory
        .finish(&mut sink, offset)
        .map_err(Error::io("write", path))?;
    let finished = sink.finish(zipped_sizes, entry_sizes);
    finished.map_err(Error::io("write", path))
}

#[cfg(test)]
mod tests;
