//! The zip archive of a wheel, read as a hostile one.
//!
//! It is read piece by piece from where it lies, mostly a file: wheels may be
//! hundreds of megabytes, and several are read at once.

use std::collections::HashSet;
use std::io::{self, Read};

use flate2::read::DeflateDecoder;
use layerlock_layer::{LayerPath, Method, PathError};
use layerlock_target::Limits;
use rawzip::{
    CompressionMethod, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ReaderAt, ZipEntry, ZipLocator,
};

use super::WheelProblem;

/// A file of an archive whose headers have been checked, and its data not yet.
pub(super) struct RawMember<'a> {
    pub(super) name: LayerPath,
    pub(super) executable: bool,
    pub(super) method: Method,
    /// Where its data begins in the archive.
    pub(super) offset: u64,
    pub(super) compressed_size: u64,
    pub(super) crc32: u32,
    pub(super) size: u64,
    pub(super) archive: &'a dyn ReaderAt,
}

/// What a wheel may unpack to: 16 times what a provider takes. Such a layer would
/// be refused anyway, with a finding that says so; this stops archives that are made
/// to fill a disk.
pub(crate) const MAX_UNPACKED: u64 = 16 * Limits::AWS_LAMBDA.unzipped;

/// What is read into memory whole: metadata and scripts. The largest RECORDs have
/// some megabytes.
pub(super) const MAX_IN_MEMORY: u64 = 64 << 20;

/// As much is read at once.
const PIECE: usize = 64 << 10;

/// Lists the files of a wheel of this many bytes. Folders have no place in a plan
/// and are only checked for their names.
pub(super) fn read(reader: &dyn ReaderAt, length: u64) -> Result<Vec<RawMember<'_>>, WheelProblem> {
    read_with(reader, length, false)
}

/// Lists the files of an archive, in which a link may be one: the file that pip
/// makes of it, with the link's target as its text.
pub(super) fn read_with(
    reader: &dyn ReaderAt,
    length: u64,
    links_are_files: bool,
) -> Result<Vec<RawMember<'_>>, WheelProblem> {
    let not_a_zip = |error: rawzip::Error| WheelProblem::NotAZip(error.to_string());
    // Both hold the longest record that there can be.
    let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let mut local_buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let archive = ZipLocator::new()
        .locate_in_reader(reader, &mut buffer, length)
        .map_err(|(_, error)| not_a_zip(error))?;
    let mut members = Vec::new();
    let mut names = HashSet::new();
    let mut extents = Vec::new();
    let mut unpacked: u64 = 0;
    let mut entries = archive.entries(&mut buffer);
    while let Some(header) = entries.next_entry().map_err(not_a_zip)? {
        let raw_name = header.file_path();
        let shown = String::from_utf8_lossy(raw_name.as_bytes()).into_owned();
        let entry = archive.get_entry(header.wayfinder()).map_err(not_a_zip)?;
        check_local_header(&entry, &header, &shown, &mut local_buffer)?;
        let (data_start, data_end) = entry.compressed_data_range();
        if data_end > length {
            return Err(WheelProblem::NotAZip(format!(
                "the member {shown:?} lies outside of it"
            )));
        }
        extents.push((header.local_header_offset(), data_end, shown.clone()));

        let file_name = shown.strip_suffix('/').unwrap_or(&shown);
        let name = LayerPath::new(file_name).map_err(|reason| WheelProblem::Name {
            name: shown.clone(),
            reason,
        })?;
        if shown.contains(char::REPLACEMENT_CHARACTER) {
            // Not UTF-8: what it is called depends on who reads it.
            return Err(WheelProblem::Name {
                name: shown,
                reason: PathError::Encoding,
            });
        }
        if !names.insert(shown.clone()) {
            return Err(WheelProblem::Duplicate(shown));
        }
        let mode = header.mode().value();
        match mode & FILE_TYPE {
            DIRECTORY => continue,
            _ if header.is_dir() => continue,
            REGULAR | 0 => {}
            LINK if links_are_files => {}
            _ => return Err(WheelProblem::Special(shown)),
        }
        if header.flags().is_encrypted() || header.flags().has_strong_encryption() {
            return Err(WheelProblem::Encrypted(shown));
        }
        let method = match header.compression_method() {
            CompressionMethod::STORE => Method::Stored,
            CompressionMethod::DEFLATE => Method::Deflated,
            other => {
                return Err(WheelProblem::Method {
                    name: shown,
                    method: other.as_u16(),
                });
            }
        };
        unpacked = unpacked.saturating_add(header.uncompressed_size_hint());
        if unpacked > MAX_UNPACKED {
            return Err(WheelProblem::TooLarge(unpacked));
        }
        members.push(RawMember {
            name,
            // "the x bits": any of them, as pip reads it.
            executable: mode & 0o111 != 0,
            method,
            offset: data_start,
            compressed_size: data_end - data_start,
            crc32: header.crc32(),
            size: header.uncompressed_size_hint(),
            archive: reader,
        });
    }
    refuse_overlaps(extents)?;
    Ok(members)
}

const FILE_TYPE: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

/// Readers that stream trust the local header, others the central directory. An
/// archive that tells them different things is made to deceive.
fn check_local_header(
    entry: &ZipEntry<'_, &dyn ReaderAt>,
    central: &rawzip::ZipFileHeaderRecord<'_>,
    name: &str,
    buffer: &mut [u8],
) -> Result<(), WheelProblem> {
    let not_a_zip = |error: rawzip::Error| WheelProblem::NotAZip(error.to_string());
    let local = entry.local_header(buffer).map_err(not_a_zip)?;
    let differ = |field| {
        Err(WheelProblem::HeadersDiffer {
            name: name.to_owned(),
            field,
        })
    };
    if local.file_path().as_bytes() != central.file_path().as_bytes() {
        return differ("name");
    }
    if local.compression_method() != central.compression_method() {
        return differ("compression method");
    }
    if local.flags().is_encrypted() != central.flags().is_encrypted() {
        return differ("encryption flag");
    }
    let claimed = [
        central.crc32().into(),
        central.compressed_size_hint(),
        central.uncompressed_size_hint(),
    ];
    let mut also_claimed = vec![[
        local.crc32().into(),
        local.compressed_size_hint(),
        local.uncompressed_size_hint(),
    ]];
    // With a data descriptor the local fields may be zero, and the descriptor says
    // what they are (APPNOTE 4.4.4, bit 3).
    if let Some(descriptor) = entry.reader().data_descriptor().map_err(not_a_zip)? {
        also_claimed[0] = std::array::from_fn(|at| match also_claimed[0][at] {
            0 => claimed[at],
            other => other,
        });
        also_claimed.push([
            descriptor.crc32().into(),
            descriptor.compressed_size(),
            descriptor.uncompressed_size(),
        ]);
    }
    for [checksum, packed, unpacked] in also_claimed {
        if checksum != claimed[0] {
            return differ("checksum");
        }
        if [packed, unpacked] != claimed[1..] {
            return differ("size");
        }
    }
    Ok(())
}

fn refuse_overlaps(mut extents: Vec<(u64, u64, String)>) -> Result<(), WheelProblem> {
    extents.sort_unstable();
    for pair in extents.windows(2) {
        if let [(_, end, _), (start, _, name)] = pair
            && start < end
        {
            return Err(WheelProblem::Overlap(name.clone()));
        }
    }
    Ok(())
}

impl RawMember<'_> {
    /// Unpacks the data, which must have the size and the checksum claimed.
    ///
    /// For what is small by its nature; what a layer holds is read in pieces.
    pub(super) fn small(&self) -> Result<Vec<u8>, WheelProblem> {
        self.within(&mut { MAX_IN_MEMORY })
    }

    /// The same for one of several, for which there is so much room together.
    pub(super) fn within(&self, room: &mut u64) -> Result<Vec<u8>, WheelProblem> {
        *room = room
            .checked_sub(self.size)
            .ok_or_else(|| self.problem("is too large for what it is"))?;
        self.bytes()
    }

    /// Unpacks the data, which must have the size and the checksum claimed.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, WheelProblem> {
        let mut bytes = Vec::new();
        self.read_into(|piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    /// The data as text.
    pub(super) fn text(&self) -> Result<String, WheelProblem> {
        String::from_utf8(self.small()?).map_err(|_| self.problem("is not UTF-8"))
    }

    /// Whether its data begins with these bytes.
    pub(super) fn starts_with<const N: usize>(&self, start: [u8; N]) -> bool {
        let mut first = [0; N];
        let mut data = self.data();
        let read = match self.method {
            Method::Stored => data.read_exact(&mut first),
            Method::Deflated => DeflateDecoder::new(data).read_exact(&mut first),
        };
        read.is_ok() && first == start
    }

    /// Unpacks the data piece by piece, and checks its size and checksum. Gives
    /// the CRC-32 of the data as it lies in the archive.
    pub(super) fn read_into(&self, mut take: impl FnMut(&[u8])) -> Result<u32, WheelProblem> {
        let mut checksum = crc32fast::Hasher::new();
        let mut left = self.size;
        let mut buffer = vec![0; piece_of(self.size)];
        let mut source = match self.method {
            Method::Stored => Packed::Stored(self.data()),
            Method::Deflated => {
                let room = vec![0; piece_of(self.compressed_size)];
                Packed::Deflated(DeflateDecoder::new_with_buf(self.data(), room))
            }
        };
        loop {
            let read = match &mut source {
                Packed::Stored(data) => data.read(&mut buffer),
                Packed::Deflated(decoder) => decoder.read(&mut buffer),
            };
            let piece = match read {
                Ok(0) => break,
                Ok(read) => &buffer[..read],
                Err(_) => return Err(self.problem("cannot be unpacked")),
            };
            left = left
                .checked_sub(piece.len() as u64)
                .ok_or_else(|| self.problem("unpacks to more than its header says"))?;
            checksum.update(piece);
            take(piece);
        }
        let data = match source {
            Packed::Stored(data) => data,
            Packed::Deflated(decoder) if decoder.total_in() != self.compressed_size => {
                return Err(self.problem("has bytes after its compressed data"));
            }
            Packed::Deflated(decoder) => decoder.into_inner(),
        };
        if left != 0 {
            return Err(self.problem("unpacks to less than its header says"));
        }
        if checksum.finalize() != self.crc32 {
            return Err(self.problem("does not have the checksum that its header says"));
        }
        Ok(data.checksum.finalize())
    }

    /// The data as it lies in the archive.
    fn data(&self) -> Data<'_> {
        Data {
            archive: self.archive,
            at: self.offset,
            left: self.compressed_size,
            checksum: crc32fast::Hasher::new(),
        }
    }

    fn problem(&self, problem: &'static str) -> WheelProblem {
        WheelProblem::Data {
            name: self.name.to_string(),
            problem,
        }
    }
}

enum Packed<'a> {
    Stored(Data<'a>),
    Deflated(DeflateDecoder<Data<'a>>),
}

/// A range of an archive, and the checksum of what was read of it.
struct Data<'a> {
    archive: &'a dyn ReaderAt,
    at: u64,
    left: u64,
    checksum: crc32fast::Hasher,
}

impl Read for Data<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let read = self.archive.read_at(&mut buffer[..most], self.at)?;
        self.at += read as u64;
        self.left -= read as u64;
        self.checksum.update(&buffer[..read]);
        Ok(read)
    }
}

/// Room for all of it, but for no more than a piece, and for something.
fn piece_of(size: u64) -> usize {
    usize::try_from(size).unwrap_or(PIECE).clamp(1, PIECE)
}
