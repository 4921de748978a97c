//! Compressing what has to be compressed, before the zip is written.
//!
//! A local header has the compressed size, so that has to be known first. The
//! entries are compressed by all cores, the largest first, each into the temporary
//! file of its thread; the writer then copies them out in the order of the plan.
//!
//! The output of both encoders depends on their input alone, not on the processor
//! or on how the work was spread: `miniz_oxide` is fed in pieces of one size, and
//! `libdeflate` makes its decisions in integers.

use std::cmp::Reverse;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use fs_err as fs;
use libdeflater::{CompressionLvl, Compressor};
use miniz_oxide::deflate::core::{CompressorOxide, create_comp_flags_from_zip_params};
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::{MZError, MZFlush, MZStatus};

use super::memory;
use super::options::Compression;
use crate::parallel::{Schedule, with_state};
use crate::source::{Archives, MAX_AT_ONCE};
use crate::{Entry, EntrySource, Error, LayerPlan, Method};

/// Entries that were compressed, in temporary files.
pub(super) struct Pack {
    files: Vec<fs::File>,
    /// By index of the entry; `None` is left to the writer.
    entries: Vec<Option<Packed>>,
}

/// A compressed entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packed {
    file: usize,
    offset: u64,
    /// Compressed bytes: fewer than the entry has.
    pub(super) size: u64,
}

impl Pack {
    /// Compresses the entries for which it is of use. `directory` has room for
    /// temporary files.
    pub(super) fn new(
        plan: &LayerPlan,
        compression: Compression,
        directory: &Path,
    ) -> Result<Self, Error> {
        let mut work: Vec<usize> = (0..plan.entries().len())
            .filter(|&index| is_of_use(&plan.entries()[index], compression))
            .collect();
        work.sort_by_key(|&index| Reverse(plan.entries()[index].source.size()));
        let (packed, packers) = with_state(
            &work,
            Schedule::InOrder,
            |file| Packer::new(plan, compression, directory, file),
            |packer, &index| packer.pack(&plan.entries()[index]),
        )?;
        let mut entries = vec![None; plan.entries().len()];
        for (index, packed) in work.into_iter().zip(packed) {
            entries[index] = packed;
        }
        Ok(Self {
            files: packers.into_iter().map(|packer| packer.file).collect(),
            entries,
        })
    }

    /// The entry of this index, if it was compressed.
    pub(super) fn entry(&self, index: usize) -> Option<Packed> {
        self.entries[index]
    }

    /// Copies a compressed entry out.
    pub(super) fn copy(&mut self, packed: Packed, out: &mut impl Write) -> io::Result<()> {
        let file = &mut self.files[packed.file];
        file.seek(SeekFrom::Start(packed.offset))?;
        let copied = io::copy(&mut file.take(packed.size), out)?;
        if copied == packed.size {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

fn is_of_use(entry: &Entry, compression: Compression) -> bool {
    let is_deflated = matches!(
        &entry.source,
        EntrySource::Member(_, member) if member.method == Method::Deflated
    );
    entry.source.size() > 0
        && !entry.source.is_link()
        && match compression {
            Compression::Copy => !is_deflated && !is_archive(&entry.source),
            Compression::Best => true,
            Compression::Store => false,
        }
}

/// Whether it is compressed already, as a jar is: what is left to gain takes long.
fn is_archive(source: &EntrySource) -> bool {
    matches!(source, EntrySource::File(file) if file.starts_with(b"PK\x03\x04"))
}

/// The best encoder gives its output as a whole. Where that may be more, the other one is
/// taken: memory must not be twice a large file.
const MAX_PACKED: u64 = 16 << 20;

/// What one thread needs.
struct Packer<'a> {
    archives: Archives<'a>,
    best: Option<Compressor>,
    file: fs::File,
    number: usize,
    position: u64,
    directory: &'a Path,
}

impl<'a> Packer<'a> {
    fn new(
        plan: &'a LayerPlan,
        compression: Compression,
        directory: &'a Path,
        number: usize,
    ) -> Result<Self, Error> {
        let file =
            tempfile::tempfile_in(directory).map_err(Error::io("create a file in", directory))?;
        Ok(Self {
            archives: Archives::new(plan),
            best: (compression == Compression::Best)
                .then(|| Compressor::new(CompressionLvl::best())),
            file: fs::File::from_parts(file, directory.join("temporary")),
            number,
            position: 0,
            directory,
        })
    }

    /// Compresses an entry. Nothing where that makes it no smaller than it is, or
    /// than the archive has it.
    fn pack(&mut self, entry: &Entry) -> Result<Option<Packed>, Error> {
        let limit = match &entry.source {
            EntrySource::Member(_, member) => member.compressed_size.min(member.size),
            source => source.size(),
        };
        let offset = self.position;
        let is_small = entry.source.size() < MAX_AT_ONCE;
        let best = match self.best.take_if(|_| is_small) {
            Some(mut best) => {
                let result = self.pack_best(&mut best, entry, limit);
                self.best = Some(best);
                result?
            }
            None => None,
        };
        let size = match best {
            Some(size) => size,
            None => self.pack_streaming(entry)?,
        };
        self.position += size;
        Ok((0 < size && size < limit).then_some(Packed {
            file: self.number,
            offset,
            size,
        }))
    }

    /// Gives the compressed size; 0 where nothing was written, since it would be of no use.
    /// Nothing where that takes too much memory.
    fn pack_best(
        &mut self,
        best: &mut Compressor,
        entry: &Entry,
        limit: u64,
    ) -> Result<Option<u64>, Error> {
        // What does not fit is of no use.
        let of_use = limit.saturating_sub(1);
        let room = of_use.min(MAX_PACKED);
        // A small file is unpacked at once, from its compressed bytes.
        let _memory = memory::take(entry.source.size() + 2 * room);
        let bytes = match entry.source.size() {
            ..=MAX_PACKED => self.archives.read(entry)?,
            _ => self.archives.read_in_pieces(entry)?,
        };
        let mut compressed = vec![0; usize::try_from(room).unwrap_or(usize::MAX)];
        let Some(size) = best.deflate_compress(&bytes, &mut compressed).ok() else {
            return Ok((room == of_use).then_some(0));
        };
        self.file
            .write_all(&compressed[..size])
            .map_err(Error::io("write a file in", self.directory))?;
        Ok(Some(size as u64))
    }

    fn pack_streaming(&mut self, entry: &Entry) -> Result<u64, Error> {
        let Self {
            archives,
            file,
            directory,
            ..
        } = self;
        let mut deflater = Deflater::new(file);
        archives
            .copy(entry, &mut |piece| deflater.take(piece))
            .and_then(|()| Ok(deflater.finish()?))
            .map_err(|error| archives.error(error, entry, directory))
    }
}

/// Deflates what comes in, in pieces of one size whatever it comes in.
struct Deflater<'a> {
    compressor: Box<CompressorOxide>,
    input: Vec<u8>,
    output: Vec<u8>,
    out: &'a mut fs::File,
    written: u64,
}

const PIECE: usize = 256 << 10;
/// The best that the encoder does; what it is used for is small.
const LEVEL: i32 = 9;
/// No zlib header around the stream.
const RAW: i32 = -15;

impl<'a> Deflater<'a> {
    fn new(out: &'a mut fs::File) -> Self {
        let flags = create_comp_flags_from_zip_params(LEVEL, RAW, 0);
        Self {
            compressor: Box::new(CompressorOxide::new(flags)),
            input: Vec::with_capacity(PIECE),
            output: vec![0; PIECE],
            out,
            written: 0,
        }
    }

    fn take(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let fitting = bytes.len().min(PIECE - self.input.len());
            self.input.extend_from_slice(&bytes[..fitting]);
            bytes = &bytes[fitting..];
            if self.input.len() == PIECE {
                self.pass(MZFlush::None)?;
            }
        }
        Ok(())
    }

    /// The compressed size.
    fn finish(mut self) -> io::Result<u64> {
        self.pass(MZFlush::Finish)?;
        Ok(self.written)
    }

    fn pass(&mut self, flush: MZFlush) -> io::Result<()> {
        let mut rest = &self.input[..];
        loop {
            let result = deflate(&mut self.compressor, rest, &mut self.output, flush);
            rest = &rest[result.bytes_consumed..];
            self.out.write_all(&self.output[..result.bytes_written])?;
            self.written += result.bytes_written as u64;
            match result.status {
                Ok(MZStatus::StreamEnd) => break,
                // `Buf` is no error: there was nothing to do.
                Ok(_) | Err(MZError::Buf) if flush == MZFlush::None && rest.is_empty() => break,
                Ok(_) => {}
                Err(error) => return Err(io::Error::other(format!("{error:?}"))),
            }
        }
        self.input.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deflates bytes that come in pieces of this size.
    fn deflated(bytes: &[u8], size: usize) -> Vec<u8> {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("deflated");
        let mut file = fs::File::create(&path).unwrap();
        let mut deflater = Deflater::new(&mut file);
        for (number, piece) in bytes.chunks(size).enumerate() {
            deflater.take(piece).unwrap();
            // What came before is handed on in whole pieces.
            let taken = number * size + piece.len();
            assert_eq!(deflater.input.len(), taken % PIECE);
        }
        let written = deflater.finish().unwrap();
        let deflated = fs::read(&path).unwrap();
        assert_eq!(written, deflated.len() as u64);
        deflated
    }

    #[test]
    fn the_pieces_that_come_in_make_no_difference() {
        let bytes: Vec<u8> = (0..250_000_u32).flat_map(u32::to_le_bytes).collect();
        let whole = deflated(&bytes, bytes.len());
        let mut inflated = Vec::new();
        flate2::read::DeflateDecoder::new(&whole[..])
            .read_to_end(&mut inflated)
            .unwrap();
        assert!(inflated == bytes);
        for size in [777, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE / 2] {
            assert!(deflated(&bytes, size) == whole, "{size}");
        }
    }

    /// The stream of such bytes is longer than they are: more than one piece of output
    /// comes of a piece of input.
    #[test]
    fn what_deflate_makes_longer_is_whole() {
        let mut state = 1_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .take(5 * PIECE)
        .collect();
        for size in [PIECE - 40, PIECE, 3 * PIECE, 5 * PIECE - 1, 5 * PIECE] {
            let stream = deflated(&noise[..size], PIECE);
            assert!(stream.len() > size);
            let mut inflated = Vec::new();
            flate2::read::DeflateDecoder::new(&stream[..])
                .read_to_end(&mut inflated)
                .unwrap();
            assert!(inflated == noise[..size], "{size}");
        }
    }

    #[test]
    fn nothing_is_a_stream_too() {
        let nothing = deflated(&[], 1);
        let mut inflated = Vec::new();
        flate2::read::DeflateDecoder::new(&nothing[..])
            .read_to_end(&mut inflated)
            .unwrap();
        assert!(inflated.is_empty() && !nothing.is_empty());
    }
}
