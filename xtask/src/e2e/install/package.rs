//! The wheel as the tools have it that it is a part of.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::layerlock::Layerlock;
use crate::process::Command;
use crate::repository;
use crate::tools::Tools;

/// The wheel, and the package as `pip install --target` puts it.
pub(super) struct Package<'a> {
    /// Goes with the package.
    work: TempDir,
    pub(super) wheel: &'a Path,
    pub(super) layerlock: Layerlock,
    /// The directory with the package, for PYTHONPATH.
    pub(super) installed: PathBuf,
}

impl<'a> Package<'a> {
    /// Installs the wheel; the binary is what it has to equal.
    pub(super) fn new(tools: &Tools, binary: &Path, wheel: &'a Path) -> Result<Self> {
        let work = tempfile::Builder::new()
            .prefix("layerlock-e2e-")
            .tempdir()?;
        let layerlock = Layerlock::new(binary, work.path())?;
        let installed = work.path().join("installed");
        tools
            .pip()
            .args([
                "install",
                "--quiet",
                "--no-deps",
                "--no-compile",
                "--target",
            ])
            .args([&installed, wheel])
            .stdout()?;
        Ok(Self {
            work,
            wheel,
            layerlock,
            installed,
        })
    }

    /// A new, empty directory that goes with the package.
    pub(super) fn new_directory(&self, name: &str) -> Result<PathBuf> {
        let directory = self.work.path().join(name);
        fs_err::create_dir_all(&directory)?;
        Ok(directory)
    }

    /// A command in an environment without its user's settings, and without layerlock on
    /// PATH.
    pub(super) fn environment(&self, command: Command) -> Command {
        let command = self.layerlock.environment(command);
        let Some(path) = std::env::var_os("PATH") else {
            return command;
        };
        command.env("PATH", path)
    }

    /// Runs the package's own tests of these modules with a Python.
    pub(super) fn run_tests(&self, python: Command, modules: &[&str]) -> Result<String> {
        let tests = self
            .environment(python)
            .directory(repository::root().join("python/tests"))
            .env("PYTHONPATH", &self.installed)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .args(["-m", "unittest"])
            .args(modules)
            .finish()?
            .success()?;
        let count = tests.stderr.lines().find(|line| line.starts_with("Ran "));
        let count = count.context("unittest ran nothing")?;
        anyhow::ensure!(!count.starts_with("Ran 0 "), "unittest ran no test");
        Ok(count.to_owned())
    }
}
