use std::path::PathBuf;

use layerlock_diagnostic::{Diagnose, ErrorKind};
use layerlock_layer::PathError;
use layerlock_process::Said;
use layerlock_target::{Runtime, Target};

/// Why the packages of a lock could not be planned.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No package.json.
    #[error("there is no package.json in {}", directory.display())]
    NoPackageJson {
        /// Where it was looked for.
        directory: PathBuf,
    },
    /// No lock of npm.
    #[error(
        "there is no package-lock.json in {}{}",
        directory.display(),
        other.map_or_else(String::new, |other| format!(", only {other}"))
    )]
    NoLock {
        /// Where it was looked for.
        directory: PathBuf,
        /// The lock of another tool that is there.
        other: Option<&'static str>,
    },
    /// A file that cannot be read as what it is.
    #[error("{} is invalid: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A lock in a form that is not read.
    #[error("{} has lockfileVersion {version}, and layerlock reads 2 and 3", path.display())]
    LockVersion {
        /// The lock.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// A lock that package.json has left behind.
    #[error("{} is out of date: {message}", lock.display())]
    Stale {
        /// The lock.
        lock: PathBuf,
        /// What is not as package.json has it.
        message: String,
    },
    /// A lock without something that one of its packages needs.
    #[error("{} is out of date: it lacks {missing}, which {package} needs", lock.display())]
    Incomplete {
        /// The lock.
        lock: PathBuf,
        /// What it lacks.
        missing: String,
        /// The name of the package that needs it.
        package: String,
    },
    /// An entry that makes no sense.
    #[error("{}: {place:?}: {problem}", lock.display())]
    Entry {
        /// The lock.
        lock: PathBuf,
        /// The key.
        place: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A key that is no path in a layer.
    #[error("{place:?} cannot be a place in a layer: it {reason}")]
    Place {
        /// The key.
        place: String,
        /// Why not.
        reason: PathError,
    },
    /// A runtime that runs no Node.
    #[error("{runtime} runs {}, and no packages of npm", runtime.language())]
    NotNode {
        /// The runtime.
        runtime: Runtime,
    },
    /// A package that is needed, and is for other systems.
    #[error("{package} is for {kind} {} alone, and the layer for {target}", values.join(", "))]
    Platform {
        /// The package.
        package: String,
        /// `os`, `cpu` or `libc`.
        kind: &'static str,
        /// What it is for.
        values: Vec<String>,
        /// What the layer is for.
        target: Target,
    },
    /// An optional package that the target needs, and that the lock lacks.
    #[error("{} lacks {package}, which {of} needs on the layer's target", lock.display())]
    MissingOptional {
        /// The package.
        package: String,
        /// Who has it as an optional dependency.
        of: String,
        /// The lock.
        lock: PathBuf,
    },
    /// A package from a git repository.
    #[error("{package} comes from a git repository, {url}: npm would have to build it")]
    Git {
        /// The package.
        package: String,
        /// Where.
        url: String,
    },
    /// Nothing to verify a tarball by.
    #[error("{} has no integrity of {package}{}", lock.display(), if *has_weak { " but a weak one" } else { "" })]
    NoIntegrity {
        /// The package.
        package: String,
        /// Whether there is one of an algorithm that is no more safe.
        has_weak: bool,
        /// The lock.
        lock: PathBuf,
    },
    /// A tarball with other bytes.
    #[error("{file} does not have the integrity that the lock has for {package}")]
    Mismatch {
        /// The package.
        package: String,
        /// The tarball.
        file: String,
    },
    /// A tarball that cannot be unpacked, or must not.
    #[error("the tarball of {package} {problem}")]
    Tarball {
        /// The package.
        package: String,
        /// What is wrong.
        problem: String,
    },
    /// Packages that are nowhere on this machine, and must not be fetched.
    #[error(
        "{} in npm's cache, and the network is not to be used: {}",
        missing_text(packages),
        few(packages)
    )]
    Offline {
        /// The packages.
        packages: Vec<String>,
    },
    /// npm could not fetch packages.
    #[error("npm could not fetch {}{}", few(packages), Said(said))]
    Fetch {
        /// The packages.
        packages: Vec<String>,
        /// What it said.
        said: String,
    },
    /// There is no npm to ask.
    #[error("there is no program \"npm\" to fetch {} with", few(packages))]
    NoNpm {
        /// The packages.
        packages: Vec<String>,
    },
    /// npm did not come to an end.
    #[error("npm has not fetched {} in {minutes} minutes", few(packages))]
    TookTooLong {
        /// The packages.
        packages: Vec<String>,
        /// How long it was waited for.
        minutes: u64,
    },
    /// npm could not be started.
    #[error("failed to run npm")]
    NotStarted {
        /// What the system said.
        source: std::io::Error,
    },
    /// npm fetched other bytes than the locked ones.
    #[error("npm fetched {}, and not with the locked integrity", few(packages))]
    OtherBytes {
        /// The packages.
        packages: Vec<String>,
    },
    /// A package that is compiled where it is installed.
    #[error(
        "{package} is compiled when it is installed (`{script}`), and has no compiled file for \
         {target}"
    )]
    Compiled {
        /// The package.
        package: String,
        /// The script.
        script: String,
        /// What the layer is for.
        target: Target,
    },
    /// A compiled file that the target cannot load.
    #[error("{package} cannot be loaded on {target}: {file}: {reason}")]
    Native {
        /// The package.
        package: String,
        /// The file of it.
        file: String,
        /// Why not.
        reason: String,
        /// What the layer is for.
        target: Target,
    },
    /// The folder of a link.
    #[error("{package} is a link: {error}")]
    Folder {
        /// The package.
        package: String,
        /// What is wrong.
        error: layerlock_folders::Error,
    },
    /// Reading and writing files.
    #[error(transparent)]
    Layer(#[from] layerlock_layer::Error),
}

fn missing_text(packages: &[String]) -> String {
    match packages.len() {
        1 => "1 package is not".to_owned(),
        count => format!("{count} packages are not"),
    }
}

/// Some of many, with the number of the rest.
fn few(packages: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = packages.iter().take(SHOWN).map(String::as_str);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match packages.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl Diagnose for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoPackageJson { .. }
            | Self::NoLock { .. }
            | Self::Invalid { .. }
            | Self::LockVersion { .. }
            | Self::Stale { .. }
            | Self::Incomplete { .. }
            | Self::Entry { .. }
            | Self::Place { .. }
            | Self::NotNode { .. } => ErrorKind::Project,
            Self::Platform { .. }
            | Self::MissingOptional { .. }
            | Self::Git { .. }
            | Self::NoNpm { .. }
            | Self::Compiled { .. }
            | Self::Native { .. } => ErrorKind::Artifact,
            Self::NoIntegrity { .. } | Self::Mismatch { .. } | Self::Tarball { .. } => {
                ErrorKind::Integrity
            }
            Self::OtherBytes { .. } => ErrorKind::Integrity,
            Self::Offline { .. } | Self::Fetch { .. } | Self::TookTooLong { .. } => {
                ErrorKind::Network
            }
            Self::NotStarted { .. } => ErrorKind::Machine,
            Self::Folder { error, .. } => error.kind(),
            Self::Layer(error) => error.kind(),
        }
    }

    fn package(&self) -> Option<String> {
        match self {
            Self::Platform { package, .. }
            | Self::MissingOptional { package, .. }
            | Self::Git { package, .. }
            | Self::NoIntegrity { package, .. }
            | Self::Mismatch { package, .. }
            | Self::Tarball { package, .. }
            | Self::Compiled { package, .. }
            | Self::Native { package, .. }
            | Self::Folder { package, .. } => Some(package.clone()),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoPackageJson { .. } => "name the folder of package.json by `npm`",
            Self::NoLock { other: Some(_), .. } => {
                "layerlock reads npm's locks alone: `npm install --package-lock-only` makes one; \
                 what another tool has installed can be taken by `folders`"
            }
            Self::Invalid { .. } | Self::Entry { .. } | Self::Place { .. } => {
                "run `npm install --package-lock-only` to write the lock anew"
            }
            Self::LockVersion { version: 0 | 1, .. } => {
                "run `npm install --package-lock-only --lockfile-version 3` there, with npm 7 or \
                 newer"
            }
            Self::LockVersion { .. } => {
                "run `npm install --package-lock-only --lockfile-version 3`, or update layerlock"
            }
            Self::Stale { .. } => {
                "run `npm install --package-lock-only` there, or take the lock as it is with \
                 --allow-stale-lock"
            }
            Self::Incomplete { .. } | Self::NoLock { other: None, .. } => {
                "run `npm install --package-lock-only` there"
            }
            Self::NotNode { .. } => "set `runtime` of the layer to one of Node, such as `nodejs22`",
            Self::Platform { .. } => {
                "remove it, or have it as an optional dependency: npm leaves those out where they \
                 are for other systems"
            }
            Self::MissingOptional { .. } => {
                "npm leaves them out where node_modules of another system was there: remove \
                 node_modules and the lock, and run `npm install`"
            }
            Self::Git { .. } => {
                "publish it to a registry, or run `npm pack` in it and depend on the tarball by \
                 `file:`"
            }
            Self::NoIntegrity { .. } => {
                "remove its entry from the lock, and run `npm install --package-lock-only` to have \
                 it written anew"
            }
            Self::Mismatch { .. } | Self::OtherBytes { .. } => {
                "the file was changed since it was locked: find out why before you lock it anew"
            }
            Self::Tarball { .. } => "tell its authors, or lock another version",
            Self::Offline { .. } => {
                "run once without --offline, or `npm ci` where there is a network"
            }
            Self::Fetch { .. } | Self::TookTooLong { .. } => {
                "`npm ci` in the folder of the lock tells more"
            }
            Self::NoNpm { .. } => {
                "install Node.js with npm; what is in npm's cache is used without it"
            }
            Self::Compiled { .. } => {
                "lock a version that brings compiled files for the target, or install it on such a \
                 system and take its folder by `folders`"
            }
            Self::Native { .. } => {
                "build for a newer runtime, or lock a version whose files were built for an older \
                 system"
            }
            Self::NotStarted { .. } => return None,
            Self::Folder { error, .. } => return error.hint(),
            Self::Layer(error) => return error.hint(),
        };
        Some(hint.to_owned())
    }
}
