//! Shared libraries that no compiler made: headers, and what a library needs.

/// A 64-bit shared library for a machine (the number of `e_machine`), which needs
/// other libraries, and of some of them versions of their symbols.
pub fn shared_library(machine: u16, needed: &[&str], versions: &[(&str, &[&str])]) -> Vec<u8> {
    let mut strings = vec![0];
    let mut name = |text: &str| {
        let at = u32::try_from(strings.len()).expect("short strings");
        strings.extend_from_slice(text.as_bytes());
        strings.push(0);
        at
    };

    let mut dynamic = Vec::new();
    for library in needed {
        put64(&mut dynamic, &[DT_NEEDED, name(library).into()]);
    }
    put64(&mut dynamic, &[0, 0]);

    let mut needs = Vec::new();
    for (index, (library, symbols)) in versions.iter().enumerate() {
        let count = u16::try_from(symbols.len()).expect("few symbols");
        let is_last = index + 1 == versions.len();
        put16(&mut needs, &[1, count]);
        let next = if is_last {
            0
        } else {
            16 + 16 * u32::from(count)
        };
        put32(&mut needs, &[name(library), 16, next]);
        for (index, symbol) in symbols.iter().enumerate() {
            let is_last = index + 1 == symbols.len();
            put32(&mut needs, &[0]);
            put16(&mut needs, &[0, 2]);
            put32(&mut needs, &[name(symbol), if is_last { 0 } else { 16 }]);
        }
    }

    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(HEADER, 0);
    let mut sections = vec![[0; 6]];
    for (kind, link, info, data) in [
        (SHT_STRTAB, 0, 0, &strings),
        (SHT_DYNAMIC, 1, 0, &dynamic),
        (SHT_GNU_VERNEED, 1, versions.len() as u64, &needs),
    ] {
        sections.push([kind, file.len() as u64, data.len() as u64, link, info, 0]);
        file.extend_from_slice(data);
        file.resize(file.len().next_multiple_of(8), 0);
    }
    let table = file.len() as u64;
    let count = u16::try_from(sections.len()).expect("four sections");
    for [kind, offset, size, link, info, _] in sections {
        put32(&mut file, &[0, low(kind)]);
        put64(&mut file, &[0, 0, offset, size]);
        put32(&mut file, &[low(link), low(info)]);
        put64(&mut file, &[8, if kind == SHT_DYNAMIC { 16 } else { 0 }]);
    }

    let mut header = Vec::new();
    put16(&mut header, &[ET_DYN, machine]);
    put32(&mut header, &[1]);
    put64(&mut header, &[0, 0, table]);
    put32(&mut header, &[0]);
    // The section of section names is the one of all other strings.
    let size = u16::try_from(HEADER).expect("64");
    put16(&mut header, &[size, 0, 0, 64, count, 1]);
    file[16..HEADER].copy_from_slice(&header);
    file
}

const HEADER: usize = 64;
const ET_DYN: u16 = 3;
const DT_NEEDED: u64 = 1;
const SHT_STRTAB: u64 = 3;
const SHT_DYNAMIC: u64 = 6;
const SHT_GNU_VERNEED: u64 = 0x6fff_fffe;

fn low(value: u64) -> u32 {
    u32::try_from(value).expect("a small number")
}

fn put16(out: &mut Vec<u8>, values: &[u16]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn put32(out: &mut Vec<u8>, values: &[u32]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn put64(out: &mut Vec<u8>, values: &[u64]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}
