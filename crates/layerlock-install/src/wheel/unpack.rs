//! The files of an archive that has not been verified.

use layerlock_layer::archive::{self, ArchiveProblem, ArchiveRules, RawMember, ReaderAt};

use super::limits::{MAX_METADATA, MAX_RECORD, MAX_SMALL, RULES};
use super::problem::WheelProblem;

/// The files of a wheel, to be read piece by piece.
pub(crate) fn members(
    archive: &(dyn ReaderAt + Sync),
    length: u64,
) -> Result<Vec<RawMember<'_>>, WheelProblem> {
    Ok(archive::read(archive, length, RULES)?)
}

/// The files of an archive that is no wheel, to be unpacked piece by piece.
pub(crate) fn members_of_source(
    archive: &(dyn ReaderAt + Sync),
    length: u64,
) -> Result<Vec<RawMember<'_>>, ArchiveProblem> {
    let rules = ArchiveRules {
        links_are_files: true,
        ..RULES
    };
    archive::read(archive, length, rules)
}

/// The bytes of a file of a `.dist-info` directory, which has to be as small as such files
/// are.
pub(crate) fn metadata_file(member: &RawMember<'_>) -> Result<Vec<u8>, WheelProblem> {
    let mut room = match member.name.file_name() {
        "RECORD" => MAX_RECORD,
        "METADATA" => MAX_METADATA,
        _ => MAX_SMALL,
    };
    Ok(member.bytes_within(&mut room)?)
}
