//! Whether a platform's loader takes a file.

use object::LittleEndian as Le;
use object::elf::ProgramHeader64;

use crate::Platform;
use crate::file::ElfFile;
use crate::image::Image;
use crate::needs::{Needs, Version};

/// Why a platform's loader refuses a file. The text goes on where a file's name ended:
/// `core.so` and `needs GLIBC_2.38, ...`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It is for another architecture.
    #[error("is for another architecture")]
    Architecture,
    /// A segment does not lie in the file as it has to in memory. `strip` leaves such
    /// files where patchelf or auditwheel had added a segment.
    #[error(
        "is refused by the loader, as after `strip` on a patched library: \
         ELF load command address/offset not page-aligned"
    )]
    Alignment,
    /// It needs a newer version of a library than the platform has.
    #[error("needs {needed}, the runtime has {there} at most")]
    Symbols {
        /// The version that it needs, such as `GLIBC_2.38`.
        needed: String,
        /// The newest that is there.
        there: String,
    },
    /// It needs a library that is neither beside it nor on the platform.
    #[error("needs {0}, which the runtime does not have")]
    Library(String),
    /// It has packed relative relocations and does not ask for a loader that knows
    /// them, which such a loader refuses.
    #[error("has DT_RELR without needing {RELR}, which the loader refuses")]
    Relr,
    /// It cannot be read.
    #[error("cannot be read as a library: {0}")]
    Unreadable(&'static str),
}

/// Says whether an ELF file loads on a platform, and if not, why. `is_beside` tells
/// which libraries the file has with it, by the names under which it needs them.
///
/// It is as strict as the loader is when the file is loaded. What fails later, such
/// as a symbol that no library has, is not looked for.
pub fn check(
    bytes: &[u8],
    platform: &Platform,
    is_beside: impl Fn(&str) -> bool,
) -> Result<(), LoadError> {
    check_image(&Image::whole(bytes), platform, is_beside)
}

pub(crate) fn check_image(
    image: &Image<'_>,
    platform: &Platform,
    is_beside: impl Fn(&str) -> bool,
) -> Result<(), LoadError> {
    let header = ElfFile::header(image)
        .filter(|header| header.e_machine.get(Le) == platform.architecture.number())
        .ok_or(LoadError::Architecture)?;
    let file = ElfFile::new(image, header).map_err(LoadError::Unreadable)?;
    if !file.loads().all(|load| is_aligned(load, file.is_shared())) {
        return Err(LoadError::Alignment);
    }
    let needs = Needs::of(&file).map_err(LoadError::Unreadable)?;
    let is_there = |library: &str| is_beside(library) || platform.libraries.contains(&library);
    if let Some(missing) = needs.libraries.iter().find(|library| !is_there(library)) {
        return Err(LoadError::Library((*missing).to_owned()));
    }
    for version in &needs.versions {
        check_version(version.name, platform)?;
    }
    // A program without a loader relocates itself.
    let is_static = needs.is_program && !file.has_interpreter();
    if needs.has_relr && !is_static {
        check_relr(&needs.versions, platform)?;
    }
    Ok(())
}

/// The size of a page of memory, on every platform that functions run on.
const PAGE: u64 = 4096;

/// Whether a segment can be mapped as it lies in the file: "loadable process
/// segments must have congruent values for `p_vaddr` and `p_offset`, modulo the page
/// size", and `p_align` "should be a positive, integral power of 2, and `p_vaddr`
/// should equal `p_offset`, modulo `p_align`" (System V ABI, Program Header). The
/// kernel holds programs to the first, the loader libraries to both.
pub(crate) fn is_aligned(load: &ProgramHeader64<Le>, is_shared: bool) -> bool {
    let distance = load.p_vaddr.get(Le).wrapping_sub(load.p_offset.get(Le));
    let align = if is_shared {
        load.p_align.get(Le)
    } else {
        PAGE
    };
    align % PAGE == 0 && distance & align.wrapping_sub(1) == 0
}

/// The version that stands for a loader with packed relative relocations.
pub(crate) const RELR: &str = "GLIBC_ABI_DT_RELR";

/// What glibc calls features of its loader that a file asks for, and the version that
/// brought each (glibc's NEWS). Others are newer.
const ABI_FEATURES: [(&str, (u16, u16)); 3] = [
    (RELR, (2, 36)),
    ("GLIBC_ABI_GNU_TLS", (2, 42)),
    ("GLIBC_ABI_GNU2_TLS", (2, 42)),
];

impl Platform {
    /// Compares `GLIBC_2.38` with what the platform has; where that is older, gives it.
    /// Versions of other libraries come with the library itself.
    pub fn newest_below(&self, needed: &str) -> Option<String> {
        let (major, minor) = self.glibc;
        let (library, version) = needed.rsplit_once('_')?;
        let (there, fits) = if needed.starts_with("GLIBC_ABI_") {
            let mut known = ABI_FEATURES.iter();
            let fits = known.any(|(name, since)| *name == needed && *since <= self.glibc);
            (format!("GLIBC_{major}.{minor}"), fits)
        } else if library == "GLIBC" {
            // `GLIBC_PRIVATE` is for glibc's own parts, and changes at will.
            let there = format!("{major}.{minor}");
            (format!("GLIBC_{there}"), is_at_most(version, &there))
        } else {
            let mut known = self.symbol_versions.iter();
            let (_, there) = known.find(|(prefix, _)| *prefix == library)?;
            (format!("{library}_{there}"), is_at_most(version, there))
        };
        (!fits).then_some(there)
    }

    /// What is older there than packed relative relocations.
    pub fn newest_below_relr(&self) -> Option<String> {
        self.newest_below(RELR)
    }
}

fn check_version(needed: &str, platform: &Platform) -> Result<(), LoadError> {
    match platform.newest_below(needed) {
        None => Ok(()),
        Some(there) => Err(LoadError::Symbols {
            needed: needed.to_owned(),
            there,
        }),
    }
}

fn is_at_most(version: &str, there: &str) -> bool {
    numbers(version).is_some_and(|version| Some(version) <= numbers(there))
}

fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|part| part.parse().ok()).collect()
}

/// An older loader passes over packed relative relocations, and leaves pointers
/// wrong. A newer one wants a file that needs glibc to ask for it
/// (glibc's `_dl_check_map_versions`).
fn check_relr(versions: &[Version<'_>], platform: &Platform) -> Result<(), LoadError> {
    check_version(RELR, platform)?;
    let needs_glibc = versions
        .iter()
        .any(|version| version.library.starts_with("libc.so."));
    if needs_glibc && versions.iter().all(|version| version.name != RELR) {
        return Err(LoadError::Relr);
    }
    Ok(())
}
