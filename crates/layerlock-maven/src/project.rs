//! The folder of a pom.xml.

use std::path::{Path, PathBuf};

use layerlock_layer::PlannedFile;
use layerlock_target::{Language, Target};

use crate::artifact::Artifact;
use crate::jars::{Jar, Jars, LockedJar, named};
use crate::lockfile::{self, LockFile};
use crate::{Error, listing, mvn};

/// A folder with a pom.xml.
#[derive(Debug, Clone)]
pub struct MavenProject {
    directory: PathBuf,
}

/// What other tools call their projects.
const OTHERS: [&str; 4] = ["build.gradle", "build.gradle.kts", "build.sbt", "build.xml"];

impl MavenProject {
    /// The one in this folder.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        if directory.join("pom.xml").is_file() {
            return Ok(Self {
                directory: directory.to_owned(),
            });
        }
        let is_there = |name: &&str| directory.join(name).exists();
        Err(Error::NoPom {
            directory: directory.to_owned(),
            other: OTHERS.into_iter().find(is_there),
        })
    }

    /// The jars that the lock tells of, sorted by name; none where there is no lock. Maven is
    /// not asked.
    pub fn locked(&self) -> Result<Vec<LockedJar>, Error> {
        let lock = LockFile::read(&self.directory)?;
        Ok(lock.map(LockFile::jars).unwrap_or_default())
    }

    /// The files that decide what Maven resolves, where they are there: the folder's own,
    /// those of the projects around it, and the user's settings.
    pub fn files(directory: &Path) -> Vec<PathBuf> {
        const NAMES: [&str; 3] = ["pom.xml", lockfile::NAME, ".mvn"];
        let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        let around = absolute.ancestors();
        let projects = around.take_while(|folder| folder.join("pom.xml").is_file());
        let mut files: Vec<PathBuf> = projects
            .flat_map(|folder| NAMES.map(|name| folder.join(name)))
            .collect();
        files.extend(std::env::home_dir().map(|home| home.join(".m2/settings.xml")));
        files
    }

    /// Refuses a layer whose functions can use no jars.
    pub fn check_target(target: &Target) -> Result<(), Error> {
        let runtime = target.runtime;
        if runtime.language().runs(Language::Java) {
            return Ok(());
        }
        Err(Error::NotJava { runtime })
    }

    /// Asks Maven for the jars that functions need when they run, whatever the target, and
    /// compares them with the lock.
    pub fn resolve(&self, is_offline: bool) -> Result<Jars, Error> {
        let lock = LockFile::read(&self.directory)?;
        let listed = mvn::list(&self.directory, is_offline)?;
        let artifacts = listing::parse(&listed).map_err(|line| Error::Listing {
            directory: self.directory.clone(),
            line,
        })?;
        // A pom brings others, and nothing itself.
        let (jars, others): (Vec<_>, Vec<_>) = artifacts
            .into_iter()
            .filter(|artifact| artifact.kind != "pom")
            .partition(is_jar);
        if jars.is_empty() && others.is_empty() {
            return Err(Error::NoJars {
                directory: self.directory.clone(),
            });
        }
        let jars = named(jars).into_iter().map(|(file_name, artifact)| {
            let file = read(&artifact)?;
            if let Some(lock) = &lock {
                lock.verify(&artifact, &file)?;
            }
            Ok(Jar {
                name: artifact.id(),
                is_snapshot: artifact.is_snapshot(),
                version: artifact.version,
                file_name,
                file,
            })
        });
        Ok(Jars {
            jars: jars.collect::<Result<_, Error>>()?,
            is_locked: lock.is_some(),
            others: others.iter().map(ToString::to_string).collect(),
        })
    }
}

/// Whether the JVM finds classes in it. What Maven has no file of is told later.
fn is_jar(artifact: &Artifact) -> bool {
    artifact.path.as_deref().is_none_or(|path| {
        let ending = path.extension().unwrap_or_default();
        path.is_dir() || ending.eq_ignore_ascii_case("jar")
    })
}

fn read(artifact: &Artifact) -> Result<PlannedFile, Error> {
    let package = artifact.to_string();
    let Some(path) = &artifact.path else {
        return Err(Error::NoFile { package });
    };
    if path.is_dir() {
        return Err(Error::Unpacked {
            package,
            path: path.clone(),
        });
    }
    if !path.exists() {
        return Err(Error::NoFile { package });
    }
    Ok(PlannedFile::read(path)?)
}
