//! Wheels made in memory: valid by default, hostile where a test asks for it.

mod flaw;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::container::{self, Member};
use crate::{normalise_name, sha256_hex};
pub use flaw::Flaw;
use flaw::{apply_to_members, record_file};

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
    /// The name of its `.dist-info` directory.
    pub dist_info: String,
    /// The archive.
    pub bytes: Vec<u8>,
    /// SHA-256 of the archive, lower-case hexadecimal.
    pub sha256: String,
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

    /// The spelling of the name in the file name and the dist-info directory
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

    /// An explicit member for a directory, as some tools write; RECORD does not
    /// list directories.
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

/// Stands for the data directory until the wheel's spelling is final; no member
/// name starts with two slashes and a colon by accident.
const DATA_FOLDER: &str = "//:data/";
