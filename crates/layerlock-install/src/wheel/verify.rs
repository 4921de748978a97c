//! The check of a wheel against itself and its file name.

use std::collections::HashMap;
use std::io;

use layerlock_layer::archive::{self, ArchiveProblem, FileReader, RawMember, ReaderAt};
use layerlock_lock::normalize_name;
use layerlock_target::WheelName;

use super::contents::{Member, WheelContents, in_data_directory};
use super::limits::{MAX_METADATA, MAX_RECORD, MAX_SCRIPTS, MAX_SMALL, RULES};
use super::problem::WheelProblem;
use super::{entry_points, record};

impl WheelContents {
    /// Reads an archive and checks it against itself and its file name.
    ///
    /// The rules are those of the [binary distribution format]: safe names, a
    /// `.dist-info` directory that fits the file name, a wheel version that we know,
    /// and every file listed in RECORD with the hash that it has.
    ///
    /// [binary distribution format]: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    pub fn verify(name: &WheelName, bytes: &[u8]) -> Result<Self, WheelProblem> {
        Self::verify_in(name, &bytes, bytes.len() as u64)
    }

    /// The same for an archive in a file, of which little is in memory at once.
    /// The outer error is that of the file.
    pub(crate) fn verify_file(
        name: &WheelName,
        file: &fs_err::File,
    ) -> io::Result<Result<Self, WheelProblem>> {
        let length = file.metadata()?.len();
        let reader = FileReader::from(file.file().try_clone()?);
        Ok(Self::verify_in(name, &reader, length))
    }

    fn verify_in(
        name: &WheelName,
        archive: &(dyn ReaderAt + Sync),
        length: u64,
    ) -> Result<Self, WheelProblem> {
        let raw = archive::read(archive, length, RULES)?;
        let dist_info = dist_info(name, &raw)?;
        let by_name: HashMap<&str, &RawMember<'_>> = raw
            .iter()
            .map(|member| (member.name.as_str(), member))
            .collect();
        let metadata_file =
            |file: &'static str| by_name.get(format!("{dist_info}/{file}").as_str()).copied();
        let required = |file: &'static str| metadata_file(file).ok_or(WheelProblem::Missing(file));

        check_metadata(name, &text(required("METADATA")?, MAX_METADATA)?)?;
        // "A wheel installer should warn if Wheel-Version is greater than the
        // version it supports, and must fail if it has a greater major version."
        check_wheel_version(&text(required("WHEEL")?, MAX_SMALL)?)?;

        let record = required("RECORD")?.bytes_within(&mut { MAX_RECORD })?;
        let record = record::Record::parse(&record, &dist_info, raw.len())?;
        let mut members = Vec::with_capacity(raw.len());
        let mut room = MAX_SCRIPTS;
        for member in &raw {
            let name = member.name.as_str();
            members.push(Member {
                name: name.to_owned(),
                executable: member.executable,
                data: record.check(member)?,
                python_script: match in_data_directory(name) {
                    // Others may be programs of any size.
                    Some(("scripts", _)) if member.starts_with(*PYTHON_SHEBANG) => {
                        Some(after_first_line(&member.bytes_within(&mut room)?))
                    }
                    _ => None,
                },
            });
        }

        let scripts = match metadata_file("entry_points.txt") {
            Some(member) => entry_points::scripts(&text(member, MAX_SMALL)?)?,
            None => Vec::new(),
        };
        Ok(Self {
            record: record.fit(&members),
            dist_info,
            members,
            scripts,
        })
    }
}

/// The text of a metadata file.
fn text(member: &RawMember<'_>, mut room: u64) -> Result<String, ArchiveProblem> {
    member.text_within(&mut room)
}

/// How a script for "the" Python begins: "if applicable, update scripts starting
/// with `#!python` to point to the correct interpreter".
const PYTHON_SHEBANG: &[u8; 8] = b"#!python";

fn after_first_line(script: &[u8]) -> Vec<u8> {
    let line_end = script.iter().position(|byte| *byte == b'\n');
    script[line_end.unwrap_or(script.len())..].to_vec()
}

/// The one `.dist-info` directory at the top, which has to be of the distribution
/// and the version that the file name says.
fn dist_info(name: &WheelName, members: &[RawMember<'_>]) -> Result<String, WheelProblem> {
    let mut directories: Vec<&str> = members
        .iter()
        .filter_map(|member| Some(member.name.as_str().split_once('/')?.0))
        .filter(|directory| directory.ends_with(".dist-info"))
        .collect();
    directories.sort_unstable();
    directories.dedup();
    let [directory] = directories[..] else {
        return Err(WheelProblem::DistInfoCount(directories.len()));
    };
    // The same rules as for file names: read it as one.
    let as_wheel = directory
        .strip_suffix(".dist-info")
        .and_then(|stem| format!("{stem}-py3-none-any.whl").parse::<WheelName>().ok());
    match as_wheel {
        Some(found) if found.is_same_release(name) => Ok(directory.to_owned()),
        _ => Err(WheelProblem::DistInfoName(directory.to_owned())),
    }
}

/// METADATA tells importlib.metadata the distribution and version, so it has to tell
/// those of the file name.
pub(super) fn check_metadata(name: &WheelName, text: &str) -> Result<(), WheelProblem> {
    // The headers of an e-mail: they end at the first empty line.
    let headers = text.lines().take_while(|line| !line.trim().is_empty());
    let field = |key: &str| {
        let mut fields = headers.clone().filter_map(|line| line.split_once(':'));
        let found = fields.find(|(found, _)| found.eq_ignore_ascii_case(key));
        found.map(|(_, value)| value.trim())
    };
    let found_name = field("Name").ok_or(WheelProblem::Missing("Name in METADATA"))?;
    let version = field("Version").ok_or(WheelProblem::Missing("Version in METADATA"))?;
    if normalize_name(found_name) == name.name() && name.is_version(version) {
        Ok(())
    } else {
        Err(WheelProblem::MetadataOf(format!("{found_name} {version}")))
    }
}

fn check_wheel_version(text: &str) -> Result<(), WheelProblem> {
    let version = text
        .lines()
        .find_map(|line| line.strip_prefix("Wheel-Version:"))
        .map(str::trim)
        .ok_or(WheelProblem::Missing("Wheel-Version in WHEEL"))?;
    match version.split('.').next() {
        Some("1") => Ok(()),
        _ => Err(WheelProblem::WheelVersion(version.to_owned())),
    }
}
