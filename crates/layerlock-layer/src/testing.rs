//! Plans for tests.

use std::io::Write;
use std::path::Path;

use layerlock_digest::Digest;

use crate::{
    ArchiveMember, Entry, EntrySource, Error, LayerPath, LayerPlan, Method, Mode, PlanBuilder,
    PlannedFile,
};

/// A file of a test's layer: path, bytes, executable.
pub(crate) type TestFile<'a> = (&'a str, &'a [u8], bool);

/// A plan over bytes.
pub(crate) fn bytes_plan(files: &[TestFile<'_>]) -> LayerPlan {
    let mut builder = PlanBuilder::default();
    let owner = builder.owner("bytes");
    for (path, bytes, executable) in files {
        builder.push(Entry {
            path: LayerPath::new(*path).unwrap(),
            mode: mode(*executable),
            owner,
            source: EntrySource::Bytes((*bytes).into()),
        });
    }
    builder.finish().unwrap()
}

/// The same plan over the members of a real zip that the `zip` crate makes in
/// `directory`: every second one deflated, the others stored.
pub(crate) fn archive_plan(directory: &Path, files: &[TestFile<'_>]) -> LayerPlan {
    let path = directory.join("source.zip");
    let mut writer = zip::ZipWriter::new(fs_err::File::create(&path).unwrap());
    for (index, (name, bytes, _)) in files.iter().enumerate() {
        let method = match index % 2 {
            0 => zip::CompressionMethod::Deflated,
            _ => zip::CompressionMethod::Stored,
        };
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap();

    let written = fs_err::read(&path).unwrap();
    let mut archive = zip::ZipArchive::new(fs_err::File::open(&path).unwrap()).unwrap();
    let mut builder = PlanBuilder::default();
    let owner = builder.owner("archive");
    let id = builder.archive(&path);
    for (index, (name, bytes, executable)) in files.iter().enumerate() {
        let member = archive.by_index_raw(index).unwrap();
        builder.push(Entry {
            path: LayerPath::new(*name).unwrap(),
            mode: mode(*executable),
            owner,
            source: EntrySource::Member(
                id,
                ArchiveMember {
                    offset: member.data_start().unwrap(),
                    method: match member.compression() {
                        zip::CompressionMethod::Stored => Method::Stored,
                        _ => Method::Deflated,
                    },
                    compressed_size: member.compressed_size(),
                    compressed_crc32: {
                        let start = usize::try_from(member.data_start().unwrap()).unwrap();
                        let size = usize::try_from(member.compressed_size()).unwrap();
                        crc32fast::hash(&written[start..start + size])
                    },
                    size: member.size(),
                    crc32: member.crc32(),
                    digest: Digest::sha256_of(bytes),
                },
            ),
        });
    }
    builder.finish().unwrap()
}

/// The same plan over files on disk, made in `directory`.
pub(crate) fn files_plan(directory: &Path, files: &[TestFile<'_>]) -> LayerPlan {
    let mut builder = PlanBuilder::default();
    let owner = builder.owner("files");
    for (index, (name, bytes, executable)) in files.iter().enumerate() {
        let path = directory.join(format!("{index}.file"));
        fs_err::write(&path, bytes).unwrap();
        builder.push(Entry {
            path: LayerPath::new(*name).unwrap(),
            mode: mode(*executable),
            owner,
            source: EntrySource::File(PlannedFile::read(path).unwrap()),
        });
    }
    builder.finish().unwrap()
}

/// A way in which a file changes behind the plan.
type Change = fn(&Path) -> std::io::Result<()>;

/// How a file of a plan may be another when it is written.
pub(crate) const CHANGES: [Change; 3] = [
    |path| {
        let mut bytes = fs_err::read(path)?;
        bytes[0] ^= 1;
        fs_err::write(path, bytes)
    },
    |path| {
        let mut bytes = fs_err::read(path)?;
        bytes.push(b'\n');
        fs_err::write(path, bytes)
    },
    |path| fs_err::write(path, ""),
];

/// A plan over an archive that lost its end after it was checked.
pub(crate) fn truncated_plan(directory: &Path) -> LayerPlan {
    let plan = archive_plan(directory, &sample());
    let archive = fs_err::OpenOptions::new()
        .write(true)
        .open(&plan.archives()[0])
        .unwrap();
    archive.set_len(100).unwrap();
    plan
}

/// Files that differ in every way that the writers care about.
pub(crate) fn sample() -> Vec<TestFile<'static>> {
    const LONG: &[u8] = &[b'x'; 3_000_000];
    vec![
        ("bin/tool", b"#!/bin/sh\necho tool\n", true),
        ("python/empty.py", b"", false),
        ("python/large.bin", LONG, false),
        ("python/mod.py", b"import os\nimport os\nimport os\n", false),
        ("python/n\u{e4}me.txt", b"umlaut", false),
        ("python/pkg/__init__.py", b"import os\nimport os\n", false),
    ]
}

fn mode(executable: bool) -> Mode {
    if executable {
        Mode::Executable
    } else {
        Mode::Regular
    }
}

/// A plan of texts: each with its owner's name and its path.
pub(crate) fn plan_of_texts(files: &[(&str, &str, &str)]) -> Result<LayerPlan, Error> {
    let mut builder = PlanBuilder::default();
    for (owner, path, text) in files {
        let owner = builder.owner(*owner);
        builder.push(Entry {
            path: LayerPath::new(*path).unwrap(),
            mode: Mode::Regular,
            owner,
            source: EntrySource::Bytes(text.as_bytes().into()),
        });
    }
    builder.finish()
}

/// A plan of files, all with the same text, and links: each with its path and its target.
pub(crate) fn plan_with_links(files: &[&str], links: &[(&str, &str)]) -> Result<LayerPlan, Error> {
    let mut builder = PlanBuilder::default();
    let owner = builder.owner("folder");
    let files = files
        .iter()
        .map(|path| (*path, EntrySource::Bytes(b"text"[..].into())));
    let links = links
        .iter()
        .map(|(path, target)| (*path, EntrySource::Link((*target).into())));
    for (path, source) in files.chain(links) {
        builder.push(Entry {
            path: LayerPath::new(path).unwrap(),
            mode: Mode::Regular,
            owner,
            source,
        });
    }
    builder.finish()
}
