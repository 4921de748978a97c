//! The zip container: PKWARE's APPNOTE 6.3.10, as little of it as a layer needs.
//!
//! Every field is fixed or follows from the entry, so that equal entries make
//! equal bytes. There are no data descriptors, no comments and no extra fields
//! but zip64's, and that only where a number does not fit without.

use std::io::{self, Write};

use super::time::EntryTime;
use crate::Method;

/// What a local and a central header say of an entry.
pub(super) struct Header<'a> {
    pub(super) name: &'a str,
    /// The kind of file and its permissions.
    pub(super) unix_mode: u32,
    pub(super) method: Method,
    pub(super) crc32: u32,
    pub(super) compressed_size: u64,
    pub(super) size: u64,
}

const LOCAL_HEADER: u32 = 0x0403_4b50;
const CENTRAL_HEADER: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const ZIP64_END: u32 = 0x0606_4b50;
const ZIP64_LOCATOR: u32 = 0x0706_4b50;
const ZIP64_EXTRA: u16 = 0x0001;

/// 2.0: deflate. 4.5: zip64 (APPNOTE 4.4.3.2).
const VERSION: u16 = 20;
const VERSION_ZIP64: u16 = 45;
/// The upper byte of "version made by" (APPNOTE 4.4.2.2): the attributes are Unix's.
const MADE_BY_UNIX: u16 = 3 << 8;
/// Bit 11: the name is UTF-8 (APPNOTE 4.4.4). Plain ASCII does not need it.
const FLAG_UTF8: u16 = 1 << 11;
/// `S_IFREG`: a plain file.
pub(super) const REGULAR_FILE: u32 = 0o100_000;
/// `S_IFLNK` with the permissions that every link has: its data is the target.
pub(super) const LINK: u32 = 0o120_777;

const MAX_16: u64 = u16::MAX as u64;
const MAX_32: u64 = u32::MAX as u64;

/// The central directory, collected while the entries are written.
pub(super) struct Directory {
    time: EntryTime,
    records: Vec<u8>,
    count: u64,
}

impl Directory {
    pub(super) fn new(time: EntryTime) -> Self {
        Self {
            time,
            records: Vec::new(),
            count: 0,
        }
    }

    /// Writes the local header of an entry, whose data has to follow, and keeps
    /// its central one. `offset` is where the local header begins.
    pub(super) fn begin(
        &mut self,
        out: &mut impl Write,
        offset: u64,
        header: &Header<'_>,
    ) -> io::Result<()> {
        out.write_all(&local(header, self.time))?;
        self.records.extend(central(header, self.time, offset));
        self.count += 1;
        Ok(())
    }

    /// Writes the central directory and the records that end the file.
    /// `offset` is where they begin.
    pub(super) fn finish(self, out: &mut impl Write, offset: u64) -> io::Result<()> {
        out.write_all(&self.records)?;
        out.write_all(&end(self.count, self.records.len() as u64, offset))
    }
}

fn local(header: &Header<'_>, time: EntryTime) -> Vec<u8> {
    let large = header.size >= MAX_32 || header.compressed_size >= MAX_32;
    let mut record = Vec::with_capacity(30 + header.name.len());
    put32(&mut record, LOCAL_HEADER);
    let extra = if large { 20 } else { 0 };
    common(&mut record, header, time, version(large), large, extra);
    record.extend(header.name.as_bytes());
    if large {
        // Both sizes have to be there in a local header (APPNOTE 4.5.3).
        put16(&mut record, ZIP64_EXTRA);
        put16(&mut record, 16);
        put64(&mut record, header.size);
        put64(&mut record, header.compressed_size);
    }
    record
}

fn central(header: &Header<'_>, time: EntryTime, offset: u64) -> Vec<u8> {
    // Only what does not fit, in this order (APPNOTE 4.5.3).
    let sizes_are_large = header.size >= MAX_32 || header.compressed_size >= MAX_32;
    let mut wide = Vec::new();
    if sizes_are_large {
        wide.extend([header.size, header.compressed_size]);
    }
    if offset >= MAX_32 {
        wide.push(offset);
    }
    let extra = if wide.is_empty() {
        0
    } else {
        4 + 8 * wide.len()
    };

    let mut record = Vec::with_capacity(46 + header.name.len() + extra);
    put32(&mut record, CENTRAL_HEADER);
    put16(&mut record, MADE_BY_UNIX | version(!wide.is_empty()));
    common(
        &mut record,
        header,
        time,
        version(!wide.is_empty()),
        sizes_are_large,
        extra,
    );
    put16(&mut record, 0); // comment length
    put16(&mut record, 0); // disk number
    put16(&mut record, 0); // internal attributes
    put32(&mut record, header.unix_mode << 16);
    put32(&mut record, narrow32(offset));
    record.extend(header.name.as_bytes());
    if !wide.is_empty() {
        put16(&mut record, ZIP64_EXTRA);
        put16(&mut record, narrow16(8 * wide.len() as u64));
        for value in wide {
            put64(&mut record, value);
        }
    }
    record
}

/// The fields that both headers share, in the order that both have them.
fn common(
    record: &mut Vec<u8>,
    header: &Header<'_>,
    time: EntryTime,
    version: u16,
    sizes_are_large: bool,
    extra: usize,
) {
    put16(record, version);
    let flags = if header.name.is_ascii() { 0 } else { FLAG_UTF8 };
    put16(record, flags);
    put16(
        record,
        match header.method {
            Method::Stored => 0,
            Method::Deflated => 8,
        },
    );
    put16(record, time.time);
    put16(record, time.date);
    put32(record, header.crc32);
    for size in [header.compressed_size, header.size] {
        put32(
            record,
            if sizes_are_large {
                u32::MAX
            } else {
                narrow32(size)
            },
        );
    }
    put16(record, narrow16(header.name.len() as u64));
    put16(record, narrow16(extra as u64));
}

fn end(count: u64, size: u64, offset: u64) -> Vec<u8> {
    let mut record = Vec::with_capacity(98);
    if count >= MAX_16 || size >= MAX_32 || offset >= MAX_32 {
        put32(&mut record, ZIP64_END);
        put64(&mut record, 44); // bytes of this record from here on
        put16(&mut record, MADE_BY_UNIX | VERSION_ZIP64);
        put16(&mut record, VERSION_ZIP64);
        put32(&mut record, 0); // this disk
        put32(&mut record, 0); // disk of the directory
        put64(&mut record, count); // on this disk
        put64(&mut record, count);
        put64(&mut record, size);
        put64(&mut record, offset);

        put32(&mut record, ZIP64_LOCATOR);
        put32(&mut record, 0); // disk of the record above
        put64(&mut record, offset + size);
        put32(&mut record, 1); // disks
    }
    put32(&mut record, END);
    put16(&mut record, 0); // this disk
    put16(&mut record, 0); // disk of the directory
    put16(&mut record, narrow16(count)); // on this disk
    put16(&mut record, narrow16(count));
    put32(&mut record, narrow32(size));
    put32(&mut record, narrow32(offset));
    put16(&mut record, 0); // comment length
    record
}

const fn version(zip64: bool) -> u16 {
    if zip64 { VERSION_ZIP64 } else { VERSION }
}

/// The number, or all ones where it stands in a zip64 field (APPNOTE 4.4.1.4).
fn narrow16(value: u64) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

fn narrow32(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn put16(record: &mut Vec<u8>, value: u16) {
    record.extend(value.to_le_bytes());
}

fn put32(record: &mut Vec<u8>, value: u32) {
    record.extend(value.to_le_bytes());
}

fn put64(record: &mut Vec<u8>, value: u64) {
    record.extend(value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(size: u64) -> Header<'static> {
        Header {
            name: "big",
            unix_mode: REGULAR_FILE | 0o644,
            method: Method::Stored,
            crc32: 0,
            compressed_size: size,
            size,
        }
    }

    #[test]
    fn zip64_fields_appear_only_where_a_number_needs_them() {
        let local = |size| local(&header(size), EntryTime::default()).len();
        let central = |size, offset| central(&header(size), EntryTime::default(), offset).len();
        assert_eq!(local(MAX_32 - 1), 30 + 3);
        assert_eq!(local(MAX_32), 30 + 3 + 20);
        assert_eq!(central(1, MAX_32 - 1), 46 + 3);
        assert_eq!(central(1, MAX_32), 46 + 3 + 12);
        assert_eq!(central(MAX_32, MAX_32), 46 + 3 + 28);
        assert_eq!(end(MAX_16 - 1, 1, 1).len(), 22);
        assert_eq!(end(MAX_16, 1, 1).len(), 22 + 56 + 20);
        assert_eq!(end(1, 1, MAX_32).len(), 22 + 56 + 20);
    }

    /// The numbers that begin here, each in so many bytes.
    fn numbers<const N: usize>(record: &[u8], mut at: usize, widths: [usize; N]) -> [u64; N] {
        widths.map(|width| {
            let mut bytes = [0; 8];
            bytes[..width].copy_from_slice(&record[at..at + width]);
            at += width;
            u64::from_le_bytes(bytes)
        })
    }

    #[test]
    fn a_number_that_does_not_fit_stands_in_the_zip64_field() {
        let time = EntryTime::default();
        // Either of the sizes alone: a stored stream may be the larger one.
        for (size, compressed_size) in [(MAX_32, 5), (5, MAX_32 + 1)] {
            let header = Header {
                compressed_size,
                ..header(size)
            };
            let (local, central) = (local(&header, time), central(&header, time, 7));
            assert_eq!(numbers(&local, 4, [2]), [45]);
            assert_eq!(numbers(&central, 4, [2, 2]), [3 * 256 + 45, 45]);
            assert_eq!(numbers(&local, 18, [4, 4, 2, 2]), [MAX_32, MAX_32, 3, 20]);
            assert_eq!(numbers(&central, 20, [4, 4, 2, 2]), [MAX_32, MAX_32, 3, 20]);
            assert_eq!(numbers(&central, 42, [4]), [7]);
            let extra = [1, 16, size, compressed_size];
            assert_eq!(numbers(&local, 33, [2, 2, 8, 8]), extra);
            assert_eq!(numbers(&central, 49, [2, 2, 8, 8]), extra);
            assert_eq!((local.len(), central.len()), (53, 69));
        }
        let far = central(&header(1), time, MAX_32);
        assert_eq!(numbers(&far, 20, [4, 4, 2, 2]), [1, 1, 3, 12]);
        assert_eq!(numbers(&far, 42, [4]), [MAX_32]);
        assert_eq!(numbers(&far, 49, [2, 2, 8]), [1, 8, MAX_32]);
        let near = central(&header(1), time, 7);
        assert_eq!(numbers(&near, 4, [2, 2]), [3 * 256 + 20, 20]);
        assert_eq!(numbers(&near, 38, [4, 4]), [0o100_644 << 16, 7]);
    }

    #[test]
    fn the_end_says_where_the_directory_is() {
        let plain = end(2, 9, 3);
        assert_eq!(numbers(&plain, 8, [2, 2, 4, 4, 2]), [2, 2, 9, 3, 0]);
        for (count, size, offset) in [(MAX_16, 9, 3), (2, MAX_32, 3), (2, 9, MAX_32 + 1)] {
            let record = end(count, size, offset);
            assert_eq!(numbers(&record, 4, [8, 2, 2]), [44, 3 * 256 + 45, 45]);
            assert_eq!(
                numbers(&record, 24, [8, 8, 8, 8]),
                [count, count, size, offset]
            );
            assert_eq!(numbers(&record, 64, [8, 4]), [offset + size, 1]);
            let narrow = [count, count, size.min(MAX_32), offset.min(MAX_32)];
            assert_eq!(numbers(&record, 84, [2, 2, 4, 4]), narrow);
        }
    }

    /// Without the flag readers take a name for one in code page 437.
    #[test]
    fn both_headers_say_of_a_name_that_it_is_utf_8_where_it_is_not_ascii() {
        for (name, flags) in [("python/a.py", 0_u16), ("python/n\u{e4}me.py", 1 << 11)] {
            let header = Header { name, ..header(1) };
            let local = local(&header, EntryTime::default());
            let central = central(&header, EntryTime::default(), 0);
            // APPNOTE 4.3.7 and 4.3.12.
            assert_eq!(local[6..8], flags.to_le_bytes(), "{name}");
            assert_eq!(central[8..10], flags.to_le_bytes(), "{name}");
        }
    }
}
