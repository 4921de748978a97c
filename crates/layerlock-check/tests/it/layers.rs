//! Layers made in memory.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use layerlock_check::{Layer, NothingKnown, Others, Whole, check_layer};
use layerlock_layer::archive::{self, ArchiveRules};
use layerlock_target::{Architecture, Provider, Target};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Files by their paths: bytes and mode. One whose path ends with `@` is a link.
#[derive(Clone)]
pub(crate) struct Crafted {
    files: BTreeMap<String, (Vec<u8>, u32)>,
    runtime: &'static str,
    has_modes: bool,
}

/// A layer without a fault: a package that requires another one, compiled and by source,
/// with a command and an extension.
pub(crate) fn clean() -> Crafted {
    Crafted {
        files: BTreeMap::new(),
        runtime: "python3.12",
        has_modes: true,
    }
    .package(
        "shop",
        "1.0",
        "Requires-Dist: idna>=3.1\nRequires-Dist: gone; extra == 'all'\n",
    )
    .package("idna", "3.10", "Requires-Python: >=3.8\n")
    .with_mode(
        "bin/shop",
        b"#!/var/lang/bin/python3.12\nimport shop\n",
        0o755,
    )
    .with_mode("extensions/watch", b"#!/bin/sh\ntrue\n", 0o755)
}

/// A layer of no files.
pub(crate) fn nothing() -> Crafted {
    Crafted {
        files: BTreeMap::new(),
        runtime: "python3.12",
        has_modes: true,
    }
}

impl Crafted {
    pub(crate) fn with(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.with_mode(path, bytes, 0o644)
    }

    pub(crate) fn with_mode(mut self, path: &str, bytes: impl AsRef<[u8]>, mode: u32) -> Self {
        self.files
            .insert(path.to_owned(), (bytes.as_ref().to_vec(), mode));
        self
    }

    pub(crate) fn on(self, runtime: &'static str) -> Self {
        Self { runtime, ..self }
    }

    pub(crate) fn without_modes(self) -> Self {
        Self {
            has_modes: false,
            ..self
        }
    }

    /// A package of one module, with its metadata.
    pub(crate) fn package(self, name: &str, version: &str, headers: &str) -> Self {
        self.package_in("python", name, version, headers)
    }

    pub(crate) fn package_in(self, site: &str, name: &str, version: &str, headers: &str) -> Self {
        let info = format!("{name}-{version}.dist-info");
        let metadata =
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{headers}\nIt is.\n");
        let record = format!("{name}/__init__.py,,\n{info}/METADATA,,\n{info}/RECORD,,\n");
        self.with(&format!("{site}/{name}/__init__.py"), "VALUE = 1\n")
            .with(&format!("{site}/{info}/METADATA"), metadata)
            .with(&format!("{site}/{info}/RECORD"), record)
    }

    /// Every file, moved.
    pub(crate) fn moved(mut self, path: impl Fn(&str) -> String) -> Self {
        let files = self.files.into_iter();
        self.files = files.map(|(name, file)| (path(&name), file)).collect();
        self
    }

    pub(crate) fn zip(&self) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, (bytes, mode)) in &self.files {
            let options = SimpleFileOptions::default();
            if let Some(path) = path.strip_suffix('@') {
                let target = String::from_utf8(bytes.clone()).unwrap();
                zip.add_symlink(path, target, options).unwrap();
                continue;
            }
            zip.start_file(path.as_str(), options.unix_permissions(*mode))
                .unwrap();
            zip.write_all(bytes).unwrap();
        }
        let mut zip = zip.finish().unwrap().into_inner();
        if !self.has_modes {
            forget_modes(&mut zip);
        }
        zip
    }

    pub(crate) fn target(&self) -> Target {
        Target::new(
            Provider::Aws.runtime(self.runtime).unwrap(),
            Architecture::X86_64,
        )
    }

    pub(crate) fn check(&self) -> Whole {
        self.check_knowing(&|_| None)
    }

    pub(crate) fn check_knowing(&self, elsewhere: &dyn Fn(&str) -> Option<String>) -> Whole {
        self.check_beside(&Others {
            packages: elsewhere,
            libraries: &[],
        })
    }

    pub(crate) fn check_beside(&self, others: &Others<'_>) -> Whole {
        let zip = self.zip();
        with_layer(&zip, |layer| {
            check_layer(layer, self.target().into(), &NothingKnown, others).unwrap()
        })
    }
}

pub(crate) fn with_layer<T>(zip: &[u8], work: impl FnOnce(Layer<'_>) -> T) -> T {
    let rules = ArchiveRules {
        max_unpacked: u64::MAX,
        links_are_files: true,
    };
    let members = archive::read(&zip, zip.len() as u64, rules).unwrap();
    work(Layer::of_members(members))
}

/// As if it were made on Windows: "version made by" of each record of the directory says so
/// (APPNOTE 4.4.2), and there are no modes.
fn forget_modes(zip: &mut [u8]) {
    const RECORD: &[u8] = b"PK\x01\x02";
    let records: Vec<usize> = zip
        .windows(4)
        .enumerate()
        .filter(|(_, window)| *window == RECORD)
        .map(|(at, _)| at)
        .collect();
    for at in records {
        zip[at + 5] = 0;
        zip[at + 38..at + 42].fill(0);
    }
}
