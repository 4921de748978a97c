use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;
use layerlock_layer::{
    EntrySource, Error as LayerError, LayerPath, Mode, PathError, PlannedFile, parallel,
};

use crate::Error;
use crate::walk::{Found, outputs_in, walk, without_links};

/// A folder or a file of the project, and its place in the layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    to: Option<LayerPath>,
    from: PathBuf,
}

/// A file or link of a folder, as it will be in the layer.
#[derive(Debug, Clone)]
pub struct FolderEntry {
    /// Where it lands.
    pub path: LayerPath,
    /// Its permissions.
    pub mode: Mode,
    /// Its bytes, or what it links to.
    pub source: EntrySource,
}

/// What in a layer is executable, whatever is in it: the folder on `PATH`, and the one that
/// Lambda starts everything in.
const EXECUTABLE: [&str; 2] = ["bin", "extensions"];

impl Folder {
    /// What lies at `from` goes to `to` in the layer: a path in it, or `.` for its top.
    pub fn new(to: &str, from: impl Into<PathBuf>) -> Result<Self, PathError> {
        let path = to.strip_suffix('/').unwrap_or(to);
        let to = match path {
            "." => None,
            path => Some(LayerPath::new(path)?),
        };
        Ok(Self {
            to,
            from: from.into(),
        })
    }

    /// Where it is.
    pub fn from(&self) -> &Path {
        &self.from
    }

    /// Its place in the layer, `.` for the top.
    pub fn to(&self) -> &str {
        self.to.as_ref().map_or(".", LayerPath::as_str)
    }

    /// Its files and links, sorted by path. `outputs` of the run are no part of it.
    ///
    /// A mode is not the disk's, which a checkout or a container may have changed: files in
    /// `bin/` and `extensions/` of the layer are executable, and so are programs anywhere,
    /// which begin with `#!` or are ELF files that can be started. Links are not followed.
    pub fn read(&self, outputs: &[PathBuf]) -> Result<Vec<FolderEntry>, Error> {
        let metadata = fs::metadata(&self.from).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::Missing {
                path: self.from.clone(),
                made_by: None,
            },
            _ => LayerError::io("read", &self.from)(error).into(),
        })?;
        let found = if metadata.is_dir() {
            let outputs = outputs_in(&self.from, &without_links(outputs));
            walk(&self.from, &outputs, &|_| true)?
        } else {
            vec![Found {
                path: self.from.clone(),
                name: String::new(),
                kind: metadata.file_type(),
            }]
        };
        parallel::in_order(found, |found| self.entry(&found))
    }

    fn entry(&self, found: &Found) -> Result<FolderEntry, Error> {
        let below = found.path.strip_prefix(&self.from).unwrap_or(&found.path);
        if below.to_str().is_none() {
            return Err(Error::NotUtf8 {
                path: found.path.clone(),
            });
        }
        let path = self.place(&found.name).map_err(|reason| Error::Name {
            path: found.path.clone(),
            reason,
        })?;
        if found.kind.is_symlink() {
            let target = fs::read_link(&found.path).map_err(LayerError::io("read", &found.path))?;
            let target = target.to_str().ok_or_else(|| Error::TargetNotUtf8 {
                path: found.path.clone(),
            })?;
            return Ok(FolderEntry {
                path,
                mode: Mode::Regular,
                source: EntrySource::Link(target.into()),
            });
        }
        if !found.kind.is_file() {
            return Err(Error::Special {
                path: found.path.clone(),
                what: special(found.kind),
            });
        }
        let file = PlannedFile::read(&found.path)?;
        let is_in = |folder: &&str| path.as_str().split('/').next() == Some(folder);
        let mode = if EXECUTABLE.iter().any(is_in) || is_program(&file)? {
            Mode::Executable
        } else {
            Mode::Regular
        };
        Ok(FolderEntry {
            path,
            mode,
            source: EntrySource::File(file),
        })
    }

    /// The place of a file of the folder; without a name, that of the one file that it is.
    fn place(&self, name: &str) -> Result<LayerPath, PathError> {
        match (&self.to, name) {
            (Some(to), "") => Ok(to.clone()),
            (Some(to), name) => to.join(name),
            (None, name) => LayerPath::new(name),
        }
    }
}

/// Whether a file can be started by itself.
fn is_program(file: &PlannedFile) -> Result<bool, Error> {
    if file.starts_with(b"#!") {
        return Ok(true);
    }
    if !file.starts_with(&layerlock_elf::MAGIC) {
        return Ok(false);
    }
    let read = |error| LayerError::io("read", file.path())(error);
    let mut opened = fs::File::open(file.path()).map_err(read)?;
    Ok(layerlock_elf::is_program(&mut opened).map_err(read)?)
}

#[cfg(unix)]
fn special(kind: std::fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn special(_kind: std::fs::FileType) -> &'static str {
    "a device"
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::testing::write;

    fn read(to: &str, from: &Path) -> Result<Vec<(String, u32)>, Error> {
        let entries = Folder::new(to, from).unwrap().read(&[])?;
        let told = entries
            .into_iter()
            .map(|entry| (entry.path.to_string(), entry.mode.bits()));
        Ok(told.collect())
    }

    fn owned(entries: &[(&str, u32)]) -> Vec<(String, u32)> {
        let owned = entries
            .iter()
            .map(|(path, mode)| ((*path).to_owned(), *mode));
        owned.collect()
    }

    #[test]
    fn modes_come_from_content_and_place_and_not_from_the_disk() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        for (name, bytes, mode) in [
            ("script", &b"#!/bin/sh\n"[..], 0o600),
            ("text.sh", b"echo\n", 0o777),
            ("empty", b"", 0o755),
            ("sub/tool", b"text", 0o640),
        ] {
            write(root, name, bytes);
            let mode = std::fs::Permissions::from_mode(mode);
            fs::set_permissions(root.join(name), mode).unwrap();
        }
        let plain = [
            ("python/empty", 0o644),
            ("python/script", 0o755),
            ("python/sub/tool", 0o644),
            ("python/text.sh", 0o644),
        ];
        assert_eq!(read("python", root).unwrap(), owned(&plain));
        for place in ["bin", "extensions/", "bin/deep"] {
            let read = read(place, root).unwrap();
            assert!(read.iter().all(|(_, mode)| *mode == 0o755), "{place}");
        }
        // The name alone decides, not how it begins.
        assert_eq!(read("binary", root).unwrap()[0].1, 0o644);
        let top = read(".", root).unwrap();
        assert_eq!(top[2].0, "sub/tool");
    }

    #[test]
    fn what_tools_leave_behind_is_left_out_and_so_are_outputs() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        for name in [
            ".git/HEAD",
            ".gitignore",
            "a.py",
            "pkg/.DS_Store",
            "pkg/.git",
            "pkg/__pycache__/a.pyc",
            "pkg/b.py",
            "dist/layers/tools.zip",
        ] {
            write(root, name, b"");
        }
        let folder = Folder::new("python", root).unwrap();
        let outputs = [root.join("dist/layers"), root.to_owned(), root.join("none")];
        let entries = folder.read(&outputs).unwrap();
        let paths: Vec<_> = entries.iter().map(|it| it.path.as_str()).collect();
        let expected = ["python/.gitignore", "python/a.py", "python/pkg/b.py"];
        assert_eq!(paths, expected);
    }

    #[test]
    fn a_link_stays_one_wherever_it_leads() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        write(root, "libz.so.1", b"z");
        symlink("libz.so.1", root.join("libz.so")).unwrap();
        symlink("/etc", root.join("etc")).unwrap();
        let entries = Folder::new("lib", root).unwrap().read(&[]).unwrap();
        let links: Vec<_> = entries
            .iter()
            .filter_map(|entry| match &entry.source {
                EntrySource::Link(target) => Some((entry.path.as_str(), &**target)),
                _ => None,
            })
            .collect();
        assert_eq!(links, [("lib/etc", "/etc"), ("lib/libz.so", "libz.so.1")]);
    }

    #[test]
    fn one_file_has_the_place_that_it_was_given() {
        let temp = tempfile::tempdir().unwrap();
        write(temp.path(), "shared.py", b"x = 1\n");
        let read = read("python/common.py", &temp.path().join("shared.py")).unwrap();
        assert_eq!(read, owned(&[("python/common.py", 0o644)]));
    }

    #[test]
    fn what_cannot_be_in_a_layer_is_named() {
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::net::UnixListener;

        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        let case = |name: &str, make: &dyn Fn(&Path)| {
            let directory = root.join(name);
            fs::create_dir(&directory).unwrap();
            make(&directory);
            let error = read("bin", &directory).unwrap_err();
            let text = error.to_string();
            text.replace(&format!("{}/", directory.display()), "")
        };
        let pipe = |at: &Path| {
            let made = std::process::Command::new("mkfifo")
                .arg(at.join("p"))
                .status();
            assert!(made.unwrap().success());
        };
        assert_eq!(
            case("pipe", &pipe),
            "p is a pipe, and no file, folder or link"
        );
        let socket = |at: &Path| drop(UnixListener::bind(at.join("s")).unwrap());
        assert_eq!(
            case("socket", &socket),
            "s is a socket, and no file, folder or link"
        );
        let latin = |at: &Path| {
            let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
            fs::write(at.join(name), "").unwrap();
        };
        assert_eq!(
            case("latin", &latin),
            "the name of caf\u{fffd} is not UTF-8"
        );
        let latin_target = |at: &Path| {
            let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
            symlink(name, at.join("l")).unwrap();
        };
        let message = "l is a link to a name that is not UTF-8";
        assert_eq!(case("latin-target", &latin_target), message);
        let backslash = |at: &Path| fs::write(at.join("a\\b"), "").unwrap();
        let message = "a\\b cannot be in a layer: its name has a backslash";
        assert_eq!(case("backslash", &backslash), message);
        let missing = Folder::new("bin", root.join("none")).unwrap().read(&[]);
        assert!(matches!(missing, Err(Error::Missing { .. })));
    }

    #[test]
    fn only_a_path_in_the_layer_is_a_place() {
        for bad in ["", "/opt", "..", "a/../b", "a//b", "./a"] {
            assert!(Folder::new(bad, "x").is_err(), "{bad:?}");
        }
        assert_eq!(Folder::new("bin/", "x").unwrap().to(), "bin");
        assert_eq!(Folder::new(".", "x").unwrap().to(), ".");
    }
}
