//! The files of a layer, wherever they are: in a plan, a zip or a directory.

mod directory;
mod disk;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use layerlock_layer::archive::{ArchiveProblem, RawMember};
use layerlock_layer::{ArchiveId, Entry, EntryReader, EntrySource, LayerPlan, TakeUntil};
use layerlock_target::Target;
use pep440_rs::Version;

pub(crate) use disk::refuse_irregular;

/// The files of a layer, sorted by path.
#[derive(Clone)]
pub struct Layer<'a> {
    pub(crate) files: Vec<FileInLayer<'a>>,
    plan: Option<&'a LayerPlan>,
}

/// One file.
#[derive(Clone)]
pub struct FileInLayer<'a> {
    pub(crate) path: Cow<'a, str>,
    pub(crate) size: u64,
    /// Its permission bits, where there are such.
    pub(crate) mode: Option<u32>,
    /// Whether it is a symbolic link, whose bytes are where it leads to.
    pub(crate) is_link: bool,
    /// Who brought it, with the version, where that is known: `six 1.17.0`.
    pub(crate) owner: Option<Arc<str>>,
    source: Source<'a>,
}

#[derive(Clone)]
enum Source<'a> {
    Entry(&'a Entry),
    Member(RawMember<'a>),
    Disk(PathBuf),
}

/// Why a file of a layer cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file of a plan or a directory.
    #[error(transparent)]
    Layer(#[from] layerlock_layer::Error),
    /// A file of a zip.
    #[error(transparent)]
    Archive(#[from] ArchiveProblem),
}

const PERMISSIONS: u32 = 0o7777;

impl<'a> Layer<'a> {
    /// The files of a plan.
    pub fn of_plan(plan: &'a LayerPlan) -> Self {
        let owners: Vec<Arc<str>> = plan.owners().iter().map(|it| it.as_str().into()).collect();
        let file = |entry: &'a Entry| FileInLayer {
            path: Cow::Borrowed(entry.path.as_str()),
            size: entry.source.size(),
            mode: Some(entry.mode.bits()),
            is_link: entry.source.is_link(),
            owner: Some(Arc::clone(&owners[entry.owner.index()])),
            source: Source::Entry(entry),
        };
        Self {
            files: plan.entries().iter().map(file).collect(),
            plan: Some(plan),
        }
    }

    /// The files of a zip.
    pub fn of_members(members: Vec<RawMember<'a>>) -> Self {
        let file = |member: RawMember<'a>| FileInLayer {
            path: Cow::Owned(member.name.to_string()),
            size: member.size,
            mode: member.mode.map(|mode| mode & PERMISSIONS),
            is_link: member.is_link,
            owner: None,
            source: Source::Member(member),
        };
        Self::sorted(members.into_iter().map(file).collect())
    }

    fn sorted(mut files: Vec<FileInLayer<'a>>) -> Self {
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Self { files, plan: None }
    }

    /// Bytes of all files.
    pub fn unzipped_size(&self) -> u64 {
        let sizes = self.files.iter().map(|file| file.size);
        sizes.fold(0, u64::saturating_add)
    }

    /// How many files.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    /// The files, sorted by path.
    pub fn files(&self) -> &[FileInLayer<'a>] {
        &self.files
    }

    /// The file at a path.
    pub(crate) fn find(&self, path: &str) -> Option<&FileInLayer<'a>> {
        let at = self.files.binary_search_by(|file| (*file.path).cmp(path));
        at.ok().map(|at| &self.files[at])
    }

    /// Whether there is a file at a path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.find(path).is_some()
    }

    /// The files below a directory, whose name has no `/` at its end.
    pub(crate) fn below(&self, directory: &str) -> &[FileInLayer<'a>] {
        let prefix = format!("{directory}/");
        let start = self.files.partition_point(|file| *file.path < *prefix);
        let rest = &self.files[start..];
        let end = rest.partition_point(|file| file.path.starts_with(&prefix));
        &rest[..end]
    }

    /// The files of a function's code where they would be in a layer: what is at its root can
    /// be imported, and the loader looks for libraries there and in `lib/`.
    pub(crate) fn as_code(&self, target: &Target) -> Self {
        let libraries = target.libraries();
        let module_path = target.module_paths().into_iter().last().unwrap_or_default();
        let mut files = Vec::with_capacity(self.files.len());
        for file in &self.files {
            let name = file.path.strip_prefix("lib/").unwrap_or(&file.path);
            if name.contains(".so") && !name.contains('/') {
                files.push(file.moved(format!("{libraries}/{name}")));
            }
            files.push(file.moved(format!("{module_path}/{}", file.path)));
        }
        let plan = self.plan;
        Self {
            plan,
            ..Self::sorted(files)
        }
    }

    /// Says who brought a file of which nobody knows it.
    pub(crate) fn set_owner(&mut self, path: &str, owner: &Arc<str>) {
        let at = self.files.binary_search_by(|file| (*file.path).cmp(path));
        if let Ok(at) = at {
            self.files[at]
                .owner
                .get_or_insert_with(|| Arc::clone(owner));
        }
    }

    /// Reads files, one after the other: each thread has a reader of its own.
    pub(crate) fn reader(&self) -> LayerReader<'a> {
        LayerReader(self.plan.map(EntryReader::new))
    }
}

/// Reads files of a layer.
pub(crate) struct LayerReader<'a>(Option<EntryReader<'a>>);

impl<'a> LayerReader<'a> {
    pub(crate) fn bytes(&mut self, file: &FileInLayer<'a>) -> Result<Vec<u8>, ReadError> {
        match (&file.source, &mut self.0) {
            (Source::Entry(entry), Some(reader)) => Ok(reader.read(entry)?),
            // An entry is of a plan.
            (Source::Entry(_), None) => Ok(Vec::new()),
            (Source::Member(member), _) => Ok(member.bytes()?),
            (Source::Disk(path), _) => Ok(disk::read(path)?),
        }
    }

    /// Hands over the bytes of a file piece by piece, until `take` has enough.
    pub(crate) fn pieces(
        &mut self,
        file: &FileInLayer<'a>,
        take: TakeUntil<'_>,
    ) -> Result<(), ReadError> {
        match (&file.source, &mut self.0) {
            (Source::Entry(entry), Some(reader)) => Ok(reader.pieces(entry, take)?),
            (Source::Entry(_), None) => Ok(()),
            (Source::Member(member), _) => Ok(member.pieces(take)?),
            (Source::Disk(path), _) => Ok(disk::pieces(path, take)?),
        }
    }

    /// The same as text; what is no UTF-8 in it is replaced.
    pub(crate) fn text(&mut self, file: &FileInLayer<'a>) -> Result<String, ReadError> {
        let bytes = self.bytes(file)?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }
}

impl FileInLayer<'_> {
    fn moved(&self, path: String) -> Self {
        Self {
            path: path.into(),
            ..self.clone()
        }
    }

    /// Its path in the layer.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where it lies, where it is a file on disk.
    pub fn on_disk(&self) -> Option<&Path> {
        match &self.source {
            Source::Disk(path) => Some(path),
            Source::Entry(_) | Source::Member(_) => None,
        }
    }

    /// The last part of its path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The member that it is of an archive of its plan: the archive, and where its data
    /// begins there.
    pub fn member(&self) -> Option<(ArchiveId, u64)> {
        match &self.source {
            Source::Entry(entry) => match &entry.source {
                EntrySource::Member(archive, member) => Some((*archive, member.offset)),
                EntrySource::File(_) | EntrySource::Bytes(_) | EntrySource::Link(_) => None,
            },
            Source::Member(_) | Source::Disk(_) => None,
        }
    }

    /// What tells whether it is the file of another layer: its size and CRC-32, where these
    /// are known without reading it.
    pub(crate) fn checksum(&self) -> Option<(u64, u32)> {
        match &self.source {
            Source::Entry(entry) => Some((self.size, entry.source.crc32())),
            Source::Member(member) => Some((self.size, member.crc32)),
            Source::Disk(path) => disk::checksum(path).map(|crc32| (self.size, crc32)),
        }
    }

    /// The package that brought it, without its version, where that is known.
    pub fn package(&self) -> Option<&str> {
        self.owner.as_deref().and_then(package_in)
    }
}

/// The package that an owner of a plan is: `six` of `six 1.17.0`; none of `folder build/bin`.
/// There is a package of the name `folder` too.
pub fn package_in(owner: &str) -> Option<&str> {
    let is_version = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_digit()) && Version::from_str(text).is_ok()
    };
    let folder = owner.strip_prefix("folder ");
    let is_folder = folder.is_some_and(|rest| !is_version(rest));
    (!is_folder).then(|| package_of(owner))
}

/// `six` of `six 1.17.0`.
fn package_of(owner: &str) -> &str {
    owner.split(' ').next().unwrap_or(owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_no_packages_and_a_package_may_be_called_folder() {
        for (owner, package) in [
            ("six 1.17.0", Some("six")),
            ("shop", Some("shop")),
            ("folder 1.0.2", Some("folder")),
            ("folder 1.0rc1", Some("folder")),
            ("folders 1.0", Some("folders")),
            ("folder build/bin", None),
            ("folder 3rdparty", None),
            ("folder 2024/bin", None),
            ("folder v1", None),
            ("folder .", None),
        ] {
            assert_eq!(package_in(owner), package, "{owner}");
        }
    }
}
