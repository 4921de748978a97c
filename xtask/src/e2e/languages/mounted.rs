//! A project of a test, its layer, and programs that see the layer at /opt.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::checks::Proof;
use crate::e2e::archive;
use crate::e2e::function::SEARCH_PATHS;
use crate::e2e::namespace::{Mounts, Namespace};
use crate::files;
use crate::layerlock::{Layer, Layerlock, Report};
use crate::process::Command;
use crate::repository;
use crate::tools::has_program;

/// A project in a directory of its own.
pub(super) struct Project {
    pub(super) layerlock: Layerlock,
    pub(super) path: PathBuf,
    work: TempDir,
}

/// An unpacked layer and a function's directory.
pub(super) struct Mounted {
    layer: PathBuf,
    task: PathBuf,
    work: TempDir,
}

impl Project {
    /// With the files of a fixture, and these settings.
    pub(super) fn new(binary: &Path, fixture: &Path, settings: &str) -> Result<Self> {
        let work = tempfile::Builder::new()
            .prefix("layerlock-e2e-")
            .tempdir()?;
        let path = work.path().join("project");
        files::copy(fixture, &path)?;
        if !settings.is_empty() {
            fs_err::write(path.join("layerlock.toml"), settings)?;
        }
        Ok(Self {
            layerlock: Layerlock::new(binary, work.path())?,
            path,
            work,
        })
    }

    /// A path beside the project.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    /// Its one layer.
    pub(super) fn build(&self) -> Result<Layer> {
        self.build_with(|command| command)
    }

    /// The same by another command, such as one with more variables.
    pub(super) fn build_with(&self, change: impl FnOnce(Command) -> Command) -> Result<Layer> {
        let command = self.layerlock.command(&self.path, &["build", "--json"]);
        let mut report = Report::parse(&change(command))?;
        report.layer()?;
        report.layers.pop().context("a layer")
    }
}

impl Mounted {
    /// A zip unpacked; without one nothing is in the layer.
    pub(super) fn new(zip: Option<&Path>, task: &Path) -> Result<Self> {
        let work = tempfile::tempdir()?;
        let layer = work.path().join("layer");
        fs_err::create_dir(&layer)?;
        for directory in ["root", "empty"] {
            fs_err::create_dir(work.path().join(directory))?;
        }
        if let Some(zip) = zip {
            archive::extract(zip, &layer)?;
        }
        Ok(Self {
            layer,
            task: task.to_owned(),
            work,
        })
    }

    /// A program with its arguments and environment, which name /opt, /var/task and
    /// /var/runtime. Where there is no namespace they name the directories themselves.
    pub(super) fn command(&self, environment: &[&str], words: &[&str]) -> (Command, Proof) {
        self.command_with(None, environment, words)
    }

    /// The same with a runtime's own packages.
    pub(super) fn command_with(
        &self,
        runtime: Option<&Path>,
        environment: &[&str],
        words: &[&str],
    ) -> (Command, Proof) {
        let empty = self.work.path().join("empty");
        let runtime = runtime.unwrap_or(&empty);
        let Some(namespace) = Namespace::find() else {
            return self.beside(runtime, environment, words);
        };
        let root = self.work.path().join("root");
        let mounts = Mounts {
            root: &root,
            lang: &empty,
            opt: &self.layer,
            task: &self.task,
            runtime,
        };
        let command = namespace.command(&mounts);
        let command = command.args(environment).args(SEARCH_PATHS).args(words);
        (command, Proof::Full)
    }

    fn beside(&self, runtime: &Path, environment: &[&str], words: &[&str]) -> (Command, Proof) {
        let here = |text: &str| {
            text.replace("/opt", &self.layer.display().to_string())
                .replace("/var/task", &self.task.display().to_string())
                .replace("/var/runtime", &runtime.display().to_string())
        };
        let mut command = Command::new(words[0]);
        for variable in environment {
            if let Some((name, value)) = variable.split_once('=') {
                command = command.env(name, here(value));
            }
        }
        let command = command.args(words[1..].iter().map(|word| here(word)));
        let why = "no mount namespace here: run with the layer where it is";
        (command, Proof::Partial(why.to_owned()))
    }
}

/// Whether layers for this machine's processor can be run here, and why not.
pub(super) fn cannot_run(programs: &[&str], packages: &str) -> Option<Proof> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Some(Proof::Skipped(
            "the layers are for Linux on x86_64".to_owned(),
        ));
    }
    lacks(programs, packages)
}

/// What a check needs and this machine lacks.
pub(super) fn lacks(programs: &[&str], packages: &str) -> Option<Proof> {
    let missing = programs.iter().find(|program| !has_program(program))?;
    Some(Proof::Skipped(format!(
        "no {missing} here (Debian: apt-get install {packages})"
    )))
}

/// A directory of `fixtures/languages`.
pub(super) fn fixture(name: &str) -> PathBuf {
    repository::root().join("fixtures/languages").join(name)
}
