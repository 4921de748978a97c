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
    named: Vec<(u64, String)>,
    defined: Vec<String>,
    exported: Vec<String>,
    interpreter: Option<String>,
    has_executable_stack: bool,
    padding: usize,
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
            named: Vec::new(),
            defined: Vec::new(),
            exported: Vec::new(),
            interpreter: None,
            has_executable_stack: false,
            padding: 0,
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

    /// Has a name of its own, under which others need it.
    #[must_use]
    pub fn soname(self, name: &str) -> Self {
        self.named(DT_SONAME, name)
    }

    /// Has its libraries looked for there, before all else.
    #[must_use]
    pub fn rpath(self, path: &str) -> Self {
        self.named(DT_RPATH, path)
    }

    /// Has its libraries looked for there, after `LD_LIBRARY_PATH`.
    #[must_use]
    pub fn runpath(self, path: &str) -> Self {
        self.named(DT_RUNPATH, path)
    }

    fn named(mut self, tag: u64, text: &str) -> Self {
        self.named.push((tag, text.to_owned()));
        self
    }

    /// Has versions of its own symbols.
    #[must_use]
    pub fn defines(mut self, versions: &[&str]) -> Self {
        let versions = versions.iter().copied().map(str::to_owned);
        self.defined.extend(versions);
        self
    }

    /// Has functions for others.
    #[must_use]
    pub fn exports(mut self, names: &[&str]) -> Self {
        self.exported
            .extend(names.iter().copied().map(str::to_owned));
        self
    }

    /// Names a loader, as a program does.
    #[must_use]
    pub fn interpreter(mut self, path: &str) -> Self {
        self.interpreter = Some(path.to_owned());
        self
    }

    /// Asks for a stack that can be executed.
    #[must_use]
    pub fn with_executable_stack(mut self) -> Self {
        self.has_executable_stack = true;
        self
    }

    /// Has so many bytes between its first tables and those of its second segment.
    #[must_use]
    pub fn padded(mut self, bytes: usize) -> Self {
        self.padding = bytes;
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
        let mut entries = self.entries.clone();
        let needed = self.needed.iter().map(|name| (DT_NEEDED, name));
        let named = self.named.iter().map(|(tag, text)| (*tag, text));
        entries.extend(
            needed
                .chain(named)
                .map(|(tag, text)| [tag, strings.add(text)]),
        );
        let defined = self.version_definitions(&mut strings);
        let symbols = self.symbols(&mut strings);

        let strings_at = HEADER + self.segments() * PROGRAM_HEADER;
        let interpreter_at = strings_at + strings.0.len();
        let interpreter = self
            .interpreter
            .iter()
            .flat_map(|path| [path, "\0"].concat().into_bytes());
        let interpreter: Vec<u8> = interpreter.collect();
        let needs_at = (interpreter_at + interpreter.len() + self.padding).next_multiple_of(8);
        let defined_at = needs_at + needs.len();
        let symbols_at = (defined_at + defined.len()).next_multiple_of(8);
        let hash = self.hash();
        let hash_at = symbols_at + symbols.len();
        let dynamic_at = (hash_at + hash.len()).next_multiple_of(8);
        entries.push([DT_STRTAB, wide(strings_at)]);
        entries.push([DT_STRSZ, wide(strings.0.len())]);
        let mut lead = |tag, at, is_there: bool| {
            if is_there {
                entries.push([tag, wide(at) + self.distance]);
            }
        };
        lead(DT_VERNEED, needs_at, !needs.is_empty());
        lead(DT_VERDEF, defined_at, !defined.is_empty());
        lead(DT_SYMTAB, symbols_at, !symbols.is_empty());
        lead(DT_GNU_HASH, hash_at, !symbols.is_empty());
        if !needs.is_empty() {
            entries.push([DT_VERNEEDNUM, wide(self.versions.len())]);
        }
        if !defined.is_empty() {
            entries.push([DT_VERDEFNUM, wide(self.defined.len())]);
        }
        entries.push([DT_NULL, 0]);
        let dynamic: Vec<u8> = bytes64(entries.as_flattened());

        let mut file = vec![0; HEADER];
        let end = dynamic_at + dynamic.len();
        let mut segments = vec![
            (PT_LOAD, 0, needs_at, 0),
            (PT_LOAD, needs_at, end, self.distance),
            (PT_DYNAMIC, dynamic_at, end, self.distance),
        ];
        if !interpreter.is_empty() {
            segments.push((
                PT_INTERP,
                interpreter_at,
                interpreter_at + interpreter.len(),
                0,
            ));
        }
        if self.has_executable_stack {
            segments.push((PT_GNU_STACK, 0, 0, 0));
        }
        for (kind, start, end, distance) in segments {
            let (offset, size) = (wide(start), wide(end - start));
            let align = if kind == PT_LOAD { self.align } else { 8 };
            let address = offset + distance;
            let flags = if kind == PT_GNU_STACK {
                READ_AND_WRITE | EXECUTE
            } else {
                READ_AND_WRITE
            };
            put32(&mut file, &[kind, flags]);
            put64(&mut file, &[offset, address, address, size, size, align]);
        }
        for (at, bytes) in [
            (strings_at, &strings.0),
            (interpreter_at, &interpreter),
            (needs_at, &needs),
            (defined_at, &defined),
            (symbols_at, &symbols),
            (hash_at, &hash),
            (dynamic_at, &dynamic),
        ] {
            file.resize(at, 0);
            file.extend_from_slice(bytes);
        }
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

    fn segments(&self) -> usize {
        PROGRAM_HEADERS
            + usize::from(self.interpreter.is_some())
            + usize::from(self.has_executable_stack)
    }

    /// `.gnu.version_d`: the file itself, then each version.
    fn version_definitions(&self, strings: &mut Strings) -> Vec<u8> {
        let mut definitions = Vec::new();
        if self.defined.is_empty() {
            return definitions;
        }
        let own = ["itself".to_owned()];
        let names: Vec<&String> = own.iter().chain(&self.defined).collect();
        for (index, name) in names.iter().enumerate() {
            let number = u16::try_from(index + 1).expect("few versions");
            let next = if index + 1 == names.len() { 0 } else { 28 };
            put16(&mut definitions, &[1, u16::from(index == 0), number, 1]);
            put32(&mut definitions, &[0, 20, next]);
            put32(&mut definitions, &[low(strings.add(name)), 0]);
        }
        definitions
    }

    /// `.dynsym`: the empty symbol, then each function, in the one section there is.
    fn symbols(&self, strings: &mut Strings) -> Vec<u8> {
        let mut symbols = Vec::new();
        if self.exported.is_empty() {
            return symbols;
        }
        symbols.resize(24, 0);
        for name in &self.exported {
            put32(&mut symbols, &[low(strings.add(name))]);
            symbols.extend([0x12, 0]);
            put16(&mut symbols, &[1]);
            put64(&mut symbols, &[0x1000, 8]);
        }
        symbols
    }

    /// `.gnu.hash` with one bucket, whose chain has every function.
    fn hash(&self) -> Vec<u8> {
        let mut hash = Vec::new();
        if let Some(others) = self.exported.len().checked_sub(1) {
            put32(&mut hash, &[1, 1, 1, 0]);
            put64(&mut hash, &[u64::MAX]);
            put32(&mut hash, &[1]);
            put32(&mut hash, &vec![2; others]);
            put32(&mut hash, &[1]);
        }
        hash
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
            [HEADER, PROGRAM_HEADER, self.segments()].map(|n| u16::try_from(n).expect("small"));
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
const PT_INTERP: u32 = 3;
const PT_GNU_STACK: u32 = 0x6474_e551;
const READ_AND_WRITE: u32 = 6;
const EXECUTE: u32 = 1;
const DT_NULL: u64 = 0;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_SYMTAB: u64 = 6;
const DT_STRSZ: u64 = 10;
const DT_SONAME: u64 = 14;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;
const DT_GNU_HASH: u64 = 0x6fff_fef5;
const DT_VERDEF: u64 = 0x6fff_fffc;
const DT_VERDEFNUM: u64 = 0x6fff_fffd;
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
