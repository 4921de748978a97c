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

    pub(super) fn finish(
        mut self,
        zipped_sizes: Vec<u64>,
        entry_sizes: Vec<u64>,
    ) -> io::Result<ZipSummary> {
        self.empty()?;
        self.file.flush()?;
        Ok(ZipSummary {
            size: self.written,
            digest: self.sha256.finish(),
            crc64: self.crc64.sum64(),
            zipped_sizes,
            entry_sizes,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pieces that a sink writes.
    #[derive(Default)]
    struct Pieces(Vec<Vec<u8>>);

    impl Write for Pieces {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn small_pieces_are_written_as_few_large_ones() {
        let mut pieces = Pieces::default();
        let mut sink = Sink::new(&mut pieces);
        for _ in 0..4 * 1024 {
            sink.take(&[7; 1 << 10]).unwrap();
        }
        let summary = sink.finish(vec![1, 2], vec![3]).unwrap();
        let lengths: Vec<_> = pieces.0.iter().map(Vec::len).collect();
        assert_eq!(lengths, [1 << 20; 4]);
        assert_eq!(summary.size, 4 << 20);
        assert_eq!(summary.zipped_sizes, [1, 2]);
        assert_eq!(summary.entry_sizes, [3]);
    }

    #[test]
    fn what_was_flushed_has_come_out() {
        let mut pieces = Pieces::default();
        let mut sink = Sink::new(&mut pieces);
        assert_eq!(sink.write(b"abc").unwrap(), 3);
        sink.flush().unwrap();
        assert_eq!(sink.position(), 3);
        drop(sink);
        assert_eq!(pieces.0.concat(), b"abc");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn all_comes_out_in_order_and_is_hashed(
            sizes in prop::collection::vec(
                prop_oneof![0..100_usize, BUFFER_SIZE - 2..BUFFER_SIZE + 2, 1..2 * BUFFER_SIZE],
                0..6,
            )
        ) {
            let (mut pieces, mut expected) = (Pieces::default(), Vec::new());
            let mut sink = Sink::new(&mut pieces);
            for (number, size) in (1..).zip(sizes) {
                let piece = vec![number; size];
                sink.take(&piece).unwrap();
                expected.extend(piece);
                prop_assert_eq!(sink.position(), expected.len() as u64);
            }
            let summary = sink.finish(Vec::new(), Vec::new()).unwrap();
            prop_assert!(pieces.0.concat() == expected);
            prop_assert_eq!(summary.size, expected.len() as u64);
            prop_assert_eq!(summary.digest, layerlock_digest::Digest::sha256_of(&expected));
        }
    }
}
