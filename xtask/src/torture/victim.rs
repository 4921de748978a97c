//! The projects that are built, what is done with them, and what there must be afterwards.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use layerlock_testkit::{ProjectBuilder, Wheel};

use crate::files::{self, Tree};
use crate::random::Random;

/// What is done with a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    Build,
    Install,
    Publish,
    Prune,
}

/// How a run ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Kill,
    Term,
    Interrupt,
    HangUp,
}

/// What a job gives: the files of `dist/layers` and of the staging directories.
#[derive(PartialEq)]
pub(super) struct Outputs {
    pub(super) zips: Tree,
    pub(super) staging: Tree,
}

/// A project.
pub(super) struct Victim {
    pub(super) name: &'static str,
    pub(super) directory: PathBuf,
}

impl Job {
    pub(super) fn any(random: &mut Random) -> Self {
        [
            Self::Build,
            Self::Build,
            Self::Install,
            Self::Publish,
            Self::Publish,
            Self::Prune,
        ][random.below(6)]
    }

    /// What is typed; all publish into one directory.
    pub(super) fn arguments(self, published: &str) -> Vec<&str> {
        match self {
            Self::Build => vec!["build", "--quiet"],
            Self::Install => vec!["install", "--quiet"],
            Self::Publish => vec!["publish", "--quiet", "--local-dir", published],
            Self::Prune => {
                let prune = ["prune", "--quiet", "--keep", "1", "--yes"];
                [&prune[..], &["--local-dir", published]].concat()
            }
        }
    }
}

impl End {
    pub(super) fn any(random: &mut Random) -> Self {
        [
            Self::Kill,
            Self::Kill,
            Self::Term,
            Self::Interrupt,
            Self::HangUp,
        ][random.below(5)]
    }

    /// Its name for `kill`.
    pub(super) fn signal(self) -> &'static str {
        match self {
            Self::Kill => "-KILL",
            Self::Term => "-TERM",
            Self::Interrupt => "-INT",
            Self::HangUp => "-HUP",
        }
    }
}

/// Writes a project that locks these wheels.
pub(super) fn lock(wheels: &[Wheel], directory: &Path) {
    let mut project = ProjectBuilder::new("victim")
        .pyproject("[tool.layerlock]\nruntime = \"python3.12\"\nstaging = \"staging\"\n");
    for wheel in wheels {
        project = project.package(wheel);
    }
    project.write_to(directory);
}

pub(super) fn outputs(project: &Path) -> Result<Outputs> {
    let mut zips = files::tree(&project.join("dist/layers"))?;
    // What a killed build leaves beside its output, the next takes away.
    zips.retain(|path, _| !path.starts_with('.'));
    Ok(Outputs {
        zips,
        staging: files::tree(&project.join("staging"))?,
    })
}

/// The numbers of the versions in a directory of published layers, which are whole, of
/// one of these zips, and none of them there twice.
pub(super) fn versions(published: &Path, zips: &[&str]) -> Result<Vec<u64>> {
    let tree = files::tree(published)?;
    let mut found: Vec<(u64, &str)> = Vec::new();
    for (path, entry) in &tree {
        let Some(version) = path.strip_suffix("/layer.zip") else {
            continue;
        };
        // A draft, or one whose files are being deleted.
        if version.starts_with('.') || tree.contains_key(&format!("{version}/deleted")) {
            continue;
        }
        ensure!(
            tree.contains_key(&format!("{version}/manifest.json")),
            "version {version} has no manifest"
        );
        let zip = entry.sha256.as_str();
        ensure!(zips.contains(&zip), "the zip of {version} is torn");
        let number = version.rsplit('/').next().context("no number")?.parse()?;
        if let Some((other, _)) = found.iter().find(|(_, other)| *other == zip) {
            anyhow::bail!("versions {other} and {number} are the same");
        }
        found.push((number, zip));
    }
    Ok(found.into_iter().map(|(number, _)| number).collect())
}
