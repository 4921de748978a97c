//! What all measures need: the fixture with warm caches, and the other tools' commands.

use std::path::{Path, PathBuf};

use anyhow::Result;
use layerlock_fixtures::DATA_LAYER;
use tempfile::TempDir;

use crate::files;
use crate::layerlock::Layerlock;
use crate::process::Command;
use crate::tools::{PYTHON, Tool, Tools};

pub(crate) struct Setup {
    pub(crate) tools: Tools,
    pub(crate) layerlock: Layerlock,
    /// A copy of data-layer.
    pub(crate) project: PathBuf,
    /// What Poetry exports of it.
    pub(crate) requirements: PathBuf,
    work: TempDir,
}

impl Setup {
    pub(crate) fn prepare(binary: &Path) -> Result<Self> {
        let tools = Tools::prepare(&[Tool::Poetry, Tool::Uv])?;
        let work = tempfile::Builder::new()
            .prefix("layerlock-bench-")
            .tempdir()?;
        let layerlock = Layerlock::new(binary, work.path())?;
        let project = work.path().join("project");
        files::copy(&DATA_LAYER.project(), &project)?;
        let requirements = work.path().join("requirements.txt");
        let setup = Self {
            tools,
            layerlock,
            project,
            requirements,
            work,
        };
        setup.poetry_export().stdout()?;
        Ok(setup)
    }

    /// A path for one measure's own use.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    /// layerlock on the fixture, whatever has changed or not.
    pub(crate) fn layerlock(&self, arguments: &[&str]) -> Command {
        self.layerlock.command(&self.project, arguments).args([
            "--quiet",
            "--architecture",
            "x86_64",
        ])
    }

    pub(crate) fn poetry_export(&self) -> Command {
        self.tools
            .poetry()
            .directory(&self.project)
            .args(["export", "--output"])
            .arg(&self.requirements)
    }

    /// uv, for the same target and with the same checks.
    pub(crate) fn uv_install(&self, target: &Path) -> Command {
        self.tools
            .uv()
            .env("UV_CACHE_DIR", self.path("uv-cache"))
            .args(["pip", "install", "--quiet", "--no-deps"])
            .args(["--only-binary", ":all:", "--require-hashes"])
            .args(["--python-platform", "x86_64-manylinux_2_34"])
            .args(["--python-version", PYTHON])
            .args(["--target".as_ref(), target.as_os_str()])
            .args(["--requirement".as_ref(), self.requirements.as_os_str()])
    }

    /// pip, for the same target and with the same checks.
    pub(crate) fn pip_install(&self, target: &Path) -> Command {
        let platforms = ["2_34", "2_28", "2_17"].map(|glibc| format!("manylinux_{glibc}_x86_64"));
        let mut command = self
            .tools
            .pip()
            .args(["install", "--quiet", "--no-deps", "--no-compile"])
            .args(["--only-binary", ":all:", "--require-hashes"])
            .args(["--python-version", PYTHON, "--implementation", "cp"])
            .args(["--disable-pip-version-check"]);
        for platform in platforms
            .iter()
            .map(String::as_str)
            .chain(["manylinux2014_x86_64"])
        {
            command = command.args(["--platform", platform]);
        }
        command
            .args(["--target".as_ref(), target.as_os_str()])
            .args(["--requirement".as_ref(), self.requirements.as_os_str()])
    }
}

/// `zip`, for the directory `python` in `directory`.
pub(crate) fn zip(level: &str, zip: &Path, directory: &Path) -> Command {
    Command::new("zip")
        .args(["-q", level])
        .arg(zip)
        .arg("python")
        .directory(directory)
}
