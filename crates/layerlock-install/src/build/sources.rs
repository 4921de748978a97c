//! What each kind of source gives to build, or to take as it is.

use std::path::{Path, PathBuf};

use layerlock_digest::Digest;
use layerlock_lock::{LockedPackage, PackageSource};
use layerlock_target::WheelName;

use super::builder::Builder;
use super::built_wheel_note::Key;
use super::file_names::{file_name, is_wheel};
use super::note::BuildNote;
use super::source::{Material, Source};
use super::{archive, directory, fit, git, links};
use crate::choose::{locked_sha256, sdist};
use crate::fetch_source::{FileUrl, fetch_locked};
use crate::problem::BuildProblem;
use crate::temporary::TemporaryFolder;
use crate::{Chosen, Error, NoWheel};

impl Builder<'_> {
    /// The package's own source, where the user has no wheel for it.
    pub(super) fn wheel_of_source(&mut self, package: LockedPackage) -> Result<Chosen, Error> {
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

    pub(super) fn of_sdist(&mut self, package: LockedPackage) -> Result<Chosen, Error> {
        let Some(file) = sdist(&package) else {
            if !self.refused.is_empty() {
                return Err(self.problem(&package, BuildProblem::NoSource));
            }
            let no_wheel = NoWheel::new(package, self.target, &[]);
            return Err(Error::NoWheel(Box::new(no_wheel)));
        };
        let (name, digest) = (file.name.clone(), locked_sha256(file, &package.place)?);
        let source = Source {
            described: name.clone(),
            key: Some(Key::for_archive(&digest, None)),
            version_may_differ: false,
        };
        self.kept_or_built(package, &source, |builder, package| {
            let options = builder.options.fetch;
            let file = fetch_locked(package, &name, &digest, options, builder.reporter)?;
            builder.of_archive(package, file.path(), &name, None)
        })
    }

    pub(super) fn of_git(
        &mut self,
        package: LockedPackage,
        url: &str,
        commit: &str,
        subdirectory: Option<&str>,
    ) -> Result<Chosen, Error> {
        let shown = git::shown(url);
        let source = Source {
            described: format!("{shown} at {commit}"),
            key: Some(Key::for_git(&shown, commit, subdirectory)),
            version_may_differ: true,
        };
        self.kept_or_built(package, &source, |builder, package| {
            if builder.options.fetch.offline && !git::is_local(url) {
                return Err(Error::Offline {
                    file: format!("{} of {shown}", package.name),
                });
            }
            let problem = |problem| builder.problem(package, problem);
            let folder = TemporaryFolder::new("build")?;
            let checkout = git::checkout(url, commit, folder.path()).map_err(problem)?;
            if let Some(link) = links::leading_out(&checkout)? {
                return Err(problem(BuildProblem::Link(link)));
            }
            let path = below(&checkout, subdirectory).map_err(problem)?;
            directory::check_backend(&path).map_err(problem)?;
            if directory::asks_version_control(&path) {
                git::fetch_history(url, commit, &checkout).map_err(problem)?;
            }
            Ok(Material {
                path,
                _folder: Some(folder),
            })
        })
    }

    pub(super) fn of_directory(
        &mut self,
        package: LockedPackage,
        path: &Path,
    ) -> Result<Chosen, Error> {
        if !path.is_dir() {
            return Err(self.problem(&package, BuildProblem::NoFolder(path.to_owned())));
        }
        let source = Source {
            described: path.display().to_string(),
            key: directory::key(path, self.options.ignored)?,
            version_may_differ: true,
        };
        self.kept_or_built(package, &source, |builder, package| {
            directory::check_backend(path).map_err(|problem| builder.problem(package, problem))?;
            Ok(Material {
                path: path.canonicalize().map_err(Error::io("read", path))?,
                _folder: None,
            })
        })
    }

    pub(super) fn of_file(
        &mut self,
        package: LockedPackage,
        path: &Path,
        subdirectory: Option<&str>,
    ) -> Result<Chosen, Error> {
        let bytes = fs_err::read(path).map_err(Error::io("read", path))?;
        let described = path.display().to_string();
        let actual = self.check_hash(&package, &bytes, file_name(path), &described)?;
        if is_wheel(path) {
            return self.take_wheel(package, file_name(path), &bytes, actual);
        }
        let source = Source {
            described,
            key: Some(Key::for_archive(&actual, subdirectory)),
            version_may_differ: false,
        };
        self.kept_or_built(package, &source, |builder, package| {
            builder.of_archive(package, path, file_name(path), subdirectory)
        })
    }

    pub(super) fn of_url(
        &mut self,
        package: LockedPackage,
        url: &str,
        subdirectory: Option<&str>,
    ) -> Result<Chosen, Error> {
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
            let bytes = fs_err::read(&cached.path).map_err(Error::io("read", &cached.path))?;
            return self.take_wheel(package, &name, &bytes, digest);
        }
        let fetch = |builder: &mut Self, package: &LockedPackage| {
            let options = builder.options.fetch;
            let file = file_url.fetch(locked, &package.place, options, builder.reporter)?;
            let bytes = fs_err::read(file.path()).map_err(Error::io("read", file.path()))?;
            let actual = builder.check_hash(package, &bytes, &name, &described)?;
            Ok::<_, Error>((file, bytes, actual))
        };
        if is_a_wheel {
            let (_, bytes, actual) = fetch(self, &package)?;
            return self.take_wheel(package, &name, &bytes, actual);
        }
        let source = Source {
            described: described.clone(),
            key: locked.map(|digest| Key::for_archive(&digest, subdirectory)),
            version_may_differ: false,
        };
        self.kept_or_built(package, &source, |builder, package| {
            let (file, ..) = fetch(builder, package)?;
            builder.of_archive(package, file.path(), &name, subdirectory)
        })
    }

    /// An archive, under its own name again: frontends go by it. Where a folder of
    /// it is the source, which uv has no word for, it is unpacked.
    fn of_archive(
        &self,
        package: &LockedPackage,
        path: &Path,
        name: &str,
        subdirectory: Option<&str>,
    ) -> Result<Material, Error> {
        let problem = |problem| self.problem(package, problem);
        let folder = TemporaryFolder::new("build")?;
        let path = if subdirectory.is_some() {
            let root = archive::unpack(path, name, folder.path()).map_err(problem)?;
            below(&root, subdirectory).map_err(problem)?
        } else {
            archive::check(path, name).map_err(problem)?;
            let named = folder.path().join(name);
            fs_err::copy(path, &named).map_err(Error::io("copy", path))?;
            named
        };
        Ok(Material {
            path,
            _folder: Some(folder),
        })
    }

    /// Compares a file that is no index's with its hash in the lock. One that has
    /// none there is taken as it is, and noted.
    fn check_hash(
        &mut self,
        package: &LockedPackage,
        bytes: &[u8],
        name: &str,
        from: &str,
    ) -> Result<Digest, Error> {
        let actual = Digest::sha256_of(bytes);
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
        bytes: &[u8],
        digest: Digest,
    ) -> Result<Chosen, Error> {
        let chosen = self.choose_wheel(package, name, digest)?;
        let wheel = &chosen.wheel;
        fit::check_archive(wheel, bytes, self.target)
            .map_err(|problem| Error::Wheel {
                file: name.to_owned(),
                problem,
            })?
            .map_err(|misfit| {
                let wheel = name.to_owned();
                self.problem(&chosen.package, BuildProblem::Unfit { wheel, misfit })
            })?;
        if self.options.fetch.cache.wheel(&digest).is_none() {
            self.keep_wheel(&chosen.wheel, bytes, &digest)?;
        }
        Ok(chosen)
    }

    fn choose_wheel(
        &self,
        package: LockedPackage,
        name: &str,
        digest: Digest,
    ) -> Result<Chosen, Error> {
        let wheel: WheelName = name.parse().map_err(|error| {
            let problem = BuildProblem::WheelName(error);
            self.problem(&package, problem)
        })?;
        if self.target.rank(&wheel).is_err() {
            let no_wheel = NoWheel::new(package, self.target, &[wheel]);
            return Err(Error::NoWheel(Box::new(no_wheel)));
        }
        Ok(Chosen {
            package,
            wheel,
            digest,
        })
    }
}

/// A folder of a source, links followed: it must not lead out of it.
fn below(source: &Path, subdirectory: Option<&str>) -> Result<PathBuf, BuildProblem> {
    let Some(subdirectory) = subdirectory else {
        return Ok(source.to_owned());
    };
    let no_such = || BuildProblem::Subdirectory(subdirectory.to_owned());
    let root = source.canonicalize().map_err(|_| no_such())?;
    let folder = root
        .join(subdirectory)
        .canonicalize()
        .map_err(|_| no_such())?;
    (folder.starts_with(&root) && folder.is_dir())
        .then_some(folder)
        .ok_or_else(no_such)
}
