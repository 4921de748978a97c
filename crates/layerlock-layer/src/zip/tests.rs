use std::io::{Cursor, Read};

use layerlock_digest::Digest;
use proptest::prelude::*;

use super::*;
use crate::testing::{
    CHANGES, TestFile, archive_plan, bytes_plan, files_plan, sample, truncated_plan,
};

fn write(plan: &LayerPlan, path: &Path) -> Result<ZipSummary, Error> {
    write_with(plan, path, Compression::Copy)
}

fn write_with(
    plan: &LayerPlan,
    path: &Path,
    compression: Compression,
) -> Result<ZipSummary, Error> {
    let options = ZipOptions {
        compression,
        ..ZipOptions::default()
    };
    let (summary, prepared) = prepare_zip(plan, path, options)?;
    prepared.put_in_place()?;
    Ok(summary)
}

/// Writes a plan in every way, reads the zips with another implementation, and
/// compares all. Gives the default way's.
fn assert_reads_back(plan: &LayerPlan, files: &[TestFile<'_>]) -> Vec<u8> {
    let copy = assert_reads_back_from(plan, files, Compression::Copy);
    let best = assert_reads_back_from(plan, files, Compression::Best);
    let store = assert_reads_back_from(plan, files, Compression::Store);
    // Of streams that hold next to nothing either encoder's may be the smaller.
    let little = 64 * files.len();
    assert!(best.len() <= copy.len() + little && copy.len() <= store.len() + little);
    copy
}

fn assert_reads_back_from(
    plan: &LayerPlan,
    files: &[TestFile<'_>],
    compression: Compression,
) -> Vec<u8> {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("out/layer.zip");
    let summary = write_with(plan, &path, compression).unwrap();

    let written = fs_err::read(&path).unwrap();
    assert_eq!(summary.size, written.len() as u64);
    assert_eq!(summary.digest, Digest::sha256_of(&written));
    assert_eq!(summary.crc64, crc64_xz(&written));

    let mut expected = files.to_vec();
    expected.sort_unstable();
    let mut archive = zip::ZipArchive::new(Cursor::new(&written)).unwrap();
    assert_eq!(archive.len(), expected.len());
    let mut zipped = 0;
    for (index, (name, bytes, executable)) in expected.iter().enumerate() {
        let mut member = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        member.read_to_end(&mut content).unwrap();
        assert_eq!(member.name().unwrap(), *name);
        assert_eq!(content, *bytes, "{name}");
        let mode = if *executable { 0o100_755 } else { 0o100_644 };
        assert_eq!(member.unix_mode(), Some(mode), "{name}");
        let time = member.last_modified().unwrap();
        assert_eq!((time.year(), time.month(), time.day()), (1980, 1, 1));
        assert!(member.extra_data().as_deref().is_none_or(<[u8]>::is_empty));
        zipped += member.compressed_size();
        if compression == Compression::Store {
            assert_eq!(member.compression(), zip::CompressionMethod::Stored);
        }
    }
    assert_eq!(summary.zipped_sizes, [zipped]);
    written
}

/// CRC-64/XZ bit by bit, from its definition.
fn crc64_xz(bytes: &[u8]) -> u64 {
    let mut crc = u64::MAX;
    for &byte in bytes {
        crc ^= u64::from(byte);
        for _ in 0..8 {
            let polynomial = if crc & 1 == 1 {
                0xc96c_5795_d787_0f42
            } else {
                0
            };
            crc = (crc >> 1) ^ polynomial;
        }
    }
    !crc
}

#[test]
fn the_checksum_is_the_one_that_it_is_called() {
    // The check value of the catalogue of CRCs.
    assert_eq!(crc64_xz(b"123456789"), 0x995d_c9bb_df19_39fa);
}

/// Bytes that deflate can do something with, but not much.
fn compressible(size: usize) -> Vec<u8> {
    layerlock_testkit::noise(1, size)
        .into_iter()
        .map(|byte| byte & 0x3f)
        .collect()
}

#[test]
fn the_encoders_give_these_bytes_on_every_machine() {
    // What these digests are is of no matter, that they stay the same is.
    let noise = compressible(700_000);
    let files = [("python/noise", &noise[..], false)];
    let plan = bytes_plan(&files);
    let digests = [Compression::Copy, Compression::Best].map(|compression| {
        let written = assert_reads_back_from(&plan, &files, compression);
        let digest = Digest::sha256_of(&written);
        u64::from_be_bytes(digest.bytes()[..8].try_into().unwrap())
    });
    assert_eq!(
        digests,
        [15_989_083_656_151_957_015, 14_614_148_910_645_318_353]
    );
}

#[test]
fn members_have_the_time_that_was_asked_for() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("layer.zip");
    let options = ZipOptions {
        time: EntryTime::from_unix(1_709_164_801),
        ..ZipOptions::default()
    };
    let plan = bytes_plan(&sample());
    prepare_zip(&plan, &path, options)
        .unwrap()
        .1
        .put_in_place()
        .unwrap();
    let mut archive = zip::ZipArchive::new(fs_err::File::open(&path).unwrap()).unwrap();
    for index in 0..archive.len() {
        let time = archive.by_index(index).unwrap().last_modified().unwrap();
        assert_eq!(time.to_string(), "2024-02-29 00:00:00");
    }
}

#[test]
fn every_kind_of_source_reads_back() {
    let temp = tempfile::tempdir().unwrap();
    let files = sample();
    assert_reads_back(&bytes_plan(&files), &files);
    assert_reads_back(&archive_plan(temp.path(), &files), &files);
    assert_reads_back(&files_plan(temp.path(), &files), &files);
}

#[test]
fn deflate_streams_are_copied_as_they_are() {
    let temp = tempfile::tempdir().unwrap();
    let files = [("python/a.py", b"aaaaaaaaaaaaaaaaaaaaaaaa".as_slice(), false)];
    let plan = archive_plan(temp.path(), &files);
    let EntrySource::Member(_, member) = &plan.entries()[0].source else {
        panic!("a member");
    };
    assert_eq!(member.method, Method::Deflated);
    let archive = fs_err::read(&plan.archives()[0]).unwrap();
    let start = usize::try_from(member.offset).unwrap();
    let end = start + usize::try_from(member.compressed_size).unwrap();
    let written = assert_reads_back(&plan, &files);
    assert!(
        written
            .windows(end - start)
            .any(|window| window == &archive[start..end])
    );
}

#[test]
fn what_deflate_makes_no_smaller_is_stored() {
    // Of a few equal bytes deflate makes as many, or one less.
    let few: Vec<Vec<u8>> = (0..40).map(|size| vec![b'a'; size]).collect();
    let names: Vec<String> = (0..few.len()).map(|size| format!("f/{size:02}")).collect();
    let files: Vec<TestFile<'_>> = names
        .iter()
        .zip(&few)
        .map(|(name, bytes)| (name.as_str(), &bytes[..], false))
        .collect();
    let temp = tempfile::tempdir().unwrap();
    for plan in [bytes_plan(&files), files_plan(temp.path(), &files)] {
        for compression in [Compression::Copy, Compression::Best] {
            let written = assert_reads_back_from(&plan, &files, compression);
            let mut archive = zip::ZipArchive::new(Cursor::new(&written)).unwrap();
            for index in 0..archive.len() {
                let member = archive.by_index_raw(index).unwrap();
                let (size, compressed) = (member.size(), member.compressed_size());
                match member.compression() {
                    zip::CompressionMethod::Stored => assert_eq!(compressed, size),
                    _ => assert!(compressed < size, "{compressed} of {size}"),
                }
                // Ten equal bytes are smaller as a repetition, whoever counts.
                let is_stored = member.compression() == zip::CompressionMethod::Stored;
                assert!(!is_stored || size < 10, "{size}");
            }
        }
    }
}

/// An archive may hold a file better packed than the encoder does it.
#[test]
fn a_stream_that_was_smaller_stays() {
    let temp = tempfile::tempdir().unwrap();
    let noise = compressible(100_000);
    let files = [("a", &noise[..], false)];
    let plan = archive_plan(temp.path(), &files);
    let EntrySource::Member(_, member) = &plan.entries()[0].source else {
        panic!("a member");
    };
    let best = assert_reads_back_from(&plan, &files, Compression::Best);
    let mut archive = zip::ZipArchive::new(Cursor::new(&best)).unwrap();
    let written = archive.by_index_raw(0).unwrap().compressed_size();
    assert!(written <= member.compressed_size);
}

#[test]
fn each_owner_is_told_what_its_files_take_up() {
    let mut builder = crate::PlanBuilder::default();
    let owners = ["one", "none", "two"].map(|name| builder.owner(name));
    for (path, owner, size) in [("a", 0, 3), ("b", 2, 5), ("c", 0, 7)] {
        builder.push(crate::Entry {
            path: crate::LayerPath::new(path).unwrap(),
            mode: crate::Mode::Regular,
            owner: owners[owner],
            source: EntrySource::Bytes(vec![b'x'; size].into()),
        });
    }
    let plan = builder.finish().unwrap();
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("layer.zip");
    let summary = write_with(&plan, &path, Compression::Store).unwrap();
    assert_eq!(summary.zipped_sizes, [10, 0, 5]);
    assert_eq!(summary.entry_sizes.len(), plan.entries().len());
    assert_eq!(summary.entry_sizes.iter().sum::<u64>(), 15);
}

/// A jar is compressed already, and to do it again takes longer than all the rest.
#[test]
fn a_file_that_is_an_archive_is_stored_unless_the_best_is_wanted() {
    let temp = tempfile::tempdir().unwrap();
    let jar = [b"PK\x03\x04".to_vec(), vec![b'x'; 1000]].concat();
    let text = vec![b'x'; 1000];
    let files = [("a.jar", &jar[..], false), ("b.txt", &text[..], false)];
    let plan = files_plan(temp.path(), &files);
    let sizes = |compression| {
        let path = temp.path().join("layer.zip");
        write_with(&plan, &path, compression).unwrap().entry_sizes
    };
    let copied = sizes(Compression::Copy);
    assert_eq!(copied[0], 1004);
    assert!(copied[1] < 100);
    assert!(sizes(Compression::Best)[0] < 100);
}

#[test]
fn members_of_several_archives_are_not_mixed_up() {
    let temp = tempfile::tempdir().unwrap();
    let mut builder = crate::PlanBuilder::default();
    let texts = ["first", "second", "third"];
    for text in texts {
        let directory = temp.path().join(text);
        fs_err::create_dir(&directory).unwrap();
        let plan = archive_plan(&directory, &[(text, text.as_bytes(), false)]);
        let owner = builder.owner(text);
        let archive = builder.archive(&plan.archives()[0]);
        for entry in plan.entries() {
            let EntrySource::Member(_, member) = entry.source else {
                panic!("a member");
            };
            builder.push(crate::Entry {
                owner,
                source: EntrySource::Member(archive, member),
                ..entry.clone()
            });
        }
    }
    let plan = builder.finish().unwrap();
    let path = temp.path().join("layer.zip");
    for compression in [Compression::Copy, Compression::Best, Compression::Store] {
        write_with(&plan, &path, compression).unwrap();
        let mut archive = zip::ZipArchive::new(fs_err::File::open(&path).unwrap()).unwrap();
        for text in texts {
            let mut content = String::new();
            let mut member = archive.by_name(text).unwrap();
            member.read_to_string(&mut content).unwrap();
            assert_eq!(content, text);
        }
    }
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let files = sample();
    let mut reversed = sample();
    reversed.reverse();
    assert_eq!(
        assert_reads_back(&bytes_plan(&files), &files),
        assert_reads_back(&bytes_plan(&reversed), &reversed)
    );
}

#[test]
fn more_files_than_a_plain_zip_can_count() {
    let names: Vec<String> = (0..70_000).map(|n| format!("f/{n:05}")).collect();
    let files: Vec<TestFile<'_>> = names
        .iter()
        .map(|n| (n.as_str(), &b""[..], false))
        .collect();
    assert_reads_back(&bytes_plan(&files), &files);
}

#[test]
fn a_damaged_archive_is_an_error_and_no_damaged_zip() {
    let temp = tempfile::tempdir().unwrap();
    let plan = archive_plan(temp.path(), &sample());
    let archive = &plan.archives()[0];
    let good = fs_err::read(archive).unwrap();
    for entry in plan.entries() {
        let EntrySource::Member(_, member) = &entry.source else {
            continue;
        };
        if member.compressed_size == 0 {
            continue;
        }
        let mut bad = good.clone();
        bad[usize::try_from(member.offset).unwrap()] ^= 1;
        fs_err::write(archive, bad).unwrap();
        let error = write(&plan, &temp.path().join("layer.zip")).unwrap_err();
        assert!(
            matches!(&error, Error::Archive { path, .. } if *path == entry.path),
            "{error}"
        );
    }
}

#[test]
fn a_file_that_changed_since_it_was_planned_is_an_error() {
    let files = [("python/a.py", &b"import os\n"[..], false)];
    for change in CHANGES {
        for compression in [Compression::Copy, Compression::Best, Compression::Store] {
            let temp = tempfile::tempdir().unwrap();
            let plan = files_plan(temp.path(), &files);
            let EntrySource::File(file) = &plan.entries()[0].source else {
                panic!("a file");
            };
            change(file.path()).unwrap();
            let path = temp.path().join("layer.zip");
            let error = write_with(&plan, &path, compression).unwrap_err();
            let expected = format!(
                "{} changed while the layer was built",
                file.path().display()
            );
            assert_eq!(error.to_string(), expected);
            assert!(!path.exists());
        }
    }
}

#[test]
fn an_empty_plan_is_an_empty_zip() {
    let plan = crate::PlanBuilder::default().finish().unwrap();
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("layer.zip");
    assert_eq!(write(&plan, &path).unwrap().size, 22);
}

#[test]
fn a_failure_leaves_what_was_there_and_nothing_beside_it() {
    let temp = tempfile::tempdir().unwrap();
    let plan = truncated_plan(temp.path());

    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("layer.zip");
    fs_err::write(&path, "as it was").unwrap();
    let error = write(&plan, &path).unwrap_err();
    assert!(matches!(error, Error::Archive { .. }), "{error}");
    assert_eq!(fs_err::read(&path).unwrap(), b"as it was");
    assert_eq!(fs_err::read_dir(out.path()).unwrap().count(), 1);

    // Nor do directories stay that were made on the way.
    write(&plan, &out.path().join("new/directory/layer.zip")).unwrap_err();
    assert_eq!(fs_err::read_dir(out.path()).unwrap().count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_plan_reads_back(
        files in prop::collection::btree_map(
            "[a-z\u{e4}\u{1f40d}]{1,3}(/[A-Z]{1,3}\\.py){0,2}",
            (prop::collection::vec(any::<u8>(), 0..2000), any::<bool>()),
            0..12,
        )
    ) {
        // A file cannot be a directory as well.
        let files: Vec<TestFile<'_>> = files
            .iter()
            .filter(|(name, _)| !files.keys().any(|other| other.starts_with(&format!("{name}/"))))
            .map(|(name, (bytes, executable))| (name.as_str(), bytes.as_slice(), *executable))
            .collect();
        if !files.is_empty() {
            assert_reads_back(&bytes_plan(&files), &files);
        }
    }
}

/// As `zip --symlinks` writes them, whatever the compression.
#[test]
fn a_link_is_its_target_with_the_mode_of_links() {
    let links = [("lib/libz.so", "libz.so.1"), ("zlib", "lib")];
    let plan = crate::testing::plan_with_links(&["lib/libz.so.1"], &links).unwrap();
    let temp = tempfile::tempdir().unwrap();
    for compression in [Compression::Copy, Compression::Best, Compression::Store] {
        let path = temp.path().join("layer.zip");
        write_with(&plan, &path, compression).unwrap();
        let bytes = fs_err::read(&path).unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
        for (name, target) in links {
            let mut member = archive.by_name(name).unwrap();
            assert_eq!(member.unix_mode(), Some(0o120_777));
            assert_eq!(member.compression(), zip::CompressionMethod::Stored);
            let mut text = String::new();
            member.read_to_string(&mut text).unwrap();
            assert_eq!(text, target);
        }
        let file = fs_err::File::open(&path).unwrap();
        let reader = crate::archive::FileReader::from(file.into_file());
        let rules = crate::archive::ArchiveRules {
            max_unpacked: 1 << 20,
            links_are_files: true,
        };
        let members = crate::archive::read(&reader, bytes.len() as u64, rules).unwrap();
        let read: Vec<_> = members
            .iter()
            .map(|it| (it.name.as_str(), it.is_link))
            .collect();
        let expected = [
            ("lib/libz.so", true),
            ("lib/libz.so.1", false),
            ("zlib", true),
        ];
        assert_eq!(read, expected);
    }
}
