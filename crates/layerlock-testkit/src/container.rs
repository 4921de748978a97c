//! A zip container written by hand, since no zip library writes broken ones.

use std::io::Write;

use flate2::{Compression, write::DeflateEncoder};

/// One member, with the places where it may lie.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a lie or habit of its own, in any combination"
)]
pub(crate) struct Member {
    /// Its name, as it stands in the central directory.
    pub(crate) name: Vec<u8>,
    /// The name in the local header, where it differs.
    pub(crate) local_name: Option<Vec<u8>>,
    /// The content before compression.
    pub(crate) data: Vec<u8>,
    /// Unix file type and permissions; `None`: made on an operating system
    /// that has none.
    pub(crate) mode: Option<u32>,
    /// Stored instead of deflated.
    pub(crate) stored: bool,
    /// Sizes and checksum follow the data instead of standing before it, as
    /// writers to a pipe do it.
    pub(crate) streamed: bool,
    /// Says it is encrypted.
    pub(crate) encrypted: bool,
    /// Carries a wrong CRC-32.
    pub(crate) wrong_crc: bool,
    /// Says in both headers that it unpacks to this many bytes.
    pub(crate) claimed_size: Option<u32>,
    /// Says so in the local header alone.
    pub(crate) local_size: Option<u32>,
    /// Says in the local header alone that it is compressed by this method.
    pub(crate) local_method: Option<u16>,
    /// Says in the local header alone that it is encrypted.
    pub(crate) locally_encrypted: bool,
    /// Carries another CRC-32 in the data descriptor, where it is streamed.
    pub(crate) wrong_descriptor: bool,
    /// Says that it is compressed by this method (APPNOTE 4.4.5).
    pub(crate) method: Option<u16>,
    /// Is not written: the data of the member before it, stored, holds it whole.
    pub(crate) nested: bool,
}

impl Member {
    /// A deflated regular file, mode 0644.
    pub(crate) fn file(name: &str, data: Vec<u8>) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            local_name: None,
            data,
            mode: Some(0o100_644),
            stored: false,
            streamed: false,
            encrypted: false,
            wrong_crc: false,
            claimed_size: None,
            local_size: None,
            local_method: None,
            locally_encrypted: false,
            wrong_descriptor: false,
            method: None,
            nested: false,
        }
    }

    /// The name as text.
    pub(crate) fn path(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }
}

const FLAG_ENCRYPTED: u16 = 1;
const FLAG_STREAMED: u16 = 1 << 3;
const FLAG_UTF8: u16 = 1 << 11;
/// 2020-01-01 00:00:00 in MS-DOS form: date, then time.
const DOS_DATE: u16 = (40 << 9) | (1 << 5) | 1;
const DOS_TIME: u16 = 0;

/// The bytes of one member as they lie in a zip: local header and data.
pub(crate) fn local_record(member: &Member) -> Vec<u8> {
    let zip = write(std::slice::from_ref(member));
    let end = zip.windows(4).position(|window| window == b"PK\x01\x02");
    zip[..end.expect("a zip has a directory")].to_vec()
}

/// The bytes of a zip with these members, in this order.
pub(crate) fn write(members: &[Member]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut central = Vec::new();
    for member in members {
        let mut offset = u32_of(out.len());
        let packed = if member.stored {
            member.data.clone()
        } else {
            deflate(&member.data)
        };
        let crc = crc32fast::hash(&member.data) ^ u32::from(member.wrong_crc);
        let size = member.claimed_size.unwrap_or(u32_of(member.data.len()));
        let mut flags = 0;
        if member.encrypted {
            flags |= FLAG_ENCRYPTED;
        }
        if member.streamed {
            flags |= FLAG_STREAMED;
        }
        if !member.name.is_ascii() {
            flags |= FLAG_UTF8;
        }
        let known = [crc, u32_of(packed.len()), size];
        let mut before_data = if member.streamed { [0; 3] } else { known };
        if let Some(size) = member.local_size {
            before_data[2] = size;
        }
        let common = |sizes: [u32; 3], name: &[u8]| {
            let mut bytes = Vec::new();
            // Version needed to extract: 2.0, for deflate.
            let method = if member.stored { 0 } else { 8 };
            put16(&mut bytes, &[20, flags, member.method.unwrap_or(method)]);
            put16(&mut bytes, &[DOS_TIME, DOS_DATE]);
            put32(&mut bytes, &sizes);
            // Length of the name, and no extra field.
            put16(&mut bytes, &[u16_of(name.len()), 0]);
            bytes
        };

        let local_name = member.local_name.as_deref().unwrap_or(&member.name);
        let mut local = b"PK\x03\x04".to_vec();
        local.extend(common(before_data, local_name));
        // Where they stand there (APPNOTE 4.3.7).
        local[6] |= u8::from(member.locally_encrypted);
        if let Some(method) = member.local_method {
            local[8..10].copy_from_slice(&method.to_le_bytes());
        }
        local.extend_from_slice(local_name);
        local.extend_from_slice(&packed);
        if member.streamed {
            local.extend_from_slice(b"PK\x07\x08");
            let [crc, packed, size] = known;
            put32(
                &mut local,
                &[crc ^ u32::from(member.wrong_descriptor), packed, size],
            );
        }
        if member.nested {
            offset -= u32_of(local.len());
        } else {
            out.extend(local);
        }

        central.extend_from_slice(b"PK\x01\x02");
        // Made by: Unix (3) where there is a mode, MS-DOS (0) where not.
        let system = if member.mode.is_some() { 3 } else { 0 };
        put16(&mut central, &[system * 256 + 20]);
        central.extend(common(known, &member.name));
        // Comment length, disk number, internal attributes.
        put16(&mut central, &[0, 0, 0]);
        put32(&mut central, &[member.mode.unwrap_or(0) << 16, offset]);
        central.extend_from_slice(&member.name);
    }
    let start = u32_of(out.len());
    out.extend_from_slice(&central);
    out.extend_from_slice(b"PK\x05\x06");
    let count = u16_of(members.len());
    put16(&mut out, &[0, 0, count, count]);
    put32(&mut out, &[u32_of(central.len()), start]);
    put16(&mut out, &[0]);
    out
}

fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).expect("a Vec takes every write");
    encoder.finish().expect("a Vec takes every write")
}

fn put16(out: &mut Vec<u8>, values: &[u16]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn put32(out: &mut Vec<u8>, values: &[u32]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn u16_of(length: usize) -> u16 {
    u16::try_from(length).expect("test archives need no zip64")
}

fn u32_of(length: usize) -> u32 {
    u32::try_from(length).expect("test archives need no zip64")
}
