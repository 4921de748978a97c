//! Writing beside, then renaming: an output is as it was or complete.

use std::io::Write;
use std::path::{Path, PathBuf};

use fs_err as fs;
use tempfile::{NamedTempFile, TempDir};

use crate::Error;

/// Writes a file: whatever goes wrong, `path` is as it was.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut output = Output::beside(path)?;
    output
        .file()
        .write_all(bytes)
        .map_err(Error::io("write", path))?;
    output.publish()
}

/// A file that appears at its path only when it is published.
pub(crate) struct Output {
    file: NamedTempFile,
    path: PathBuf,
    // Dropped last, when the temporary file is gone from the folders.
    _folders: CreatedFolders,
}

impl Output {
    pub(crate) fn beside(path: &Path) -> Result<Self, Error> {
        let folder = parent(path);
        let folders = CreatedFolders::create(folder)?;
        let mut builder = builder();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // A temporary file is private by default; a layer is not, less the umask.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file = builder
            .tempfile_in(folder)
            .map_err(Error::io("create a file in", folder))?;
        Ok(Self {
            file,
            path: path.to_owned(),
            _folders: folders,
        })
    }

    pub(crate) fn file(&mut self) -> &mut impl Write {
        self.file.as_file_mut()
    }

    pub(crate) fn publish(self) -> Result<(), Error> {
        self.file
            .persist(&self.path)
            .map(drop)
            .map_err(|error| Error::io("write", &self.path)(error.error))
    }
}

/// A folder that takes the place of another only when it is published.
pub(crate) struct OutputFolder {
    temporary: TempDir,
    path: PathBuf,
    _folders: CreatedFolders,
}

impl OutputFolder {
    pub(crate) fn beside(path: &Path) -> Result<Self, Error> {
        // A link to a folder stays a link: what it points to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = parent(&path);
        let folders = CreatedFolders::create(folder)?;
        let mut builder = builder();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o755));
        }
        let temporary = builder
            .tempdir_in(folder)
            .map_err(Error::io("create a folder in", folder))?;
        Ok(Self {
            temporary,
            path,
            _folders: folders,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.temporary.path()
    }

    pub(crate) fn publish(self) -> Result<(), Error> {
        let fresh = self.temporary.path();
        if fs::symlink_metadata(&self.path).is_err() {
            fs::rename(fresh, &self.path).map_err(Error::io("write", &self.path))?;
            // What is left to remove has another name now.
            let _ = self.temporary.keep();
            return Ok(());
        }
        // What was there now has the temporary name and goes with it.
        exchange(fresh, &self.path).map_err(Error::io("replace", &self.path))
    }
}

/// Swaps two folders in one step, so that a kill finds one or the other.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(a: &Path, b: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE) {
        // Some file systems cannot.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            exchange_in_steps(a, b)
        }
        result => Ok(result?),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
use exchange_in_steps as exchange;

fn exchange_in_steps(a: &Path, b: &Path) -> std::io::Result<()> {
    let aside = a.with_extension("old");
    fs::rename(b, &aside)?;
    if let Err(error) = fs::rename(a, b) {
        fs::rename(&aside, b)?;
        return Err(error);
    }
    fs::rename(&aside, a)
}

fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".layerlock-").suffix(".tmp");
    builder
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Folders made for an output. Those that stayed empty go again, so that a
/// failed run leaves none behind.
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
