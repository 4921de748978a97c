//! The headers of an ELF file, and what lies at an address of its memory.

use object::LittleEndian as Le;
use object::elf::{
    self, Dyn64, ELFCLASS64, ELFDATA2LSB, ELFMAG, FileHeader64, ProgramHeader64, Vernaux, Verneed,
};
use object::pod;

/// Whether bytes begin as an ELF file does.
pub fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(&ELFMAG)
}

/// Why a file cannot be read.
pub(crate) type Unreadable = &'static str;

/// A 64-bit little-endian ELF file.
pub(crate) struct ElfFile<'a> {
    bytes: &'a [u8],
    header: &'a FileHeader64<Le>,
    segments: &'a [ProgramHeader64<Le>],
}

impl<'a> ElfFile<'a> {
    /// Reads the header. None for a file of another class or byte order, which no
    /// [`Architecture`](crate::Architecture) has.
    pub(crate) fn header(bytes: &'a [u8]) -> Option<&'a FileHeader64<Le>> {
        let (header, _) = pod::from_bytes::<FileHeader64<Le>>(bytes).ok()?;
        let ident = &header.e_ident;
        let is_ours =
            ident.magic == ELFMAG && ident.class == ELFCLASS64 && ident.data == ELFDATA2LSB;
        is_ours.then_some(header)
    }

    /// Reads the program headers that a header tells of.
    pub(crate) fn new(bytes: &'a [u8], header: &'a FileHeader64<Le>) -> Result<Self, Unreadable> {
        let count = usize::from(header.e_phnum.get(Le));
        if count > 0 && usize::from(header.e_phentsize.get(Le)) != size_of::<ProgramHeader64<Le>>()
        {
            return Err("its program headers have another size");
        }
        let segments = bytes_from(bytes, header.e_phoff.get(Le))
            .and_then(|table| pod::slice_from_bytes(table, count).ok())
            .ok_or("its program headers lie outside of it")?;
        let file = Self {
            bytes,
            header,
            segments: segments.0,
        };
        if file.loads().any(|load| file.contents(load).is_none()) {
            return Err("it ends before its last segment does");
        }
        Ok(file)
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
            bytes_from(self.contents(load)?, within).filter(|memory| !memory.is_empty())
        })
    }

    fn contents(&self, segment: &ProgramHeader64<Le>) -> Option<&'a [u8]> {
        let size = usize::try_from(segment.p_filesz.get(Le)).ok()?;
        bytes_from(self.bytes, segment.p_offset.get(Le))?.get(..size)
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

/// The records of a dynamic section and of what it leads to.
pub(crate) trait Record: object::Pod {}
impl Record for Dyn64<Le> {}
impl Record for Verneed<Le> {}
impl Record for Vernaux<Le> {}
