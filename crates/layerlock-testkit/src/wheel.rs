//! Wheels made in memory: valid by default, hostile where a test asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use crate::container::{self, Member};
use crate::{normalise_name, sha256_hex};

/// Member names that no wheel may have: absolute, climbing, with backslashes,
/// drive letters or NUL. [`WheelBuilder::file`] takes any of them.
pub const HOSTILE_NAMES: &[&str] = &[
    "/etc/evil.py",
    "//server/share/evil.py",
    "../evil.py",
    "pkg/../../evil.py",
    "pkg/..",
    "..",
    "pkg\\..\\evil.py",
    "\\evil.py",
    "C:/evil.py",
    "C:evil.py",
    "c:\\evil.py",
    "pkg/evil.py\0.txt",
];

/// A finished wheel.
#[derive(Debug, Clone)]
pub struct Wheel {
    /// The project's name, normalised (PEP 503).
    pub name: String,
    /// The version, as given.
    pub version: String,
    /// The wheel's file name.
    pub file_name: String,
    /// The name of its `.dist-info` folder.
    pub dist_info: String,
    /// The archive.
    pub bytes: Vec<u8>,
    /// SHA-256 of the archive, lower-case hexadecimal.
    pub sha256: String,
}

/// What can be wrong with a wheel. Paths are those of members; a flaw that
/// names a path which is no member makes [`WheelBuilder::build`] panic, so that
/// no test passes for want of its flaw.
#[derive(Debug, Clone)]
pub enum Flaw {
    /// RECORD carries another hash for this member.
    WrongRecordHash(String),
    /// RECORD carries another size for this member.
    WrongRecordSize(String),
    /// RECORD has this member without hash and size.
    NoRecordHash(String),
    /// RECORD hashes this member with MD5, which the specification rules out.
    WeakRecordHash(String),
    /// RECORD does not list this member.
    MissingFromRecord(String),
    /// RECORD lists this path, which is no member.
    RecordWithoutMember(String),
    /// No member of this path, neither in the archive nor in RECORD: for
    /// METADATA, WHEEL or RECORD itself.
    NoMember(String),
    /// The member is a symbolic link; its content is the link's target.
    Symlink(String),
    /// The local header has the second name, the central directory the first.
    LocalName(String, String),
    /// The member says that it is encrypted.
    Encrypted(String),
    /// The member's CRC-32 is not that of its content.
    WrongCrc(String),
    /// Both headers say that the member unpacks to this many bytes.
    ClaimedSize(String, u32),
    /// The local header alone says that the member unpacks to this many bytes.
    LocalSize(String, u32),
    /// The member is streamed, and its data descriptor has another CRC-32.
    Descriptor(String),
    /// The member is a block device.
    Device(String),
    /// The member says that it is compressed by this method.
    Method(String, u16),
    /// The member's data holds another member, `nested.py`, whole: the directory
    /// lists both, and bytes are counted twice, as bombs do it.
    Nested(String),
    /// The last bytes of the archive, this many, are missing.
    Truncated(usize),
}

/// Builds a [`Wheel`].
///
/// Member names are written as given, unchecked: [`HOSTILE_NAMES`] are made
/// with [`file`](Self::file), and a name given twice is a duplicate member.
/// RECORD is right unless a [`Flaw`] says otherwise, so a test sees one fault
/// at a time.
#[derive(Debug, Clone)]
pub struct WheelBuilder {
    name: String,
    version: String,
    spelling: String,
    build_tag: Option<String>,
    tag: String,
    wheel_version: String,
    requires_python: Option<String>,
    requires: Vec<String>,
    entry_points: BTreeMap<String, Vec<(String, String)>>,
    purelib: Option<bool>,
    members: Vec<Member>,
    stored: bool,
    streamed: bool,
    no_modes: bool,
    flaws: Vec<Flaw>,
}

impl WheelBuilder {
    /// A wheel of this project and version, with the tag `py3-none-any` and
    /// nothing but its metadata in it.
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            spelling: normalise_name(name).replace('-', "_"),
            build_tag: None,
            tag: "py3-none-any".to_owned(),
            wheel_version: "1.0".to_owned(),
            requires_python: None,
            requires: Vec::new(),
            entry_points: BTreeMap::new(),
            purelib: None,
            members: Vec::new(),
            stored: false,
            streamed: false,
            no_modes: false,
            flaws: Vec::new(),
        }
    }

    /// The spelling of the name in the file name and the dist-info folder
    /// (default: normalised, with `_`); old tools wrote `Foo.Bar`.
    #[must_use]
    pub fn spelled(mut self, spelling: &str) -> Self {
        spelling.clone_into(&mut self.spelling);
        self
    }

    /// The build number in the file name, such as `1`.
    #[must_use]
    pub fn build_tag(mut self, build: &str) -> Self {
        self.build_tag = Some(build.to_owned());
        self
    }

    /// The tag, possibly a compressed set such as
    /// `cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64`.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        tag.clone_into(&mut self.tag);
        self
    }

    /// `Wheel-Version` in the WHEEL file (default 1.0).
    #[must_use]
    pub fn wheel_version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.wheel_version);
        self
    }

    /// `Root-Is-Purelib` (default: true where the platform is `any`).
    #[must_use]
    pub fn purelib(mut self, purelib: bool) -> Self {
        self.purelib = Some(purelib);
        self
    }

    /// `Requires-Python` in METADATA.
    #[must_use]
    pub fn requires_python(mut self, specifier: &str) -> Self {
        self.requires_python = Some(specifier.to_owned());
        self
    }

    /// One more `Requires-Dist` in METADATA.
    #[must_use]
    pub fn requires(mut self, requirement: &str) -> Self {
        self.requires.push(requirement.to_owned());
        self
    }

    /// A file, mode 0644.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.members
            .push(Member::file(path, content.as_ref().to_vec()));
        self
    }

    /// A file with its executable bits set, mode 0755.
    #[must_use]
    pub fn executable(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.file_with_mode(path, content, 0o755)
    }

    /// A file with these permission bits.
    #[must_use]
    pub fn file_with_mode(mut self, path: &str, content: impl AsRef<[u8]>, mode: u32) -> Self {
        self.members.push(Member {
            mode: Some(0o100_000 | mode),
            ..Member::file(path, content.as_ref().to_vec())
        });
        self
    }

    /// An explicit member for a folder, as some tools write; RECORD does not
    /// list folders.
    #[must_use]
    pub fn directory(mut self, path: &str) -> Self {
        self.members.push(Member {
            mode: Some(0o040_755),
            stored: true,
            ..Member::file(&format!("{}/", path.trim_end_matches('/')), Vec::new())
        });
        self
    }

    /// A file below `NAME-VERSION.data/SCHEME/`: `scheme` is `purelib`,
    /// `platlib`, `scripts`, `data` or `headers`.
    #[must_use]
    pub fn data(self, scheme: &str, path: &str, content: impl AsRef<[u8]>) -> Self {
        // Joined in `build`, when the spelling is final.
        self.file(&format!("{DATA_FOLDER}{scheme}/{path}"), content)
    }

    /// A line of `entry_points.txt`, e.g. `console_scripts`, `tool`,
    /// `pkg.cli:main`.
    #[must_use]
    pub fn entry_point(mut self, group: &str, name: &str, object: &str) -> Self {
        self.entry_points
            .entry(group.to_owned())
            .or_default()
            .push((name.to_owned(), object.to_owned()));
        self
    }

    /// Members are stored instead of deflated.
    #[must_use]
    pub fn stored(mut self) -> Self {
        self.stored = true;
        self
    }

    /// Sizes and checksums stand in data descriptors after each member.
    #[must_use]
    pub fn streamed(mut self) -> Self {
        self.streamed = true;
        self
    }

    /// Members carry no Unix modes, as in a wheel that was made on Windows.
    #[must_use]
    pub fn without_modes(mut self) -> Self {
        self.no_modes = true;
        self
    }

    /// One thing that is wrong with the wheel.
    #[must_use]
    pub fn flaw(mut self, flaw: Flaw) -> Self {
        self.flaws.push(flaw);
        self
    }

    /// `NAME-VERSION.dist-info`, for naming a metadata file in a [`Flaw`].
    pub fn dist_info(&self) -> String {
        format!("{}-{}.dist-info", self.spelling, self.version)
    }

    /// The wheel.
    ///
    /// # Panics
    ///
    /// Where a flaw names a path that is no member.
    pub fn build(self) -> Wheel {
        let dist_info = self.dist_info();
        let data = format!("{}-{}.data/", self.spelling, self.version);
        let mut members = self.members.clone();
        for member in &mut members {
            if let Some(rest) = member.path().strip_prefix(DATA_FOLDER) {
                member.name = format!("{data}{rest}").into_bytes();
            }
        }
        let mut metadata = vec![("METADATA", self.metadata()), ("WHEEL", self.wheel_file())];
        if !self.entry_points.is_empty() {
            metadata.push(("entry_points.txt", self.entry_points_file()));
        }
        for (name, text) in metadata {
            members.push(Member::file(&format!("{dist_info}/{name}"), text.into()));
        }
        let record = format!("{dist_info}/RECORD");
        members.push(Member::file(&record, Vec::new()));
        for member in &mut members {
            member.stored |= self.stored;
            member.streamed |= self.streamed;
            if self.no_modes {
                member.mode = None;
            }
        }

        for flaw in &self.flaws {
            apply_to_members(flaw, &mut members);
        }
        let text = record_file(&members, &record, &self.flaws);
        if let Some(member) = members.iter_mut().find(|member| member.path() == record) {
            member.data = text;
        }

        let mut bytes = container::write(&members);
        for flaw in &self.flaws {
            if let Flaw::Truncated(count) = flaw {
                bytes.truncate(bytes.len().saturating_sub(*count));
            }
        }
        let build = self
            .build_tag
            .map_or(String::new(), |tag| format!("-{tag}"));
        Wheel {
            name: normalise_name(&self.name),
            file_name: format!("{}-{}{build}-{}.whl", self.spelling, self.version, self.tag),
            version: self.version,
            dist_info,
            sha256: sha256_hex(&bytes),
            bytes,
        }
    }

    fn metadata(&self) -> String {
        let mut text = format!(
            "Metadata-Version: 2.1\nName: {}\nVersion: {}\n",
            self.name, self.version
        );
        if let Some(specifier) = &self.requires_python {
            let _ = writeln!(text, "Requires-Python: {specifier}");
        }
        for requirement in &self.requires {
            let _ = writeln!(text, "Requires-Dist: {requirement}");
        }
        text
    }

    fn wheel_file(&self) -> String {
        let purelib = self.purelib.unwrap_or(self.tag.ends_with("-any"));
        let mut text = format!(
            "Wheel-Version: {}\nGenerator: layerlock-testkit\nRoot-Is-Purelib: {purelib}\n",
            self.wheel_version
        );
        if let Some(build) = &self.build_tag {
            let _ = writeln!(text, "Build: {build}");
        }
        // PEP 425: a compressed set stands for every combination.
        let parts: Vec<&str> = self.tag.split('-').collect();
        if let [pythons, abis, platforms] = parts[..] {
            for python in pythons.split('.') {
                for abi in abis.split('.') {
                    for platform in platforms.split('.') {
                        let _ = writeln!(text, "Tag: {python}-{abi}-{platform}");
                    }
                }
            }
        }
        text
    }

    fn entry_points_file(&self) -> String {
        let mut text = String::new();
        for (group, entries) in &self.entry_points {
            let _ = writeln!(text, "[{group}]");
            for (name, object) in entries {
                let _ = writeln!(text, "{name} = {object}");
            }
            text.push('\n');
        }
        text
    }
}

/// Stands for the data folder until the wheel's spelling is final; no member
/// name starts with two slashes and a colon by accident.
const DATA_FOLDER: &str = "//:data/";

fn apply_to_members(flaw: &Flaw, members: &mut Vec<Member>) {
    let mut change = |path: &str, change: &dyn Fn(&mut Member)| {
        let mut found = false;
        for member in members.iter_mut().filter(|member| member.path() == path) {
            change(member);
            found = true;
        }
        assert!(found, "{flaw:?} names no member");
    };
    match flaw {
        Flaw::WrongRecordHash(path)
        | Flaw::WrongRecordSize(path)
        | Flaw::NoRecordHash(path)
        | Flaw::WeakRecordHash(path)
        | Flaw::MissingFromRecord(path) => change(path, &|_| ()),
        Flaw::LocalSize(path, size) => change(path, &|member| member.local_size = Some(*size)),
        Flaw::Descriptor(path) => change(path, &|member| {
            member.streamed = true;
            member.wrong_descriptor = true;
        }),
        Flaw::Device(path) => change(path, &|member| member.mode = Some(0o060_644)),
        Flaw::Method(path, method) => change(path, &|member| member.method = Some(*method)),
        Flaw::Nested(path) => {
            let mut nested = Member::file("nested.py", b"x = 1\n".to_vec());
            let record = container::local_record(&nested);
            nested.nested = true;
            change(path, &|member| {
                member.data.clone_from(&record);
                member.stored = true;
            });
            let at = members.iter().position(|member| member.path() == *path);
            members.insert(at.map_or(0, |at| at + 1), nested);
        }
        Flaw::Symlink(path) => change(path, &|member| member.mode = Some(0o120_777)),
        Flaw::LocalName(path, other) => change(path, &|member| {
            member.local_name = Some(other.as_bytes().to_vec());
        }),
        Flaw::Encrypted(path) => change(path, &|member| member.encrypted = true),
        Flaw::WrongCrc(path) => change(path, &|member| member.wrong_crc = true),
        Flaw::ClaimedSize(path, size) => {
            change(path, &|member| member.claimed_size = Some(*size));
        }
        Flaw::NoMember(path) => {
            change(path, &|_| ());
            members.retain(|member| member.path() != *path);
        }
        Flaw::RecordWithoutMember(_) | Flaw::Truncated(_) => {}
    }
}

/// RECORD: path, `sha256=` and the hash in URL-safe base64 without padding,
/// size in bytes; for RECORD itself the last two are empty.
fn record_file(members: &[Member], record: &str, flaws: &[Flaw]) -> Vec<u8> {
    let mut rows = Vec::new();
    let mut seen = BTreeSet::new();
    for member in members {
        let path = member.path();
        if path.ends_with('/') || !seen.insert(path.clone()) {
            continue;
        }
        if path == record {
            rows.push([path, String::new(), String::new()]);
            continue;
        }
        let digest = BASE64URL_NOPAD.encode(&Sha256::digest(&member.data));
        rows.push([
            path,
            format!("sha256={digest}"),
            member.data.len().to_string(),
        ]);
    }
    for flaw in flaws {
        let row = |rows: &[[String; 3]], path: &str| {
            rows.iter()
                .position(|row| row[0] == path)
                .unwrap_or_else(|| panic!("{flaw:?} names no row of RECORD"))
        };
        match flaw {
            Flaw::WrongRecordHash(path) => {
                let digest = BASE64URL_NOPAD.encode(&Sha256::digest(b"another content"));
                let at = row(&rows, path);
                rows[at][1] = format!("sha256={digest}");
            }
            Flaw::WrongRecordSize(path) => {
                let at = row(&rows, path);
                rows[at][2].push('0');
            }
            Flaw::NoRecordHash(path) => {
                let at = row(&rows, path);
                rows[at][1].clear();
                rows[at][2].clear();
            }
            Flaw::WeakRecordHash(path) => {
                // Refused for its algorithm: the digest is never looked at.
                let at = row(&rows, path);
                rows[at][1] = format!("md5={}", BASE64URL_NOPAD.encode(&[7; 16]));
            }
            Flaw::MissingFromRecord(path) => rows.retain(|row| row[0] != *path),
            Flaw::RecordWithoutMember(path) => {
                let digest = BASE64URL_NOPAD.encode(&Sha256::digest(b""));
                rows.push([path.clone(), format!("sha256={digest}"), "0".to_owned()]);
            }
            _ => {}
        }
    }
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    for row in &rows {
        writer.write_record(row).expect("a Vec takes every write");
    }
    writer.into_inner().expect("a Vec takes every write")
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

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
        // Every member but the folder.
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
                .and_then(|mut member| {
                    std::io::copy(&mut member, &mut std::io::sink()).map_err(drop)
                });
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
}
