//! What each kind of source gives to build, or to take as it is.

use std::path::{Path, PathBuf};

use layerlock_digest::Digest;
use layerlock_layer::PlannedFile;
use layerlock_lock::{LockedPackage, PackageSource};
use layerlock_target::WheelName;

use super::builder::Builder;
use super::built_wheel::Key;
use super::file_names::{file_name, is_wheel};
use super::note::BuildNote;
use super::source::{BuildSource, LocalSource};
use super::{archive, directory, fit, git, links};
use crate::choose::{locked_sha256, sdist};
use crate::fetch_source::{FileUrl, fetch_locked};
use crate::problem::BuildProblem;
use crate::temporary::TemporaryDirectory;
use crate::{ChosenWheel, Error, NoWheel};

impl Builder<'_> {
    /// The package's own source, where the user has no wheel for it.
    pub(super) fn wheel_of_source(&mut self, package: LockedPackage) -> Result<ChosenWheel, Error> {
        match package.source.clone() {
            PackageSource::Registry { .. } => self.wheel_from_sdist(package),
            PackageSource::Git {
                url,
                commit,
                subdirectory,
                ..
            } => self.wheel_from_git(package, &url, &commit, subdirectory.as_deref()),
            PackageSource::Directory { path, .. } => self.wheel_from_directory(package, &path),
            PackageSource::File { path, subdirectory } => {
                self.wheel_from_file(package, &path, subdirectory.as_deref())
            }
            PackageSource::Url { url, subdirectory } => {
                self.wheel_from_url(package, &url, subdirectory.as_deref())
            }
        }
    }

    pub(super) fn wheel_from_sdist(
        &mut self,
        package: LockedPackage,
    ) -> Result<ChosenWheel, Error> {
        let Some(file) = sdist(&package) else {
            if !self.refused.is_empty() {
                return Err(self.problem(&package, BuildProblem::NoSource));
            }
            let no_wheel = NoWheel::new(package, self.target, &[]);
            return Err(Error::NoWheel(Box::new(no_wheel)));
        };
        let (name, digest) = (file.name.clone(), locked_sha256(file, &package.place)?);
        let source = BuildSource {
            described: name.clone(),
            key: Some(Key::for_archive(&digest, None)),
            version_may_differ: false,
        };
        self.find_or_build(package, &source, |builder, package| {
            let options = builder.options.fetch;
            let file = fetch_locked(package, &name, &digest, options, builder.reporter)?;
            builder.local_archive(package, file.path(), &name, None)
        })
    }

    pub(super) fn wheel_from_git(
        &mut self,
        package: LockedPackage,
        url: &str,
        commit: &str,
        subdirectory: Option<&str>,
    ) -> Result<ChosenWheel, Error> {
        let shown = git::shown(url);
        let source = BuildSource {
            described: format!("{shown} at {commit}"),
            key: Some(Key::for_git(&shown, commit, subdirectory)),
            version_may_differ: true,
        };
        self.find_or_build(package, &source, |builder, package| {
            if builder.options.fetch.offline && !git::is_local(url) {
                return Err(Error::Offline {
                    file: format!("{} of {shown}", package.name),
                });
            }
            let problem = |problem| builder.problem(package, problem);
            let directory = TemporaryDirectory::new("build")?;
            let checkout = git::checkout(url, commit, directory.path()).map_err(problem)?;
            if let Some(link) = links::leading_out(&checkout)? {
                return Err(problem(BuildProblem::Link(link)));
            }
            let path = below(&checkout, subdirectory).map_err(problem)?;
            directory::check_backend(&path).map_err(problem)?;
            if directory::asks_version_control(&path) {
                git::fetch_history(url, commit, &checkout).map_err(problem)?;
            }
            Ok(LocalSource::inside(directory, path))
        })
    }

    pub(super) fn wheel_from_directory(
        &mut self,
        package: LockedPackage,
        path: &Path,
    ) -> Result<ChosenWheel, Error> {
        if !path.is_dir() {
            return Err(self.problem(&package, BuildProblem::NoDirectory(path.to_owned())));
        }
        let source = BuildSource {
            described: path.display().to_string(),
            key: directory::key(path, self.options.ignored)?,
            version_may_differ: true,
        };
        self.find_or_build(package, &source, |builder, package| {
            directory::check_backend(path).map_err(|problem| builder.problem(package, problem))?;
            let path = path.canonicalize().map_err(Error::io("read", path))?;
            Ok(LocalSource::in_place(path))
        })
    }

    pub(super) fn wheel_from_file(
        &mut self,
        package: LockedPackage,
        path: &Path,
        subdirectory: Option<&str>,
    ) -> Result<ChosenWheel, Error> {
        if fs_err::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(self.problem(&package, BuildProblem::NoFile(path.to_owned())));
        }
        let described = path.display().to_string();
        let actual = self.check_hash(&package, path, file_name(path), &described)?;
        if is_wheel(path) {
            return self.take_wheel(package, file_name(path), path, actual);
        }
        let source = BuildSource {
            described,
            key: Some(Key::for_archive(&actual, subdirectory)),
            version_may_differ: false,
        };
        self.find_or_build(package, &source, |builder, package| {
            builder.local_archive(package, path, file_name(path), subdirectory)
        })
    }

    pub(super) fn wheel_from_url(
        &mut self,
        package: LockedPackage,
        url: &str,
        subdirectory: Option<&str>,
    ) -> Result<ChosenWheel, Error> {
        let file_url = FileUrl::parse(url).map_err(|error| Error::LockedUrl {
            error,
            place: package.place.clone(),
        })?;
        let (described, name) = (file_url.shown(), file_url.file_name().to_owned());
        // With a hash in the lock, what was made of the file before can be found
        // without it.
        let locked = package.files.first();
        let locked = match locked {
            Some(file) => Some(locked_sha256(file, &package.place)?),
            None => None,
        };
        let is_a_wheel = is_wheel(Path::new(&name));
        if is_a_wheel
            && let Some(digest) = locked
            && let Some(cached) = self.options.fetch.cache.wheel(&digest)
        {
            return self.take_wheel(package, &name, &cached.path, digest);
        }
        let fetch = |builder: &mut Self, package: &LockedPackage| {
            let options = builder.options.fetch;
            let file = file_url.fetch(locked, &package.place, options, builder.reporter)?;
            let actual = builder.check_hash(package, file.path(), &name, &described)?;
            Ok::<_, Error>((file, actual))
        };
        if is_a_wheel {
            let (file, actual) = fetch(self, &package)?;
            return self.take_wheel(package, &name, file.path(), actual);
        }
        let source = BuildSource {
            described: described.clone(),
            key: locked.map(|digest| Key::for_archive(&digest, subdirectory)),
            version_may_differ: false,
        };
        self.find_or_build(package, &source, |builder, package| {
            let (file, _) = fetch(builder, package)?;
            builder.local_archive(package, file.path(), &name, subdirectory)
        })
    }

    /// An archive, under its own name again: frontends go by it. Where a directory of
    /// it is the source, which uv has no word for, it is unpacked.
    fn local_archive(
        &self,
        package: &LockedPackage,
        path: &Path,
        name: &str,
        subdirectory: Option<&str>,
    ) -> Result<LocalSource, Error> {
        let problem = |problem| self.problem(package, problem);
        let directory = TemporaryDirectory::new("build")?;
        let path = if subdirectory.is_some() {
            let root = archive::unpack(path, name, directory.path()).map_err(problem)?;
            below(&root, subdirectory).map_err(problem)?
        } else {
            archive::check(path, name).map_err(problem)?;
            let named = directory.path().join(name);
            fs_err::copy(path, &named).map_err(Error::io("copy", path))?;
            named
        };
        Ok(LocalSource::inside(directory, path))
    }

    /// Compares a file that is no index's with its hash in the lock. One that has
    /// none there is taken as it is, and noted.
    fn check_hash(
        &mut self,
        package: &LockedPackage,
        path: &Path,
        name: &str,
        from: &str,
    ) -> Result<Digest, Error> {
        let actual = PlannedFile::read(path)?.digest();
        let file = package.files.iter().find(|file| file.name == name);
        let Some(file) = file.or(package.files.first()) else {
            self.notes.push(BuildNote::Unverified {
                package: package.name.clone(),
                from: from.to_owned(),
            });
            return Ok(actual);
        };
        let expected = locked_sha256(file, &package.place)?;
        if actual == expected {
            return Ok(actual);
        }
        Err(Error::HashMismatch {
            file: name.to_owned(),
            expected: expected.into(),
            actual: actual.into(),
            url: from.to_owned(),
            place: package.place.clone(),
        })
    }

    /// A wheel that is one already. It is held to what a build is held to.
    fn take_wheel(
        &self,
        package: LockedPackage,
        name: &str,
        path: &Path,
        digest: Digest,
    ) -> Result<ChosenWheel, Error> {
        let chosen = self.choose_wheel(package, name, digest)?;
        let wheel = &chosen.wheel;
        fs_err::File::open(path)
            .and_then(|file| fit::check_archive(wheel, &file, self.target))
            .map_err(Error::io("read", path))?
            .map_err(|problem| Error::Wheel {
                file: name.to_owned(),
                problem,
            })?
            .map_err(|misfit| {
                let wheel = name.to_owned();
                self.problem(&chosen.package, BuildProblem::Unfit { wheel, misfit })
            })?;
        if self.options.fetch.cache.wheel(&digest).is_none() {
            let file = fs_err::File::open(path).map_err(Error::io("read", path))?;
            self.keep_wheel(&chosen.wheel, file, &digest)?;
        }
        Ok(chosen)
    }

    fn choose_wheel(
        &self,
        package: LockedPackage,
        name: &str,
        digest: Digest,
    ) -> Result<ChosenWheel, Error> {
        let wheel: WheelName = name.parse().map_err(|error| {
            let problem = BuildProblem::FileName(error);
            self.problem(&package, problem)
        })?;
        if self.target.rank(&wheel).is_err() {
            let no_wheel = NoWheel::new(package, self.target, &[wheel]);
            return Err(Error::NoWheel(Box::new(no_wheel)));
        }
        Ok(ChosenWheel {
            package,
            wheel,
            digest,
        })
    }
}

/// A directory of a source, links followed: it must not lead out of it.
fn below(source: &Path, subdirectory: Option<&str>) -> Result<PathBuf, BuildProblem> {
    let Some(subdirectory) = subdirectory else {
        return Ok(source.to_owned());
    };
    let no_such = || BuildProblem::Subdirectory(subdirectory.to_owned());
    let root = source.canonicalize().map_err(|_| no_such())?;
    let directory = root
        .join(subdirectory)
        .canonicalize()
        .map_err(|_| no_such())?;
    (directory.starts_with(&root) && directory.is_dir())
        .then_some(directory)
        .ok_or_else(no_such)
}
