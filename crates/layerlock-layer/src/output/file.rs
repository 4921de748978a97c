//! A file as an output.

use std::fs::Permissions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tempfile::{NamedTempFile, TempPath};

use super::beside::{parent, through_links};
use super::guard::Guard;
use super::place::Journal;
use super::written::WrittenOutput;
use crate::{Error, Temporary};

/// A file that appears at its path only when it is published.
#[derive(Debug)]
pub(crate) struct OutputFile {
    file: NamedTempFile,
    path: PathBuf,
    temporary: Temporary,
    guard: Arc<Guard>,
}

/// The same, when all is written. It is no open file: a run may have many of them.
#[derive(Debug)]
pub(super) struct CompleteFile {
    file: TempPath,
    time: Option<SystemTime>,
    path: PathBuf,
    _temporary: Temporary,
    // Dropped last, when the temporary file is gone from its directory.
    _guard: Arc<Guard>,
}

impl OutputFile {
    pub(crate) fn beside(path: &Path) -> Result<Self, Error> {
        Self::create(path, Access::Everyone)
    }

    #[cfg_attr(
        not(unix),
        expect(unused_variables, reason = "only unix has modes to set")
    )]
    pub(super) fn create(path: &Path, access: Access) -> Result<Self, Error> {
        let path = through_links(path)?;
        let directory = parent(&path);
        let guard = Guard::of(directory, "create a file in")?;
        let make = |mut names: tempfile::Builder<'_, '_>| {
            // A temporary file is private by default; a layer is not, less the umask.
            #[cfg(unix)]
            if access == Access::Everyone {
                use std::os::unix::fs::PermissionsExt;
                names.permissions(std::fs::Permissions::from_mode(0o666));
            }
            names.tempfile_in(directory)
        };
        let (file, temporary) = guard
            .create(make)
            .map_err(Error::io("create a file in", directory))?;
        Ok(Self {
            file,
            path,
            temporary,
            guard,
        })
    }

    pub(crate) fn file(&mut self) -> &mut impl Write {
        self.file.as_file_mut()
    }

    pub(super) fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.file.as_file().set_permissions(permissions)
    }

    pub(super) fn complete(self) -> CompleteFile {
        // A time of its own: see `Stamp::is_certain`.
        let _ = self.file.as_file().set_modified(SystemTime::now());
        let time = self.file.as_file().metadata().and_then(|it| it.modified());
        CompleteFile {
            file: self.file.into_temp_path(),
            time: time.ok(),
            path: self.path,
            _temporary: self.temporary,
            _guard: self.guard,
        }
    }
}

impl CompleteFile {
    /// Puts it in its place. What was there has the temporary name then, and goes with this
    /// value.
    pub(super) fn place(&self, journal: &mut Journal) -> Result<(), Error> {
        journal
            .replace_file(&self.file, &self.path)
            .map_err(Error::io("write", &self.path))
    }

    /// The same for what is not undone: the file system has less to do.
    pub(super) fn place_for_good(&self) -> Result<(), Error> {
        fs_err::rename(&self.file, &self.path)
            .map_err(|error| Error::io("write", &self.path)(error))
    }

    /// What it is known by in its place; to be asked before it is there.
    pub(super) fn identity(&self) -> WrittenOutput {
        WrittenOutput::of(&self.file, self.time)
    }
}

/// Who may read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Whom the umask lets.
    Everyone,
    Owner,
}
