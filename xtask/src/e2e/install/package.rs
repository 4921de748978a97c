//! The package in the wheel, as the tools that use it are proved on it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::files;
use crate::layerlock::Layerlock;
use crate::process::Command;
use crate::repository;
use crate::tools::Tools;

/// The wheel, in a directory of its own, and the package as `pip install --target` puts it.
pub(super) struct Package {
    /// Goes with the package.
    work: TempDir,
    pub(super) wheel: PathBuf,
    pub(super) layerlock: Layerlock,
    /// The directory with the package, for PYTHONPATH.
    pub(super) installed: PathBuf,
}

impl Package {
    /// That of a wheel, beside the binary that it is compared with.
    pub(super) fn install(binary: &Path, wheel: &Path, tools: &Tools) -> Result<Self> {
        let work = tempfile::Builder::new()
            .prefix("layerlock-e2e-")
            .tempdir()?;
        let layerlock = Layerlock::new(binary, work.path())?;
        // Tools find it by its directory, in which there must be no other.
        let wheels = work.path().join("wheels");
        fs_err::create_dir(&wheels)?;
        let path = wheels.join(files::name(wheel));
        fs_err::copy(wheel, &path)?;

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
            .args([&installed, &path])
            .stdout()?;
        Ok(Self {
            wheel: path,
            layerlock,
            installed,
            work,
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
