//! Reading the bytes of entries.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::DeflateDecoder;
use fs_err::File;
use libdeflater::{DecompressionError, Decompressor};

use crate::pieces::TakeUntil;
use crate::planned_file::open_regular;
use crate::{ArchiveId, ArchiveMember, Entry, EntrySource, Error, LayerPlan, Method};

/// Reads what a plan says: the bytes of one entry after the other. Entries of one archive
/// are best read in its order, and each thread has a reader of its own.
pub struct EntryReader<'a>(Archives<'a>);

impl<'a> EntryReader<'a> {
    /// A reader of this plan's entries.
    pub fn new(plan: &'a LayerPlan) -> Self {
        Self(Archives::new(plan))
    }

    /// The unpacked bytes of an entry, checked against its CRC-32.
    pub fn read(&mut self, entry: &Entry) -> Result<Vec<u8>, Error> {
        self.0.read(entry)
    }

    /// Hands over the same piece by piece, so that an entry of any size takes no more memory
    /// than a piece. The checksum is compared at the end, unless `take` has enough before.
    pub fn pieces(&mut self, entry: &Entry, take: TakeUntil<'_>) -> Result<(), Error> {
        let mut has_enough = false;
        let copied = self.0.copy(entry, &mut |piece| {
            has_enough = take(piece).is_break();
            if has_enough {
                return Err(io::Error::other("no more is wanted"));
            }
            Ok(())
        });
        match copied {
            Err(error) if !has_enough => Err(self.0.error(error, entry, Path::new(""))),
            _ => Ok(()),
        }
    }
}

/// The archives of a plan. One is open at a time: entries that follow each other
/// are mostly of one, and threads times archives may be more files than a process
/// can have open.
pub(crate) struct Archives<'a> {
    plan: &'a LayerPlan,
    open: Option<(ArchiveId, File)>,
    buffer: Vec<u8>,
    inflater: Decompressor,
}

/// What can go wrong while bytes are copied.
pub(crate) enum CopyError {
    /// The source cannot be read.
    Read(io::Error),
    /// What is copied to does not take it.
    Write(io::Error),
    /// The source is not what it was.
    Changed(&'static str),
}

impl From<io::Error> for CopyError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// Takes bytes piece by piece.
type Take<'a> = &'a mut dyn FnMut(&[u8]) -> io::Result<()>;

const BUFFER_SIZE: usize = 256 << 10;

/// Larger entries are not brought into memory as a whole. No file of a layer comes
/// near: a provider takes less for all of it.
pub(crate) const MAX_AT_ONCE: u64 = 1 << 30;

impl<'a> Archives<'a> {
    pub(crate) fn new(plan: &'a LayerPlan) -> Self {
        Self {
            plan,
            open: None,
            buffer: Vec::new(),
            inflater: Decompressor::new(),
        }
    }

    /// The unpacked bytes of an entry, checked against its CRC-32.
    pub(crate) fn read(&mut self, entry: &Entry) -> Result<Vec<u8>, Error> {
        if let EntrySource::Member(id, member) = &entry.source
            && member.method == Method::Deflated
        {
            let inflated = self.inflate(*id, member);
            return inflated.map_err(|error| self.error(error, entry, Path::new("")));
        }
        self.read_in_pieces(entry)
    }

    /// The same without the compressed bytes in memory beside them.
    pub(crate) fn read_in_pieces(&mut self, entry: &Entry) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::with_capacity(usize::try_from(entry.source.size()).unwrap_or(0));
        let copied = self.copy(entry, &mut |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        });
        copied.map_err(|error| self.error(error, entry, Path::new("")))?;
        Ok(bytes)
    }

    /// All at once: more than twice as fast as piece by piece.
    fn inflate(&mut self, id: ArchiveId, member: &ArchiveMember) -> Result<Vec<u8>, CopyError> {
        let whole = |size: u64| {
            // A damaged cache may claim anything: no memory for that.
            let size = usize::try_from(size).ok().filter(|_| size < MAX_AT_ONCE);
            size.ok_or(CopyError::Changed("is larger than memory"))
        };
        let (size, compressed_size) = (whole(member.size)?, whole(member.compressed_size)?);
        let (file, buffer) = self.seek(id, member.offset)?;
        buffer.resize(compressed_size, 0);
        file.read_exact(buffer)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => CopyError::Changed("lies beyond its end"),
                _ => CopyError::Read(error),
            })?;
        let mut bytes = vec![0; size];
        let inflated = self.inflater.deflate_decompress(&self.buffer, &mut bytes);
        match inflated {
            Ok(length) if length == size && crc32fast::hash(&bytes) == member.crc32 => Ok(bytes),
            Ok(_) | Err(DecompressionError::InsufficientSpace) => {
                Err(CopyError::Changed("has other bytes"))
            }
            Err(DecompressionError::BadData) => Err(CopyError::Changed("cannot be unpacked")),
        }
    }

    /// Hands on the unpacked bytes of an entry, checked as they go by.
    pub(crate) fn copy(&mut self, entry: &Entry, take: Take<'_>) -> Result<(), CopyError> {
        match &entry.source {
            EntrySource::Bytes(bytes) => Ok(take(bytes)?),
            EntrySource::Link(target) => Ok(take(target.as_bytes())?),
            EntrySource::File(planned) => {
                let file = open_regular(planned.path()).map_err(CopyError::Read)?;
                pass(
                    &mut self.buffer,
                    file,
                    planned.size(),
                    planned.crc32(),
                    take,
                )
            }
            EntrySource::Member(id, member) => {
                let expected = member.crc32;
                let (file, buffer) = self.seek(*id, member.offset)?;
                let data = file.take(member.compressed_size);
                match member.method {
                    Method::Stored => pass(buffer, data, member.size, expected, take),
                    Method::Deflated => {
                        let data = DeflateDecoder::new(data);
                        pass(buffer, data, member.size, expected, take)
                    }
                }
            }
        }
    }

    /// Hands on the bytes that an archive has for a member, as they are there.
    pub(crate) fn copy_compressed(
        &mut self,
        id: ArchiveId,
        member: &ArchiveMember,
        take: Take<'_>,
    ) -> Result<(), CopyError> {
        let (file, buffer) = self.seek(id, member.offset)?;
        let data = file.take(member.compressed_size);
        let expected = member.compressed_crc32;
        pass(buffer, data, member.compressed_size, expected, take)
    }

    /// Says of what went wrong with an entry what was tried, with which file.
    pub(crate) fn error(&self, error: CopyError, entry: &Entry, written: &Path) -> Error {
        let source = match &entry.source {
            EntrySource::Member(id, _) => self.plan.archive(*id),
            EntrySource::File(file) => file.path(),
            EntrySource::Bytes(_) | EntrySource::Link(_) => written,
        };
        match error {
            CopyError::Read(error) => Error::io("read", source)(error),
            CopyError::Write(error) => Error::io("write", written)(error),
            CopyError::Changed(_) if matches!(entry.source, EntrySource::File(_)) => {
                Error::FileChanged {
                    file: source.to_owned(),
                }
            }
            CopyError::Changed(problem) => Error::Archive {
                archive: source.to_owned(),
                path: entry.path.clone(),
                problem,
            },
        }
    }

    /// The archive, to be read from `offset` on, and a buffer.
    fn seek(&mut self, id: ArchiveId, offset: u64) -> Result<(&mut File, &mut Vec<u8>), CopyError> {
        let file = match self.open.take() {
            Some((open, file)) if open == id => file,
            _ => File::open(self.plan.archive(id)).map_err(CopyError::Read)?,
        };
        let (_, file) = self.open.insert((id, file));
        file.seek(SeekFrom::Start(offset))
            .map_err(CopyError::Read)?;
        Ok((file, &mut self.buffer))
    }
}

/// Hands on exactly `size` bytes, which have this CRC-32.
fn pass(
    buffer: &mut Vec<u8>,
    mut data: impl Read,
    size: u64,
    expected: u32,
    take: Take<'_>,
) -> Result<(), CopyError> {
    if buffer.len() < BUFFER_SIZE {
        buffer.resize(BUFFER_SIZE, 0);
    }
    let mut checksum = crc32fast::Hasher::new();
    let mut left = size;
    loop {
        // Once all is there, one byte more shows a stream that goes on.
        let room = usize::try_from(left.max(1)).unwrap_or(BUFFER_SIZE);
        let room = room.min(BUFFER_SIZE);
        let read = match data.read(&mut buffer[..room]) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.raw_os_error().is_some() => return Err(CopyError::Read(error)),
            Err(_) => return Err(CopyError::Changed("cannot be unpacked")),
        };
        if read == 0 {
            break;
        }
        let piece = &buffer[..read];
        left = left
            .checked_sub(read as u64)
            .ok_or(CopyError::Changed("has other bytes"))?;
        checksum.update(piece);
        take(piece).map_err(CopyError::Write)?;
    }
    if left > 0 {
        return Err(CopyError::Changed("lies beyond its end"));
    }
    if checksum.finalize() != expected {
        return Err(CopyError::Changed("has other bytes"));
    }
    Ok(())
}
