//! Shared libraries that no compiler made: headers, and what a library needs.

/// A 64-bit shared library for a machine (the number of `e_machine`), which needs
/// other libraries, and of some of them versions of their symbols.
pub fn shared_library(machine: u16, needed: &[&str], versions: &[(&str, &[&str])]) -> Vec<u8> {
    let library = SharedLibrary::new(machine);
    let library = needed.iter().copied().fold(library, SharedLibrary::needs);
    versions
        .iter()
        .fold(library, |library, (of, versions)| {
            library.needs_versions(of, versions)
        })
        .build()
}

/// Makes a 64-bit shared library.
///
/// It has two segments, of which the second lies elsewhere in memory than in the
/// file, as in real ones.
#[derive(Debug, Clone)]
pub struct SharedLibrary {
    machine: u16,
    needed: Vec<String>,
    versions: Vec<(String, Vec<String>)>,
    entries: Vec<[u64; 2]>,
    distance: u64,
    align: u64,
    has_sections: bool,
}

impl SharedLibrary {
    /// One that needs nothing, for a machine by its number of `e_machine`.
    pub fn new(machine: u16) -> Self {
        Self {
            machine,
            needed: Vec::new(),
            versions: Vec::new(),
            entries: Vec::new(),
            distance: PAGE,
            align: PAGE,
            has_sections: true,
        }
    }

    /// Needs a library.
    #[must_use]
    pub fn needs(mut self, library: &str) -> Self {
        self.needed.push(library.to_owned());
        self
    }

    /// Needs versions of a library's symbols.
    #[must_use]
    pub fn needs_versions(mut self, library: &str, versions: &[&str]) -> Self {
        let versions = versions.iter().copied().map(str::to_owned).collect();
        self.versions.push((library.to_owned(), versions));
        self
    }

    /// Has another entry in its dynamic section, before those of its own.
    #[must_use]
    pub fn dynamic_entry(mut self, tag: u64, value: u64) -> Self {
        self.entries.push([tag, value]);
        self
    }

    /// Has a second segment that lies so far behind its place in the file.
    #[must_use]
    pub fn mapped_at_distance(mut self, distance: u64) -> Self {
        self.distance = distance;
        self
    }

    /// Has segments with this alignment.
    #[must_use]
    pub fn aligned_to(mut self, align: u64) -> Self {
        self.align = align;
        self
    }

    /// Has no section headers, which a loader does not need.
    #[must_use]
    pub fn without_sections(mut self) -> Self {
        self.has_sections = false;
        self
    }

    /// The file.
    pub fn build(&self) -> Vec<u8> {
        let mut strings = Strings(vec![0]);
        let needs = self.version_needs(&mut strings);
        let needed: Vec<u64> = self.needed.iter().map(|name| strings.add(name)).collect();

        let strings_at = HEADER + PROGRAM_HEADERS * PROGRAM_HEADER;
        let needs_at = (strings_at + strings.0.len()).next_multiple_of(8);
        let dynamic_at = needs_at + needs.len();
        let mut dynamic = self.entries.clone();
        dynamic.extend(needed.into_iter().map(|name| [DT_NEEDED, name]));
        dynamic.push([DT_STRTAB, wide(strings_at)]);
        dynamic.push([DT_STRSZ, wide(strings.0.len())]);
        if !needs.is_empty() {
            dynamic.push([DT_VERNEED, wide(needs_at) + self.distance]);
            dynamic.push([DT_VERNEEDNUM, wide(self.versions.len())]);
        }
        dynamic.push([DT_NULL, 0]);
        let dynamic: Vec<u8> = bytes64(dynamic.as_flattened());

        let mut file = vec![0; HEADER];
        let end = dynamic_at + dynamic.len();
        for (kind, start, end, distance) in [
            (PT_LOAD, 0, needs_at, 0),
            (PT_LOAD, needs_at, end, self.distance),
            (PT_DYNAMIC, dynamic_at, end, self.distance),
        ] {
            let (offset, size) = (wide(start), wide(end - start));
            let align = if kind == PT_LOAD { self.align } else { 8 };
            let address = offset + distance;
            put32(&mut file, &[kind, READ_AND_WRITE]);
            put64(&mut file, &[offset, address, address, size, size, align]);
        }
        file.extend_from_slice(&strings.0);
        file.resize(needs_at, 0);
        file.extend_from_slice(&needs);
        file.extend_from_slice(&dynamic);
        let (table, count) = if self.has_sections {
            let sections = [
                [0; 6],
                [SHT_STRTAB, wide(strings_at), wide(strings.0.len()), 0, 0, 0],
                [SHT_DYNAMIC, wide(dynamic_at), wide(dynamic.len()), 1, 0, 16],
                [
                    SHT_GNU_VERNEED,
                    wide(needs_at),
                    wide(needs.len()),
                    1,
                    wide(self.versions.len()),
                    0,
                ],
            ];
            put_sections(&mut file, &sections);
            (wide(end), 4)
        } else {
            (0, 0)
        };
        file[..HEADER].copy_from_slice(&self.header(table, count));
        file
    }

    /// `.gnu.version_r`: of each library a chain of versions.
    fn version_needs(&self, strings: &mut Strings) -> Vec<u8> {
        let mut needs = Vec::new();
        for (index, (library, versions)) in self.versions.iter().enumerate() {
            let count = u16::try_from(versions.len()).expect("few versions");
            let is_last = index + 1 == self.versions.len();
            let next = if is_last {
                0
            } else {
                16 + 16 * u32::from(count)
            };
            put16(&mut needs, &[1, count]);
            put32(&mut needs, &[low(strings.add(library)), 16, next]);
            for (index, version) in versions.iter().enumerate() {
                let is_last = index + 1 == versions.len();
                put32(&mut needs, &[0]);
                put16(&mut needs, &[0, 2]);
                let next = if is_last { 0 } else { 16 };
                put32(&mut needs, &[low(strings.add(version)), next]);
            }
        }
        needs
    }

    fn header(&self, sections_at: u64, sections: u16) -> Vec<u8> {
        let mut header = b"\x7fELF\x02\x01\x01".to_vec();
        header.resize(16, 0);
        put16(&mut header, &[ET_DYN, self.machine]);
        put32(&mut header, &[1]);
        put64(&mut header, &[0, wide(HEADER), sections_at]);
        put32(&mut header, &[0]);
        let [size, segment, segments] =
            [HEADER, PROGRAM_HEADER, PROGRAM_HEADERS].map(|n| u16::try_from(n).expect("small"));
        // The section of section names is the one of all other strings.
        let names = u16::from(sections > 0);
        put16(&mut header, &[size, segment, segments, 64, sections, names]);
        header
    }
}

/// `.dynstr`.
struct Strings(Vec<u8>);

impl Strings {
    fn add(&mut self, text: &str) -> u64 {
        let at = wide(self.0.len());
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
        at
    }
}

const PAGE: u64 = 4096;
const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
const PROGRAM_HEADERS: usize = 3;
const ET_DYN: u16 = 3;
const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const READ_AND_WRITE: u32 = 6;
const DT_NULL: u64 = 0;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_STRSZ: u64 = 10;
const DT_VERNEED: u64 = 0x6fff_fffe;
const DT_VERNEEDNUM: u64 = 0x6fff_ffff;
const SHT_STRTAB: u64 = 3;
const SHT_DYNAMIC: u64 = 6;
const SHT_GNU_VERNEED: u64 = 0x6fff_fffe;

/// Section headers: kind, offset, size, link, info and the size of an entry.
fn put_sections(file: &mut Vec<u8>, sections: &[[u64; 6]]) {
    for &[kind, offset, size, link, info, entry] in sections {
        put32(file, &[0, low(kind)]);
        put64(file, &[0, 0, offset, size]);
        put32(file, &[low(link), low(info)]);
        put64(file, &[8, entry]);
    }
}

fn wide(value: usize) -> u64 {
    u64::try_from(value).expect("at most 64 bits")
}

fn low(value: u64) -> u32 {
    u32::try_from(value).expect("a small number")
}

fn bytes64(values: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put64(&mut bytes, values);
    bytes
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
