//! A folder as an output.

use std::path::{Path, PathBuf};

use fs_err as fs;
use tempfile::TempDir;

use super::{
    CreatedFolders, Kind, Prepared, Published, builder, hold, parent, remove_abandoned,
    through_links,
};
use crate::{Error, Temporary};

/// A folder that takes the place of another only when it is published.
#[derive(Debug)]
pub(crate) struct OutputFolder {
    temporary: TempDir,
    path: PathBuf,
    /// Where folders can be held: see [`hold`].
    held: Option<fs::File>,
    _temporary: Temporary,
    _folders: CreatedFolders,
}

impl OutputFolder {
    pub(crate) fn beside(path: &Path) -> Result<Self, Error> {
        let path = through_links(path)?;
        let folder = parent(&path);
        let folders = CreatedFolders::create(folder)?;
        remove_abandoned(folder);
        let temporary = builder()
            .tempdir_in(folder)
            .map_err(Error::io("create a folder in", folder))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // Whatever the umask: the folder is a part of the layer.
            let mode = std::fs::Permissions::from_mode(0o755);
            fs::set_permissions(temporary.path(), mode)
                .map_err(Error::io("create a folder in", folder))?;
        }
        let held = fs::File::open(temporary.path()).ok();
        if let Some(folder) = &held {
            hold(folder.file());
        }
        Ok(Self {
            _temporary: Temporary::at(temporary.path()),
            temporary,
            path,
            held,
            _folders: folders,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.temporary.path()
    }

    pub(crate) fn prepared(self) -> Prepared {
        Prepared(Kind::Folder(self))
    }

    pub(super) fn publish(self) -> Result<Published, Error> {
        let Self {
            temporary,
            path,
            held,
            ..
        } = self;
        let fresh = temporary.path();
        if fs::symlink_metadata(&path).is_err() {
            fs::rename(fresh, &path).map_err(Error::io("write", &path))?;
            // What is left to remove has another name now.
            let _ = temporary.keep();
        } else {
            // What was there now has the temporary name and goes with it.
            exchange(fresh, &path).map_err(Error::io("replace", &path))?;
        }
        Ok(Published {
            output: held,
            time: None,
        })
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
