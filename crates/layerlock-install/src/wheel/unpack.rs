//! The files of an archive that has not been verified.

use layerlock_layer::LayerPath;
use layerlock_layer::archive::{self, ArchiveProblem, ArchiveRules, RawMember, ReaderAt};
use layerlock_target::Provider;

use super::limits::RULES;
use super::problem::WheelProblem;

/// A file of a wheel, unpacked.
pub(crate) struct Unpacked {
    pub(crate) name: LayerPath,
    pub(crate) executable: bool,
    pub(crate) bytes: Vec<u8>,
}

/// Every file of an archive, of which only those that begin like this are
/// unpacked: together no more than a layer can hold.
pub(crate) fn unpack_only(
    archive: &(dyn ReaderAt + Sync),
    length: u64,
    start: [u8; 4],
) -> Result<Vec<Unpacked>, WheelProblem> {
    let mut unpacked: u64 = 0;
    archive::read(archive, length, RULES)?
        .into_iter()
        .map(|member| {
            let bytes = if member.starts_with(start) {
                unpacked = unpacked.saturating_add(member.size);
                if unpacked > Provider::Aws.limits().unzipped {
                    return Err(ArchiveProblem::TooLarge(unpacked).into());
                }
                member.bytes()?
            } else {
                Vec::new()
            };
            Ok(Unpacked {
                bytes,
                executable: member.executable,
                name: member.name,
            })
        })
        .collect()
}

/// Unpacks every file of a wheel that has not been verified.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Vec<Unpacked>, WheelProblem> {
    unpacked(archive::read(&bytes, bytes.len() as u64, RULES)?)
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

fn unpacked(members: Vec<RawMember<'_>>) -> Result<Vec<Unpacked>, WheelProblem> {
    members
        .into_iter()
        .map(|member| {
            Ok(Unpacked {
                bytes: member.bytes()?,
                name: member.name,
                executable: member.executable,
            })
        })
        .collect()
}
