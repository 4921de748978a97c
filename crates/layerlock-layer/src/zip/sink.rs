//! A file that is hashed on its way out.

use std::io::{self, Write};

use layerlock_digest::{Algorithm, Hasher};

use super::options::ZipSummary;

/// Collects what is written into large pieces, and hashes these.
pub(super) struct Sink<'a> {
    file: &'a mut dyn Write,
    buffer: Vec<u8>,
    sha256: Hasher,
    crc64: crc64fast::Digest,
    written: u64,
}

const BUFFER_SIZE: usize = 1 << 20;

impl<'a> Sink<'a> {
    pub(super) fn new(file: &'a mut dyn Write) -> Self {
        Self {
            file,
            buffer: Vec::with_capacity(BUFFER_SIZE),
            sha256: Hasher::new(Algorithm::Sha256),
            crc64: crc64fast::Digest::new(),
            written: 0,
        }
    }

    /// Bytes so far.
    pub(super) fn position(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Takes all of the bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER_SIZE {
            self.empty()?;
        }
        if bytes.len() < BUFFER_SIZE {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        self.pass(bytes)
    }

    pub(super) fn finish(mut self, zipped_sizes: Vec<u64>) -> io::Result<ZipSummary> {
        self.empty()?;
        self.file.flush()?;
        Ok(ZipSummary {
            size: self.written,
            digest: self.sha256.finish(),
            crc64: self.crc64.sum64(),
            zipped_sizes,
        })
    }

    fn empty(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let passed = self.pass(&buffer);
        buffer.clear();
        self.buffer = buffer;
        passed
    }

    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sha256.update(bytes);
        self.crc64.write(bytes);
        self.written += bytes.len() as u64;
        self.file.write_all(bytes)
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.empty()?;
        self.file.flush()
    }
}
