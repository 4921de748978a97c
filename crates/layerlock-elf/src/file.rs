//! The headers of an ELF file, and what lies at an address of its memory.

use std::ops::Range;

use object::LittleEndian as Le;
use object::elf::{
    self, Dyn64, ELFCLASS64, ELFDATA2LSB, ELFMAG, FileHeader64, GnuHashHeader, HashHeader,
    ProgramHeader64, Sym64, Verdaux, Verdef, Vernaux, Verneed,
};
use object::pod;

use crate::image::{Image, wide};

/// Where the tables of a file are, as its start tells.
pub(crate) fn places_of_tables(start: &Image<'_>) -> Vec<Range<u64>> {
    let file =
        ElfFile::header(start).and_then(|header| ElfFile::without_contents(start, header).ok());
    file.map(|file| file.places_of_tables()).unwrap_or_default()
}

/// Whether bytes begin as an ELF file does.
pub fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(&ELFMAG)
}

/// Why a file cannot be read.
pub(crate) type Unreadable = &'static str;

/// What is said of a file that ends too early.
pub(crate) const HEADER_CUT: Unreadable = "it ends in its header";
pub(crate) const TABLE_CUT: Unreadable = "its program headers lie outside of it";
pub(crate) const SEGMENT_CUT: Unreadable = "it ends before its last segment does";

/// The length of a header.
pub(crate) const HEADER: u64 = 64;

/// More program headers than any library has.
const MAX_SEGMENTS: usize = 1 << 12;

/// A 64-bit little-endian ELF file.
pub(crate) struct ElfFile<'a> {
    image: &'a Image<'a>,
    header: &'a FileHeader64<Le>,
    segments: &'a [ProgramHeader64<Le>],
}

impl<'a> ElfFile<'a> {
    /// Reads the header. None for a file of another class or byte order, which no
    /// [`Architecture`](crate::Architecture) has.
    pub(crate) fn header(image: &'a Image<'a>) -> Option<&'a FileHeader64<Le>> {
        let header = record::<FileHeader64<Le>>(image.from(0, HEADER)?)?;
        let ident = &header.e_ident;
        let is_ours =
            ident.magic == ELFMAG && ident.class == ELFCLASS64 && ident.data == ELFDATA2LSB;
        is_ours.then_some(header)
    }

    /// Reads the program headers that a header tells of.
    pub(crate) fn new(
        image: &'a Image<'a>,
        header: &'a FileHeader64<Le>,
    ) -> Result<Self, Unreadable> {
        let file = Self::without_contents(image, header)?;
        if file.loads().any(|load| file.range(load).is_none()) {
            return Err(SEGMENT_CUT);
        }
        Ok(file)
    }

    /// The same where the contents may be missing.
    pub(crate) fn without_contents(
        image: &'a Image<'a>,
        header: &'a FileHeader64<Le>,
    ) -> Result<Self, Unreadable> {
        let count = usize::from(header.e_phnum.get(Le));
        let size = size_of::<ProgramHeader64<Le>>();
        if count > 0 && usize::from(header.e_phentsize.get(Le)) != size {
            return Err("its program headers have another size");
        }
        if count > MAX_SEGMENTS {
            return Err("it has too many program headers");
        }
        let offset = header.e_phoff.get(Le);
        let segments = image
            .from(offset, offset.saturating_add(wide(count * size)))
            .and_then(|table| pod::slice_from_bytes(table, count).ok())
            .ok_or(TABLE_CUT)?;
        Ok(Self {
            image,
            header,
            segments: segments.0,
        })
    }

    /// Whether the loader maps it, as it does libraries and what is linked like
    /// one. Other programs are mapped by the kernel alone.
    pub(crate) fn is_shared(&self) -> bool {
        self.header.e_type.get(Le) == elf::ET_DYN
    }

    /// Whether it names a loader, as programs do that need one.
    pub(crate) fn has_interpreter(&self) -> bool {
        self.with_type(elf::PT_INTERP).next().is_some()
    }

    /// The loader that it names.
    pub(crate) fn interpreter(&self) -> Option<&'a str> {
        let segment = self.with_type(elf::PT_INTERP).next()?;
        let range = self.range(segment)?;
        let bytes = self.image.from(range.start, range.end)?;
        let end = bytes.iter().position(|byte| *byte == 0)?;
        std::str::from_utf8(&bytes[..end]).ok()
    }

    /// Whether it asks for a stack that can be executed.
    pub(crate) fn has_executable_stack(&self) -> bool {
        self.with_type(elf::PT_GNU_STACK)
            .any(|stack| stack.p_flags.get(Le) & elf::PF_X != 0)
    }

    /// What is mapped into memory, in the order of the mapping.
    pub(crate) fn loads(&self) -> impl DoubleEndedIterator<Item = &'a ProgramHeader64<Le>> {
        self.with_type(elf::PT_LOAD)
    }

    /// The address of the dynamic section. A file that keeps only debug information
    /// has one without contents, which the loader passes over.
    pub(crate) fn dynamic(&self) -> Option<u64> {
        self.with_type(elf::PT_DYNAMIC)
            .rfind(|segment| segment.p_filesz.get(Le) > 0)
            .map(|segment| segment.p_vaddr.get(Le))
    }

    /// The memory from an address to the end of what the file gives to its segment.
    /// Where segments overlap, the last one is what the loader leaves there.
    pub(crate) fn memory(&self, address: u64) -> Option<&'a [u8]> {
        self.loads().rev().find_map(|load| {
            let within = address.checked_sub(load.p_vaddr.get(Le))?;
            let range = self.range(load)?;
            let start = range.start.checked_add(within)?;
            (start < range.end)
                .then(|| self.image.from(start, range.end))
                .flatten()
        })
    }

    /// Where the tables of a large file can be: the dynamic section, and segments that
    /// are not code.
    pub(crate) fn places_of_tables(&self) -> Vec<Range<u64>> {
        let is_code = |load: &&ProgramHeader64<Le>| load.p_flags.get(Le) & elf::PF_X != 0;
        let loads = self.loads().filter(|load| !is_code(load));
        self.with_type(elf::PT_DYNAMIC)
            .chain(loads)
            .filter_map(|segment| self.range(segment))
            .collect()
    }

    /// Where a segment lies in the file.
    fn range(&self, segment: &ProgramHeader64<Le>) -> Option<Range<u64>> {
        let start = segment.p_offset.get(Le);
        let end = start.checked_add(segment.p_filesz.get(Le))?;
        (end <= self.image.len()).then_some(start..end)
    }

    fn with_type(&self, kind: u32) -> impl DoubleEndedIterator<Item = &'a ProgramHeader64<Le>> {
        let segments = self.segments.iter();
        segments.filter(move |segment| segment.p_type.get(Le) == kind)
    }
}

/// What of some bytes lies at and after an offset.
pub(crate) fn bytes_from(bytes: &[u8], offset: u64) -> Option<&[u8]> {
    bytes.get(usize::try_from(offset).ok()?..)
}

/// A record at the start of some bytes.
pub(crate) fn record<T: Record>(bytes: &[u8]) -> Option<&T> {
    pod::from_bytes(bytes).ok().map(|(record, _)| record)
}

/// The headers, and the records of a dynamic section and of what it leads to.
pub(crate) trait Record: object::Pod {}
impl Record for FileHeader64<Le> {}
impl Record for Dyn64<Le> {}
impl Record for Verneed<Le> {}
impl Record for Vernaux<Le> {}
impl Record for Verdef<Le> {}
impl Record for Verdaux<Le> {}
impl Record for Sym64<Le> {}
impl Record for HashHeader<Le> {}
impl Record for GnuHashHeader<Le> {}
