//! Files that lie. None makes the reader panic, and none makes it read long.

use layerlock_elf::{LoadError, check};
use layerlock_testkit::SharedLibrary;
use proptest::prelude::*;

use crate::{X86_64, platform};

fn checked(file: &[u8]) -> Result<(), LoadError> {
    check(file, &platform((2, 34)), |_| false)
}

/// What is said of a file that cannot be read.
fn unreadable(file: &[u8]) -> &'static str {
    match checked(file) {
        Err(LoadError::Unreadable(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

fn sound() -> SharedLibrary {
    SharedLibrary::new(X86_64)
        .needs("libc.so.6")
        .needs_versions("libm.so.6", &["GLIBC_2.2.5"])
        .needs_versions("libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.34"])
}

/// Where a text is in a file.
fn find(file: &[u8], text: &[u8]) -> usize {
    let mut windows = file.windows(text.len());
    windows.position(|window| window == text).unwrap()
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

const E_PHOFF: usize = 32;
const E_PHENTSIZE: usize = 54;
/// `p_offset`, `p_vaddr` and `p_filesz` of the second program header.
const SECOND: usize = 64 + 56;
const P_OFFSET: usize = SECOND + 8;
const P_VADDR: usize = SECOND + 16;

#[test]
fn headers_that_lead_out_of_the_file_are_refused() {
    let sound = sound().without_sections().build();
    assert_eq!(checked(&sound), Ok(()));
    for (at, bytes, reason) in [
        (
            E_PHOFF,
            &u64::MAX.to_le_bytes()[..],
            "its program headers lie outside of it",
        ),
        (
            E_PHENTSIZE,
            &[32, 0],
            "its program headers have another size",
        ),
        (
            P_OFFSET,
            &u64::MAX.to_le_bytes(),
            "it ends before its last segment does",
        ),
        (
            P_VADDR,
            &0x7000_0000_0000_0000_u64.to_le_bytes(),
            "its dynamic section is in no segment",
        ),
    ] {
        let mut file = sound.clone();
        put(&mut file, at, bytes);
        if at == P_VADDR {
            // As far from its place in the file as an alignment allows.
            let offset = u64::from_le_bytes(sound[P_OFFSET..P_OFFSET + 8].try_into().unwrap());
            let address = 0x7000_0000_0000_0000 + offset;
            put(&mut file, at, &address.to_le_bytes());
        }
        assert_eq!(unreadable(&file), reason);
    }
    for length in [64, 200, sound.len() - 1] {
        assert!(!unreadable(&sound[..length]).is_empty());
    }
}

#[test]
fn a_chain_of_versions_that_does_not_end_is_left() {
    let names: Vec<String> = (0..40_000).map(|n| format!("V{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let long = SharedLibrary::new(X86_64).needs_versions("libc.so.6", &names);
    assert_eq!(unreadable(&long.build()), "its versions do not end");

    // Each record leads to all those behind it.
    let mut file = SharedLibrary::new(X86_64)
        .needs_versions("libc.so.6", &vec!["GLIBC_2.2.5"; 10_000])
        .build();
    let chain = find(&file, &[1, 0, 0x10, 0x27]);
    let mut record = Vec::new();
    record.extend([1, 0, 1, 0, 0, 0, 0, 0]);
    for value in [16_u32, 32, 0, 0, 0, 16] {
        record.extend(value.to_le_bytes());
    }
    for index in 0..4000 {
        put(&mut file, chain + 32 * index, &record);
    }
    assert_eq!(unreadable(&file), "its versions do not end");
}

#[test]
fn a_dynamic_section_that_does_not_end_is_left() {
    let endless = (0..40_000).fold(SharedLibrary::new(X86_64), |library, _| {
        library.dynamic_entry(0x6000_0000, 1)
    });
    assert_eq!(
        unreadable(&endless.build()),
        "its dynamic section does not end"
    );
}

#[test]
fn names_have_an_end_and_are_text() {
    let library = SharedLibrary::new(X86_64);
    for (library, reason) in [
        (
            library.clone().needs(&"n".repeat(5000)),
            "a name does not end",
        ),
        (
            library.clone().dynamic_entry(1, u64::MAX),
            "a name lies outside of its segment",
        ),
    ] {
        assert_eq!(unreadable(&library.build()), reason);
    }
    let mut file = library.needs("name").build();
    let at = find(&file, b"name");
    file[at] = 0xff;
    assert_eq!(unreadable(&file), "a name is not UTF-8");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever the bytes are, there is an answer.
    #[test]
    fn no_file_is_a_reason_to_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        wide in prop::option::of((any::<prop::sample::Index>(), any::<u64>())),
        length in prop::option::of(any::<prop::sample::Index>()),
        distance in prop::sample::select(vec![0, 0x10, 0x1000, 0x8000_0000_0000_0000]),
    ) {
        let mut file = sound().mapped_at_distance(distance).build();
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some((at, value)) = wide {
            let at = at.index(file.len() / 8 - 1) * 8;
            put(&mut file, at, &value.to_le_bytes());
        }
        if let Some(length) = length {
            file.truncate(length.index(file.len() + 1));
        }
        let _ = checked(&file);
    }

    /// The headers are sound here, and everything behind them is not.
    #[test]
    fn no_contents_are_a_reason_to_panic(
        rest in prop::collection::vec(prop_oneof![0..40_u8, any::<u8>()], 0..600),
    ) {
        let mut file = sound().without_sections().build();
        let contents = &mut file[64 + 3 * 56..];
        let count = rest.len().min(contents.len());
        contents[..count].copy_from_slice(&rest[..count]);
        let _ = checked(&file);
    }
}
