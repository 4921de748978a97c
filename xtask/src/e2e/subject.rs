//! A fixture built for one target: what every check looks at.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use layerlock_fixtures::{Fixture, Target};
use tempfile::TempDir;

use super::archive;
use crate::checks::{Problems, Proof};
use crate::files::{self, Tree};
use crate::layerlock::{Layer, Layerlock, Report};

/// A copy of a fixture's project, built with an empty cache.
pub(crate) struct Subject {
    pub(crate) fixture: &'static Fixture,
    pub(crate) target: Target,
    /// Everything is in here, and goes with it.
    work: TempDir,
    pub(crate) layerlock: Layerlock,
    /// What the project was copied from.
    pub(crate) source: PathBuf,
    pub(crate) project: PathBuf,
    pub(crate) report: Report,
    /// The files of the zip.
    pub(crate) zip: Tree,
}

impl Subject {
    pub(crate) fn build(fixture: &'static Fixture, target: Target, binary: &Path) -> Result<Self> {
        Self::of_project(fixture, target, binary, &fixture.project())
    }

    /// The same functions on another project.
    pub(crate) fn of_project(
        fixture: &'static Fixture,
        target: Target,
        binary: &Path,
        source: &Path,
    ) -> Result<Self> {
        let work = tempfile::Builder::new()
            .prefix("layerlock-e2e-")
            .tempdir()?;
        let layerlock = Layerlock::new(binary, work.path())?;
        let project = work.path().join(fixture.name);
        files::copy(source, &project)?;
        let report = layerlock.report(&project, &arguments("build", target))?;
        let zip = archive::read(&report.layer()?.zip.path)?;
        Ok(Self {
            fixture,
            target,
            work,
            layerlock,
            source: source.to_owned(),
            project,
            report,
            zip,
        })
    }

    /// The layer that the first build reported.
    pub(crate) fn layer(&self) -> Result<&Layer> {
        self.report.layer()
    }

    /// The arguments of `layerlock build` for the target.
    pub(crate) fn build_arguments(&self) -> Vec<&'static str> {
        self.arguments("build")
    }

    /// The arguments of another command for the target.
    pub(crate) fn arguments(&self, command: &'static str) -> Vec<&'static str> {
        arguments(command, self.target)
    }

    /// A new, empty directory that goes with the subject.
    pub(crate) fn new_directory(&self, name: &str) -> Result<PathBuf> {
        let directory = self.work.path().join(name);
        fs_err::create_dir(&directory)?;
        Ok(directory)
    }

    /// A new directory with the files of the zip, as Lambda unpacks it.
    pub(crate) fn unzipped(&self, name: &str) -> Result<PathBuf> {
        let directory = self.new_directory(name)?;
        archive::extract(&self.layer()?.zip.path, &directory)?;
        Ok(directory)
    }

    /// The report names the fixture's packages with their locked versions, for the target.
    pub(crate) fn holds_the_packages(&self) -> Result<Proof> {
        let layer = self.layer()?;
        let mut problems = Problems::default();
        problems.equal("the layer's name", layer.name.as_str(), self.fixture.name);
        problems.equal(
            "the runtime",
            layer.target.runtime.as_str(),
            self.target.runtime,
        );
        problems.equal(
            "the architecture",
            layer.target.architecture.as_str(),
            self.target.architecture,
        );
        let mut packages: Vec<(&str, &str)> = layer
            .packages
            .iter()
            .map(|package| (package.name.as_str(), package.version.as_str()))
            .collect();
        packages.sort_unstable();
        let locked: Vec<(&str, &str)> = self
            .fixture
            .packages
            .iter()
            .map(|name| (*name, self.fixture.version(name).unwrap_or("not locked")))
            .collect();
        problems.equal("the list of packages", packages, locked);
        for package in &layer.packages {
            // What was taken is what the lock names, byte for byte.
            let locked = format!(
                "{{file = \"{}\", hash = \"sha256:{}\"}}",
                package.file, package.sha256
            );
            problems.hold(self.fixture.lock.contains(&locked), || {
                format!("the lock has no {locked}")
            });
        }
        let scripts: Vec<&str> = self
            .zip
            .keys()
            .filter_map(|path| path.strip_prefix("bin/"))
            .collect();
        let must: Vec<&str> = self.fixture.scripts.iter().map(|s| s.name).collect();
        problems.equal("the list of scripts", scripts, must);
        problems.finish()?;
        let count = layer.packages.len();
        Ok(Proof::Figure(format!(
            "{count} packages, {} files",
            layer.file_count
        )))
    }

    /// Nothing of an unfinished write is in the project, the cache or the temporary directory.
    pub(crate) fn left_nothing_behind(&self) -> Result<Proof> {
        let mut problems = Problems::default();
        for directory in [&self.project, &self.layerlock.cache] {
            for file in files::temporary_files(directory)? {
                problems.add(format!("{} is left in {}", file, directory.display()));
            }
        }
        let entries = fs_err::read_dir(&self.layerlock.temporary)?;
        for entry in entries {
            let path = entry
                .context("failed to read the temporary directory")?
                .path();
            problems.add(format!("{} is left", path.display()));
        }
        problems.finish()?;
        Ok(Proof::Full)
    }
}

fn arguments(command: &'static str, target: Target) -> Vec<&'static str> {
    vec![
        command,
        "--runtime",
        target.runtime,
        "--architecture",
        target.architecture,
    ]
}
