//! Writing beside, then renaming: an output is as it was or complete.

mod folder;

use std::ffi::OsStr;
use std::fs::Metadata;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;
use tempfile::NamedTempFile;

use crate::temporary::standstill;
use crate::{Error, Stamp, Temporary};
pub(crate) use folder::OutputFolder;

/// An output that is complete but not yet in its place. Dropped, it is gone.
///
/// A job prepares all its outputs before it publishes the first: what can go
/// wrong while writing then goes wrong while nothing has changed.
#[must_use = "an output appears only when it is published"]
#[derive(Debug)]
pub struct Prepared(Kind);

#[derive(Debug)]
enum Kind {
    File(OutputFile),
    Folder(OutputFolder),
}

impl Prepared {
    /// Puts it in its place, by one rename or swap.
    pub fn publish(self) -> Result<Published, Error> {
        match self.0 {
            Kind::File(file) => file.publish(),
            Kind::Folder(folder) => folder.publish(),
        }
    }
}

/// An output in its place.
#[derive(Debug)]
pub struct Published {
    /// What was put there; nothing where a folder cannot be opened.
    output: Option<fs::File>,
    /// The time that a file was given last.
    time: Option<SystemTime>,
}

impl Published {
    /// What it looks like at its place. Nothing where something else has taken the
    /// place since, or it was written to.
    pub fn stamp(&self, path: &Path) -> io::Result<Option<Stamp>> {
        let is_there = || -> io::Result<bool> {
            let Some(output) = &self.output else {
                return Ok(false);
            };
            let output = output.metadata()?;
            let is_untouched = match self.time {
                Some(time) => output.modified()? == time,
                None => true,
            };
            Ok(is_untouched && is_same(&output, &fs::metadata(path)?))
        };
        // Before and after: a look at a folder takes a while.
        if !is_there()? {
            return Ok(None);
        }
        let stamp = Stamp::of(path)?;
        Ok(is_there()?.then_some(stamp))
    }
}

#[cfg(unix)]
pub(crate) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
pub(crate) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

/// Writes a file: whatever goes wrong, `path` is as it was. A device or a pipe
/// is written to, not replaced.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write(path, bytes, Access::Everyone)
}

/// The same for what others on this machine must not read.
pub fn write_private_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write(path, bytes, Access::Owner)
}

/// Who may read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Whom the umask lets.
    Everyone,
    Owner,
}

fn write(path: &Path, bytes: &[u8], access: Access) -> Result<(), Error> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return fs::write(path, bytes).map_err(Error::io("write", path));
    }
    let mut output = OutputFile::create(path, access)?;
    output
        .file()
        .write_all(bytes)
        .map_err(Error::io("write", path))?;
    output.publish().map(drop)
}

/// A file that appears at its path only when it is published.
#[derive(Debug)]
pub(crate) struct OutputFile {
    file: NamedTempFile,
    path: PathBuf,
    _temporary: Temporary,
    // Dropped last, when the temporary file is gone from the folders.
    _folders: CreatedFolders,
}

impl OutputFile {
    pub(crate) fn beside(path: &Path) -> Result<Self, Error> {
        Self::create(path, Access::Everyone)
    }

    #[cfg_attr(
        not(unix),
        expect(unused_variables, reason = "only unix has modes to set")
    )]
    fn create(path: &Path, access: Access) -> Result<Self, Error> {
        let path = through_links(path)?;
        let folder = parent(&path);
        let folders = CreatedFolders::create(folder)?;
        remove_abandoned(folder);
        let mut builder = builder();
        // A temporary file is private by default; a layer is not, less the umask.
        #[cfg(unix)]
        if access == Access::Everyone {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let make = || builder.tempfile_in(folder);
        let (file, (), temporary) = make_held(make, |file| hold(file.as_file()))
            .map_err(Error::io("create a file in", folder))?;
        Ok(Self {
            file,
            path,
            _temporary: temporary,
            _folders: folders,
        })
    }

    pub(crate) fn file(&mut self) -> &mut impl Write {
        self.file.as_file_mut()
    }

    pub(crate) fn prepared(self) -> Prepared {
        Prepared(Kind::File(self))
    }

    fn publish(self) -> Result<Published, Error> {
        // A time of its own: see `Stamp::is_certain`.
        let _ = self.file.as_file().set_modified(SystemTime::now());
        let time = self.file.as_file().metadata().and_then(|it| it.modified());
        let persisted = {
            let _standstill = standstill();
            self.file.persist(&self.path)
        };
        let file = persisted.map_err(|error| Error::io("write", &self.path)(error.error))?;
        Ok(Published {
            output: Some(fs::File::from_parts(file, self.path)),
            time: time.ok(),
        })
    }
}

/// A link stays a link: what it points to is replaced.
fn through_links(path: &Path) -> Result<PathBuf, Error> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
        return fs::canonicalize(path).map_err(Error::io("follow", path));
    }
    Ok(path.to_owned())
}

const PREFIX: &str = ".layerlock-";
const SUFFIX: &str = ".tmp";

/// Whether this is the name of something unfinished.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    builder
}

/// Makes something temporary and holds it (see [`hold`]): from here on no other
/// process takes it for abandoned.
fn make_held<T: AsRef<Path>, H>(
    make: impl Fn() -> io::Result<T>,
    hold: impl Fn(&T) -> H,
) -> io::Result<(T, H, Temporary)> {
    loop {
        let (made, temporary) = Temporary::made(&make)?;
        let held = hold(&made);
        // Before it was held, one may have.
        if fs::symlink_metadata(&made).is_ok() {
            return Ok((made, held, temporary));
        }
    }
}

/// Says to other processes that somebody works on this temporary file or folder.
/// The lock dies with the process.
#[expect(
    clippy::disallowed_types,
    reason = "what tempfile and fs-err both give"
)]
fn hold(file: &std::fs::File) {
    // Some file systems have no locks: there [`remove_abandoned`] gets none
    // either, and removes nothing.
    let _ = file.lock();
}

/// Removes what killed processes left in a folder. Trouble with it is not the
/// user's: it stays for another time.
fn remove_abandoned(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        if !is_temporary(&entry.file_name()) {
            continue;
        }
        let path = entry.path();
        // Nothing else is made here, and to open a pipe is to wait.
        let kind = entry.file_type().ok();
        let Some(kind) = kind.filter(|kind| kind.is_file() || kind.is_dir()) else {
            continue;
        };
        let Ok(file) = fs::File::open(&path) else {
            continue;
        };
        if file.file().try_lock().is_err() {
            continue;
        }
        let _ = if kind.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
    }
}

/// The folder that a path is in.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Folders made for an output. Those that stayed empty go again, so that a
/// failed run leaves none behind.
#[derive(Debug)]
struct CreatedFolders(Vec<PathBuf>);

impl CreatedFolders {
    fn create(folder: &Path) -> Result<Self, Error> {
        let missing: Vec<PathBuf> = folder
            .ancestors()
            .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
            .map(Path::to_owned)
            .collect();
        let created = Self(missing);
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        Ok(created)
    }
}

impl Drop for CreatedFolders {
    fn drop(&mut self) {
        for folder in &self.0 {
            // Refused where something is in it.
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_link_is_followed_and_a_dangling_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        symlink(&real, &link).unwrap();
        write_file(&link, b"new").unwrap_err();
        fs::write(&real, "old").unwrap();
        write_file(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }

    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        write_file(Path::new("/dev/null"), b"gone").unwrap();
        let kind = fs::metadata("/dev/null").unwrap().file_type();
        assert!(kind.is_char_device());
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_is_held_stays() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".layerlock-dead.tmp", ".layerlock-held.tmp", "mine.tmp"] {
            fs::write(folder.path().join(name), "half").unwrap();
        }
        fs::create_dir(folder.path().join(".layerlock-tree.tmp")).unwrap();
        fs::write(folder.path().join(".layerlock-tree.tmp/a"), "half").unwrap();
        let pipe = folder.path().join(".layerlock-pipe.tmp");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let held = fs::File::open(folder.path().join(".layerlock-held.tmp")).unwrap();
        hold(held.file());

        write_file(&folder.path().join("out"), b"whole").unwrap();
        assert_eq!(
            crate::files_in(folder.path()).unwrap(),
            [
                ".layerlock-held.tmp",
                ".layerlock-pipe.tmp",
                "mine.tmp",
                "out"
            ]
        );
    }

    #[test]
    fn what_was_taken_for_abandoned_before_it_was_held_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let is_first = std::cell::Cell::new(true);
        let (made, (), _temporary) = make_held(
            || builder().tempdir_in(folder.path()),
            |_| {
                if is_first.replace(false) {
                    remove_abandoned(folder.path());
                }
            },
        )
        .unwrap();
        assert!(made.path().is_dir());
        assert!(!is_first.get());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_replaced_or_written_to_since_has_no_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let (zip, staging) = (folder.path().join("a.zip"), folder.path().join("staging"));
        let file = |bytes: &[u8]| {
            let mut output = OutputFile::create(&zip, Access::Everyone).unwrap();
            output.file().write_all(bytes).unwrap();
            output.prepared().publish().unwrap()
        };
        let tree = || {
            let output = OutputFolder::replacing(&staging).unwrap();
            output.prepared().publish().unwrap()
        };
        let (first_file, first_tree) = (file(b"one"), tree());
        assert!(first_file.stamp(&zip).unwrap().is_some());
        assert!(first_tree.stamp(&staging).unwrap().is_some());

        let (second_file, second_tree) = (file(b"two"), tree());
        assert!(first_file.stamp(&zip).unwrap().is_none());
        assert!(first_tree.stamp(&staging).unwrap().is_none());
        assert!(second_tree.stamp(&staging).unwrap().is_some());

        fs::write(&zip, "2").unwrap();
        assert!(second_file.stamp(&zip).unwrap().is_none());
    }

    #[test]
    fn the_root_of_a_folder_is_open_to_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("staging");
        let output = OutputFolder::replacing(&path).unwrap();
        output.prepared().publish().unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o755);
    }
}
