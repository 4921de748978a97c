use std::io::{Cursor, Read};

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use super::*;

fn read_member(wheel: &Wheel, path: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(&wheel.bytes)).unwrap();
    let mut data = Vec::new();
    let mut member = archive.by_name(path).unwrap();
    member.read_to_end(&mut data).unwrap();
    data
}

fn sample() -> WheelBuilder {
    WheelBuilder::new("Foo.Bar", "1.0")
        .tag("cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64")
        .file("foo/__init__.py", "VALUE = 1\n".repeat(50))
        .executable("foo/run", "#!/bin/sh\n")
        .directory("foo/empty")
        .data("scripts", "foo-tool", "#!python\n")
        .entry_point("console_scripts", "foo", "foo.cli:main")
}

#[test]
fn zip_reads_every_member_back() {
    for builder in [
        sample(),
        sample().stored(),
        sample().streamed(),
        sample().without_modes(),
    ] {
        let modes = !builder.no_modes;
        let wheel = builder.build();
        assert_eq!(
            wheel.file_name,
            "foo_bar-1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
        );
        let mut archive = zip::ZipArchive::new(Cursor::new(&wheel.bytes)).unwrap();
        let names: Vec<String> = (0..archive.len())
            .map(|index| archive.by_index(index).unwrap().name_raw().to_vec())
            .map(|name| String::from_utf8(name).unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "foo/__init__.py",
                "foo/run",
                "foo/empty/",
                "foo_bar-1.0.data/scripts/foo-tool",
                "foo_bar-1.0.dist-info/METADATA",
                "foo_bar-1.0.dist-info/WHEEL",
                "foo_bar-1.0.dist-info/entry_points.txt",
                "foo_bar-1.0.dist-info/RECORD",
            ]
        );
        // Reading to the end checks each CRC.
        for index in 0..archive.len() {
            std::io::copy(&mut archive.by_index(index).unwrap(), &mut std::io::sink()).unwrap();
        }
        let mode = archive.by_name("foo/run").unwrap().unix_mode();
        assert_eq!(mode == Some(0o100_755), modes, "{mode:?}");
        let text = read_member(&wheel, "foo_bar-1.0.dist-info/WHEEL");
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("Root-Is-Purelib: false\n"), "{text}");
        assert!(
            text.contains("Tag: cp312-cp312-manylinux2014_x86_64\n"),
            "{text}"
        );
    }
}

#[test]
fn record_matches_the_members() {
    let wheel = sample().build();
    let record = read_member(&wheel, "foo_bar-1.0.dist-info/RECORD");
    let mut rows = 0;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(&record[..]);
    for row in reader.records() {
        let row = row.unwrap();
        rows += 1;
        if row[0].ends_with("/RECORD") {
            assert_eq!((&row[1], &row[2]), ("", ""));
            continue;
        }
        let data = read_member(&wheel, &row[0]);
        let digest = BASE64URL_NOPAD.encode(&Sha256::digest(&data));
        assert_eq!(row[1], format!("sha256={digest}"));
        assert_eq!(row[2], data.len().to_string());
    }
    // Every member but the directory.
    assert_eq!(rows, 7);
}

#[test]
fn each_flaw_changes_the_bytes() {
    let path = || "foo/run".to_owned();
    let sound = sample().build().sha256;
    for flaw in [
        Flaw::WrongRecordHash(path()),
        Flaw::WrongRecordSize(path()),
        Flaw::NoRecordHash(path()),
        Flaw::WeakRecordHash(path()),
        Flaw::MissingFromRecord(path()),
        Flaw::RecordWithoutMember("foo/ghost.py".to_owned()),
        Flaw::NoMember(path()),
        Flaw::Symlink(path()),
        Flaw::LocalName(path(), "foo/other".to_owned()),
        Flaw::Encrypted(path()),
        Flaw::WrongCrc(path()),
        Flaw::ClaimedSize(path(), 1),
        Flaw::Truncated(10),
    ] {
        let text = format!("{flaw:?}");
        assert_ne!(sample().flaw(flaw).build().sha256, sound, "{text}");
    }
}

#[test]
fn zip_sees_the_wrong_crc_and_the_encryption() {
    for flaw in [
        Flaw::WrongCrc("foo/run".to_owned()),
        Flaw::Encrypted("foo/run".to_owned()),
    ] {
        let wheel = sample().flaw(flaw).build();
        let mut archive = zip::ZipArchive::new(Cursor::new(&wheel.bytes)).unwrap();
        let read = archive
            .by_name("foo/run")
            .map_err(drop)
            .and_then(|mut member| std::io::copy(&mut member, &mut std::io::sink()).map_err(drop));
        assert!(read.is_err());
    }
}

#[test]
fn hostile_names_are_written_as_given() {
    for name in HOSTILE_NAMES {
        let wheel = WheelBuilder::new("evil", "1").file(name, "x").build();
        let mut archive = zip::ZipArchive::new(Cursor::new(&wheel.bytes)).unwrap();
        let member = archive.by_index(0).unwrap();
        assert_eq!(member.name_raw(), name.as_bytes());
    }
}

#[test]
fn a_name_given_twice_is_two_members() {
    let wheel = WheelBuilder::new("twice", "1")
        .file("a.py", "1")
        .file("a.py", "2")
        .build();
    let count = wheel
        .bytes
        .windows(8)
        .filter(|w| w.ends_with(b"a.py"))
        .count();
    // Two local headers, two central ones, one row of RECORD is deflated.
    assert!(count >= 4, "{count}");
}

#[test]
#[should_panic(expected = "names no member")]
fn a_flaw_without_its_member_panics() {
    let _ = sample().flaw(Flaw::WrongCrc("nowhere".to_owned())).build();
}
