//! Whether a file is a program.

use std::io::{self, Read, Seek, SeekFrom};

use object::LittleEndian as Le;
use object::elf::{
    DF_1_PIE, DT_FLAGS_1, DT_NULL, Dyn64, ET_DYN, ET_EXEC, FileHeader64, PT_DYNAMIC, PT_INTERP,
    ProgramHeader64,
};
use object::pod;

use crate::file::ElfFile;
use crate::image::Image;

/// Whether a file can be started, and not only loaded by what can: it has a fixed place in
/// memory, names a loader, or calls itself a program that may lie anywhere. What cannot be
/// read as an ELF file of 64 bits is none.
pub fn is_program(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let bytes = read(file, 0, size_of::<FileHeader64<Le>>() as u64)?;
    let image = Image::whole(&bytes);
    let Some(header) = ElfFile::header(&image) else {
        return Ok(false);
    };
    match header.e_type.get(Le) {
        ET_EXEC => return Ok(true),
        ET_DYN => {}
        _ => return Ok(false),
    }
    let count = usize::from(header.e_phnum.get(Le));
    let length = (count * size_of::<ProgramHeader64<Le>>()) as u64;
    let table = read(file, header.e_phoff.get(Le), length)?;
    let Ok((segments, _)) = pod::slice_from_bytes::<ProgramHeader64<Le>>(&table, count) else {
        return Ok(false);
    };
    for segment in segments {
        match segment.p_type.get(Le) {
            PT_INTERP => return Ok(true),
            PT_DYNAMIC => {
                let size = segment.p_filesz.get(Le).min(LARGEST);
                let section = read(file, segment.p_offset.get(Le), size)?;
                if calls_itself_a_program(&section) {
                    return Ok(true);
                }
            }
            _ => {}
        }
    }
    Ok(false)
}

/// Larger than any dynamic section, in bytes.
const LARGEST: u64 = 1 << 16;

fn calls_itself_a_program(dynamic: &[u8]) -> bool {
    let count = dynamic.len() / size_of::<Dyn64<Le>>();
    let Ok((entries, _)) = pod::slice_from_bytes::<Dyn64<Le>>(dynamic, count) else {
        return false;
    };
    let tags = entries
        .iter()
        .map(|entry| (entry.d_tag.get(Le), entry.d_val.get(Le)));
    tags.take_while(|(tag, _)| *tag != u64::from(DT_NULL))
        .any(|(tag, flags)| tag == u64::from(DT_FLAGS_1) && flags & u64::from(DF_1_PIE) != 0)
}

/// As many bytes from an offset on, or fewer at the end of the file.
fn read(file: &mut (impl Read + Seek), offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // No file has such an offset.
    if i64::try_from(offset).is_err() {
        return Ok(bytes);
    }
    file.seek(SeekFrom::Start(offset))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A header, program headers of these kinds, and a dynamic section with these flags.
    fn file(kind: u16, segments: &[u32], flags: Option<u32>) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        bytes[16..18].copy_from_slice(&kind.to_le_bytes());
        bytes[32..40].copy_from_slice(&64_u64.to_le_bytes());
        bytes[54..56].copy_from_slice(&56_u16.to_le_bytes());
        let count = u16::try_from(segments.len()).unwrap();
        bytes[56..58].copy_from_slice(&count.to_le_bytes());
        let dynamic = 64 + 56 * u64::from(count);
        for segment in segments {
            let mut header = [0; 56];
            header[..4].copy_from_slice(&segment.to_le_bytes());
            header[8..16].copy_from_slice(&dynamic.to_le_bytes());
            header[32..40].copy_from_slice(&32_u64.to_le_bytes());
            bytes.extend(header);
        }
        let tag = flags.map_or(DT_NULL, |_| DT_FLAGS_1);
        for number in [tag, flags.unwrap_or_default(), DT_NULL, 0] {
            bytes.extend(u64::from(number).to_le_bytes());
        }
        bytes
    }

    fn is_program_of(bytes: &[u8]) -> bool {
        is_program(&mut Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn programs_are_told_from_libraries() {
        assert!(is_program_of(&file(ET_EXEC, &[], None)));
        assert!(is_program_of(&file(ET_DYN, &[1, PT_INTERP], None)));
        assert!(is_program_of(&file(ET_DYN, &[PT_DYNAMIC], Some(DF_1_PIE))));
        assert!(!is_program_of(&file(ET_DYN, &[1, PT_DYNAMIC], None)));
        assert!(!is_program_of(&file(ET_DYN, &[PT_DYNAMIC], Some(1))));
        assert!(!is_program_of(&file(1, &[PT_INTERP], None)));
    }

    #[test]
    fn what_ends_early_or_is_none_is_no_program() {
        let whole = file(ET_DYN, &[PT_DYNAMIC, PT_INTERP], None);
        for length in 0..64 + 56 {
            assert!(!is_program_of(&whole[..length]), "{length}");
        }
        assert!(!is_program_of(b"#!/bin/sh\n"));
        let mut far = whole;
        far[32..40].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(!is_program_of(&far));
    }

    /// This test is a program itself.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_real_program_is_one() {
        let path = std::env::current_exe().unwrap();
        #[expect(clippy::disallowed_types, reason = "the crate has no use for fs-err")]
        let mut file = std::fs::File::open(path).unwrap();
        assert!(is_program(&mut file).unwrap());
    }
}
