//! The testkit's wheels serve as archives: they come in every way to write one, with
//! every fault that one can have.

use layerlock_testkit::{Flaw, HOSTILE_NAMES, WheelBuilder, hostile_wheels, noise, sound_wheel};
use proptest::prelude::*;

use super::*;

const RULES: ArchiveRules = ArchiveRules {
    max_unpacked: 1 << 30,
    links_are_files: false,
};

const RUN: &str = "demo/run";

fn run() -> String {
    RUN.to_owned()
}

fn list(bytes: &dyn AsRef<[u8]>) -> Result<Vec<(String, bool, Vec<u8>)>, ArchiveProblem> {
    let bytes = bytes.as_ref();
    read(&bytes, bytes.len() as u64, RULES)?
        .iter()
        .map(|member| {
            let end = member.offset + member.compressed_size;
            assert!(end <= bytes.len() as u64, "{} lies outside", member.name);
            Ok((member.name.to_string(), member.executable, member.bytes()?))
        })
        .collect()
}

fn problem(wheel: &WheelBuilder) -> ArchiveProblem {
    list(&wheel.clone().build().bytes).unwrap_err()
}

fn flawed(flaw: Flaw) -> ArchiveProblem {
    problem(&sound_wheel().flaw(flaw))
}

#[test]
fn every_way_to_write_an_archive_gives_the_same_files() {
    let sample = || sound_wheel().file("demo/noise.bin", noise(1, 3 * PIECE));
    let plain = list(&sample().build().bytes).unwrap();
    let executables: Vec<&str> = plain
        .iter()
        .filter(|(_, executable, _)| *executable)
        .map(|(name, ..)| name.as_str())
        .collect();
    assert_eq!(executables, [RUN]);
    assert!(
        plain
            .iter()
            .any(|(_, _, bytes)| *bytes == noise(1, 3 * PIECE))
    );
    for builder in [
        sample().stored(),
        sample().streamed(),
        sample().stored().streamed(),
        sample().directory("demo").directory("demo/sub"),
    ] {
        assert!(list(&builder.build().bytes).unwrap() == plain);
    }
}

#[test]
fn an_archive_without_modes_has_no_executables() {
    let files = list(&sound_wheel().without_modes().build().bytes).unwrap();
    assert!(files.iter().all(|(_, executable, _)| !executable));
}

/// Where the last header begins that has this signature.
fn last_header(bytes: &[u8], signature: [u8; 4]) -> usize {
    let mut headers = bytes.windows(4);
    headers.rposition(|window| window == signature).unwrap()
}

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";

#[test]
fn directories_are_told_by_the_slash_at_their_end_alone() {
    let names = |bytes: &[u8]| -> Vec<String> {
        let files = list(&bytes).unwrap();
        files.into_iter().map(|(name, ..)| name).collect()
    };
    let plain = sound_wheel().build().bytes;
    let without_modes = sound_wheel().without_modes().directory("demo");
    assert_eq!(names(&without_modes.build().bytes), names(&plain));

    // pip and uv install it as a file, and none may be lost.
    let mut says_directory = plain.clone();
    // External attributes (APPNOTE 4.3.12).
    let at = last_header(&plain, CENTRAL) + 38;
    says_directory[at..at + 4].copy_from_slice(&(0o040_755_u32 << 16).to_le_bytes());
    assert_eq!(names(&says_directory), names(&plain));
}

#[test]
fn data_that_lies_outside_of_the_archive_is_refused() {
    let sound = sound_wheel().stored().build().bytes;
    let (local, central) = (last_header(&sound, LOCAL), last_header(&sound, CENTRAL));
    let name_length = u16::from_le_bytes([sound[local + 26], sound[local + 27]]);
    let start = local + 30 + usize::from(name_length);
    let with_data_to = |end: usize| {
        let mut bytes = sound.clone();
        let size = u32::try_from(end - start).unwrap().to_le_bytes();
        for at in [local + 18, central + 20] {
            bytes[at..at + 4].copy_from_slice(&size);
        }
        list(&bytes).unwrap_err()
    };
    let first_record = sound.windows(4).position(|window| window == CENTRAL);
    let inside = with_data_to(first_record.unwrap() + 1);
    assert!(
        inside.to_string().contains("reaches into its directory"),
        "{inside}"
    );
    let outside = with_data_to(sound.len() + 1);
    assert!(
        outside.to_string().contains("lies outside of it"),
        "{outside}"
    );
}

/// The reason for which an archive is refused as ambiguous.
fn ambiguity(bytes: &[u8]) -> String {
    match list(&bytes) {
        Err(ArchiveProblem::Ambiguous(how)) => how,
        other => panic!("{other:?}"),
    }
}

/// `bytes` with others put in before `at`, and the directory's place in the end record
/// moved with it where `moved`.
fn with_bytes(bytes: &[u8], at: usize, others: &[u8], moved: bool) -> Vec<u8> {
    let mut all = [&bytes[..at], others, &bytes[at..]].concat();
    if moved {
        let end = last_header(&all, *b"PK\x05\x06") + 16;
        let offset = u32::from_le_bytes(all[end..end + 4].try_into().unwrap());
        let offset = offset + u32::try_from(others.len()).unwrap();
        all[end..end + 4].copy_from_slice(&offset.to_le_bytes());
    }
    all
}

#[test]
fn every_byte_of_an_archive_belongs_to_something() {
    let sound = sound_wheel().build().bytes;
    let directory = sound
        .windows(4)
        .position(|window| window == CENTRAL)
        .unwrap();
    let end = last_header(&sound, *b"PK\x05\x06");
    for bytes in [
        with_bytes(&sound, directory, b"x", true),
        with_bytes(&sound, end, b"x", false),
        [&sound[..], b"x"].concat(),
    ] {
        list(&bytes).unwrap_err();
    }
    // A prefix moves everything: a program that unpacks itself, to other readers.
    assert!(list(&[b"#!", &sound[..]].concat()).is_err());

    let mut with_comment = [&sound[..], b"a comment"].concat();
    with_comment[end + 20] = 9;
    assert_eq!(list(&with_comment).unwrap(), list(&sound).unwrap());
    let mut with_archive = [&sound[..], b"PK\x01\x02 else"].concat();
    with_archive[end + 20] = 9;
    assert!(ambiguity(&with_archive).contains("comment"));
}

#[test]
fn an_end_record_that_counts_or_measures_otherwise_is_refused() {
    let sound = sound_wheel().build().bytes;
    let end = last_header(&sound, *b"PK\x05\x06");
    // Disks, counts, size: each of its fields (APPNOTE 4.3.16).
    for at in [4, 6, 8, 10, 12] {
        let mut bytes = sound.clone();
        bytes[end + at] = bytes[end + at].wrapping_add(1);
        assert!(list(&bytes).is_err(), "{at}");
    }
}

#[test]
fn a_second_name_is_refused() {
    let with_name = |name: &[u8]| {
        let sound = sound_wheel().build().bytes;
        let central = last_header(&sound, CENTRAL);
        let name_length = u16::from_le_bytes([sound[central + 28], sound[central + 29]]);
        // Version, any checksum, name.
        let data = [&[1, 0, 0, 0, 0][..], name].concat();
        let length = u16::try_from(data.len()).unwrap();
        let field = [&[0x75, 0x70][..], &length.to_le_bytes(), &data].concat();
        let mut bytes = with_bytes(
            &sound,
            central + 46 + usize::from(name_length),
            &field,
            false,
        );
        bytes[central + 30..central + 32].copy_from_slice(&(length + 4).to_le_bytes());
        let end = last_header(&bytes, *b"PK\x05\x06") + 12;
        let size = u32::from_le_bytes(bytes[end..end + 4].try_into().unwrap());
        bytes[end..end + 4].copy_from_slice(&(size + u32::from(length) + 4).to_le_bytes());
        bytes
    };
    let own = sound_wheel().build();
    let own_name = format!("{}/RECORD", own.dist_info);
    assert!(list(&with_name(own_name.as_bytes())).is_ok());
    assert!(ambiguity(&with_name(b"demo/other.py")).contains("second name"));
}

/// As Python's zipfile writes it to a pipe with `force_zip64`.
#[test]
fn descriptors_of_zip64_headers_have_wide_sizes() {
    use std::io::Write as _;

    let mut writer = zip::ZipWriter::new_stream(Vec::new());
    let options = zip::write::SimpleFileOptions::default().large_file(true);
    for name in ["a.py", "b.py"] {
        writer.start_file(name, options).unwrap();
        writer.write_all(b"x = 1\n").unwrap();
    }
    let bytes = writer.finish().unwrap().into_inner();
    let files = list(&bytes).unwrap();
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|(_, _, bytes)| bytes == b"x = 1\n"));
}

#[test]
fn an_empty_archive_has_no_files() {
    let bytes = [&b"PK\x05\x06"[..], &[0; 18]].concat();
    assert_eq!(list(&bytes), Ok(vec![]));
}

#[test]
fn members_that_are_not_what_they_seem_are_refused() {
    use ArchiveProblem as P;
    let differ = |field| P::HeadersDiffer { name: run(), field };
    let data = |problem| P::Data {
        name: run(),
        problem,
    };
    for (flaw, expected) in [
        (Flaw::Symlink(run()), P::Special(run())),
        (Flaw::Device(run()), P::Special(run())),
        (Flaw::Encrypted(run()), P::Encrypted(run())),
        (
            Flaw::Method(run(), 12),
            P::Method {
                name: run(),
                method: 12,
            },
        ),
        (
            Flaw::LocalName(run(), "demo/own".to_owned()),
            differ("name"),
        ),
        (Flaw::LocalMethod(run(), 0), differ("compression method")),
        (Flaw::LocallyEncrypted(run()), differ("encryption flag")),
        (Flaw::LocalSize(run(), 3), differ("size")),
        (Flaw::Descriptor(run()), differ("checksum")),
        (
            Flaw::WrongCrc(run()),
            data("does not have the checksum that its header says"),
        ),
        (
            Flaw::ClaimedSize(run(), 3),
            data("unpacks to more than its header says"),
        ),
        (
            Flaw::ClaimedSize(run(), 300),
            data("unpacks to less than its header says"),
        ),
        (Flaw::Nested(run()), P::Overlap("nested.py".to_owned())),
    ] {
        let what = format!("{flaw:?}");
        assert_eq!(flawed(flaw), expected, "{what}");
    }
    let twice = sound_wheel().file(RUN, "#!/bin/sh\n");
    assert_eq!(problem(&twice), P::Duplicate(run()));
}

#[test]
fn a_link_may_be_taken_for_a_file() {
    let wheel = sound_wheel().flaw(Flaw::Symlink(run())).build();
    let bytes = wheel.bytes.as_slice();
    let rules = ArchiveRules {
        links_are_files: true,
        ..RULES
    };
    let members = read(&bytes, bytes.len() as u64, rules).unwrap();
    let link = members.iter().find(|member| member.name.as_str() == RUN);
    assert_eq!(link.unwrap().bytes().unwrap(), b"#!/bin/sh\n");
    let device = sound_wheel().flaw(Flaw::Device(run())).build().bytes;
    let device = device.as_slice();
    let refused = read(&device, device.len() as u64, rules).map(|_| ());
    assert_eq!(refused, Err(ArchiveProblem::Special(run())));
}

#[test]
fn every_hostile_name_is_refused() {
    for name in HOSTILE_NAMES {
        for wheel in [sound_wheel().file(name, "x"), sound_wheel().directory(name)] {
            let problem = problem(&wheel);
            let ArchiveProblem::Name { name: told, .. } = &problem else {
                panic!("{name:?}: {problem}");
            };
            assert_eq!(told.strip_suffix('/').unwrap_or(told), *name);
        }
    }
}

#[test]
fn a_name_that_is_not_utf_8_is_refused() {
    let name = "demo/\u{e4}.py";
    let mut bytes = sound_wheel().file(name, "x").build().bytes;
    let mut found = 0;
    for at in 0..bytes.len() - name.len() {
        if bytes[at..].starts_with(name.as_bytes()) {
            bytes[at + "demo/".len()] = 0xff;
            found += 1;
        }
    }
    // RECORD is deflated.
    assert_eq!(found, 2, "both headers");
    let problem = list(&bytes).unwrap_err();
    assert!(matches!(
        problem,
        ArchiveProblem::Name {
            reason: PathError::Encoding,
            ..
        }
    ));
}

#[test]
fn a_cut_archive_is_no_zip() {
    for missing in [1, 10, 200] {
        let problem = flawed(Flaw::Truncated(missing));
        assert!(matches!(problem, ArchiveProblem::NotAZip(_)), "{problem}");
    }
}

#[test]
fn what_unpacks_to_more_than_it_may_is_refused_before_it_is_unpacked() {
    let bytes = sound_wheel().build().bytes;
    let bytes = bytes.as_slice();
    let length = bytes.len() as u64;
    let all = read(&bytes, length, RULES).unwrap();
    let size: u64 = all.iter().map(|member| member.size).sum();
    let at_most = |max_unpacked| {
        let rules = ArchiveRules {
            max_unpacked,
            ..RULES
        };
        read(&bytes, length, rules).map(|members| members.len())
    };
    assert_eq!(at_most(size), Ok(all.len()));
    assert_eq!(at_most(size - 1), Err(ArchiveProblem::TooLarge(size)));

    let claim = |builder: WheelBuilder, index: usize| {
        let name = format!("demo/{index}");
        builder
            .file(&name, "0")
            .flaw(Flaw::ClaimedSize(name, u32::MAX - 1))
    };
    let bomb = (0..5).fold(sound_wheel(), claim);
    assert!(matches!(
        problem(&bomb),
        ArchiveProblem::TooLarge(bytes) if bytes > RULES.max_unpacked
    ));
}

#[test]
fn a_bomb_costs_no_more_than_the_size_that_it_claims() {
    // 200 MB of zeros that say they are three bytes: unpacking stops there.
    let bomb = sound_wheel()
        .file("demo/bomb", vec![0; 200 << 20])
        .flaw(Flaw::ClaimedSize("demo/bomb".to_owned(), 3))
        .build();
    let start = std::time::Instant::now();
    assert!(matches!(
        list(&bomb.bytes),
        Err(ArchiveProblem::Data { .. })
    ));
    assert!(start.elapsed().as_millis() < 500, "{:?}", start.elapsed());
}

/// A member of these bytes, which lie in an archive as `packed`.
fn member<'a>(archive: &'a (dyn ReaderAt + Sync), packed: &[u8], method: Method) -> RawMember<'a> {
    let content = content();
    RawMember {
        name: LayerPath::new("a").unwrap(),
        executable: false,
        is_link: false,
        mode: None,
        method,
        offset: 1,
        compressed_size: packed.len() as u64,
        crc32: crc32fast::hash(&content),
        size: content.len() as u64,
        archive,
    }
}

fn content() -> Vec<u8> {
    [&b"\x7fELF"[..], &noise(1, 2 * PIECE)].concat()
}

/// [`content`], stored and deflated, each with a byte before it.
fn packed() -> [(Vec<u8>, Method); 2] {
    let deflated = miniz_oxide::deflate::compress_to_vec(&content(), 6);
    [(content(), Method::Stored), (deflated, Method::Deflated)]
        .map(|(packed, method)| ([&b"-"[..], &packed].concat(), method))
}

#[test]
fn data_is_read_in_pieces_and_summed_as_it_lies_there() {
    for (archive, method) in packed() {
        let reader = archive.as_slice();
        let member = member(&reader, &archive[1..], method);
        let mut pieces = Vec::new();
        let compressed_crc32 = member.read_into(|piece| pieces.push(piece.to_vec()));
        assert_eq!(compressed_crc32, Ok(crc32fast::hash(&archive[1..])));
        assert!((3..30).contains(&pieces.len()));
        assert!(pieces.iter().all(|piece| piece.len() <= PIECE));
        assert!(pieces.concat() == content());
    }
}

#[test]
fn the_start_of_a_member_is_that_of_its_unpacked_data() {
    for (archive, method) in packed() {
        let reader = archive.as_slice();
        let member = member(&reader, &archive[1..], method);
        assert!(member.starts_with(*b"\x7fELF"));
        assert!(!member.starts_with(*b"\x7fELG"));
        // No more than there is.
        let short = RawMember {
            compressed_size: 2,
            method: Method::Stored,
            ..member
        };
        assert!(!short.starts_with(*b"\x7fELF"));
    }
}

#[test]
fn what_follows_the_compressed_data_is_refused() {
    let [_, (archive, method)] = packed();
    let longer = [&archive[..], b"more"].concat();
    let reader = longer.as_slice();
    let refused = member(&reader, &longer[1..], method).bytes().unwrap_err();
    assert_eq!(
        refused.to_string(),
        r#"member "a" has bytes after its compressed data"#
    );
    let cut = member(&reader, &archive[2..], method).bytes().unwrap_err();
    let told = cut.to_string();
    assert!(told.contains("unpack"), "{told}");
}

#[test]
fn small_members_share_the_room_that_there_is() {
    let text = "stored \u{e4}".as_bytes();
    let member = RawMember {
        offset: 0,
        crc32: crc32fast::hash(text),
        size: text.len() as u64,
        ..member(&text, text, Method::Stored)
    };
    let mut room = 2 * member.size + 1;
    assert_eq!(member.bytes_within(&mut room).unwrap(), text);
    assert_eq!(member.text_within(&mut room).unwrap().as_bytes(), text);
    assert_eq!(room, 1);
    let refused = member.bytes_within(&mut room).unwrap_err();
    assert_eq!(
        refused.to_string(),
        r#"member "a" is too large for what it is"#
    );

    let no_text = RawMember {
        crc32: crc32fast::hash(&text[..text.len() - 1]),
        size: member.size - 1,
        compressed_size: member.size - 1,
        ..member
    };
    let refused = no_text.text_within(&mut { 100 }).unwrap_err();
    assert_eq!(refused.to_string(), r#"member "a" is not UTF-8"#);
}

#[test]
fn an_archive_in_a_file_is_read_as_one_in_memory() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("archive");
    let sound = [sound_wheel(), sound_wheel().streamed()].map(|builder| builder.build().bytes);
    let hostile = hostile_wheels().into_iter().map(|it| it.wheel.bytes);
    let names = |reader: &(dyn ReaderAt + Sync), length| {
        let members = read(reader, length, RULES)?;
        let facts = members.iter().map(|it| Ok((it.name.clone(), it.bytes()?)));
        facts.collect::<Result<Vec<_>, ArchiveProblem>>()
    };
    for bytes in sound.into_iter().chain(hostile) {
        fs_err::write(&path, &bytes).unwrap();
        let file = FileReader::from(fs_err::File::open(&path).unwrap().into_parts().0);
        let length = bytes.len() as u64;
        assert!(names(&file, length) == names(&bytes.as_slice(), length));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(list(&bytes).is_err());
    }

    #[test]
    fn a_changed_archive_never_panics_and_never_gives_other_bytes(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..4),
        cut in 0_usize..40,
        streamed in any::<bool>(),
    ) {
        let builder = if streamed { sound_wheel().streamed() } else { sound_wheel() };
        let mut bytes = builder.build().bytes;
        let sound = list(&bytes).unwrap();
        bytes.truncate(bytes.len() - cut);
        for (at, flip) in flips {
            *at.get_mut(&mut bytes) ^= flip;
        }
        if let Ok(files) = list(&bytes) {
            // What may differ and pass: times, versions, modes, and how many there are.
            for (name, _, bytes) in files {
                let same = sound.iter().find(|(sound, ..)| *sound == name);
                prop_assert!(same.is_some_and(|(_, _, sound)| *sound == bytes));
            }
        }
    }
}

#[test]
fn pieces_end_where_enough_was_taken() {
    let noise = noise(1, 3 * PIECE);
    for builder in [sound_wheel(), sound_wheel().stored()] {
        let bytes = builder.file("demo/noise.bin", &noise).build().bytes;
        let bytes = bytes.as_slice();
        let members = read(&bytes, bytes.len() as u64, RULES).unwrap();
        let mut members = members.iter();
        let member = members.find(|it| it.name.as_str() == "demo/noise.bin");
        let member = member.unwrap();
        for enough in [1, 2 * PIECE, usize::MAX] {
            let mut taken = Vec::new();
            let read = member.pieces(&mut |piece| {
                taken.extend_from_slice(piece);
                if taken.len() < enough {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            });
            read.unwrap();
            assert!(noise.starts_with(&taken), "{}", taken.len());
            let most = enough.saturating_add(PIECE).min(noise.len());
            assert!((enough.min(noise.len())..=most).contains(&taken.len()));
        }
    }
}
