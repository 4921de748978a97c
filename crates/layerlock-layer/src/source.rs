//! Reading the bytes of entries.

use std::io::{Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;
use fs_err::File;

use crate::{ArchiveId, ArchiveMember, Entry, Error, LayerPlan, Method, Source};

/// The archives of a plan, each opened when it is first needed.
pub(crate) struct Archives<'a> {
    plan: &'a LayerPlan,
    open: Vec<Option<File>>,
}

impl<'a> Archives<'a> {
    pub(crate) fn new(plan: &'a LayerPlan) -> Self {
        let open = plan.archives().iter().map(|_| None).collect();
        Self { plan, open }
    }

    /// The archive, to be read from `offset` on.
    pub(crate) fn seek(&mut self, id: ArchiveId, offset: u64) -> Result<&mut File, Error> {
        let path = self.plan.archive(id);
        let slot = &mut self.open[id.index()];
        let file = match slot {
            Some(file) => file,
            None => slot.insert(File::open(path).map_err(Error::io("open", path))?),
        };
        file.seek(SeekFrom::Start(offset))
            .map_err(Error::io("read", path))?;
        Ok(file)
    }

    /// The unpacked bytes of an entry. A member is checked against its CRC-32.
    pub(crate) fn read(&mut self, entry: &Entry) -> Result<Vec<u8>, Error> {
        match &entry.source {
            Source::Bytes(bytes) => Ok(bytes.to_vec()),
            Source::File { path, .. } => fs_err::read(path).map_err(Error::io("read", path)),
            Source::Member(id, member) => {
                let data = self.seek(*id, member.offset)?.take(member.compressed_size);
                unpack(data, member).map_err(|problem| Error::Archive {
                    archive: self.plan.archive(*id).to_owned(),
                    path: entry.path.clone(),
                    problem,
                })
            }
        }
    }
}

fn unpack(mut data: impl Read, member: &ArchiveMember) -> Result<Vec<u8>, &'static str> {
    let mut bytes = Vec::with_capacity(usize::try_from(member.size).unwrap_or(0));
    // One byte more than expected shows a stream that goes on.
    let limit = member.size + 1;
    match member.method {
        Method::Stored => data.take(limit).read_to_end(&mut bytes),
        Method::Deflated => DeflateDecoder::new(&mut data)
            .take(limit)
            .read_to_end(&mut bytes),
    }
    .map_err(|_| "cannot be unpacked")?;
    if bytes.len() as u64 != member.size || crc32fast::hash(&bytes) != member.crc32 {
        return Err("has other bytes");
    }
    Ok(bytes)
}
