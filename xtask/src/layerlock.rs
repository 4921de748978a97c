//! The binary under test, and what it prints as JSON: nothing else in xtask knows that.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process::{Command, Finished};

/// The binary with the directories that it may write outside a project.
#[derive(Clone)]
pub(crate) struct Layerlock {
    pub(crate) binary: PathBuf,
    /// Its cache.
    pub(crate) cache: PathBuf,
    /// The directory for temporary files.
    pub(crate) temporary: PathBuf,
}

/// What `--json` prints.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    /// Of a build, whether there was nothing to do.
    #[serde(default)]
    pub(crate) unchanged: bool,
    pub(crate) layers: Vec<Layer>,
    #[serde(default)]
    pub(crate) published: Vec<Published>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Layer {
    pub(crate) name: String,
    pub(crate) target: Target,
    pub(crate) packages: Vec<Package>,
    pub(crate) zip: Zip,
    pub(crate) staging: Option<PathBuf>,
    pub(crate) unzipped_size: u64,
    pub(crate) file_count: usize,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) runtime: String,
    pub(crate) architecture: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) file: String,
    pub(crate) sha256: String,
    pub(crate) unzipped_size: u64,
    pub(crate) zipped_size: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Zip {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    pub(crate) sha256: String,
    pub(crate) code_sha256: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Published {
    pub(crate) provider: String,
    pub(crate) account: Option<String>,
    pub(crate) layer: String,
    pub(crate) region: Option<String>,
    pub(crate) outcome: String,
    pub(crate) changed: Vec<String>,
    pub(crate) arn: Option<String>,
    pub(crate) version: Option<u64>,
    pub(crate) reused: bool,
}

/// What `export --format json` prints.
#[derive(Debug, Deserialize)]
pub(crate) struct Export {
    pub(crate) packages: Vec<Exported>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Exported {
    pub(crate) name: String,
    pub(crate) version: String,
    /// None of a directory or a repository.
    pub(crate) file: Option<String>,
}

/// The exit code where no file fits the target.
pub(crate) const NOTHING_FITS: i32 = 4;

impl Layerlock {
    /// The binary with empty directories of its own under `directory`.
    pub(crate) fn new(binary: &Path, directory: &Path) -> Result<Self> {
        let layerlock = Self {
            binary: binary.to_owned(),
            cache: directory.join("cache"),
            temporary: directory.join("temporary"),
        };
        fs_err::create_dir_all(&layerlock.temporary)?;
        Ok(layerlock)
    }

    /// A command of the binary in an environment without its user's AWS and layerlock
    /// settings, and without what its Poetry has downloaded. The machine's pip
    /// configuration stays: it names the index.
    pub(crate) fn command(&self, project: &Path, arguments: &[&str]) -> Command {
        self.environment(Command::new(&self.binary))
            .args(arguments)
            .arg("--project")
            .arg(project)
    }

    /// Any command in the environment of [`Layerlock::command`], with the binary on PATH.
    pub(crate) fn environment(&self, command: Command) -> Command {
        let bin = self.binary.parent().unwrap_or(&self.binary);
        command
            .without_env(&["AWS_", "LAYERLOCK_", "SOURCE_DATE_EPOCH", "PYTHON"])
            .path_first(&[bin])
            .env("LAYERLOCK_CACHE_DIR", &self.cache)
            .env("POETRY_CACHE_DIR", self.temporary.join("poetry"))
            .env("TMPDIR", &self.temporary)
            .env("NO_COLOR", "1")
    }

    /// Runs it with `--json`.
    pub(crate) fn report(&self, project: &Path, arguments: &[&str]) -> Result<Report> {
        Report::parse(&self.command(project, arguments).arg("--json"))
    }

    /// `export --format json` of a project for a Python version on an architecture.
    pub(crate) fn export(&self, project: &Path, python: &str, architecture: &str) -> Command {
        self.command(project, &["export", "--format", "json"])
            .args(["--runtime", &format!("python{python}")])
            .args(["--architecture", architecture])
    }

    /// The file that it takes for the one package of a project, for a Python version on an
    /// architecture; none where it says that none fits.
    pub(crate) fn choose(
        &self,
        project: &Path,
        (python, architecture): (&str, &str),
    ) -> Result<Option<String>> {
        let finished = self.export(project, python, architecture).finish()?;
        if finished.code == Some(NOTHING_FITS) {
            return Ok(None);
        }
        let [package] = <[Exported; 1]>::try_from(Export::of(&finished)?.packages)
            .map_err(|packages| anyhow::anyhow!("{} packages, not one", packages.len()))?;
        Ok(package.file)
    }
}

impl Export {
    /// What an export printed.
    pub(crate) fn of(finished: &Finished) -> Result<Self> {
        serde_json::from_str(&finished.stdout).with_context(|| finished.describe())
    }
}

impl Report {
    /// Runs the command and reads the report that it prints.
    pub(crate) fn parse(command: &Command) -> Result<Self> {
        let stdout = command.stdout()?;
        let report = serde_json::from_str(&stdout);
        report.with_context(|| format!("{command} printed no report but: {stdout}"))
    }

    /// The one layer of the report.
    pub(crate) fn layer(&self) -> Result<&Layer> {
        let [layer] = self.layers.as_slice() else {
            anyhow::bail!("the report has {} layers, not one", self.layers.len());
        };
        Ok(layer)
    }
}

impl Layer {
    /// The package of that name.
    pub(crate) fn package(&self, name: &str) -> Result<&Package> {
        let package = self.packages.iter().find(|package| package.name == name);
        package.with_context(|| format!("the report names no package {name}"))
    }
}
