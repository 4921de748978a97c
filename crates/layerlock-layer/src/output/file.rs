//! A file as an output.

use std::fs::Permissions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;
use tempfile::NamedTempFile;

use super::beside::{
    CreatedDirectories, builder, hold, make_held, parent, remove_abandoned, through_links,
};
use super::written::WrittenOutput;
use crate::temporary::lock_temporaries;
use crate::{Error, Temporary};

/// A file that appears at its path only when it is published.
#[derive(Debug)]
pub(crate) struct OutputFile {
    file: NamedTempFile,
    path: PathBuf,
    _temporary: Temporary,
    // Dropped last, when the temporary file is gone from the directories.
    _directories: CreatedDirectories,
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
        let directories = CreatedDirectories::create(directory)?;
        remove_abandoned(directory);
        let mut builder = builder();
        // A temporary file is private by default; a layer is not, less the umask.
        #[cfg(unix)]
        if access == Access::Everyone {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let make = || builder.tempfile_in(directory);
        let (file, (), temporary) = make_held(make, |file| hold(file.as_file()))
            .map_err(Error::io("create a file in", directory))?;
        Ok(Self {
            file,
            path,
            _temporary: temporary,
            _directories: directories,
        })
    }

    pub(crate) fn file(&mut self) -> &mut impl Write {
        self.file.as_file_mut()
    }

    pub(super) fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.file.as_file().set_permissions(permissions)
    }

    pub(super) fn put_in_place(self) -> Result<WrittenOutput, Error> {
        // A time of its own: see `Stamp::is_certain`.
        let _ = self.file.as_file().set_modified(SystemTime::now());
        let time = self.file.as_file().metadata().and_then(|it| it.modified());
        let persisted = {
            let _lock = lock_temporaries();
            self.file.persist(&self.path)
        };
        let file = persisted.map_err(|error| Error::io("write", &self.path)(error.error))?;
        Ok(WrittenOutput {
            output: Some(fs::File::from_parts(file, self.path)),
            time: time.ok(),
        })
    }
}

/// Who may read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Whom the umask lets.
    Everyone,
    Owner,
}
