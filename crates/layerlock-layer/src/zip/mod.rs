//! The deterministic zip writer.

mod container;

use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::output::{OutputFile, Prepared};
use crate::source::Archives;
use crate::{Error, LayerPlan, Method, Source};
use container::{Directory, Header};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZipSummary {
    /// Bytes of the zip.
    pub size: u64,
    /// SHA-256 of the zip.
    pub sha256: [u8; 32],
    /// Compressed bytes that each owner takes up in it, without headers, by
    /// [`OwnerId`](crate::OwnerId).
    pub zipped_sizes: Vec<u64>,
}

/// Writes a plan as a zip, in one pass, to be published at `path`.
///
/// Deflated members of archives are copied as they are. Everything else is
/// deflated here, by an encoder whose output depends on its input alone.
pub fn prepare_zip(plan: &LayerPlan, path: &Path) -> Result<(ZipSummary, Prepared), Error> {
    let mut output = OutputFile::beside(path)?;
    let summary = write_into(plan, path, Sink::new(output.file()))?;
    Ok((summary, output.prepared()))
}

fn write_into(plan: &LayerPlan, path: &Path, mut sink: Sink<'_>) -> Result<ZipSummary, Error> {
    let mut archives = Archives::new(plan);
    let mut directory = Directory::default();
    let mut zipped_sizes = vec![0; plan.owners().len()];
    for entry in plan.entries() {
        let mut header = Header {
            name: entry.path.as_str(),
            mode: entry.mode,
            method: Method::Deflated,
            crc32: 0,
            compressed_size: 0,
            size: entry.source.size(),
        };
        let offset = sink.position;
        match &entry.source {
            Source::Member(id, member) if member.method == Method::Deflated => {
                header.crc32 = member.crc32;
                header.compressed_size = member.compressed_size;
                directory
                    .begin(&mut sink, offset, &header)
                    .map_err(Error::io("write", path))?;
                let data = archives.seek(*id, member.offset)?;
                let damaged = |problem| Error::Archive {
                    archive: plan.archive(*id).to_owned(),
                    path: entry.path.clone(),
                    problem,
                };
                let copied =
                    sink.copy(data, member.compressed_size)
                        .map_err(|error| match error {
                            CopyError::Write(source) => Error::io("write", path)(source),
                            CopyError::Read(source) => Error::io("read", plan.archive(*id))(source),
                            CopyError::Short => damaged("lies beyond its end"),
                        })?;
                if copied != member.compressed_crc32 {
                    return Err(damaged("has other bytes"));
                }
            }
            _ => {
                let bytes = archives.read(entry)?;
                let deflated = miniz_oxide::deflate::compress_to_vec(&bytes, DEFLATE_LEVEL);
                let data = if deflated.len() < bytes.len() {
                    &deflated
                } else {
                    header.method = Method::Stored;
                    &bytes
                };
                header.crc32 = crc32fast::hash(&bytes);
                header.size = bytes.len() as u64;
                header.compressed_size = data.len() as u64;
                directory
                    .begin(&mut sink, offset, &header)
                    .and_then(|()| sink.write_all(data))
                    .map_err(Error::io("write", path))?;
            }
        }
        zipped_sizes[entry.owner.index()] += header.compressed_size;
    }

    let offset = sink.position;
    directory
        .finish(&mut sink, offset)
        .and_then(|()| sink.flush())
        .map_err(Error::io("write", path))?;
    Ok(ZipSummary {
        size: sink.position,
        sha256: sink.digest(),
        zipped_sizes,
    })
}

/// The best that the encoder does; what it is used for is small.
const DEFLATE_LEVEL: u8 = 9;

/// A file that is hashed on its way out, in large pieces.
struct Sink<'a> {
    file: &'a mut dyn Write,
    buffer: Vec<u8>,
    hasher: Sha256,
    /// Bytes written so far, those in the buffer included.
    position: u64,
}

const BUFFER_SIZE: usize = 1 << 20;

enum CopyError {
    Read(io::Error),
    Write(io::Error),
    Short,
}

impl<'a> Sink<'a> {
    fn new(file: &'a mut dyn Write) -> Self {
        Self {
            file,
            buffer: Vec::with_capacity(BUFFER_SIZE),
            hasher: Sha256::new(),
            position: 0,
        }
    }

    /// Copies exactly `length` bytes, straight into the buffer, and gives their
    /// CRC-32.
    fn copy(&mut self, reader: &mut impl Read, length: u64) -> Result<u32, CopyError> {
        let mut checksum = crc32fast::Hasher::new();
        let mut left = length;
        while left > 0 {
            let start = self.buffer.len();
            let free = BUFFER_SIZE - start;
            let read = reader
                .take(left.min(free as u64))
                .read_to_end(&mut self.buffer)
                .map_err(CopyError::Read)?;
            if read == 0 {
                return Err(CopyError::Short);
            }
            checksum.update(&self.buffer[start..]);
            left -= read as u64;
            self.position += read as u64;
            if self.buffer.len() == BUFFER_SIZE {
                self.flush().map_err(CopyError::Write)?;
            }
        }
        Ok(checksum.finalize())
    }

    fn digest(self) -> [u8; 32] {
        self.hasher.finalize().into()
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fitting = bytes.len().min(BUFFER_SIZE - self.buffer.len());
        self.buffer.extend(&bytes[..fitting]);
        self.position += fitting as u64;
        if self.buffer.len() == BUFFER_SIZE {
            self.flush()?;
        }
        Ok(fitting)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hasher.update(&self.buffer);
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        self.file.flush()
    }
}

#[cfg(test)]
mod tests;
