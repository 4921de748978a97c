//! What files say of themselves.

use std::io::{self, Read};

use layerlock_elf::{Architecture, Binary, Damage, Elf, Kind, Machine, NeededVersions};
use layerlock_testkit::SharedLibrary;
use proptest::prelude::*;

use crate::{AARCH64, X86_64};

fn read(file: &[u8]) -> Elf {
    match Binary::read(file, "PyInit_") {
        Some(Binary::Elf(elf)) => *elf,
        other => panic!("{other:?}"),
    }
}

fn library() -> SharedLibrary {
    SharedLibrary::new(X86_64)
}

#[test]
fn what_a_library_asks_for_and_has_is_read() {
    let file = library()
        .soname("libown.so.1")
        .rpath("$ORIGIN/../lib")
        .runpath("$ORIGIN:/opt/lib")
        .needs("libc.so.6")
        .needs("libother.so.2")
        .needs_versions("libm.so.6", &["GLIBC_2.29"])
        .needs_versions("libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.34"])
        .defines(&["OWN_1", "OWN_2"])
        .exports(&["PyInit_core", "own_function", "PyInit_other"])
        .interpreter("/lib64/ld-linux-x86-64.so.2")
        .with_executable_stack()
        .build();
    let needed = |library: &str, versions: &[&str]| NeededVersions {
        library: library.to_owned(),
        versions: versions.iter().map(ToString::to_string).collect(),
        weak: Vec::new(),
    };
    let expected = Elf {
        machine: Machine::from(Architecture::X86_64),
        kind: Kind::Shared,
        damage: None,
        needed: vec!["libc.so.6".to_owned(), "libother.so.2".to_owned()],
        versions: vec![
            needed("libm.so.6", &["GLIBC_2.29"]),
            needed("libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.34"]),
        ],
        soname: Some("libown.so.1".to_owned()),
        rpath: Some("$ORIGIN/../lib".to_owned()),
        runpath: Some("$ORIGIN:/opt/lib".to_owned()),
        defined_versions: vec!["OWN_1".to_owned(), "OWN_2".to_owned()],
        interpreter: Some("/lib64/ld-linux-x86-64.so.2".to_owned()),
        exports: vec!["core".to_owned(), "other".to_owned()],
        has_executable_stack: true,
        has_text_relocations: false,
        has_relr: false,
    };
    assert_eq!(read(&file), expected);
    // As a cache and as reports have it.
    let binary = Binary::Elf(Box::new(expected));
    let bytes = postcard::to_stdvec(&binary).unwrap();
    assert_eq!(postcard::from_bytes::<Binary>(&bytes).unwrap(), binary);
    let json = serde_json::to_string(&binary).unwrap();
    assert_eq!(serde_json::from_str::<Binary>(&json).unwrap(), binary);
}

#[test]
fn a_library_that_asks_for_nothing_has_nothing() {
    let elf = read(&SharedLibrary::new(AARCH64).without_sections().build());
    assert!(elf.machine.is(Architecture::Aarch64) && !elf.machine.is(Architecture::X86_64));
    assert!(elf.damage.is_none() && elf.needed.is_empty() && elf.versions.is_empty());
    assert!(elf.exports.is_empty() && elf.soname.is_none() && elf.runpath.is_none());
    assert!(!elf.has_executable_stack && !elf.has_text_relocations && !elf.is_for_musl());
}

const DT_TEXTREL: u64 = 22;
const DT_FLAGS: u64 = 30;
const DT_RELR: u64 = 36;

#[test]
fn text_relocations_are_told_in_two_ways() {
    for (tag, value, has) in [
        (DT_TEXTREL, 0, true),
        (DT_FLAGS, 4, true),
        (DT_FLAGS, 8, false),
    ] {
        let elf = read(&library().dynamic_entry(tag, value).build());
        assert_eq!(elf.has_text_relocations, has, "{tag} {value}");
    }
}

#[test]
fn packed_relocations_that_nobody_is_asked_for_are_told() {
    let packed = library().dynamic_entry(DT_RELR, 0x2000);
    let plain = packed.clone().needs_versions("libc.so.6", &["GLIBC_2.2.5"]);
    let asking = packed
        .clone()
        .needs_versions("libc.so.6", &["GLIBC_2.2.5", "GLIBC_ABI_DT_RELR"]);
    for (library, hides) in [(packed, false), (plain, true), (asking, false)] {
        let elf = read(&library.build());
        assert!(elf.has_relr);
        assert_eq!(elf.hides_relr(), hides);
    }
}

#[test]
fn musl_is_known_by_its_library_and_by_its_loader() {
    for (library, is_for_musl) in [
        (library().needs("libc.musl-x86_64.so.1"), true),
        (library().interpreter("/lib/ld-musl-x86_64.so.1"), true),
        (
            library().needs("libc.so.6").soname("libc.musl-x86_64.so.1"),
            false,
        ),
        (library().interpreter("/lib64/ld-linux-x86-64.so.2"), false),
    ] {
        assert_eq!(read(&library.build()).is_for_musl(), is_for_musl);
    }
}

#[test]
fn machines_have_the_names_that_elf_gives_them() {
    for (number, class, order, name) in [
        (62, 2, 1, "x86-64"),
        (62, 1, 1, "x86-64 (32-bit)"),
        (183, 2, 1, "aarch64"),
        (183, 2, 2, "aarch64"),
        (3, 1, 1, "i386"),
        (40, 1, 1, "arm"),
        (21, 2, 1, "ppc64le"),
        (21, 2, 2, "ppc64"),
        (22, 2, 2, "s390x"),
        (243, 2, 1, "riscv"),
        (4711, 2, 1, "machine 4711"),
    ] {
        let mut file = library().build();
        let number: u16 = number;
        (file[4], file[5]) = (class, order);
        let bytes = match order {
            1 => number.to_le_bytes(),
            _ => number.to_be_bytes(),
        };
        file[18..20].copy_from_slice(&bytes);
        let elf = read(&file);
        assert_eq!(elf.machine.to_string(), name);
        assert_eq!(elf.machine.is(Architecture::X86_64), name == "x86-64");
        assert_eq!(elf.damage, None);
    }
    for (number, is_device) in [(247, true), (190, true), (224, true), (62, false)] {
        let machine = Machine {
            number,
            ..Machine::from(Architecture::X86_64)
        };
        assert_eq!(machine.is_device(), is_device);
    }
}

#[test]
fn what_is_cut_off_is_told_from_what_is_broken() {
    let whole = library().needs("libc.so.6").without_sections().build();
    for length in [4, 10, 19, 63, 64, 200, whole.len() - 1] {
        let elf = read(&whole[..length]);
        assert!(
            matches!(elf.damage, Some(Damage::Truncated(_))),
            "{length}: {:?}",
            elf.damage
        );
    }
    let misaligned = read(
        &library()
            .needs("libc.so.6")
            .mapped_at_distance(0x10)
            .build(),
    );
    assert_eq!(misaligned.damage, Some(Damage::Misaligned));
    assert_eq!(misaligned.needed, ["libc.so.6"]);
    let endless = read(&library().needs(&"n".repeat(5000)).build());
    assert!(matches!(endless.damage, Some(Damage::Unreadable(_))));
    let texts = [whole.len() - 1, 64].map(|length| read(&whole[..length]).damage.unwrap());
    assert_eq!(
        texts.map(|damage| damage.to_string()),
        [
            "is truncated: it ends before its last segment does",
            "is truncated: its program headers lie outside of it",
        ]
    );
}

#[test]
fn formats_are_told_apart_by_their_first_bytes() {
    let mut pe = vec![0; 0x80];
    pe[..2].copy_from_slice(b"MZ");
    pe[0x3c] = 0x40;
    let mut no_pe = pe.clone();
    pe[0x40..0x44].copy_from_slice(b"PE\0\0");
    no_pe.extend(b"PE\0\0");
    for (bytes, expected) in [
        (&b"\xcf\xfa\xed\xfe\x07"[..], Some(Binary::MachO)),
        (b"\xce\xfa\xed\xfe\x07", Some(Binary::MachO)),
        (b"\xfe\xed\xfa\xcf\x07", Some(Binary::MachO)),
        (b"\xca\xfe\xba\xbe\0\0\0\x02", Some(Binary::MachO)),
        // A class of Java.
        (b"\xca\xfe\xba\xbe\0\0\0\x34", None),
        (b"\xca\xfe\xba\xbe", None),
        (&pe, Some(Binary::Pe)),
        (&no_pe, None),
        (b"MZ", None),
        (b"", None),
        (b"import os", None),
    ] {
        assert_eq!(Binary::read(bytes, ""), expected, "{bytes:?}");
        let streamed = Binary::read_stream(|| Ok(bytes), "").unwrap();
        assert_eq!(streamed, expected, "{bytes:?}");
    }
}

/// Gives the bytes of a file and counts them.
struct Counted<'a>(&'a [u8], &'a std::cell::Cell<usize>);

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.set(self.1.get() + count);
        Ok(count)
    }
}

/// What is read of a stream, and how often it went by.
fn streamed(file: &[u8]) -> (Elf, usize) {
    let count = std::cell::Cell::new(0);
    let opened = std::cell::Cell::new(0);
    let open = || {
        opened.set(opened.get() + 1);
        Ok(Counted(file, &count))
    };
    let binary = Binary::read_stream(open, "PyInit_").unwrap();
    let Some(Binary::Elf(elf)) = binary else {
        panic!("{binary:?}");
    };
    assert_eq!(count.get(), opened.get() * file.len());
    (*elf, opened.get())
}

#[test]
fn a_large_library_is_streamed_once() {
    for padding in [0, 7 << 20, 9 << 20, 40 << 20] {
        let file = library()
            .needs("libc.so.6")
            .runpath("$ORIGIN")
            .needs_versions("libc.so.6", &["GLIBC_2.34"])
            .exports(&["PyInit_core"])
            .padded(padding)
            .build();
        let (elf, times) = streamed(&file);
        assert_eq!(elf, read(&file), "{padding}");
        assert_eq!(times, 1, "{padding}");
        assert_eq!(elf.exports, ["core"]);
        let cut = &file[..file.len() - 1];
        let (elf, _) = streamed(cut);
        assert_eq!(elf, read(cut), "{padding}");
    }
}

/// Tables in the middle of a file that is too large to be kept.
#[test]
fn tables_at_an_unusual_place_are_found_by_another_pass() {
    let library = library()
        .needs("libc.so.6")
        .needs_versions("libc.so.6", &["GLIBC_2.34"])
        .padded(12 << 20);
    let mut file = library.clone().without_sections().build();
    let whole = read(&file);
    // The second segment, which has the tables, and so is no small one any more.
    let size_at = 64 + 56 + 32;
    let size = u64::from_le_bytes(file[size_at..size_at + 8].try_into().unwrap());
    let larger = size + (20 << 20);
    file[size_at..size_at + 8].copy_from_slice(&larger.to_le_bytes());
    file.resize(file.len() + (20 << 20), 0);
    assert_eq!(read(&file), whole);
    let (elf, times) = streamed(&file);
    assert_eq!((elf, times), (whole.clone(), 2));

    // The program headers as well.
    let (start, end) = (64, 64 + 3 * 56);
    let headers = file[start..end].to_vec();
    let moved = 25 << 20;
    file[moved..moved + headers.len()].copy_from_slice(&headers);
    file[start..end].fill(0);
    file[32..40].copy_from_slice(&u64::try_from(moved).unwrap().to_le_bytes());
    assert_eq!(read(&file), whole);
    let (elf, times) = streamed(&file);
    assert_eq!((elf, times), (whole, 3));
}

#[test]
fn a_stream_that_breaks_is_an_error() {
    let file = library().build();
    let mut opened = 0;
    let result = Binary::read_stream(
        || {
            opened += 1;
            Ok(file.as_slice().chain(Broken))
        },
        "",
    );
    assert_eq!(result.unwrap_err().to_string(), "broken");
    assert_eq!(opened, 1);
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("broken"))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever the bytes are, there is an answer, and a stream has the same one.
    #[test]
    fn no_file_is_a_reason_to_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        wide in prop::option::of((any::<prop::sample::Index>(), any::<u64>())),
        length in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut file = library()
            .soname("libown.so.1")
            .needs_versions("libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.34"])
            .defines(&["OWN_1", "OWN_2"])
            .exports(&["PyInit_core", "PyInit_other"])
            .interpreter("/lib64/ld-linux-x86-64.so.2")
            .build();
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some((at, value)) = wide {
            let at = at.index(file.len() / 8 - 1) * 8;
            file[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        if let Some(length) = length {
            file.truncate(length.index(file.len() + 1));
        }
        let streamed = Binary::read_stream(|| Ok(file.as_slice()), "PyInit_").unwrap();
        prop_assert_eq!(Binary::read(&file, "PyInit_"), streamed);
    }
}
