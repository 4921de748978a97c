//! A private index, as the real Poetry is told of it: its credentials, and what Poetry
//! has downloaded from it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use layerlock_testkit::{
    LockedPackage, LoopbackIndex, ProjectBuilder, TestProject, Wheel, WheelBuilder,
};
use tempfile::TempDir;

use crate::checks::{Checks, Problems, Proof};
use crate::layerlock::Layerlock;
use crate::process::Command;
use crate::tools::Tools;

pub(crate) fn prove(checks: &mut Checks, tools: &Tools, binary: &Path) {
    checks.check("credentials of `poetry config` open the index", || {
        let case = Case::new(tools, binary)?;
        case.build(&["--verbose"]).stdout()?;
        case.asked_for_each_file_once()
    });
    checks.check(
        "what `poetry install` downloaded is not downloaded again",
        || {
            let case = Case::new(tools, binary)?;
            case.poetry(&["install", "--no-root"]).stdout()?;
            case.asked_for_each_file_once()?;
            let before = case.index.requests().len();
            case.build(&["--offline"]).stdout()?;
            let mut problems = Problems::default();
            problems.equal("requests", case.index.requests().len(), before);
            problems.finish()?;
            Ok(Proof::Full)
        },
    );
}

/// A project whose packages are on an index that wants credentials, and a Poetry that
/// knows them.
struct Case<'a> {
    tools: &'a Tools,
    layerlock: Layerlock,
    index: LoopbackIndex,
    wheels: [Wheel; 2],
    project: TestProject,
    directory: TempDir,
}

impl<'a> Case<'a> {
    fn new(tools: &'a Tools, binary: &Path) -> Result<Self> {
        let wheels = ["one", "two"].map(|name| {
            let wheel = WheelBuilder::new(name, "1.0").file(&format!("{name}.py"), "x = 1\n");
            wheel.build()
        });
        let index = LoopbackIndex::with_wheels(&wheels);
        index.require_basic_auth("me", "hunter2");
        let project = ProjectBuilder::new("shop").source("company", &index.url(), "explicit");
        let project = wheels.iter().fold(project, |project, wheel| {
            project.package(LockedPackage::from(wheel).source("company"))
        });
        let directory = TempDir::new()?;
        let case = Self {
            tools,
            layerlock: Layerlock::new(binary, directory.path())?,
            index,
            wheels,
            project: project.write(),
            directory,
        };
        case.poetry(&["config", "http-basic.company", "me", "hunter2"])
            .stdout()?;
        Ok(case)
    }

    fn poetry(&self, arguments: &[&str]) -> Command {
        self.with_poetry_directories(self.tools.poetry())
            .env("POETRY_VIRTUALENVS_CREATE", "true")
            .env("POETRY_VIRTUALENVS_IN_PROJECT", "true")
            // No keyring, so that Poetry writes auth.toml.
            .env("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
            .directory(self.project.path())
            .args(arguments)
    }

    fn build(&self, arguments: &[&str]) -> Command {
        let command = self.layerlock.command(self.project.path(), &["build"]);
        self.with_poetry_directories(command).args(arguments)
    }

    /// Sets directories of its own for Poetry.
    fn with_poetry_directories(&self, command: Command) -> Command {
        let directory = |name: &str| -> PathBuf { self.directory.path().join(name) };
        command
            .env("POETRY_CONFIG_DIR", directory("poetry-config"))
            .env("POETRY_CACHE_DIR", directory("poetry-cache"))
    }

    fn asked_for_each_file_once(&self) -> Result<Proof> {
        let mut problems = Problems::default();
        for wheel in &self.wheels {
            let path = self.index.file_path(wheel);
            let downloads = self.index.requests().into_iter().filter(|request| {
                request.path == path && request.method == "GET" && request.header("range").is_none()
            });
            problems.equal(&path, downloads.count(), 1);
        }
        problems.finish()?;
        Ok(Proof::Full)
    }
}
