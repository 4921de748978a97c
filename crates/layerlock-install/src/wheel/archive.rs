//! The zip archive of a wheel, read as a hostile one.

use std::collections::HashSet;
use std::io::Read;

use flate2::read::DeflateDecoder;
use layerlock_layer::{LayerPath, Method, PathError};
use layerlock_target::Limits;
use rawzip::{CompressionMethod, ZipArchive, ZipSliceEntry};

use super::WheelProblem;

/// A file of an archive whose headers have been checked, and its data not yet.
pub(super) struct RawMember<'a> {
    pub(super) name: LayerPath,
    pub(super) executable: bool,
    pub(super) method: Method,
    /// Where its data begins in the archive.
    pub(super) offset: u64,
    pub(super) crc32: u32,
    pub(super) size: u64,
    pub(super) data: &'a [u8],
}

/// What a wheel may unpack to: 16 times what a provider takes. Such a layer would
/// be refused anyway, with a finding that says so; this stops archives that are made
/// to fill a disk.
pub(super) const MAX_UNPACKED: u64 = 16 * Limits::AWS_LAMBDA.unzipped;

/// What is read into memory whole: metadata and scripts. The largest RECORDs have
/// some megabytes.
const MAX_IN_MEMORY: u64 = 64 << 20;

/// Lists the files of an archive. Folders have no place in a plan and are only
/// checked for their names.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<RawMember<'_>>, WheelProblem> {
    let not_a_zip = |error: rawzip::Error| WheelProblem::NotAZip(error.to_string());
    let archive = ZipArchive::from_slice(bytes).map_err(not_a_zip)?;
    let mut members = Vec::new();
    let mut names = HashSet::new();
    let mut extents = Vec::new();
    let mut unpacked: u64 = 0;
    let mut entries = archive.entries();
    while let Some(header) = entries.next_entry().map_err(not_a_zip)? {
        let raw_name = header.file_path();
        let shown = String::from_utf8_lossy(raw_name.as_bytes()).into_owned();
        let entry = archive.get_entry(header.wayfinder()).map_err(not_a_zip)?;
        check_local_header(&entry, &header, &shown)?;
        let (data_start, data_end) = entry.compressed_data_range();
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
            crc32: header.crc32(),
            size: header.uncompressed_size_hint(),
            data: slice(bytes, data_start, data_end)
                .ok_or_else(|| WheelProblem::NotAZip("a member lies outside of it".to_owned()))?,
        });
    }
    refuse_overlaps(extents)?;
    Ok(members)
}

fn slice(bytes: &[u8], start: u64, end: u64) -> Option<&[u8]> {
    bytes.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

const FILE_TYPE: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;

/// Readers that stream trust the local header, others the central directory. An
/// archive that tells them different things is made to deceive.
fn check_local_header(
    entry: &ZipSliceEntry<'_>,
    central: &rawzip::ZipFileHeaderRecord<'_>,
    name: &str,
) -> Result<(), WheelProblem> {
    let local = entry.local_header();
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
    let not_a_zip = |error: rawzip::Error| WheelProblem::NotAZip(error.to_string());
    if let Some(descriptor) = entry.data_descriptor().map_err(not_a_zip)? {
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
        if self.size > MAX_IN_MEMORY {
            return Err(self.problem("is too large for what it is"));
        }
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
    pub(super) fn starts_with(&self, start: [u8; 4]) -> bool {
        let mut first = [0; 4];
        match self.method {
            Method::Stored => self.data.starts_with(&start),
            Method::Deflated => {
                DeflateDecoder::new(self.data)
                    .read_exact(&mut first)
                    .is_ok()
                    && first == start
            }
        }
    }

    /// Unpacks the data piece by piece, and checks its size and checksum.
    pub(super) fn read_into(&self, mut take: impl FnMut(&[u8])) -> Result<(), WheelProblem> {
        let mut checksum = crc32fast::Hasher::new();
        let mut left = self.size;
        let mut each = |piece: &[u8]| {
            left = left.checked_sub(piece.len() as u64)?;
            checksum.update(piece);
            take(piece);
            Some(())
        };
        let too_long = || self.problem("unpacks to more than its header says");
        match self.method {
            Method::Stored => each(self.data).ok_or_else(too_long)?,
            Method::Deflated => {
                let mut decoder = DeflateDecoder::new(self.data);
                let mut buffer = vec![0; 64 << 10];
                loop {
                    let read = decoder
                        .read(&mut buffer)
                        .map_err(|_| self.problem("cannot be unpacked"))?;
                    if read == 0 {
                        break;
                    }
                    each(&buffer[..read]).ok_or_else(too_long)?;
                }
                if decoder.total_in() != self.data.len() as u64 {
                    return Err(self.problem("has bytes after its compressed data"));
                }
            }
        }
        if left != 0 {
            return Err(self.problem("unpacks to less than its header says"));
        }
        if checksum.finalize() != self.crc32 {
            return Err(self.problem("does not have the checksum that its header says"));
        }
        Ok(())
    }

    fn problem(&self, problem: &'static str) -> WheelProblem {
        WheelProblem::Data {
            name: self.name.to_string(),
            problem,
        }
    }
}
