//! The staging directory: a layer as files, for tools that package a directory.
//!
//! The new directory is made beside the old one and swapped with it, so that it is
//! as it was or complete. A file that has not changed is not written again: the new
//! directory gets a hard link to the one that lies in the old directory, which goes
//! away with the swap. It keeps its inode and its times, and tools that look at
//! these see what changed.
//!
//! Nothing is ever linked to the cache. An editor that writes in place, or a build
//! step that patches what it finds, would reach the cache's file through the link,
//! and from there every later layer; making the files read-only would stop neither
//! root nor a `chmod`. So what is new is unpacked out of the cached archives, or
//! copied from what was [unpacked before](crate::unpacked), by all cores.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err::{self as fs, OpenOptions};

use crate::output::{OutputDirectory, Prepared, is_same, is_temporary};
use crate::parallel::{Schedule, with_state};
use crate::source::Archives;
use crate::unpacked::{Cloning, UnpackedFile};
use crate::{Entry, EntrySource, Error, LayerPlan, files_in};

/// A directory that may be replaced: it holds nothing of anybody else's.
#[derive(Debug)]
pub struct StagingDirectory(PathBuf);

impl StagingDirectory {
    /// Looks for files that are neither in the plan nor accepted by `is_ours`
    /// (given a path in the layer). They were put there by somebody else, and
    /// are an error rather than a loss.
    ///
    /// Apart from the writing, so that a job can look before it writes its first
    /// output.
    pub fn claim(
        directory: &Path,
        plan: &LayerPlan,
        is_ours: impl Fn(&str) -> bool,
    ) -> Result<Self, Error> {
        let mut files = files_in(directory)?;
        // A killed run may have left some, in a directory that stays in its place.
        let is_unfinished = |file: &str| {
            let top = file.split('/').next();
            top.is_some_and(|top| is_temporary(top.as_ref()))
        };
        files.retain(|file| !plan.contains(file) && !is_ours(file) && !is_unfinished(file));
        if files.is_empty() {
            return Ok(Self(directory.to_owned()));
        }
        Err(Error::Foreign {
            directory: directory.to_owned(),
            files,
        })
    }

    /// Writes a plan as files beside the directory, to be swapped with it when
    /// it is published. With `keep_unpacked`, large files are kept beside their
    /// archives for the next time (see [`unpacked_directory`](crate::unpacked_directory));
    /// those that are there are used in any case.
    pub fn prepare(&self, plan: &LayerPlan, keep_unpacked: bool) -> Result<Prepared, Error> {
        let output = OutputDirectory::replacing(&self.0)?;
        let root = output.path();
        let directories: BTreeSet<&str> = plan
            .entries()
            .iter()
            .flat_map(|entry| entry.path.parents())
            .collect();
        // Sorted: a directory comes before those in it.
        for directory in directories {
            let path = root.join(directory);
            create_directory(&path).map_err(Error::io("create", &path))?;
        }
        let writer = Writer {
            plan,
            root,
            directory: &self.0,
            is_update: self.0.exists(),
            keep_with_room: keep_unpacked.then(|| room_to_leave(plan)),
            cloning: Cloning::default(),
        };
        writer.write()?;
        Ok(output.into())
    }
}

/// Fills a new directory.
struct Writer<'a> {
    plan: &'a LayerPlan,
    /// The new directory.
    root: &'a Path,
    /// The place that it will take, perhaps with an earlier tree in it.
    directory: &'a Path,
    /// Whether there is one.
    is_update: bool,
    /// Whether to keep large files, and how many bytes the disk has to have left.
    keep_with_room: Option<u64>,
    cloning: Cloning,
}

/// Larger files are unpacked piece by piece, so that memory does not grow with
/// them.
const LARGE: u64 = 4 << 20;

impl Writer<'_> {
    /// Works with all cores. No two threads begin in the same directory, in which the
    /// system lets one make files at a time.
    fn write(&self) -> Result<(), Error> {
        with_state(
            self.plan.entries(),
            Schedule::InParts,
            |_| Ok(Archives::new(self.plan)),
            |archives, entry| self.write_entry(entry, archives),
        )
        .map(drop)
    }

    fn write_entry(&self, entry: &Entry, archives: &mut Archives<'_>) -> Result<(), Error> {
        let path = self.root.join(entry.path.as_str());
        let old = self.directory.join(entry.path.as_str());
        if self.is_update
            && !entry.source.is_link()
            && let Some(metadata) = reusable(&old, entry)
            && link(&old, &metadata, &path)
        {
            return Ok(());
        }
        let cannot_write = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::CaseCollision {
                directory: self.directory.to_owned(),
                path: entry.path.clone(),
            },
            _ => Error::io("write", &old)(error),
        };
        if let EntrySource::Link(target) = &entry.source {
            return make_link(target, &path).map_err(cannot_write);
        }
        let unpacked = UnpackedFile::for_entry(entry, self.plan);
        if let Some(unpacked) = &unpacked
            && let Some(file) = unpacked.place(&path, &self.cloning).map_err(cannot_write)?
        {
            return finish(&file, entry).map_err(cannot_write);
        }
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let mut file = file.map_err(cannot_write)?;
        if entry.source.size() > LARGE {
            archives
                .copy(entry, &mut |piece| file.write_all(piece))
                .map_err(|error| archives.error(error, entry, &old))?;
        } else {
            let bytes = archives.read(entry)?;
            file.write_all(&bytes).map_err(cannot_write)?;
        }
        finish(&file, entry).map_err(cannot_write)?;
        if let (Some(room), Some(unpacked)) = (self.keep_with_room, unpacked) {
            unpacked.keep(&path, room);
        }
        Ok(())
    }
}

/// Bytes that a disk has to have left for files to be kept on it: keeping them must
/// not be what fails this run or the next, which may be on the same disk.
fn room_to_leave(plan: &LayerPlan) -> u64 {
    const TREES: u64 = 4;
    const BLOCK: u64 = 4 << 10;

    let files = plan.entries().len() as u64;
    (plan.unzipped_size() + files * BLOCK).saturating_mul(TREES)
}

/// The file of an earlier tree, where it is the one that the plan wants: the same
/// bytes, the same mode, and nobody else's. One that has a second name (a tool's
/// cache, say) must not get a third.
#[cfg(unix)]
fn reusable(path: &Path, entry: &Entry) -> Option<Metadata> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::symlink_metadata(path).ok()?;
    // A younger file may be in somebody's hands at this moment.
    let is_settled = metadata
        .modified()
        .ok()
        .and_then(|time| time.elapsed().ok())
        .is_some_and(|age| age > Duration::from_millis(100));
    let is_reusable = metadata.is_file()
        && metadata.nlink() == 1
        && metadata.mode() & 0o7777 == entry.mode.bits()
        && metadata.len() == entry.source.size()
        && is_settled
        && has_bytes_of(path, entry).unwrap_or(false);
    is_reusable.then_some(metadata)
}

/// Elsewhere a file does not tell how many names it has.
#[cfg(not(unix))]
fn reusable(_path: &Path, _entry: &Entry) -> Option<Metadata> {
    None
}

/// Gives a file that was looked at another name. Not where another run has put its
/// own there since, nor where a link cannot be made, for whatever reason: it is then
/// written.
fn link(old: &Path, seen: &Metadata, new: &Path) -> bool {
    if fs::hard_link(old, new).is_err() {
        return false;
    }
    let is_linked = fs::symlink_metadata(new).is_ok_and(|metadata| is_same(&metadata, seen));
    if !is_linked {
        let _ = fs::remove_file(new);
    }
    is_linked
}

#[cfg(unix)]
fn has_bytes_of(path: &Path, entry: &Entry) -> io::Result<bool> {
    use layerlock_digest::{Algorithm, Hasher};
    use std::io::Read;

    let mut file = fs::File::open(path)?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hasher.update(&buffer[..read]),
        }
    }
    Ok(hasher.finish() == entry.source.digest())
}

fn finish(file: &fs::File, entry: &Entry) -> io::Result<()> {
    // A time of its own: see `Stamp::is_certain`. Where it cannot be set, it is
    // not certain.
    let _ = file.file().set_modified(SystemTime::now());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Set, not asked for at creation: the umask has no say in a layer.
        let mode = std::fs::Permissions::from_mode(entry.mode.bits());
        file.set_permissions(mode)?;
    }
    #[cfg(not(unix))]
    let _ = entry;
    Ok(())
}

#[cfg(unix)]
fn make_link(target: &str, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

/// A link is made as one to a file or one to a directory there, and only by some users.
#[cfg(not(unix))]
fn make_link(_target: &str, _path: &Path) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "links cannot be made on this system",
    ))
}

fn create_directory(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        // Names that differ in case alone, on a disk that ignores it: the files
        // in them will tell.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        result => result?,
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
