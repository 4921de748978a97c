//! Writing beside, then renaming: an output is as it was or complete.

mod beside;
mod directory;
mod file;
mod guard;
mod place;
mod scratch;
mod written;

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::slice;

use fs_err as fs;

use crate::Error;
use crate::temporary::lock_temporaries;
pub use beside::remove_abandoned;
pub(crate) use beside::{is_temporary, parent};
pub(crate) use directory::OutputDirectory;
pub(crate) use file::OutputFile;
use file::{Access, CompleteFile};
use place::Journal;
pub use scratch::Scratch;
pub use written::WrittenOutput;
pub(crate) use written::is_same;

/// An output that is complete but not yet in its place. Dropped, it is gone.
///
/// A job prepares all its outputs before it publishes the first: what can go
/// wrong while writing then goes wrong while nothing has changed.
#[must_use = "an output appears only when it is published"]
#[derive(Debug)]
pub struct Prepared(Kind);

#[derive(Debug)]
enum Kind {
    File(CompleteFile),
    Directory(OutputDirectory),
}

impl From<OutputFile> for Prepared {
    fn from(file: OutputFile) -> Self {
        Self(Kind::File(file.complete()))
    }
}

impl From<OutputDirectory> for Prepared {
    fn from(directory: OutputDirectory) -> Self {
        Self(Kind::Directory(directory))
    }
}

impl Prepared {
    /// Puts it in its place, by one rename or swap.
    pub fn put_in_place(self) -> Result<WrittenOutput, Error> {
        let written = self.identity();
        match &self.0 {
            Kind::File(file) => {
                let _lock = lock_temporaries();
                file.place_for_good()
            }
            Kind::Directory(_) => place_all(slice::from_ref(&self)),
        }?;
        Ok(written)
    }

    fn place(&self, journal: &mut Journal) -> Result<(), Error> {
        match &self.0 {
            Kind::File(file) => file.place(journal),
            Kind::Directory(directory) => directory.place(journal),
        }
    }

    fn identity(&self) -> WrittenOutput {
        match &self.0 {
            Kind::File(file) => file.identity(),
            Kind::Directory(directory) => directory.identity(),
        }
    }
}

/// Puts all outputs of a job in their places, in their order. Where one cannot be put there,
/// those before it go again, and what was there comes back.
pub fn put_in_place(outputs: Vec<Prepared>) -> Result<Vec<WrittenOutput>, Error> {
    if outputs.len() < 2 {
        return outputs.into_iter().map(Prepared::put_in_place).collect();
    }
    let written = outputs.iter().map(Prepared::identity).collect();
    place_all(&outputs)?;
    Ok(written)
}

/// What was there goes with the outputs' temporary names.
fn place_all(outputs: &[Prepared]) -> Result<(), Error> {
    // A signal finds none or all of them in their places.
    let _lock = lock_temporaries();
    let mut journal = Journal::default();
    let Err(error) = outputs.iter().try_for_each(|it| it.place(&mut journal)) else {
        journal.finish();
        return Ok(());
    };
    Err(match journal.undo() {
        Ok(()) => error,
        Err(path) => Error::NotPutBack {
            path,
            cause: Box::new(error),
        },
    })
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

/// Whether [`write_file`] can write a file there, as far as is known before its text is:
/// nothing is left behind.
pub fn can_write_file(path: &Path) -> Result<(), Error> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            Err(Error::io("write", path)(ErrorKind::IsADirectory.into()))
        }
        Ok(metadata) if !metadata.is_file() => Ok(()),
        _ => OutputFile::create(path, Access::Everyone).map(drop),
    }
}

/// Writes a file that is there anew, with the permissions that it has.
pub fn rewrite_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let metadata = fs::metadata(path).map_err(Error::io("read", path))?;
    if !metadata.is_file() {
        return write(path, bytes, Access::Everyone);
    }
    let mut output = OutputFile::create(path, Access::Owner)?;
    output
        .file()
        .write_all(bytes)
        .and_then(|()| output.set_permissions(metadata.permissions()))
        .map_err(Error::io("write", path))?;
    Prepared::from(output).put_in_place().map(drop)
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
    Prepared::from(output).put_in_place().map(drop)
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Read as _;
    use std::os::unix::fs::{FileTypeExt, symlink};

    use super::beside::hold;
    use super::*;

    #[test]
    fn a_link_is_followed_and_a_dangling_one_is_an_error() {
        let temp = tempfile::tempdir().unwrap();
        let (real, link) = (temp.path().join("real"), temp.path().join("link"));
        symlink(&real, &link).unwrap();
        write_file(&link, b"new").unwrap_err();
        fs::write(&real, "old").unwrap();
        write_file(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }

    #[test]
    fn a_file_is_replaced_and_not_written_to() {
        let temp = tempfile::tempdir().unwrap();
        let [path, other] = ["file", "other"].map(|name| temp.path().join(name));
        fs::write(&path, "old").unwrap();
        fs::hard_link(&path, &other).unwrap();
        write_file(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read(&other).unwrap(), b"old");
    }

    #[test]
    fn a_file_that_is_written_anew_keeps_its_permissions_and_links_to_it() {
        use std::os::unix::fs::PermissionsExt;
        let temp = tempfile::tempdir().unwrap();
        let [real, link, none] = ["real", "link", "none"].map(|name| temp.path().join(name));
        symlink(&real, &link).unwrap();
        for mode in [0o600, 0o644, 0o666, 0o755, 0o440] {
            fs::write(&real, "old").unwrap();
            fs::set_permissions(&real, std::fs::Permissions::from_mode(mode)).unwrap();
            rewrite_file(&link, b"new").unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            let metadata = fs::metadata(&real).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o7777, mode);
            assert_eq!(fs::read(&real).unwrap(), b"new");
            fs::remove_file(&real).unwrap();
        }
        rewrite_file(&none, b"new").unwrap_err();
        assert!(!none.exists());
    }

    #[test]
    fn a_directory_in_the_way_is_an_error_and_stays() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("directory");
        fs::create_dir(&path).unwrap();
        let error = write_file(&path, b"new").unwrap_err().to_string();
        assert_eq!(error, format!("failed to write {}", path.display()));
        assert!(path.is_dir());
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
    }

    #[test]
    fn whether_a_file_can_be_written_is_known_without_a_trace() {
        let temp = tempfile::tempdir().unwrap();
        let [file, below] = ["file", "new/below"].map(|name| temp.path().join(name));
        fs::write(&file, "old").unwrap();
        can_write_file(&file).unwrap();
        can_write_file(&below).unwrap();
        can_write_file(Path::new("/dev/null")).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"old");
        can_write_file(temp.path()).unwrap_err();
        can_write_file(&file.join("below")).unwrap_err();
        assert_eq!(crate::files_in(temp.path()).unwrap(), ["file"]);
        assert!(!temp.path().join("new").exists());
    }

    #[test]
    fn a_private_file_is_its_owners_and_another_what_the_umask_says() {
        use std::os::unix::fs::PermissionsExt;
        let temp = tempfile::tempdir().unwrap();
        let mode = |name: &str| {
            let metadata = fs::metadata(temp.path().join(name)).unwrap();
            metadata.permissions().mode() & 0o7777
        };
        fs::write(temp.path().join("plain"), "").unwrap();
        write_file(&temp.path().join("public"), b"").unwrap();
        write_private_file(&temp.path().join("private"), b"").unwrap();
        assert_eq!(mode("public"), mode("plain"));
        assert_eq!(mode("private"), 0o600);
    }

    /// A pipe, and none of the system's devices: where this failed, the machine's own
    /// would be gone.
    #[test]
    fn a_device_or_pipe_is_written_to_and_not_replaced() {
        let temp = tempfile::tempdir().unwrap();
        let [pipe, link] = ["pipe", "link"].map(|name| temp.path().join(name));
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        symlink(&pipe, &link).unwrap();
        // Neither end waits for the other.
        let mut options = fs::OpenOptions::new();
        let mut both = options.read(true).write(true).open(&pipe).unwrap();
        for (path, write) in [
            (&pipe, write_file as fn(&Path, &[u8]) -> Result<(), Error>),
            (&pipe, write_private_file),
            (&link, write_file),
        ] {
            write(path, b"gone").unwrap();
            let kind = fs::symlink_metadata(&pipe).unwrap().file_type();
            assert!(kind.is_fifo());
            // There is something to read in any case.
            both.write_all(b"!").unwrap();
            let mut read = [0; 9];
            let length = both.read(&mut read).unwrap();
            assert_eq!(&read[..length], b"gone!");
        }
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_is_held_stays() {
        let temp = tempfile::tempdir().unwrap();
        for name in [".layerlock-dead.tmp", ".layerlock-held.tmp", "mine.tmp"] {
            fs::write(temp.path().join(name), "half").unwrap();
        }
        fs::create_dir(temp.path().join(".layerlock-tree.tmp")).unwrap();
        fs::write(temp.path().join(".layerlock-tree.tmp/a"), "half").unwrap();
        let pipe = temp.path().join(".layerlock-pipe.tmp");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let held = fs::File::open(temp.path().join(".layerlock-held.tmp")).unwrap();
        hold(held.file());

        write_file(&temp.path().join("out"), b"whole").unwrap();
        assert_eq!(
            crate::files_in(temp.path()).unwrap(),
            [
                ".layerlock-held.tmp",
                ".layerlock-pipe.tmp",
                "mine.tmp",
                "out"
            ]
        );
    }

    /// A file takes the place of a directory nowhere.
    #[test]
    fn where_one_output_fails_all_places_are_as_they_were() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        for name in ["old.zip", "tree/old.py", "wrong.zip/a"] {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), "old").unwrap();
        }
        let before = crate::files_in(temp.path()).unwrap();
        let outputs = |last: &str| {
            let file = |name: &str| {
                let mut output = OutputFile::beside(&at(name)).unwrap();
                output.file().write_all(b"new").unwrap();
                Prepared::from(output)
            };
            let tree = |name: &str| {
                let output = OutputDirectory::replacing(&at(name)).unwrap();
                fs::write(output.path().join("new.py"), "new").unwrap();
                Prepared::from(output)
            };
            let first = [file("old.zip"), file("none.zip"), tree("tree"), tree("new")];
            first.into_iter().chain([file(last)]).collect::<Vec<_>>()
        };
        let error = put_in_place(outputs("wrong.zip")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("failed to write {}", at("wrong.zip").display())
        );
        assert_eq!(crate::files_in(temp.path()).unwrap(), before);
        assert_eq!(fs::read(at("old.zip")).unwrap(), b"old");
        assert!(!at("new").exists());

        let written = put_in_place(outputs("last.zip")).unwrap();
        assert_eq!(
            crate::files_in(temp.path()).unwrap(),
            [
                "last.zip",
                "new/new.py",
                "none.zip",
                "old.zip",
                "tree/new.py",
                "wrong.zip/a"
            ]
        );
        let places = ["old.zip", "none.zip", "tree", "new", "last.zip"];
        for (written, name) in written.iter().zip(places) {
            assert!(written.stamp(&at(name)).unwrap().is_some(), "{name}");
        }
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 6);
    }

    /// A process may have few open files.
    #[cfg(target_os = "linux")]
    #[test]
    fn outputs_that_wait_for_their_places_are_no_open_files() {
        let temp = tempfile::tempdir().unwrap();
        let open = || {
            let files = fs::read_dir("/proc/self/fd").unwrap().flatten();
            let targets = files.flat_map(|file| fs::read_link(file.path()));
            targets.filter(|it| it.starts_with(temp.path())).count()
        };
        let outputs: Vec<Prepared> = (0..20)
            .flat_map(|number| {
                let file = OutputFile::beside(&temp.path().join(format!("{number}.zip")));
                let tree = OutputDirectory::replacing(&temp.path().join(number.to_string()));
                [file.unwrap().into(), tree.unwrap().into()]
            })
            .collect();
        // What says that they are not abandoned.
        assert_eq!(open(), 1);
        let written = put_in_place(outputs).unwrap();
        assert_eq!((open(), written.len()), (0, 40));
    }

    #[test]
    fn what_was_replaced_or_written_to_since_has_no_stamp() {
        let temp = tempfile::tempdir().unwrap();
        let (zip, staging) = (temp.path().join("a.zip"), temp.path().join("staging"));
        let file = |bytes: &[u8]| {
            let mut output = OutputFile::create(&zip, Access::Everyone).unwrap();
            output.file().write_all(bytes).unwrap();
            Prepared::from(output).put_in_place().unwrap()
        };
        let tree = || {
            let output = OutputDirectory::replacing(&staging).unwrap();
            Prepared::from(output).put_in_place().unwrap()
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
}
