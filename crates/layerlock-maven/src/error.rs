use std::path::PathBuf;

use layerlock_diagnostic::{Diagnose, ErrorKind};
use layerlock_layer::PathError;
use layerlock_process::Said;
use layerlock_target::Runtime;

/// Why the jars of a project could not be planned.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No pom.xml.
    #[error(
        "there is no pom.xml in {}{}",
        directory.display(),
        other.map_or_else(String::new, |other| format!(", only {other}"))
    )]
    NoPom {
        /// Where it was looked for.
        directory: PathBuf,
        /// What another tool calls its project.
        other: Option<&'static str>,
    },
    /// A runtime that runs no Java.
    #[error("{runtime} runs {}, and no jars", runtime.language())]
    NotJava {
        /// The runtime.
        runtime: Runtime,
    },
    /// There is no Maven to ask.
    #[error("there is no program \"mvn\" to list the jars of {} with", directory.display())]
    NoMaven {
        /// The folder of pom.xml.
        directory: PathBuf,
    },
    /// Maven could not be started.
    #[error("failed to run {program} in {}", directory.display())]
    NotStarted {
        /// Maven, or its wrapper.
        program: String,
        /// The folder of pom.xml.
        directory: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Maven failed.
    #[error("{program} failed to list the jars of {}{}", directory.display(), Said(said))]
    Failed {
        /// Maven, or its wrapper.
        program: String,
        /// The folder of pom.xml.
        directory: PathBuf,
        /// What it said.
        said: String,
        /// Whether it was not to use the network.
        is_offline: bool,
    },
    /// Maven did not come to an end.
    #[error("{program} has not listed the jars of {} in {minutes} minutes", directory.display())]
    TookTooLong {
        /// Maven, or its wrapper.
        program: String,
        /// The folder of pom.xml.
        directory: PathBuf,
        /// How long it was waited for.
        minutes: u64,
    },
    /// A listing that cannot be read.
    #[error("what Maven lists for {} cannot be read: {line:?}", directory.display())]
    Listing {
        /// The folder of pom.xml.
        directory: PathBuf,
        /// The line.
        line: String,
    },
    /// Nothing for a layer.
    #[error("functions of {} need no jars when they run", directory.display())]
    NoJars {
        /// The folder of pom.xml.
        directory: PathBuf,
    },
    /// A jar that is nowhere.
    #[error("Maven has no file of {package}")]
    NoFile {
        /// The artifact.
        package: String,
    },
    /// Another project of the same build, that was not packed.
    #[error("{package} is no jar yet, but the folder {}", path.display())]
    Unpacked {
        /// The artifact.
        package: String,
        /// The folder of its classes.
        path: PathBuf,
    },
    /// A name that cannot be in a layer.
    #[error("{package} cannot be in a layer: its name {reason}")]
    Name {
        /// The artifact.
        package: String,
        /// Why not.
        reason: PathError,
    },
    /// A lock that cannot be read.
    #[error("{} is invalid: {message}", path.display())]
    LockInvalid {
        /// The lock.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A lock that pom.xml has left behind.
    #[error("{} is out of date: it has no {package}", lock.display())]
    NotLocked {
        /// The artifact.
        package: String,
        /// The lock.
        lock: PathBuf,
    },
    /// A lock with hashes that are no more safe.
    #[error("{} has no hash of {package} but a weak one, {algorithm}", lock.display())]
    WeakHash {
        /// The artifact.
        package: String,
        /// What the lock calls the algorithm.
        algorithm: String,
        /// The lock.
        lock: PathBuf,
    },
    /// A jar with other bytes.
    #[error("{} does not have the checksum that {} has for {package}", file.display(), lock.display())]
    Mismatch {
        /// The artifact.
        package: String,
        /// The jar.
        file: PathBuf,
        /// The lock.
        lock: PathBuf,
    },
    /// Reading files.
    #[error(transparent)]
    Layer(#[from] layerlock_layer::Error),
}

/// What Maven says where a repository could not be asked.
const NETWORK: [&str; 6] = [
    "Could not transfer",
    "in offline mode",
    "Unknown host",
    "Connection refused",
    "timed out",
    "status: 5",
];

impl Diagnose for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoPom { .. }
            | Self::NotJava { .. }
            | Self::NoJars { .. }
            | Self::LockInvalid { .. }
            | Self::NotLocked { .. } => ErrorKind::Project,
            Self::Failed { said, .. } if NETWORK.iter().any(|text| said.contains(text)) => {
                ErrorKind::Network
            }
            Self::NoMaven { .. }
            | Self::Failed { .. }
            | Self::TookTooLong { .. }
            | Self::Listing { .. }
            | Self::NoFile { .. }
            | Self::Unpacked { .. }
            | Self::Name { .. } => ErrorKind::Artifact,
            Self::WeakHash { .. } | Self::Mismatch { .. } => ErrorKind::Integrity,
            Self::NotStarted { .. } => ErrorKind::Machine,
            Self::Layer(error) => error.kind(),
        }
    }

    fn package(&self) -> Option<String> {
        match self {
            Self::NoFile { package }
            | Self::Unpacked { package, .. }
            | Self::Name { package, .. }
            | Self::NotLocked { package, .. }
            | Self::WeakHash { package, .. }
            | Self::Mismatch { package, .. } => Some(package.clone()),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoPom { other: Some(_), .. } => {
                "`maven` reads Maven's projects alone: have another tool copy its jars by `run`, \
                 and take them by `folders`"
            }
            Self::NoPom { .. } => "name the folder of pom.xml by `maven`",
            Self::NotJava { .. } => "set `runtime` of the layer to one of Java, such as `java21`",
            Self::NoMaven { .. } => {
                "install Maven (`apt-get install maven`, `dnf install maven`, `brew install \
                 maven`), or put its wrapper `mvnw` beside pom.xml"
            }
            Self::Failed {
                is_offline: true, ..
            } => {
                "run once without --offline, or `mvn dependency:go-offline` where there is a network"
            }
            Self::Failed { .. } | Self::TookTooLong { .. } | Self::Listing { .. } => {
                "`mvn dependency:list -DincludeScope=runtime` in that folder tells more"
            }
            Self::NoJars { .. } => {
                "name the folder of the project that has dependencies, a module and not the \
                 folder around it"
            }
            Self::NoFile { .. } => "run `mvn dependency:resolve` in the folder of pom.xml",
            Self::Unpacked { .. } => {
                "run `mvn install` for the projects that this one depends on, so that Maven has \
                 their jars"
            }
            Self::Name { .. } => "exclude it in pom.xml",
            Self::LockInvalid { .. } | Self::NotLocked { .. } => {
                "run `mvn io.github.chains-project:maven-lockfile:generate`"
            }
            Self::WeakHash { .. } => {
                "run `mvn io.github.chains-project:maven-lockfile:generate \
                 -DchecksumAlgorithm=SHA-256`"
            }
            Self::Mismatch { .. } => {
                "the file was changed since it was locked: find out why before you lock it anew"
            }
            Self::NotStarted { .. } => return None,
            Self::Layer(error) => return error.hint(),
        };
        Some(hint.to_owned())
    }
}
