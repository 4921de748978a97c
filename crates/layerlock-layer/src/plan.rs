use std::path::{Path, PathBuf};
use std::sync::Arc;

use layerlock_digest::Digest;
use serde::{Deserialize, Serialize};

use crate::{LayerPath, PlannedFile};

/// What a layer holds, before a byte of it is written.
///
/// Entries are sorted by path and no two share one.
#[derive(Debug, Clone)]
pub struct LayerPlan {
    pub(crate) owners: Vec<String>,
    pub(crate) archives: Vec<PathBuf>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) overlaps: Vec<Overlap>,
}

/// A file that has no place in the layer, because another owner's other file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// The path in the layer that both have.
    pub path: LayerPath,
    /// Whose file is there.
    pub kept: OwnerId,
    /// Whose file is not.
    pub hidden: OwnerId,
}

/// One file of a layer.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it lands.
    pub path: LayerPath,
    /// Its permissions.
    pub mode: Mode,
    /// Who brought it.
    pub owner: OwnerId,
    /// Where its bytes are.
    pub source: EntrySource,
}

/// Permissions of a file in a layer. There are two, whatever the umask or the
/// archive says: functions run under another user than the one that built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// `0644`
    Regular,
    /// `0755`
    Executable,
}

impl Mode {
    /// The permission bits.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Regular => 0o644,
            Self::Executable => 0o755,
        }
    }
}

/// Who brought an entry: an index into [`LayerPlan::owners`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnerId(pub(crate) u32);

impl OwnerId {
    /// Its place in [`LayerPlan::owners`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An archive that entries point into: an index into [`LayerPlan::archives`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ArchiveId(pub(crate) u32);

impl ArchiveId {
    /// Its place in [`LayerPlan::archives`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where the bytes of an entry are.
#[derive(Debug, Clone)]
pub enum EntrySource {
    /// A member of a zip archive, checked when the archive was taken in.
    Member(ArchiveId, ArchiveMember),
    /// A file on disk.
    File(PlannedFile),
    /// Bytes made for this layer.
    Bytes(Arc<[u8]>),
    /// A symbolic link, with its target: a relative path that leads to another entry
    /// of the plan, or to a directory of such. Its mode counts for nothing.
    Link(Arc<str>),
}

/// Where a member's data lies in its archive, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveMember {
    /// Where its data begins, in bytes from the start of the archive.
    pub offset: u64,
    /// How it is compressed.
    pub method: Method,
    /// Bytes in the archive.
    pub compressed_size: u64,
    /// CRC-32 of the bytes in the archive: what is copied without being unpacked
    /// is checked all the same.
    pub compressed_crc32: u32,
    /// Bytes of the file.
    pub size: u64,
    /// CRC-32 of the file.
    pub crc32: u32,
    /// SHA-256 of the file.
    #[serde(with = "sha256_bytes")]
    pub digest: Digest,
}

/// The form of a SHA-256 digest where thousands are kept: its 32 bytes alone.
mod sha256_bytes {
    use layerlock_digest::{Algorithm, Digest};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    const LENGTH: usize = Algorithm::Sha256.length();

    pub(super) fn serialize<S: Serializer>(digest: &Digest, to: S) -> Result<S::Ok, S::Error> {
        let bytes = <[u8; LENGTH]>::try_from(digest.bytes());
        bytes.map_err(serde::ser::Error::custom)?.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Digest, D::Error> {
        let bytes = <[u8; LENGTH]>::deserialize(from)?;
        let digest = Digest::from_bytes(Algorithm::Sha256, &bytes);
        digest.ok_or_else(|| serde::de::Error::custom("not a SHA-256 digest"))
    }
}

/// How a member is compressed (APPNOTE 4.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Method {
    /// Method 0.
    Stored,
    /// Method 8.
    Deflated,
}

impl EntrySource {
    /// Unpacked size in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Member(_, member) => member.size,
            Self::File(file) => file.size(),
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Link(target) => target.len() as u64,
        }
    }

    /// SHA-256 of the unpacked bytes.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Member(_, member) => member.digest,
            Self::File(file) => file.digest(),
            Self::Bytes(bytes) => Digest::sha256_of(bytes),
            Self::Link(target) => Digest::sha256_of(target.as_bytes()),
        }
    }

    /// Whether it is a link. A zip has its target in the place of a file's bytes.
    pub const fn is_link(&self) -> bool {
        matches!(self, Self::Link(_))
    }

    /// CRC-32 of the unpacked bytes.
    pub fn crc32(&self) -> u32 {
        match self {
            Self::Member(_, member) => member.crc32,
            Self::File(file) => file.crc32(),
            Self::Bytes(bytes) => crc32fast::hash(bytes),
            Self::Link(target) => crc32fast::hash(target.as_bytes()),
        }
    }
}

impl LayerPlan {
    /// Every file, sorted by path.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The names of those who brought files, by [`OwnerId`].
    pub fn owners(&self) -> &[String] {
        &self.owners
    }

    /// The files that have no place in it because another owner's lies there, sorted
    /// by path.
    pub fn overlaps(&self) -> &[Overlap] {
        &self.overlaps
    }

    /// The archives that entries point into, by [`ArchiveId`].
    pub fn archives(&self) -> &[PathBuf] {
        &self.archives
    }

    /// Where an archive is.
    pub fn archive(&self, id: ArchiveId) -> &Path {
        &self.archives[id.index()]
    }

    /// Bytes of all files, unpacked.
    pub fn unzipped_size(&self) -> u64 {
        self.entries.iter().map(|entry| entry.source.size()).sum()
    }

    /// Unpacked bytes that each owner brings, by [`OwnerId`].
    pub fn unzipped_sizes(&self) -> Vec<u64> {
        let mut sizes = vec![0; self.owners.len()];
        for entry in &self.entries {
            sizes[entry.owner.index()] += entry.source.size();
        }
        sizes
    }

    /// Whether the plan has a file at this path.
    pub fn contains(&self, path: &str) -> bool {
        self.entries
            .binary_search_by(|entry| entry.path.as_str().cmp(path))
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PlanBuilder;

    fn member() -> ArchiveMember {
        ArchiveMember {
            offset: 1,
            method: Method::Deflated,
            compressed_size: 2,
            compressed_crc32: 3,
            size: 4,
            crc32: 5,
            digest: Digest::sha256_of(b"abc"),
        }
    }

    #[test]
    fn a_plan_tells_its_owners_its_archives_and_their_sizes() {
        let mut builder = PlanBuilder::default();
        for (name, archive, size) in [("a 1", "a.whl", 3), ("b 2", "b.whl", 4)] {
            let owner = builder.owner(name);
            let id = builder.archive(archive);
            let member = ArchiveMember { size, ..member() };
            builder.push(Entry {
                path: LayerPath::new(archive).unwrap(),
                mode: Mode::Regular,
                owner,
                source: EntrySource::Member(id, member),
            });
        }
        let plan = builder.finish().unwrap();
        assert_eq!(plan.owners(), ["a 1", "b 2"]);
        assert_eq!(plan.archives(), ["a.whl", "b.whl"].map(PathBuf::from));
        for entry in plan.entries() {
            let EntrySource::Member(id, _) = entry.source else {
                panic!("a member");
            };
            assert_eq!(plan.archive(id), Path::new(entry.path.as_str()));
            assert_eq!(id.index(), entry.owner.index());
        }
        assert_eq!(plan.unzipped_size(), 7);
        assert_eq!(plan.unzipped_sizes(), [3, 4]);
    }

    /// Caches have them in this form.
    #[test]
    fn a_members_digest_is_kept_as_its_bytes_alone() {
        let member = member();
        let kept = postcard::to_stdvec(&member).unwrap();
        assert_eq!(kept, [&[1, 1, 2, 3, 4, 5], member.digest.bytes()].concat());
        assert_eq!(postcard::from_bytes(&kept), Ok(member));

        let other = layerlock_digest::Hasher::new(layerlock_digest::Algorithm::Sha512).finish();
        let member = ArchiveMember {
            digest: other,
            ..member
        };
        postcard::to_stdvec(&member).unwrap_err();
    }
}
