//! Another file system than the machine's.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::setup::Setup;
use crate::process::Command;

/// A file system in memory, which is there for a while. Needs root.
pub(crate) struct Tmpfs(PathBuf);

impl Tmpfs {
    pub(crate) fn mount(setup: &Setup, name: &str) -> Result<Self> {
        let point = setup.path(name);
        fs_err::create_dir_all(&point)?;
        Command::new("mount")
            .args(["-t", "tmpfs", "tmpfs"])
            .arg(&point)
            .stdout()?;
        Ok(Self(point))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).stdout();
    }
}
