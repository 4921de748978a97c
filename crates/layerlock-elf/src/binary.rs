//! What a compiled file says of itself: enough to judge it together with others, for
//! any platform, without its bytes.

use std::io::{self, Read};
use std::ops::Range;

use object::LittleEndian as Le;
use object::elf::{self, ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, FileHeader64};
use serde::{Deserialize, Serialize};

use crate::file::{
    ElfFile, HEADER, HEADER_CUT, SEGMENT_CUT, TABLE_CUT, Unreadable, is_elf, places_of_tables,
};
use crate::fit::{RELR, is_aligned};
use crate::image::{Image, Keeper, MOST_PASSES, wide};
use crate::needs::Dynamic;
use crate::{Machine, symbols};

/// A compiled file, by its format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Binary {
    /// Linux.
    Elf(Box<Elf>),
    /// macOS.
    MachO,
    /// Windows.
    Pe,
}

/// What an ELF file says of itself. Of a file of another class or byte order than
/// [`Architecture`](crate::Architecture)s have, only its machine and kind are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elf {
    /// What processor it is for.
    pub machine: Machine,
    /// What it is.
    pub kind: Kind,
    /// Why no loader takes it, whatever the platform is.
    pub damage: Option<Damage>,
    /// The libraries that it needs.
    pub needed: Vec<String>,
    /// The versions of their symbols that it needs, by the library, in the file's order.
    pub versions: Vec<NeededVersions>,
    /// The name under which others need it.
    pub soname: Option<String>,
    /// `DT_RPATH`: where libraries are looked for first.
    pub rpath: Option<String>,
    /// `DT_RUNPATH`: where libraries are looked for after `LD_LIBRARY_PATH`.
    pub runpath: Option<String>,
    /// The versions that it has of its own symbols.
    pub defined_versions: Vec<String>,
    /// The loader that it names, as programs do.
    pub interpreter: Option<String>,
    /// Of its symbols those that were asked for, without the prefix.
    pub exports: Vec<String>,
    /// Whether it asks for a stack that can be executed.
    pub has_executable_stack: bool,
    /// Whether the loader has to write into its code.
    pub has_text_relocations: bool,
    /// Whether it has packed relative relocations (`DT_RELR`).
    pub has_relr: bool,
}

/// What an ELF file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A library, or a program that is linked like one.
    Shared,
    /// A program with a fixed address.
    Program,
    /// What no loader maps: an object file, a dump of memory.
    Other,
}

/// Why no loader takes a file. The text goes on where a file's name ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Damage {
    /// It was cut off.
    #[error("is truncated: {0}")]
    Truncated(String),
    /// A segment does not lie in the file as it has to in memory.
    #[error("was damaged by strip: ELF load command address/offset not page-aligned")]
    Misaligned,
    /// It cannot be read.
    #[error("cannot be read as a library: {0}")]
    Unreadable(String),
}

/// The versions of a library's symbols that a file needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeededVersions {
    /// The library.
    pub library: String,
    /// The versions: `GLIBC_2.17`.
    pub versions: Vec<String>,
    /// Those of which the file says that it loads without them too.
    pub weak: Vec<String>,
}

impl Binary {
    /// Reads what some bytes are. `exports` is what the symbols begin with that are
    /// listed of a library.
    pub fn read(bytes: &[u8], exports: &str) -> Option<Self> {
        match Format::of(bytes)? {
            Format::Elf => {
                let image = Image::whole(bytes);
                Some(Self::Elf(Box::new(Elf::read(&image, exports))))
            }
            Format::MachO => Some(Self::MachO),
            Format::Pe => Some(Self::Pe),
        }
    }

    /// The same of a stream, read piece by piece by a [`BinaryReader`]. It is opened again
    /// where a file has what matters in an unusual place.
    pub fn read_stream<R: Read>(
        mut open: impl FnMut() -> io::Result<R>,
        exports: &str,
    ) -> io::Result<Option<Self>> {
        let mut reader = BinaryReader::new(exports);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let mut stream = open()?;
            while reader.wants_more() {
                match stream.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(count) => reader.take(&buffer[..count]),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            match reader.finish() {
                Ok(binary) => return Ok(binary),
                Err(again) => reader = again,
            }
        }
    }
}

/// Reads what a file is while it goes by, piece by piece, and keeps no more of it than some
/// megabytes, whatever it holds.
pub struct BinaryReader {
    exports: String,
    keeper: Keeper,
    wanted: Vec<Range<u64>>,
    passes: usize,
}

impl BinaryReader {
    /// A reader of a file; `exports` is as for [`Binary::read`].
    pub fn new(exports: &str) -> Self {
        Self::again(exports.to_owned(), Vec::new(), 1)
    }

    fn again(exports: String, wanted: Vec<Range<u64>>, passes: usize) -> Self {
        Self {
            exports,
            keeper: Keeper::new(wanted.clone()),
            wanted,
            passes,
        }
    }

    /// Whether the rest of the file can tell more: that of one which is not an ELF file
    /// cannot.
    pub fn wants_more(&self) -> bool {
        let start = self.keeper.start();
        is_elf(start) || start.len() < FORMAT_KNOWN
    }

    /// Takes the bytes that come next.
    pub fn take(&mut self, piece: &[u8]) {
        if self.wants_more() {
            self.keeper.take(piece, places_of_tables);
        }
    }

    /// What the file is, after all of it has gone by; or a reader that has to see it once
    /// more, since what matters was not where it is in other files.
    pub fn finish(self) -> Result<Option<Binary>, Self> {
        match Format::of(self.keeper.start()) {
            None => return Ok(None),
            Some(Format::MachO) => return Ok(Some(Binary::MachO)),
            Some(Format::Pe) => return Ok(Some(Binary::Pe)),
            Some(Format::Elf) => {}
        }
        let image = self.keeper.finish();
        let elf = Elf::read(&image, &self.exports);
        let missed = image.missed();
        if elf.damage.is_none() || missed.is_empty() || self.passes == MOST_PASSES {
            return Ok(Some(Binary::Elf(Box::new(elf))));
        }
        let wanted = [self.wanted, missed].concat();
        Err(Self::again(self.exports, wanted, self.passes + 1))
    }
}

impl std::fmt::Debug for BinaryReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BinaryReader").finish_non_exhaustive()
    }
}

/// How much of a file tells its format: a PE file has its mark behind a program for DOS.
const FORMAT_KNOWN: usize = 4096;

enum Format {
    Elf,
    MachO,
    Pe,
}

impl Format {
    fn of(bytes: &[u8]) -> Option<Self> {
        if is_elf(bytes) {
            Some(Self::Elf)
        } else if is_mach_o(bytes) {
            Some(Self::MachO)
        } else if is_pe(bytes) {
            Some(Self::Pe)
        } else {
            None
        }
    }
}

/// A file for one processor, in either byte order, or a "fat" one for several, which
/// begins as Java's classes do: these have a version of 45 and more where it has a count.
fn is_mach_o(bytes: &[u8]) -> bool {
    let Some((magic, rest)) = bytes.split_first_chunk::<4>() else {
        return false;
    };
    match u32::from_be_bytes(*magic) {
        0xfeed_face | 0xfeed_facf | 0xcefa_edfe | 0xcffa_edfe => true,
        0xcafe_babe | 0xcafe_babf => rest
            .first_chunk::<4>()
            .is_some_and(|count| (1..45).contains(&u32::from_be_bytes(*count))),
        _ => false,
    }
}

fn is_pe(bytes: &[u8]) -> bool {
    let at = bytes.get(0x3c..0x40).and_then(<[u8]>::first_chunk::<4>);
    let mark = at
        .and_then(|at| usize::try_from(u32::from_le_bytes(*at)).ok())
        .and_then(|at| bytes.get(at..)?.first_chunk::<4>());
    bytes.starts_with(b"MZ") && mark == Some(b"PE\0\0")
}

/// Where a header of any class has the kind of the file and its machine.
const E_TYPE: usize = 16;
const E_MACHINE: usize = 18;

impl Elf {
    fn read(image: &Image<'_>, exports: &str) -> Self {
        let start = image.from(0, HEADER).unwrap_or_default();
        let Some(mut elf) = Self::identified(start) else {
            return Self {
                damage: Some(Damage::Truncated(HEADER_CUT.to_owned())),
                ..Self::nothing()
            };
        };
        let is_loaded = elf.kind != Kind::Other && !elf.machine.is_device();
        if is_loaded && let Some(header) = ElfFile::header(image) {
            let read = elf.read_contents(image, header, exports);
            elf.damage = read.map_err(Damage::from).err().or(elf.damage);
        }
        elf
    }

    fn nothing() -> Self {
        Self {
            machine: Machine {
                number: elf::EM_NONE,
                is_64_bit: false,
                is_big_endian: false,
            },
            kind: Kind::Other,
            damage: None,
            needed: Vec::new(),
            versions: Vec::new(),
            soname: None,
            rpath: None,
            runpath: None,
            defined_versions: Vec::new(),
            interpreter: None,
            exports: Vec::new(),
            has_executable_stack: false,
            has_text_relocations: false,
            has_relr: false,
        }
    }

    /// What the first bytes of a header say, which are the same in every class.
    fn identified(start: &[u8]) -> Option<Self> {
        let (class, order) = (*start.get(4)?, *start.get(5)?);
        let is_big_endian = order == ELFDATA2MSB;
        let number = |at: usize| {
            let bytes = *start.get(at..)?.first_chunk::<2>()?;
            Some(if is_big_endian {
                u16::from_be_bytes(bytes)
            } else {
                u16::from_le_bytes(bytes)
            })
        };
        let kind = match number(E_TYPE)? {
            elf::ET_DYN => Kind::Shared,
            elf::ET_EXEC => Kind::Program,
            _ => Kind::Other,
        };
        let machine = Machine {
            number: number(E_MACHINE)?,
            is_64_bit: class == ELFCLASS64,
            is_big_endian,
        };
        // One of the usual class has the whole of its header.
        let is_ours = class == ELFCLASS64 && order == ELFDATA2LSB;
        let is_cut = is_ours && wide(start.len()) < HEADER;
        (!is_cut).then_some(Self {
            machine,
            kind,
            ..Self::nothing()
        })
    }

    fn read_contents(
        &mut self,
        image: &Image<'_>,
        header: &FileHeader64<Le>,
        exports: &str,
    ) -> Result<(), Unreadable> {
        let file = ElfFile::new(image, header)?;
        self.has_executable_stack = file.has_executable_stack();
        self.interpreter = file.interpreter().map(str::to_owned);
        if !file.loads().all(|load| is_aligned(load, file.is_shared())) {
            self.damage = Some(Damage::Misaligned);
        }
        let Some(dynamic) = Dynamic::of(&file)? else {
            return Ok(());
        };
        let needs = dynamic.needs(&file)?;
        let identity = dynamic.identity(&file)?;
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        self.needed = owned(&needs.libraries);
        for version in &needs.versions {
            self.add_version(version.library, version.name, version.is_weak);
        }
        self.has_relr = needs.has_relr;
        self.soname = identity.soname.map(str::to_owned);
        self.rpath = identity.rpath.map(str::to_owned);
        self.runpath = identity.runpath.map(str::to_owned);
        self.defined_versions = owned(&identity.versions);
        self.has_text_relocations = identity.has_text_relocations;
        self.exports = owned(&symbols::exported(&file, &dynamic, exports));
        Ok(())
    }

    fn add_version(&mut self, library: &str, name: &str, is_weak: bool) {
        if self
            .versions
            .last()
            .is_none_or(|last| last.library != library)
        {
            self.versions.push(NeededVersions {
                library: library.to_owned(),
                versions: Vec::new(),
                weak: Vec::new(),
            });
        }
        if let Some(last) = self.versions.last_mut() {
            last.versions.push(name.to_owned());
            if is_weak {
                last.weak.push(name.to_owned());
            }
        }
    }

    /// Whether it has packed relative relocations without asking for a loader that knows
    /// them, which such a loader refuses.
    pub fn hides_relr(&self) -> bool {
        let mut all = self.versions.iter().flat_map(|needed| &needed.versions);
        let needs_glibc = self
            .versions
            .iter()
            .any(|needed| needed.library.starts_with("libc.so."));
        self.has_relr && needs_glibc && all.all(|version| version != RELR)
    }

    /// Whether it is for the C library musl.
    pub fn is_for_musl(&self) -> bool {
        let is_musl = |name: &str| {
            let file = name.rsplit('/').next().unwrap_or(name);
            file.starts_with("libc.musl-") || file.starts_with("ld-musl-")
        };
        let mut named = self.needed.iter().chain(&self.interpreter);
        named.any(|name| is_musl(name))
    }
}

impl From<Unreadable> for Damage {
    fn from(reason: Unreadable) -> Self {
        match reason {
            TABLE_CUT | SEGMENT_CUT => Self::Truncated(reason.to_owned()),
            _ => Self::Unreadable(reason.to_owned()),
        }
    }
}
