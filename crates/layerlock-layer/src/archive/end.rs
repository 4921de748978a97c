//! Whether an archive is one archive to every reader.
//!
//! Some readers go by the end record, some search for it, some stream from the first
//! byte. Where they could come to different files, what one of them checked says
//! nothing of what another one unpacks. So the records at the end have to agree with
//! what is there, and every byte has to belong to something (APPNOTE 4.3).

use std::ops::Range;

use rawzip::ReaderAt;

use super::problem::ArchiveProblem;

/// Where a member lies: from its local header to the end of its data, and how long the
/// data descriptor behind that is.
pub(super) struct Extent {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) descriptor: u64,
    pub(super) name: String,
}

/// The end record and, where there is one, zip64's (APPNOTE 4.3.14 to 4.3.16).
struct EndRecords {
    /// Where the first of them begins.
    start: u64,
    entries: u64,
    /// Where they say that the central directory is.
    directory: Range<u64>,
}

/// Numbers in the classic record that stand for "see zip64's".
const LARGEST: Fields = [0xffff, 0xffff, 0xffff, 0xffff, 0xffff_ffff, 0xffff_ffff];

const END: &[u8] = b"PK\x05\x06";
const ZIP64_END: &[u8] = b"PK\x06\x06";
const ZIP64_LOCATOR: &[u8] = b"PK\x06\x07";
const END_LENGTH: usize = 22;
const ZIP64_END_LENGTH: usize = 56;
const ZIP64_LOCATOR_LENGTH: usize = 20;

/// Checks the records at the end, of which the last is at `end_at`, against the central
/// directory as it was read: `directory`, with `count` members.
pub(super) fn check_end(
    reader: &dyn ReaderAt,
    length: u64,
    end_at: u64,
    directory: &Range<u64>,
    count: u64,
) -> Result<(), ArchiveProblem> {
    let records = end_records(reader, length, end_at)?;
    if records.entries != count {
        return Err(ambiguous(
            "its end record counts other members than there are",
        ));
    }
    if records.directory != *directory || records.directory.end != records.start {
        return Err(ambiguous(
            "its directory is not where its end record says, or not all of it",
        ));
    }
    Ok(())
}

/// Checks that the members fill all of the archive up to its directory.
pub(super) fn check_extents(
    mut extents: Vec<Extent>,
    directory: &Range<u64>,
) -> Result<(), ArchiveProblem> {
    extents.sort_unstable_by_key(|extent| (extent.start, extent.end));
    let mut expected = 0;
    for Extent {
        start,
        end,
        descriptor,
        name,
    } in extents
    {
        if start < expected {
            return Err(ArchiveProblem::Overlap(name));
        }
        if start > expected {
            return Err(ambiguous(
                "there are bytes that belong to none of its members",
            ));
        }
        expected = end + descriptor;
    }
    match expected.cmp(&directory.start) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less => Err(ambiguous(
            "there are bytes that belong to none of its members",
        )),
        std::cmp::Ordering::Greater => Err(ambiguous("a member reaches into its directory")),
    }
}

fn end_records(
    reader: &dyn ReaderAt,
    length: u64,
    end_at: u64,
) -> Result<EndRecords, ArchiveProblem> {
    let end = bytes_at(reader, end_at, END_LENGTH)?;
    if !end.starts_with(END) {
        return Err(ambiguous("its end record is not where it was found"));
    }
    let comment = usize::from(u16::from_le_bytes([end[20], end[21]]));
    if end_at + (END_LENGTH + comment) as u64 != length {
        return Err(ambiguous("there are bytes after its end record"));
    }
    let comment = bytes_at(reader, end_at + END_LENGTH as u64, comment)?;
    if comment
        .windows(3)
        .any(|window| matches!(window, [b'P', b'K', ..=8]))
    {
        return Err(ambiguous("its comment may be taken for an archive"));
    }
    let classic = fields(&end, 4, [2, 2, 2, 2, 4, 4]);
    let Some((start, zip64)) = zip64(reader, end_at)? else {
        return records(end_at, classic);
    };
    for ((classic, zip64), largest) in classic.iter().zip(&zip64).zip(&LARGEST) {
        if classic != zip64 && classic != largest {
            return Err(ambiguous("its two end records differ"));
        }
    }
    records(start, zip64)
}

fn records(start: u64, fields: Fields) -> Result<EndRecords, ArchiveProblem> {
    let [disk, directory_disk, entries_here, entries, size, offset] = fields;
    if [disk, directory_disk] != [0, 0] || entries_here != entries {
        return Err(ambiguous("it is a part of several"));
    }
    let end = offset.checked_add(size);
    Ok(EndRecords {
        start,
        entries,
        directory: offset..end.ok_or_else(|| ambiguous("its directory has no end"))?,
    })
}

/// The fields of zip64's end record and its place, where a locator is right before the
/// classic one.
fn zip64(reader: &dyn ReaderAt, end_at: u64) -> Result<Option<(u64, Fields)>, ArchiveProblem> {
    let Some(locator_at) = end_at.checked_sub(ZIP64_LOCATOR_LENGTH as u64) else {
        return Ok(None);
    };
    let locator = bytes_at(reader, locator_at, ZIP64_LOCATOR_LENGTH)?;
    if !locator.starts_with(ZIP64_LOCATOR) {
        return Ok(None);
    }
    let at = number(&locator, 8, 8);
    let wrong = || ambiguous("its zip64 end record is not where its locator says");
    if at
        .checked_add(ZIP64_END_LENGTH as u64)
        .is_none_or(|end| end > locator_at)
    {
        return Err(wrong());
    }
    let record = bytes_at(reader, at, ZIP64_END_LENGTH)?;
    let record_end = number(&record, 4, 8).checked_add(12 + at);
    if !record.starts_with(ZIP64_END) || record_end != Some(locator_at) {
        return Err(wrong());
    }
    Ok(Some((at, fields(&record, 16, [4, 4, 8, 8, 8, 8]))))
}

/// What a data descriptor says (checksum, packed size, unpacked size), and its length.
/// Its sizes have 8 bytes where the local header is a zip64 one, else 4 (APPNOTE
/// 4.3.9.2); writers that do otherwise are believed where only that fits the `claimed`.
pub(super) fn descriptor(
    reader: &dyn ReaderAt,
    at: u64,
    is_zip64: bool,
    claimed: [u64; 3],
) -> Result<([u64; 3], u64), ArchiveProblem> {
    const SIGNATURE: &[u8] = b"PK\x07\x08";
    let start = bytes_at(reader, at, 4)?;
    let signature = if start == SIGNATURE { 4 } else { 0 };
    let read = |width: usize| -> Result<([u64; 3], u64), ArchiveProblem> {
        let bytes = bytes_at(reader, at + signature, 4 + 2 * width)?;
        let fields = [
            number(&bytes, 0, 4),
            number(&bytes, 4, width),
            number(&bytes, 4 + width, width),
        ];
        Ok((fields, signature + bytes.len() as u64))
    };
    let [usual, other] = if is_zip64 { [8, 4] } else { [4, 8] };
    let found = read(usual)?;
    if found.0 != claimed
        && let Ok(found) = read(other)
        && found.0 == claimed
    {
        return Ok(found);
    }
    Ok(found)
}

fn bytes_at(reader: &dyn ReaderAt, at: u64, count: usize) -> Result<Vec<u8>, ArchiveProblem> {
    let mut bytes = vec![0; count];
    reader
        .read_exact_at(&mut bytes, at)
        .map_err(|error| ArchiveProblem::NotAZip(error.to_string()))?;
    Ok(bytes)
}

/// What both end records have, in this order: this disk, the directory's disk, members on
/// this disk, all members, the directory's size and its place.
type Fields = [u64; 6];

/// Fields of these widths, one after the other.
fn fields(bytes: &[u8], mut at: usize, widths: [usize; 6]) -> Fields {
    widths.map(|width| {
        at += width;
        number(bytes, at - width, width)
    })
}

/// A number of up to 8 bytes, the lowest first.
fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    let bytes = bytes[at..at + width].iter().rev();
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

pub(super) fn ambiguous(how: &str) -> ArchiveProblem {
    ArchiveProblem::Ambiguous(how.to_owned())
}
