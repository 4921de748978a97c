//! What the dynamic section of a file asks of the system, and what it says of itself.
//!
//! It is read as glibc's loader reads it: the tables are found by addresses, and
//! chains are followed to their end. What else tells of their lengths (`DT_STRSZ`,
//! `DT_VERNEEDNUM`, the counts in the chains) is for other tools, and may be wrong
//! in a file that loads.

use object::LittleEndian as Le;
use object::elf::{
    DF_1_PIE, DF_TEXTREL, DT_FLAGS, DT_FLAGS_1, DT_GNU_HASH, DT_HASH, DT_NEEDED, DT_NULL, DT_RPATH,
    DT_RUNPATH, DT_SONAME, DT_STRTAB, DT_SYMTAB, DT_TEXTREL, DT_VERDEF, DT_VERNEED, Dyn64,
    VER_DEF_CURRENT, VER_FLG_BASE, VER_FLG_WEAK, VER_NEED_CURRENT, Verdaux, Verdef, Vernaux,
    Verneed,
};

use crate::file::{ElfFile, Unreadable, bytes_from, record};

/// Relative relocations in the packed form of 2022
/// (<https://groups.google.com/g/generic-abi/c/bX460iggiKg>).
const DT_RELR: u64 = 36;

/// More entries than any library has in its dynamic section or asks for in
/// versions: those of the largest are some hundreds.
const MAX_ENTRIES: usize = 1 << 14;

/// Longer than the name of any file or version.
const MAX_NAME: usize = 4096;

/// What a file asks of the system.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs<'a> {
    /// The libraries that it needs.
    pub(crate) libraries: Vec<&'a str>,
    /// The versions of their symbols that it needs.
    pub(crate) versions: Vec<Version<'a>>,
    /// Whether it has packed relative relocations.
    pub(crate) has_relr: bool,
    /// Whether it says that it is a program.
    pub(crate) is_program: bool,
}

/// What a file says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity<'a> {
    /// The name under which others need it.
    pub(crate) soname: Option<&'a str>,
    /// Where it has its libraries looked for, in the old way and in the new one.
    pub(crate) rpath: Option<&'a str>,
    pub(crate) runpath: Option<&'a str>,
    /// The versions that it has of its own symbols.
    pub(crate) versions: Vec<&'a str>,
    /// Whether the loader has to write into its code.
    pub(crate) has_text_relocations: bool,
}

/// A version of a library's symbols.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Version<'a> {
    pub(crate) library: &'a str,
    pub(crate) name: &'a str,
    /// Whether the file loads without it too.
    pub(crate) is_weak: bool,
}

/// The dynamic section of a file.
pub(crate) struct Dynamic<'a> {
    tags: Tags,
    pub(crate) names: &'a [u8],
}

impl<'a> Dynamic<'a> {
    /// Reads the section, where a file has one.
    pub(crate) fn of(file: &ElfFile<'a>) -> Result<Option<Self>, Unreadable> {
        let Some(address) = file.dynamic() else {
            return Ok(None);
        };
        let section = file.memory(address);
        let section = section.ok_or("its dynamic section is in no segment")?;
        let tags = Tags::read(section)?;
        // Whoever asks for nothing may have no names either.
        let names = tags.strings.and_then(|address| file.memory(address));
        let names = names.unwrap_or_default();
        Ok(Some(Self { tags, names }))
    }

    pub(crate) fn needs(&self, file: &ElfFile<'a>) -> Result<Needs<'a>, Unreadable> {
        let libraries = self.tags.libraries.iter().map(|&at| name(self.names, at));
        Ok(Needs {
            libraries: libraries.collect::<Result<_, _>>()?,
            versions: match self.tags.versions {
                Some(address) => {
                    let chain = file.memory(address);
                    versions(chain.ok_or("its versions are in no segment")?, self.names)?
                }
                None => Vec::new(),
            },
            has_relr: self.tags.has_relr,
            is_program: self.tags.flags_1 & u64::from(DF_1_PIE) != 0,
        })
    }

    pub(crate) fn identity(&self, file: &ElfFile<'a>) -> Result<Identity<'a>, Unreadable> {
        let text = |at: Option<u64>| at.map(|at| name(self.names, at)).transpose();
        let tags = &self.tags;
        Ok(Identity {
            soname: text(tags.soname)?,
            rpath: text(tags.rpath)?,
            runpath: text(tags.runpath)?,
            versions: match tags.defined {
                Some(address) => {
                    let chain = file.memory(address);
                    defined(
                        chain.ok_or("its own versions are in no segment")?,
                        self.names,
                    )?
                }
                None => Vec::new(),
            },
            has_text_relocations: tags.has_textrel || tags.flags & u64::from(DF_TEXTREL) != 0,
        })
    }

    /// The addresses of the symbols and of the table that finds them.
    pub(crate) fn symbols(&self) -> Option<(u64, HashTable)> {
        let gnu = self.tags.gnu_hash.map(HashTable::Gnu);
        let table = gnu.or(self.tags.hash.map(HashTable::SystemV))?;
        Some((self.tags.symbols?, table))
    }
}

/// A table of symbols by their hash, by its address.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HashTable {
    Gnu(u64),
    SystemV(u64),
}

impl<'a> Needs<'a> {
    pub(crate) fn of(file: &ElfFile<'a>) -> Result<Self, Unreadable> {
        match Dynamic::of(file)? {
            Some(dynamic) => dynamic.needs(file),
            None => Ok(Self::default()),
        }
    }
}

/// The entries of a dynamic section that matter here. Of those that are there
/// twice the last counts.
#[derive(Default)]
struct Tags {
    /// Where the names of the needed libraries are among the names.
    libraries: Vec<u64>,
    strings: Option<u64>,
    versions: Option<u64>,
    defined: Option<u64>,
    soname: Option<u64>,
    rpath: Option<u64>,
    runpath: Option<u64>,
    symbols: Option<u64>,
    gnu_hash: Option<u64>,
    hash: Option<u64>,
    has_relr: bool,
    has_textrel: bool,
    flags: u64,
    flags_1: u64,
}

impl Tags {
    fn read(section: &[u8]) -> Result<Self, Unreadable> {
        let mut tags = Self::default();
        for (index, entry) in section.chunks_exact(size_of::<Dyn64<Le>>()).enumerate() {
            let Some(entry) = record::<Dyn64<Le>>(entry) else {
                break;
            };
            let (tag, value) = (entry.d_tag.get(Le), entry.d_val.get(Le));
            if tag == u64::from(DT_NULL) {
                break;
            }
            if index >= MAX_ENTRIES {
                return Err("its dynamic section does not end");
            }
            if let Ok(tag) = u32::try_from(tag) {
                tags.add(tag, value);
            }
        }
        Ok(tags)
    }

    fn add(&mut self, tag: u32, value: u64) {
        match tag {
            DT_NEEDED => self.libraries.push(value),
            DT_STRTAB => self.strings = Some(value),
            DT_VERNEED => self.versions = Some(value),
            DT_VERDEF => self.defined = Some(value),
            DT_SONAME => self.soname = Some(value),
            DT_RPATH => self.rpath = Some(value),
            DT_RUNPATH => self.runpath = Some(value),
            DT_SYMTAB => self.symbols = Some(value),
            DT_GNU_HASH => self.gnu_hash = Some(value),
            DT_HASH => self.hash = Some(value),
            DT_TEXTREL => self.has_textrel = true,
            DT_FLAGS => self.flags = value,
            DT_FLAGS_1 => self.flags_1 = value,
            _ if u64::from(tag) == DT_RELR => self.has_relr = true,
            _ => {}
        }
    }
}

/// Follows the chain of libraries, and from each the chain of versions.
fn versions<'a>(chain: &'a [u8], names: &'a [u8]) -> Result<Vec<Version<'a>>, Unreadable> {
    const OUTSIDE: Unreadable = "its versions lie outside of their segment";
    let mut versions = Vec::new();
    let mut at = chain;
    loop {
        let need: &Verneed<Le> = record(at).ok_or(OUTSIDE)?;
        if need.vn_version.get(Le) != VER_NEED_CURRENT {
            return Err("its versions are in an unknown form");
        }
        let library = name(names, need.vn_file.get(Le).into())?;
        let mut version_at = bytes_from(at, need.vn_aux.get(Le).into()).ok_or(OUTSIDE)?;
        loop {
            if versions.len() >= MAX_ENTRIES {
                return Err("its versions do not end");
            }
            let version: &Vernaux<Le> = record(version_at).ok_or(OUTSIDE)?;
            versions.push(Version {
                library,
                name: name(names, version.vna_name.get(Le).into())?,
                is_weak: version.vna_flags.get(Le) & VER_FLG_WEAK != 0,
            });
            match version.vna_next.get(Le) {
                0 => break,
                next => version_at = bytes_from(version_at, next.into()).ok_or(OUTSIDE)?,
            }
        }
        match need.vn_next.get(Le) {
            0 => return Ok(versions),
            next => at = bytes_from(at, next.into()).ok_or(OUTSIDE)?,
        }
    }
}

/// Follows the chain of a file's own versions. The one that stands for the file itself
/// is none.
fn defined<'a>(chain: &'a [u8], names: &'a [u8]) -> Result<Vec<&'a str>, Unreadable> {
    const OUTSIDE: Unreadable = "its own versions lie outside of their segment";
    let mut defined = Vec::new();
    let mut at = chain;
    for _ in 0..MAX_ENTRIES {
        let definition: &Verdef<Le> = record(at).ok_or(OUTSIDE)?;
        if definition.vd_version.get(Le) != VER_DEF_CURRENT {
            return Err("its own versions are in an unknown form");
        }
        if definition.vd_flags.get(Le) & VER_FLG_BASE == 0 {
            let first = bytes_from(at, definition.vd_aux.get(Le).into()).ok_or(OUTSIDE)?;
            let first: &Verdaux<Le> = record(first).ok_or(OUTSIDE)?;
            defined.push(name(names, first.vda_name.get(Le).into())?);
        }
        match definition.vd_next.get(Le) {
            0 => return Ok(defined),
            next => at = bytes_from(at, next.into()).ok_or(OUTSIDE)?,
        }
    }
    Err("its own versions do not end")
}

/// The name at an offset, which ends with a zero.
pub(crate) fn name(names: &[u8], offset: u64) -> Result<&str, Unreadable> {
    let rest = bytes_from(names, offset).ok_or("a name lies outside of its segment")?;
    let rest = &rest[..rest.len().min(MAX_NAME)];
    let end = rest.iter().position(|byte| *byte == 0);
    let name = &rest[..end.ok_or("a name does not end")?];
    std::str::from_utf8(name).map_err(|_| "a name is not UTF-8")
}
