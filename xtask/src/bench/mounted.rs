//! Other file systems than the machine's.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::setup::Setup;
use crate::process::Command;

/// A file system that is there for a while. Needs root.
pub(crate) struct Mounted(PathBuf);

/// Bytes of a disk in a file, which takes only what is written to it.
const DISK_SIZE: u64 = 8 << 30;

impl Mounted {
    /// One in memory.
    pub(crate) fn tmpfs(setup: &Setup, name: &str) -> Result<Self> {
        Self::mount(setup, name, &["-t", "tmpfs", "tmpfs"])
    }

    /// A new ext4, with a journal, on a disk in a file.
    pub(crate) fn ext4(setup: &Setup, name: &str) -> Result<Self> {
        let disk = setup.path(&format!("{name}.disk"));
        fs_err::File::create(&disk)?.set_len(DISK_SIZE)?;
        let make = Command::new("mkfs.ext4").args(["-q", "-F"]);
        make.arg(&disk).stdout()?;
        Self::mount(setup, name, &["-o", "loop", &disk.to_string_lossy()])
    }

    fn mount(setup: &Setup, name: &str, arguments: &[&str]) -> Result<Self> {
        let point = setup.path(name);
        fs_err::create_dir_all(&point)?;
        let mount = Command::new("mount").args(arguments);
        mount.arg(&point).stdout()?;
        Ok(Self(point))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).stdout();
    }
}
