//! From the source of a package to a wheel in the cache.

use std::io::{self, BufWriter, Read};
use std::path::PathBuf;

use layerlock_digest::Digest;
use layerlock_layer::PlannedFile;
use layerlock_layer::archive::FileReader;
use layerlock_lock::LockedPackage;
use layerlock_target::{Target, WheelName};
use tempfile::NamedTempFile;

use super::build_indexes::BuildIndexes;
use super::built_wheel::BuiltWheel;
use super::frontend::{BuildRequest, Frontend, MadeWheel};
use super::note::BuildNote;
use super::source::{BuildSource, LocalSource};
use super::{container, fit, metadata, repack};
use crate::problem::{Advice, BuildError, BuildProblem};
use crate::{
    ChosenWheel, Error, FetchOptions, FrontendKind, Reporter, WheelContents, WheelProblem,
};

/// How packages without a wheel are built.
pub struct BuildOptions<'a> {
    /// Where sources come from and wheels are kept.
    pub fetch: &'a FetchOptions<'a>,
    /// The frontend; the first that is found where none is named.
    pub frontend: Option<FrontendKind>,
    /// An index for what builds need, instead of the frontend's own.
    pub index_url: Option<&'a str>,
    /// Files and directories that are no part of any source, such as the outputs of
    /// this run in the project's directory.
    pub ignored: &'a [PathBuf],
}

/// What brings packages to wheels, one after the other.
pub(super) struct Builder<'a> {
    pub(super) target: &'a Target,
    pub(super) options: &'a BuildOptions<'a>,
    pub(super) reporter: &'a dyn Reporter,
    /// Looked for when it is first needed.
    pub(super) frontend: Option<Frontend>,
    pub(super) notes: Vec<BuildNote>,
    /// The user's wheels of the current package, which do not fit.
    pub(super) refused: Vec<String>,
}

impl Builder<'_> {
    /// Keeps a wheel with these bytes, which have this digest.
    pub(super) fn keep_wheel(
        &self,
        name: &WheelName,
        mut bytes: impl Read,
        digest: &Digest,
    ) -> Result<(), Error> {
        let mut file = self.options.fetch.cache.temporary_file()?;
        let path = file.path().to_owned();
        io::copy(&mut bytes, &mut file).map_err(Error::io("write", &path))?;
        // What somebody writes to meanwhile is no longer what was compared.
        if PlannedFile::read(&path)?.digest() != *digest {
            return Err(layerlock_layer::Error::FileChanged { file: path }.into());
        }
        self.keep_file(name, file, digest)
    }

    fn keep_file(
        &self,
        name: &WheelName,
        file: NamedTempFile,
        digest: &Digest,
    ) -> Result<(), Error> {
        let path = file.path().to_owned();
        let contents = fs_err::File::open(&path)
            .and_then(|file| WheelContents::verify_file(name, &file))
            .map_err(Error::io("read", &path))?
            .map_err(|problem| Error::Wheel {
                file: name.to_string(),
                problem,
            })?;
        let cache = self.options.fetch.cache;
        cache.insert(digest, file, contents).map(drop)
    }

    /// The wheel that was built before, else a new one of what `material` gives.
    pub(super) fn find_or_build(
        &mut self,
        mut package: LockedPackage,
        source: &BuildSource,
        local: impl FnOnce(&mut Self, &LockedPackage) -> Result<LocalSource, Error>,
    ) -> Result<ChosenWheel, Error> {
        let built = source
            .key
            .as_ref()
            .and_then(|key| BuiltWheel::find(key, self.target, self.options.fetch.cache));
        let built = if let Some(built) = built {
            built
        } else {
            let local = local(self, &package)?;
            self.build(&package, source, &local)?
        };
        package.version = built.wheel.version();
        self.notes.push(BuildNote::Built {
            package: package.name.clone(),
            version: package.version.clone(),
            from: source.described.clone(),
            frontend: built.frontend,
        });
        Ok(ChosenWheel {
            package,
            wheel: built.wheel,
            digest: built.digest,
        })
    }

    fn build(
        &mut self,
        package: &LockedPackage,
        source: &BuildSource,
        local: &LocalSource,
    ) -> Result<BuiltWheel, Error> {
        let frontend = self.frontend(package)?;
        let described = frontend.to_string();
        self.reporter
            .build_started(package.name.as_str(), &described);
        let sources = &self.options.fetch.sources;
        let indexes = BuildIndexes::read(sources, self.options.index_url)?;
        let request = BuildRequest {
            package,
            source: &local.path,
            knows_its_version: !source.version_may_differ,
            indexes: &indexes,
            session: sources.session,
            offline: self.options.fetch.offline,
        };
        let made = frontend
            .run(&request, self.reporter)?
            .map_err(|problem| self.problem(package, problem))?;

        let wheel: WheelName = made
            .name
            .parse()
            .map_err(|error| self.problem(package, BuildProblem::WheelName(error)))?;
        let is_expected = package.name == wheel.name()
            && (source.version_may_differ || wheel.is_version(&package.version));
        if !is_expected {
            return Err(self.problem(package, BuildProblem::OtherRelease { wheel: made.name }));
        }
        let (file, of) = self.packed_anew(package, &wheel, &made)?;
        let built = BuiltWheel {
            digest: PlannedFile::read(file.path())?.digest(),
            wheel,
            frontend: described,
        };
        self.keep_file(&built.wheel, file, &built.digest)?;
        if let Some(key) = &source.key {
            built.keep(key, of, self.options.fetch.cache)?;
        }
        self.reporter
            .build_finished(package.name.as_str(), built.wheel.as_str());
        Ok(built)
    }

    /// The wheel in the way that every built one is packed, and the target that it is for
    /// where it is not for all. It is read and written piece by piece.
    fn packed_anew(
        &self,
        package: &LockedPackage,
        wheel: &WheelName,
        made: &MadeWheel,
    ) -> Result<(NamedTempFile, Option<&Target>), Error> {
        let in_archive = |problem: WheelProblem| Error::Wheel {
            file: made.name.clone(),
            problem,
        };
        let read = |source| Error::io("read", &made.path)(source);
        let length = made.file.metadata().map_err(read)?.len();
        let reader = FileReader::from(made.file.file().try_clone().map_err(read)?);
        let members = crate::wheel::members(&reader, length).map_err(in_archive)?;
        fit::check(wheel, &members, self.target)
            .map_err(|problem| in_archive(problem.into()))?
            .map_err(|misfit| {
                let wheel = made.name.clone();
                self.problem(package, BuildProblem::Misfit { wheel, misfit })
            })?;
        let rewritten = metadata::without_this_machine(&members).map_err(in_archive)?;
        let of = (!fit::is_for_every_target(wheel, &members)).then_some(self.target);
        let mut file = self.options.fetch.cache.temporary_file()?;
        let path = file.path().to_owned();
        repack::stored(&members, &rewritten, BufWriter::new(&mut file))
            .map_err(Error::io("write", path))?
            .map_err(|problem| in_archive(problem.into()))?;
        Ok((file, of))
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

    pub(super) fn problem(&self, package: &LockedPackage, problem: BuildProblem) -> Error {
        Error::Build(Box::new(BuildError {
            package: package.clone(),
            target: *self.target,
            problem,
            refused: self.refused.clone(),
            container_command: container::command(package, self.target),
            advice: Advice::default(),
        }))
    }
}
