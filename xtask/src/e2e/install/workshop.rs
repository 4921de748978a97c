//! A wheel, and new environments to install it into.

use std::path::{Path, PathBuf};

use anyhow::Result;
use tempfile::TempDir;

use crate::dist::pack;
use crate::process::Command;
use crate::tools::Tools;

/// The wheel, and a directory in which all that is made of it goes away again.
pub(super) struct Workshop<'a> {
    pub(super) tools: &'a Tools,
    /// The binary that the tests run.
    pub(super) binary: &'a Path,
    pub(super) wheel: PathBuf,
    directory: TempDir,
}

/// A virtual environment.
pub(super) struct Environment {
    directory: PathBuf,
}

impl<'a> Workshop<'a> {
    /// One with this wheel, or else with one that is packed of the binary.
    pub(super) fn new(tools: &'a Tools, binary: &'a Path, wheel: Option<&Path>) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("layerlock-install-")
            .tempdir()?;
        let wheel = match wheel {
            Some(wheel) => fs_err::canonicalize(wheel)?,
            None => pack::binary(tools, binary, directory.path())?,
        };
        Ok(Self {
            tools,
            binary,
            wheel,
            directory,
        })
    }

    /// A path in the directory.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A new environment of this Python, with the pip that it brings along if that is wanted.
    pub(super) fn environment(
        &self,
        name: &str,
        python: &Path,
        with_pip: bool,
    ) -> Result<Environment> {
        let directory = self.path(name);
        let venv = apart(Command::new(python)).args(["-m", "venv"]);
        let venv = venv.args((!with_pip).then_some("--without-pip"));
        venv.arg(&directory).stdout()?;
        Ok(Environment { directory })
    }

    /// A new environment, into which the pinned pip installed the wheel.
    pub(super) fn installed(&self, name: &str) -> Result<Environment> {
        let python = PathBuf::from(self.tools.python().program());
        let environment = self.environment(name, &python, false)?;
        self.pip(&environment, &["install", "--no-index"])
            .arg(&self.wheel)
            .stdout()?;
        Ok(environment)
    }

    /// The pinned pip, for an environment.
    pub(super) fn pip(&self, environment: &Environment, arguments: &[&str]) -> Command {
        let pip = apart(self.tools.pip()).arg("--python");
        pip.arg(environment.program("python")).args(arguments)
    }
}

impl Environment {
    /// A program of it.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        let programs = if cfg!(windows) { "Scripts" } else { "bin" };
        self.directory.join(programs).join(name)
    }

    /// Its Python.
    pub(super) fn python(&self) -> Command {
        apart(Command::new(self.program("python")))
    }
}

/// Without what a user has set up for Python.
pub(super) fn apart(command: Command) -> Command {
    command.without_env(&["PYTHON", "VIRTUAL_ENV", "LAYERLOCK_"])
}
