//! Any zip archive, read as a hostile one.
//!
//! Names, headers and sizes are checked before the first byte is unpacked, and what is
//! unpacked is compared with them. An archive is read piece by piece from where it
//! lies, mostly a file: it may have hundreds of megabytes, and several are read at
//! once.

mod end;
mod problem;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io::{self, Read};
use std::ops::ControlFlow;

use flate2::read::DeflateDecoder;
use rawzip::extra_fields::{ExtraFieldId, ExtraFields};
use rawzip::{
    CompressionMethod, CreatorSystem, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ZipEntry,
    ZipFileHeaderRecord, ZipLocator,
};

use self::end::{Extent, ambiguous, check_end, check_extents, descriptor};
use crate::pieces::TakeUntil;
use crate::{LayerPath, Method, PathError};
pub use problem::ArchiveProblem;
pub use rawzip::{FileReader, ReaderAt};

/// What an archive may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveRules {
    /// Bytes that all of its files may have together, unpacked.
    pub max_unpacked: u64,
    /// Whether a symbolic link is taken for the file that pip makes of it, with the
    /// link's target as its text. Else it is refused.
    pub links_are_files: bool,
}

/// A file of an archive. Its headers have been checked, its data is when it is read.
#[derive(Clone)]
pub struct RawMember<'a> {
    /// Its name.
    pub name: LayerPath,
    /// Whether any of its execute bits is set.
    pub executable: bool,
    /// Whether it is a symbolic link, whose target is in the place of its bytes.
    pub is_link: bool,
    /// Its Unix file type and permissions, where the archive has such.
    pub mode: Option<u32>,
    /// How it is compressed.
    pub method: Method,
    /// Where its data begins, in bytes from the start of the archive.
    pub offset: u64,
    /// Bytes in the archive.
    pub compressed_size: u64,
    /// CRC-32 of the file.
    pub crc32: u32,
    /// Bytes of the file.
    pub size: u64,
    /// The archive.
    pub archive: &'a (dyn ReaderAt + Sync),
}

/// As much is read at once.
const PIECE: usize = 64 << 10;

/// Lists the files of an archive of `length` bytes, in the order of its central
/// directory. Directories have no place in a plan and are only checked for their names.
pub fn read(
    reader: &(dyn ReaderAt + Sync),
    length: u64,
    rules: ArchiveRules,
) -> Result<Vec<RawMember<'_>>, ArchiveProblem> {
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
    let mut count = 0;
    let mut directory = archive.directory_offset()..archive.directory_offset();
    let mut entries = archive.entries(&mut buffer);
    while let Some(header) = entries.next_entry().map_err(not_a_zip)? {
        let shown = String::from_utf8_lossy(header.file_path().as_bytes()).into_owned();
        count += 1;
        directory.end = end_of_record(&header);
        let entry = archive.get_entry(header.wayfinder()).map_err(not_a_zip)?;
        let descriptor = check_local_header(reader, &entry, &header, &shown, &mut local_buffer)?;
        let (start, end) = entry.compressed_data_range();
        if end > length {
            return Err(ArchiveProblem::NotAZip(format!(
                "the member {shown:?} lies outside of it"
            )));
        }
        extents.push(Extent {
            start: header.local_header_offset(),
            end,
            descriptor,
            name: shown.clone(),
        });
        let name = safe_name(&shown)?;
        if !names.insert(shown.clone()) {
            return Err(ArchiveProblem::Duplicate(shown));
        }
        if is_directory(&header, &shown, rules)? {
            continue;
        }
        if header.flags().is_encrypted() || header.flags().has_strong_encryption() {
            return Err(ArchiveProblem::Encrypted(shown));
        }
        let method = method(&header, shown)?;
        unpacked = unpacked.saturating_add(header.uncompressed_size_hint());
        if unpacked > rules.max_unpacked {
            return Err(ArchiveProblem::TooLarge(unpacked));
        }
        members.push(RawMember {
            name,
            // "the x bits": any of them, as pip reads it.
            executable: header.mode().value() & 0o111 != 0,
            is_link: header.mode().value() & FILE_TYPE == LINK,
            mode: unix_mode(&header),
            method,
            offset: start,
            compressed_size: end - start,
            crc32: header.crc32(),
            size: header.uncompressed_size_hint(),
            archive: reader,
        });
    }
    check_extents(extents, &directory)?;
    check_end(reader, length, archive.eocd_offset(), &directory, count)?;
    Ok(members)
}

/// File type and permissions, where a Unix system wrote some (APPNOTE 4.4.2.2): who writes
/// none leaves them to who unpacks.
fn unix_mode(header: &ZipFileHeaderRecord<'_>) -> Option<u32> {
    let system = header.version_made_by().creator_system();
    let has_modes = matches!(system, CreatorSystem::UNIX | CreatorSystem::MACOS);
    let mode = header.external_attributes() >> 16;
    (has_modes && mode != 0).then_some(mode)
}

/// Where a record of the central directory ends.
fn end_of_record(header: &ZipFileHeaderRecord<'_>) -> u64 {
    const FIXED: usize = 46;
    let name = header.file_path().as_bytes().len();
    let extra = header.extra_fields().remaining_bytes().len();
    let comment = header.comment().as_bytes().len();
    header.central_directory_offset() + (FIXED + name + extra + comment) as u64
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` hands on")]
fn not_a_zip(error: rawzip::Error) -> ArchiveProblem {
    ArchiveProblem::NotAZip(error.to_string())
}

/// The name of a file, or of a directory without the slash at its end.
fn safe_name(shown: &str) -> Result<LayerPath, ArchiveProblem> {
    let refused = |reason| ArchiveProblem::Name {
        name: shown.to_owned(),
        reason,
    };
    let name = LayerPath::new(shown.strip_suffix('/').unwrap_or(shown)).map_err(refused)?;
    if shown.contains(char::REPLACEMENT_CHARACTER) {
        // Not UTF-8: what it is called depends on who reads it.
        return Err(refused(PathError::Encoding));
    }
    Ok(name)
}

/// Tells directories from files, and refuses what is neither.
fn is_directory(
    header: &ZipFileHeaderRecord<'_>,
    shown: &str,
    rules: ArchiveRules,
) -> Result<bool, ArchiveProblem> {
    match header.mode().value() & FILE_TYPE {
        // By the slash at the end of its name alone, as other readers tell.
        _ if header.is_dir() => Ok(true),
        REGULAR | DIRECTORY | 0 => Ok(false),
        LINK if rules.links_are_files => Ok(false),
        _ => Err(ArchiveProblem::Special(shown.to_owned())),
    }
}

fn method(header: &ZipFileHeaderRecord<'_>, shown: String) -> Result<Method, ArchiveProblem> {
    match header.compression_method() {
        CompressionMethod::STORE => Ok(Method::Stored),
        CompressionMethod::DEFLATE => Ok(Method::Deflated),
        other => Err(ArchiveProblem::Method {
            name: shown,
            method: other.as_u16(),
        }),
    }
}

const FILE_TYPE: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

/// Readers that stream trust the local header, others the central directory. An
/// archive that tells them different things is made to deceive. Gives the length of the
/// data descriptor.
fn check_local_header(
    reader: &(dyn ReaderAt + Sync),
    entry: &ZipEntry<'_, &(dyn ReaderAt + Sync)>,
    central: &ZipFileHeaderRecord<'_>,
    name: &str,
    buffer: &mut [u8],
) -> Result<u64, ArchiveProblem> {
    let local = entry.local_header(buffer).map_err(not_a_zip)?;
    let differ = |field| {
        Err(ArchiveProblem::HeadersDiffer {
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
    for (id, data) in central.extra_fields().chain(local.extra_fields()) {
        // Version, checksum of the plain name, name (APPNOTE 4.6.9): zipfile obeys it.
        if id == ExtraFieldId::INFO_ZIP_UNICODE_PATH
            && data.get(5..) != Some(central.file_path().as_bytes())
        {
            return Err(ambiguous(&format!("member {name:?} has a second name")));
        }
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
    let mut descriptor_length = 0;
    if central.flags().has_data_descriptor() {
        let is_zip64 = has_field(local.extra_fields(), ExtraFieldId::ZIP64);
        let (_, end) = entry.compressed_data_range();
        let (told, length) = descriptor(reader, end, is_zip64, claimed)?;
        descriptor_length = length;
        also_claimed[0] = std::array::from_fn(|at| match also_claimed[0][at] {
            0 => claimed[at],
            other => other,
        });
        also_claimed.push(told);
    }
    for [checksum, packed, unpacked] in also_claimed {
        if checksum != claimed[0] {
            return differ("checksum");
        }
        if [packed, unpacked] != claimed[1..] {
            return differ("size");
        }
    }
    Ok(descriptor_length)
}

fn has_field(mut fields: ExtraFields<'_>, wanted: ExtraFieldId) -> bool {
    fields.any(|(id, _)| id == wanted)
}

impl RawMember<'_> {
    /// Unpacks the data, which must have the size and the checksum claimed.
    pub fn bytes(&self) -> Result<Vec<u8>, ArchiveProblem> {
        let mut bytes = Vec::new();
        self.read_into(|piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    /// The same for a member that has to fit into `room`, in bytes, of which it takes
    /// its part: for what is small by its nature. What a layer holds is read in pieces.
    pub fn bytes_within(&self, room: &mut u64) -> Result<Vec<u8>, ArchiveProblem> {
        *room = room
            .checked_sub(self.size)
            .ok_or_else(|| self.problem("is too large for what it is"))?;
        self.bytes()
    }

    /// The same as text, which has to be UTF-8.
    pub fn text_within(&self, room: &mut u64) -> Result<String, ArchiveProblem> {
        let bytes = self.bytes_within(room)?;
        String::from_utf8(bytes).map_err(|_| self.problem("is not UTF-8"))
    }

    /// Whether its data begins with these bytes.
    pub fn starts_with<const N: usize>(&self, start: [u8; N]) -> bool {
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
    pub fn read_into(&self, mut take: impl FnMut(&[u8])) -> Result<u32, ArchiveProblem> {
        let checksum = self.unpack(&mut |piece| {
            take(piece);
            ControlFlow::Continue(())
        })?;
        Ok(checksum.unwrap_or_default())
    }

    /// Unpacks the data piece by piece, until `take` has enough. Size and checksum are
    /// checked where it takes all.
    pub fn pieces(&self, take: TakeUntil<'_>) -> Result<(), ArchiveProblem> {
        self.unpack(take).map(drop)
    }

    /// The CRC-32 of the data as it lies in the archive; none where not all was taken.
    fn unpack(&self, take: TakeUntil<'_>) -> Result<Option<u32>, ArchiveProblem> {
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
            if take(piece).is_break() {
                return Ok(None);
            }
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
        Ok(Some(data.checksum.finalize()))
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

    fn problem(&self, problem: &'static str) -> ArchiveProblem {
        ArchiveProblem::Data {
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
    archive: &'a (dyn ReaderAt + Sync),
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
