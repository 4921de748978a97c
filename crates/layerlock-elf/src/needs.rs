//! What the dynamic section of a file asks of the system.
//!
//! It is read as glibc's loader reads it: the tables are found by addresses, and
//! chains are followed to their end. What else tells of their lengths (`DT_STRSZ`,
//! `DT_VERNEEDNUM`, the counts in the chains) is for other tools, and may be wrong
//! in a file that loads.

use object::LittleEndian as Le;
use object::elf::{
    DF_1_PIE, DT_FLAGS_1, DT_NEEDED, DT_NULL, DT_STRTAB, DT_VERNEED, Dyn64, VER_NEED_CURRENT,
    Vernaux, Verneed,
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

/// A version of a library's symbols.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Version<'a> {
    pub(crate) library: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> Needs<'a> {
    pub(crate) fn of(file: &ElfFile<'a>) -> Result<Self, Unreadable> {
        let Some(address) = file.dynamic() else {
            return Ok(Self::default());
        };
        let section = file.memory(address);
        let section = section.ok_or("its dynamic section is in no segment")?;
        let tags = Tags::read(section)?;
        // Whoever asks for nothing may have no names either.
        let names = tags.strings.and_then(|address| file.memory(address));
        let names = names.unwrap_or_default();
        let libraries = tags.libraries.iter().map(|&at| name(names, at));
        Ok(Self {
            libraries: libraries.collect::<Result<_, _>>()?,
            versions: match tags.versions {
                Some(address) => {
                    let chain = file.memory(address);
                    versions(chain.ok_or("its versions are in no segment")?, names)?
                }
                None => Vec::new(),
            },
            has_relr: tags.has_relr,
            is_program: tags.flags & u64::from(DF_1_PIE) != 0,
        })
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
    has_relr: bool,
    flags: u64,
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
            match u32::try_from(tag) {
                Ok(DT_NEEDED) => tags.libraries.push(value),
                Ok(DT_STRTAB) => tags.strings = Some(value),
                Ok(DT_VERNEED) => tags.versions = Some(value),
                Ok(DT_FLAGS_1) => tags.flags = value,
                _ if tag == DT_RELR => tags.has_relr = true,
                _ => {}
            }
        }
        Ok(tags)
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

/// The name at an offset, which ends with a zero.
fn name(names: &[u8], offset: u64) -> Result<&str, Unreadable> {
    let rest = bytes_from(names, offset).ok_or("a name lies outside of its segment")?;
    let rest = &rest[..rest.len().min(MAX_NAME)];
    let end = rest.iter().position(|byte| *byte == 0);
    let name = &rest[..end.ok_or("a name does not end")?];
    std::str::from_utf8(name).map_err(|_| "a name is not UTF-8")
}
