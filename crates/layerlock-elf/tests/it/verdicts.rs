//! What loads, and what does not.

use layerlock_elf::{Architecture, LoadCheck, LoadError, Platform, check, is_elf};
use layerlock_testkit::{SharedLibrary, shared_library};

use crate::{AARCH64, X86_64, platform};

/// What is said of a library on a platform with glibc 2.34.
fn verdict(library: &SharedLibrary) -> Result<(), String> {
    verdict_on((2, 34), library)
}

fn verdict_on(glibc: (u16, u16), library: &SharedLibrary) -> Result<(), String> {
    let is_beside = |name: &str| name == "libown.so.1";
    let bytes = library.build();
    let platform = platform(glibc);
    let verdict = check(&bytes, &platform, is_beside);
    assert_eq!(streamed(&bytes, &platform, is_beside), verdict);
    verdict.map_err(|error| error.to_string())
}

/// The same, of a file that goes by in pieces.
fn streamed(
    bytes: &[u8],
    platform: &Platform,
    is_beside: impl Fn(&str) -> bool,
) -> Result<(), LoadError> {
    let mut check = LoadCheck::new();
    loop {
        for piece in bytes.chunks(5000) {
            check.take(piece);
        }
        match check.finish(platform, &is_beside) {
            Ok(verdict) => return verdict,
            Err(again) => check = again,
        }
    }
}

/// Wherever its tables are.
#[test]
fn a_large_library_is_judged_as_it_goes_by() {
    for padding in [7 << 20, 9 << 20, 40 << 20] {
        let library = library()
            .padded(padding)
            .needs_versions("libc.so.6", &["GLIBC_2.35"]);
        let too_new = "needs GLIBC_2.35, the runtime has GLIBC_2.34 at most";
        assert_eq!(verdict(&library), refused(too_new));
    }
}

fn refused(text: &str) -> Result<(), String> {
    Err(text.to_owned())
}

fn library() -> SharedLibrary {
    SharedLibrary::new(X86_64)
}

#[test]
fn a_library_loads_where_all_that_it_needs_is_there() {
    let library = library()
        .needs("libc.so.6")
        .needs("libown.so.1")
        .needs_versions("libm.so.6", &["GLIBC_2.29"])
        .needs_versions("libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.34"])
        .needs_versions("libown.so.1", &["OWN_99.0", "plain"]);
    assert_eq!(verdict(&library), Ok(()));
    assert_eq!(
        verdict_on((2, 26), &library),
        refused("needs GLIBC_2.29, the runtime has GLIBC_2.26 at most")
    );
}

#[test]
fn a_library_that_is_nowhere_is_named() {
    assert_eq!(
        verdict(&library().needs("libc.so.6").needs("libpq.so.5")),
        refused("needs libpq.so.5, which the runtime does not have")
    );
}

#[test]
fn versions_are_compared_by_number() {
    for (needed, there) in [
        ("GLIBC_2.9", None),
        ("GLIBC_2.34", None),
        ("GLIBC_2.35", Some("GLIBC_2.34")),
        ("GLIBC_2.100", Some("GLIBC_2.34")),
        ("GLIBC_3.0", Some("GLIBC_2.34")),
        ("GLIBC_PRIVATE", Some("GLIBC_2.34")),
        ("GLIBCXX_3.4.9", None),
        ("GLIBCXX_3.4.30", Some("GLIBCXX_3.4.29")),
        ("CXXABI_1.3.14", Some("CXXABI_1.3.13")),
        ("OPENSSL_3.0.0", None),
    ] {
        let expected = there.map_or(Ok(()), |there| {
            refused(&format!("needs {needed}, the runtime has {there} at most"))
        });
        let library = library().needs_versions("libc.so.6", &[needed]);
        assert_eq!(verdict(&library), expected, "{needed}");
    }
}

#[test]
fn files_for_other_processors_are_told_apart() {
    for machine in [AARCH64, 0] {
        let error = check(
            &shared_library(machine, &[], &[]),
            &platform((2, 34)),
            |_| false,
        );
        assert_eq!(error, Err(LoadError::Architecture));
    }
    let arm = Platform {
        architecture: Architecture::Aarch64,
        ..platform((2, 34))
    };
    let file = shared_library(AARCH64, &[], &[]);
    assert_eq!(check(&file, &arm, |_| false), Ok(()));
    // 32 bits, and the other byte order.
    for (at, value) in [(4, 1), (5, 2)] {
        let mut file = file.clone();
        file[at] = value;
        assert_eq!(check(&file, &arm, |_| false), Err(LoadError::Architecture));
    }
    assert!(is_elf(&file) && !is_elf(b"\x7fEL"));
}

/// `strip` moves what patchelf has added: the loader then refuses the library.
#[test]
fn segments_that_do_not_lie_in_the_file_as_in_memory_are_refused() {
    let misaligned = refused(
        "is refused by the loader, as after `strip` on a patched library: \
         ELF load command address/offset not page-aligned",
    );
    for (distance, align, is_aligned) in [
        (0, 0x1000, true),
        (0x3000, 0x1000, true),
        (0x20_0000, 0x20_0000, true),
        (0, 0, true),
        (0x10, 0x1000, false),
        (0x1008, 0x1000, false),
        (0x1000, 0x20_0000, false),
        (0x1000, 0x100, false),
        (0x1000, 0, false),
    ] {
        let library = library().mapped_at_distance(distance).aligned_to(align);
        let expected = if is_aligned {
            Ok(())
        } else {
            misaligned.clone()
        };
        assert_eq!(verdict(&library), expected, "{distance:#x} by {align:#x}");
    }
    // A program is mapped by the kernel, which goes by pages alone.
    let mut program = library().mapped_at_distance(0x1000).aligned_to(0x20_0000);
    program = program.needs("libc.so.6");
    let mut program = program.build();
    program[16] = 2;
    assert_eq!(check(&program, &platform((2, 34)), |_| false), Ok(()));
}

/// A loader reads no section headers, and so must not be what they say.
#[test]
fn a_library_without_section_headers_is_read_all_the_same() {
    let library = library()
        .needs("libc.so.6")
        .needs_versions("libc.so.6", &["GLIBC_2.36"])
        .without_sections();
    let too_new = refused("needs GLIBC_2.36, the runtime has GLIBC_2.34 at most");
    assert_eq!(verdict(&library), too_new);
    assert_eq!(verdict_on((2, 36), &library), Ok(()));
    assert_eq!(
        verdict(&library.needs("libpq.so.5")),
        refused("needs libpq.so.5, which the runtime does not have")
    );
}

#[test]
fn features_of_the_loader_are_those_of_a_version_of_glibc() {
    for (needed, since) in [
        ("GLIBC_ABI_DT_RELR", Some((2, 36))),
        ("GLIBC_ABI_GNU_TLS", Some((2, 42))),
        ("GLIBC_ABI_GNU2_TLS", Some((2, 42))),
        ("GLIBC_ABI_OF_TOMORROW", None),
        ("GLIBC_ABI_2.5", None),
    ] {
        let library = library().needs_versions("libc.so.6", &[needed]);
        for glibc in [(2, 26), (2, 34), (2, 36), (2, 42)] {
            let (major, minor) = glibc;
            let expected = if since.is_some_and(|since| glibc >= since) {
                Ok(())
            } else {
                refused(&format!(
                    "needs {needed}, the runtime has GLIBC_{major}.{minor} at most"
                ))
            };
            assert_eq!(verdict_on(glibc, &library), expected, "{needed}");
        }
    }
}

const DT_RELR: u64 = 36;
const DT_FLAGS_1: u64 = 0x6fff_fffb;
const DF_1_PIE: u64 = 0x0800_0000;

#[test]
fn packed_relocations_need_a_loader_that_is_asked_for() {
    let packed = library().dynamic_entry(DT_RELR, 0x2000);
    let with_glibc = packed.clone().needs_versions("libc.so.6", &["GLIBC_2.2.5"]);
    let too_new = refused("needs GLIBC_ABI_DT_RELR, the runtime has GLIBC_2.34 at most");
    assert_eq!(verdict(&packed), too_new);
    assert_eq!(verdict(&with_glibc), too_new);
    assert_eq!(verdict_on((2, 36), &packed), Ok(()));
    assert_eq!(
        verdict_on((2, 36), &with_glibc),
        refused("has DT_RELR without needing GLIBC_ABI_DT_RELR, which the loader refuses")
    );
    let asking = with_glibc.needs_versions("libc.so.6", &["GLIBC_ABI_DT_RELR"]);
    assert_eq!(verdict_on((2, 36), &asking), Ok(()));
    // A program without a loader applies them itself.
    let program = packed.dynamic_entry(DT_FLAGS_1, DF_1_PIE);
    assert_eq!(verdict(&program), Ok(()));
}
