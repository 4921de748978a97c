mod diagnose;

use std::path::PathBuf;

use layerlock_check::LayerFilesError;
use layerlock_diagnostic::{Diagnose, ErrorKind, LockTool, Place};
use layerlock_lock::{LockError, LockedPackage};
use layerlock_target::{Runtime, Target};

use crate::excluded_python::ExcludedPython;
use crate::file_conflict::{FileConflict, FileConflicts};
use crate::handover_error::HandoverError;
use crate::misfits::Misfits;
use crate::wording::{architectures, but_for, names};

/// Why a job failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The project or its lock, or what a Poetry project cannot be exported as.
    #[error(transparent)]
    Export(#[from] layerlock_export::Error),
    /// Selecting packages from the lock.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Finding, fetching and checking wheels.
    #[error(transparent)]
    Install(#[from] layerlock_install::Error),
    /// Several packages have no file for the target of a layer.
    #[error("{0}")]
    Misfits(Box<Misfits>),
    /// A directory that is to be built, and not for this runtime.
    #[error("{0}")]
    ExcludedPython(Box<ExcludedPython>),
    /// Packages of which the lock lists no file at all.
    #[error("the lock lists no files of {}", names(.0))]
    NoFiles(Vec<LockedPackage>),
    /// Planning and writing the layer.
    #[error(transparent)]
    Layer(#[from] layerlock_layer::Error),
    /// The project's own files in a layer.
    #[error("{error}")]
    OwnFiles {
        /// What is wrong.
        error: layerlock_folders::Error,
        /// The line that names them.
        place: Option<Place>,
    },
    /// The npm packages of a layer.
    #[error("{error}")]
    Npm {
        /// What is wrong.
        error: Box<layerlock_npm::Error>,
        /// The line that names the lock's folder.
        place: Option<Place>,
    },
    /// The jars of a layer.
    #[error("{error}")]
    Maven {
        /// What is wrong.
        error: Box<layerlock_maven::Error>,
        /// The line that names the folder of pom.xml.
        place: Option<Place>,
    },
    /// A layer of Python packages for a runtime that runs no Python.
    #[error("the layer {layer} has Python packages, and {runtime} runs {}", runtime.language())]
    NotPython {
        /// The runtime.
        runtime: Runtime,
        /// The layer.
        layer: String,
        /// Where it is named, if not by an option.
        place: Option<Place>,
    },
    /// A layer of Python packages where there is no Python project.
    #[error("the layer {layer} has Python packages, and there is no pyproject.toml")]
    NoPython {
        /// The layer.
        layer: String,
        /// The file of settings.
        place: Place,
    },
    /// Publishing.
    #[error(transparent)]
    Publish(#[from] layerlock_publish::Error),
    /// Handing results over.
    #[error(transparent)]
    Handover(#[from] HandoverError),
    /// A setting in `[tool.layerlock]`.
    #[error("{message}")]
    Configuration {
        /// What is wrong.
        message: String,
        /// Where.
        place: Place,
    },
    /// A lock that was named, and that is none.
    #[error("{message}")]
    LockFile {
        /// What is wrong.
        message: String,
        /// Where it is configured.
        place: Option<Place>,
    },
    /// An export for one target of a lock whose exports are for every target.
    #[error("{flag} can only be used with --format json, where the lock is poetry.lock")]
    ExportTarget {
        /// The option.
        flag: &'static str,
    },
    /// A way of exporting that poetry.lock alone has.
    #[error("constraints.txt and --with-credentials are for poetry.lock alone")]
    ExportOfPoetry,
    /// An error of a job on a lock that is not Poetry's.
    #[error("{error}")]
    OfLock {
        /// The error.
        #[source]
        error: Box<Self>,
        /// What writes the lock.
        tool: LockTool,
    },
    /// A name or a pattern of what to exclude.
    #[error("{0}")]
    Exclude(String),
    /// A time that is none.
    #[error("SOURCE_DATE_EPOCH is `{value}`, not a number of seconds")]
    SourceDateEpoch {
        /// What the variable says.
        value: String,
    },
    /// A layer that the project does not have.
    #[error("unknown layer `{name}`: there {} {}", if known.len() == 1 { "is" } else { "are" }, known.join(", "))]
    UnknownLayer {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A job that is for one layer, in a project that has several.
    #[error("this command is for one layer, and the project has several: {}", known.join(", "))]
    WhichLayer {
        /// What there is.
        known: Vec<String>,
    },
    /// An output that lies in a staging directory of the same run.
    #[error("the output {} is inside the staging directory {}", inner.display(), outer.display())]
    Overlap {
        /// The output, perhaps a staging directory itself.
        inner: PathBuf,
        /// The staging directory, which is replaced as a whole.
        outer: PathBuf,
    },
    /// A name of zips that two layers would share.
    #[error("{first} and {second} would be one zip, {}", path.display())]
    SharedZip {
        /// One layer and its target.
        first: String,
        /// The other.
        second: String,
        /// The zip.
        path: PathBuf,
    },
    /// A name that is none for a zip.
    #[error("{0}")]
    ZipName(String),
    /// A report in the place of a zip, or of a file of the project.
    #[error("the report would replace {}", path.display())]
    ReportReplaces {
        /// The other file.
        path: PathBuf,
    },
    /// A staging directory that two layers name.
    #[error("the layers {first} and {second} have the same staging directory, {}", directory.display())]
    SharedStaging {
        /// One layer.
        first: String,
        /// The other.
        second: String,
        /// The directory, as the second names it.
        directory: PathBuf,
    },
    /// A directory that several layers are to share, and that an earlier layer fills.
    #[error("{} holds one layer of an earlier run, and is now for several", directory.display())]
    Remains {
        /// The directory.
        directory: PathBuf,
    },
    /// A pylock.toml by a name that says something else.
    #[error("{} is not a name for a pylock.toml", path.display())]
    PylockName {
        /// The file that was to be written.
        path: PathBuf,
    },
    /// `--find-links` for an export.
    #[error("export does not take --find-links: it names what the lock and its indexes have")]
    ExportFindLinks,
    /// Packages bring different files to the same paths, and `conflicts = "error"`.
    #[error("{}", FileConflicts(.0))]
    FileConflicts(Vec<FileConflict>),
    /// A template for the names of published layers, or what it gives.
    #[error("cannot name the published layer: {0}")]
    PublishName(String),
    /// Two layers that would be published under one name, for the same target.
    #[error("the layers {first} and {second} would both be published as {name}")]
    SharedPublishName {
        /// One layer.
        first: String,
        /// The other.
        second: String,
        /// The name of both.
        name: String,
    },
    /// Versions of two layers, or of one for two targets, that would be in one parameter.
    #[error("the parameter {name} would get the ARN of both {first} and {second}")]
    SharedParameter {
        /// The first one.
        first: String,
        /// The second one.
        second: String,
        /// The parameter.
        name: String,
    },
    /// Accounts to which nothing can be published.
    #[error("{}", accounts_text(failed))]
    Accounts {
        /// Each account as messages name it, and why; one at least.
        failed: Vec<(String, Self)>,
    },
    /// A layer that is not built here, and has no name.
    #[error("a layer that is not built here needs a name")]
    NoPublishName,
    /// A zip or directory that cannot be published as a layer.
    #[error("cannot publish {}: {reason}", path.display())]
    Prebuilt {
        /// The zip or directory.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A layer that no function can have.
    #[error(
        "cannot publish {}: it unzips to {size} bytes, and a function can have {limit} with all \
         its layers",
        path.display()
    )]
    PrebuiltTooLarge {
        /// The zip or directory.
        path: PathBuf,
        /// Bytes of its files.
        size: u64,
        /// Bytes that there may be.
        limit: u64,
    },
    /// A zip that readers may read in different ways, or not at all.
    #[error("cannot publish {}: {problem}", path.display())]
    PrebuiltZip {
        /// The zip.
        path: PathBuf,
        /// What is wrong with it.
        problem: layerlock_layer::archive::ArchiveProblem,
    },
    /// A zip or directory that cannot be read as a layer.
    #[error(transparent)]
    LayerFiles(#[from] LayerFilesError),
    /// A package that the lock does not have.
    #[error("the lock has no package {name}")]
    UnknownPackage {
        /// The name.
        name: String,
        /// The names of packages that may have been meant.
        nearest: Vec<String>,
    },
    /// A page that would replace what it shows.
    #[error("the page would replace {}, which it is made of", path.display())]
    PageReplaces {
        /// The zip.
        path: PathBuf,
    },
    /// An option of publishing that cannot be used as it is.
    #[error("{option}: {message}")]
    PublishOption {
        /// The option.
        option: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// An option for AWS, where layers go to a directory.
    #[error("{option} can only be used with --provider aws")]
    NotAws {
        /// The option.
        option: &'static str,
    },
    /// A version that is not deleted because functions use it.
    #[error("it is {reason}")]
    InUse {
        /// `in use by` which functions.
        reason: String,
    },
    /// A version that is to be promoted, and is not there.
    #[error("there is {what} of {place}")]
    NotPublished {
        /// `no version for python3.12 arm64`
        what: String,
        /// The layer and the place where it is not.
        place: String,
    },
    /// The project itself is to be in a layer, and has no name.
    #[error("cannot include the project: {} has no `name`", path.display())]
    NoName {
        /// The pyproject.toml.
        path: PathBuf,
    },
    /// The project itself is to be in a layer, and is no package.
    #[error("cannot include the project: `package-mode = false`")]
    NoPackage {
        /// Where it says so.
        place: Place,
    },
    /// Functions of the provider do not run on the architecture.
    #[error(
        "there is no layer for {}: functions of {} run on {} alone",
        target.architecture,
        target.provider().title(),
        architectures(target)
    )]
    NoArchitecture {
        /// What was to be built for.
        target: Target,
    },
    /// No runtime, but for previews, has a Python that the project allows.
    #[error(
        "no runtime has a Python that `{constraint}` allows{}",
        but_for(previews)
    )]
    NoRuntime {
        /// The project's constraint.
        constraint: String,
        /// The previews that have one.
        previews: Vec<Runtime>,
        /// The runtimes that there are, oldest first.
        known: Vec<Runtime>,
        /// Where.
        place: Place,
    },
    /// No directory for the cache is known.
    #[error("there is no home directory to keep the cache in")]
    NoCache,
    /// The cache's directory cannot be used.
    #[error(transparent)]
    CacheDirectory(layerlock_layer::Error),
    /// A provider that this build leaves out.
    #[error("this layerlock was built without support for {provider}")]
    ProviderLeftOut {
        /// The provider.
        provider: &'static str,
        /// The feature of Cargo that has it.
        feature: &'static str,
    },
}

/// What [`Diagnose`] tells, for callers that have only this error.
impl Error {
    /// What has to change before the same job can succeed.
    pub fn kind(&self) -> ErrorKind {
        Diagnose::kind(self)
    }

    /// The place in pyproject.toml or poetry.lock that is to blame.
    pub fn place(&self) -> Option<&Place> {
        Diagnose::place(self)
    }

    /// The package that it is about, by its normalised name.
    pub fn package(&self) -> Option<String> {
        Diagnose::package(self)
    }

    /// The same error, of a job on a lock that this tool writes.
    pub(crate) fn of_lock(self, tool: LockTool) -> Self {
        match self {
            // They name it themselves.
            Self::Lock(_) | Self::OfLock { .. } => self,
            error if tool == LockTool::Poetry => error,
            error => Self::OfLock {
                error: Box::new(error),
                tool,
            },
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        Diagnose::hint(self)
    }
}

fn accounts_text(failed: &[(String, Error)]) -> String {
    let texts = failed
        .iter()
        .map(|(account, error)| format!("{account}: {error}"));
    texts.collect::<Vec<_>>().join("\n")
}
