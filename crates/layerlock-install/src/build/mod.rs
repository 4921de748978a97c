//! Wheels for packages that have none: source distributions, git repositories,
//! folders, and archives on this machine or at an address.
//!
//! Each is brought to a wheel, so that nothing after this step knows the
//! difference: the wheel lies in the cache under its SHA-256, as a downloaded
//! one does. Building is left to the user's own [frontend], in isolation
//! (PEP 517). Its result has to [fit] the target, or it is an error: a build runs
//! on this machine, and this machine is not the target. The result is then
//! [packed anew](repack), so that how a backend writes zips leaves no trace in a
//! layer.
//!
//! What was built is [kept] by what it was made from: a second run builds
//! nothing and needs no network.

mod archive;
mod child;
mod container;
mod directory;
mod fit;
mod frontend;
mod git;
mod kept;
mod links;
mod metadata;
mod problem;
mod repack;
mod sources;
mod supplied;

use std::io::Write;
use std::path::{Path, PathBuf};

use layerlock_digest::Digest;
use layerlock_lock::{LockedPackage, PackageName, PackageSource};
use layerlock_target::{Target, WheelName};

use crate::{Chosen, Error, FetchOptions, Pick, Reporter, WheelContents};
use frontend::{Frontend, Job};
pub use frontend::{FrontendKind, UnknownFrontend};
use kept::Kept;
pub(crate) use problem::not_taken;
pub use problem::{BuildError, BuildProblem};
use sources::{Material, Source};
pub use supplied::is_supplied;

/// How packages without a wheel are built.
pub struct BuildOptions<'a> {
    /// Where sources come from and wheels are kept.
    pub fetch: &'a FetchOptions<'a>,
    /// The frontend; the first that is found where none is named.
    pub frontend: Option<FrontendKind>,
    /// An index for what builds need, instead of the frontend's own.
    pub index_url: Option<&'a str>,
    /// Files and folders that are no part of any source, such as the outputs of
    /// this run in the project's folder.
    pub ignored: &'a [PathBuf],
}

/// What [`build`] gives.
#[derive(Debug)]
pub struct Built {
    /// Each package with its wheel, in the order of the picks. Wheels that did not
    /// stand in the lock are in the cache.
    pub chosen: Vec<Chosen>,
    /// What the user should know.
    pub notes: Vec<BuildNote>,
}

/// What a user should know of a wheel that did not stand in the lock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildNote {
    /// It was built on a machine, by a program.
    #[error("{package} {version} was built from {from} by {frontend}")]
    Built {
        /// The package.
        package: PackageName,
        /// The version that came out.
        version: String,
        /// What it was built from.
        from: String,
        /// The program.
        frontend: String,
    },
    /// It was found in a folder that `--find-links` names.
    #[error("{package} is taken from {from}, which the lock does not list")]
    Supplied {
        /// The package.
        package: PackageName,
        /// The wheel.
        from: String,
    },
    /// The lock has no hash to compare its file with.
    #[error("the lock has no hash for {from}, of which {package} was made")]
    Unverified {
        /// The package.
        package: PackageName,
        /// The file.
        from: String,
    },
}

impl BuildNote {
    /// The package.
    pub fn package(&self) -> &PackageName {
        match self {
            Self::Built { package, .. }
            | Self::Supplied { package, .. }
            | Self::Unverified { package, .. } => package,
        }
    }
}

/// Brings every package to a wheel that fits the target.
pub fn build(
    picks: Vec<Pick>,
    target: &Target,
    options: &BuildOptions<'_>,
    reporter: &dyn Reporter,
) -> Result<Built, Error> {
    let mut builder = Builder {
        target,
        options,
        reporter,
        frontend: None,
        notes: Vec::new(),
        refused: Vec::new(),
    };
    let chosen = picks
        .into_iter()
        .map(|pick| match pick {
            Pick::Wheel(chosen) => Ok(chosen),
            Pick::Source(package) => builder.wheel(package),
        })
        .collect::<Result<_, _>>()?;
    Ok(Built {
        chosen,
        notes: builder.notes,
    })
}

struct Builder<'a> {
    target: &'a Target,
    options: &'a BuildOptions<'a>,
    reporter: &'a dyn Reporter,
    /// Looked for when it is first needed.
    frontend: Option<Frontend>,
    notes: Vec<BuildNote>,
    /// Wheels of the package in hand that the user has and that do not fit.
    refused: Vec<String>,
}

impl Builder<'_> {
    fn wheel(&mut self, package: LockedPackage) -> Result<Chosen, Error> {
        self.refused.clear();
        let refuse = |path: &Path, misfit| {
            self.refused.push(format!("{} {misfit}", path.display()));
        };
        if let Some(found) = supplied::find(&package, self.target, self.options.fetch, refuse)? {
            self.notes.push(BuildNote::Supplied {
                package: package.name.clone(),
                from: found.path.display().to_string(),
            });
            return Ok(Chosen {
                package,
                wheel: found.wheel,
                digest: found.digest,
            });
        }
        self.wheel_of_source(package)
            .map_err(|error| self.beside_refused(error))
    }

    /// The package's own source, where the user has no wheel for it.
    fn wheel_of_source(&mut self, package: LockedPackage) -> Result<Chosen, Error> {
        match package.source.clone() {
            PackageSource::Registry { .. } => self.of_sdist(package),
            PackageSource::Git {
                url,
                commit,
                subdirectory,
                ..
            } => self.of_git(package, &url, &commit, subdirectory.as_deref()),
            PackageSource::Directory { path, .. } => self.of_directory(package, &path),
            PackageSource::File { path, subdirectory } => {
                self.of_file(package, &path, subdirectory.as_deref())
            }
            PackageSource::Url { url, subdirectory } => {
                self.of_url(package, &url, subdirectory.as_deref())
            }
        }
    }

    /// An error with the wheels that would have spared it, had they fitted. One of a
    /// build has them already.
    fn beside_refused(&self, error: Error) -> Error {
        if self.refused.is_empty() || matches!(error, Error::Build(_)) {
            return error;
        }
        Error::Supplied {
            error: Box::new(error),
            wheels: self.refused.clone(),
        }
    }

    fn keep_wheel(&self, name: &WheelName, bytes: &[u8], digest: &Digest) -> Result<(), Error> {
        let contents = WheelContents::verify(name, bytes).map_err(|problem| Error::Wheel {
            file: name.to_string(),
            problem,
        })?;
        let cache = self.options.fetch.cache;
        let mut file = cache.temporary_file()?;
        file.write_all(bytes)
            .map_err(Error::io("write", file.path().to_owned()))?;
        cache.insert(digest, file, contents).map(drop)
    }

    /// The wheel that was built before, else a new one of what `material` gives.
    fn kept_or_built(
        &mut self,
        mut package: LockedPackage,
        source: &Source,
        material: impl FnOnce(&mut Self, &LockedPackage) -> Result<Material, Error>,
    ) -> Result<Chosen, Error> {
        let kept = source
            .key
            .as_ref()
            .and_then(|key| Kept::find(key, self.target, self.options.fetch.cache));
        let kept = if let Some(kept) = kept {
            kept
        } else {
            let material = material(self, &package)?;
            self.build(&package, source, &material)?
        };
        package.version = kept.wheel.version();
        self.notes.push(BuildNote::Built {
            package: package.name.clone(),
            version: package.version.clone(),
            from: source.described.clone(),
            frontend: kept.frontend,
        });
        Ok(Chosen {
            package,
            wheel: kept.wheel,
            digest: kept.digest,
        })
    }

    fn build(
        &mut self,
        package: &LockedPackage,
        source: &Source,
        material: &Material,
    ) -> Result<Kept, Error> {
        let frontend = self.frontend(package)?;
        let described = frontend.to_string();
        self.reporter
            .build_started(package.name.as_str(), &described);
        let job = Job {
            package,
            source: &material.path,
            knows_its_version: !source.version_may_differ,
            index_url: self.options.index_url,
            offline: self.options.fetch.offline,
        };
        let (name, bytes) = frontend
            .run(&job, self.reporter)?
            .map_err(|problem| self.problem(package, problem))?;

        let wheel: WheelName = name
            .parse()
            .map_err(|error| self.problem(package, BuildProblem::WheelName(error)))?;
        let is_expected = package.name == wheel.name()
            && (source.version_may_differ || wheel.is_version(&package.version));
        if !is_expected {
            return Err(self.problem(package, BuildProblem::OtherRelease { wheel: name }));
        }
        let mut members = crate::wheel::unpack(&bytes).map_err(|problem| Error::Wheel {
            file: name.clone(),
            problem,
        })?;
        fit::check(&wheel, &members, self.target).map_err(|misfit| {
            self.problem(
                package,
                BuildProblem::Misfit {
                    wheel: name,
                    misfit,
                },
            )
        })?;
        metadata::without_this_machine(&mut members);
        let of = (!fit::is_for_every_target(&wheel, &members)).then_some(self.target);
        let bytes = repack::stored(members).map_err(Error::io("write", &material.path))?;
        let kept = Kept {
            digest: Digest::sha256_of(&bytes),
            wheel,
            frontend: described,
        };
        self.keep_wheel(&kept.wheel, &bytes, &kept.digest)?;
        if let Some(key) = &source.key {
            kept.keep(key, of, self.options.fetch.cache)?;
        }
        self.reporter
            .build_finished(package.name.as_str(), kept.wheel.as_str());
        Ok(kept)
    }

    fn frontend(&mut self, package: &LockedPackage) -> Result<Frontend, Error> {
        if let Some(frontend) = &self.frontend {
            return Ok(frontend.clone());
        }
        let wanted = self.options.frontend;
        let found = Frontend::find(wanted, self.target.runtime)
            .ok_or_else(|| self.problem(package, BuildProblem::NoFrontend { wanted }))?;
        self.frontend = Some(found.clone());
        Ok(found)
    }

    fn problem(&self, package: &LockedPackage, problem: BuildProblem) -> Error {
        Error::Build(Box::new(BuildError {
            package: package.clone(),
            target: *self.target,
            problem,
            refused: self.refused.clone(),
        }))
    }
}

fn is_wheel(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "whl")
}

fn file_name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
}
