use std::io;
use std::path::PathBuf;

use layerlock_diagnostic::{Diagnose as _, Place};

use crate::build::BuildError;
use crate::choose::NoWheel;
use crate::index::{AddressError, DefaultIndexError, IndexOrigin, PageError};
use crate::{FindLinksError, WheelProblem};

/// Why packages could not be fetched or laid out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No file of a package fits the target.
    #[error("{0}")]
    NoWheel(Box<NoWheel>),

    /// A package without a wheel could not be built.
    #[error("{0}")]
    Build(Box<BuildError>),

    /// A package failed for which the user had made wheels that do not fit.
    #[error("{error}{}", crate::build::not_taken(wheels))]
    Supplied {
        /// Why it failed.
        error: Box<Self>,
        /// The wheels, each with why it does not fit.
        wheels: Vec<String>,
    },

    /// The lock has a hash that proves nothing.
    #[error("the lock has `{hash}` for {file}: only sha256 is accepted")]
    WeakHash {
        /// The file.
        file: String,
        /// What the lock says.
        hash: String,
        /// Where.
        place: Place,
    },

    /// An index address that cannot be used.
    #[error(transparent)]
    Address(#[from] AddressError),

    /// The lock names an index that cannot be used.
    #[error("{error}")]
    LockedAddress {
        /// What is wrong with its address.
        error: AddressError,
        /// The package that comes from it.
        place: Place,
    },

    /// No index is known.
    #[error(transparent)]
    DefaultIndex(#[from] DefaultIndexError),

    /// A place for wheels that does not exist.
    #[error(transparent)]
    FindLinks(#[from] FindLinksError),

    /// What came for a project's page is none.
    #[error(transparent)]
    Page(#[from] PageError),

    /// A server did not answer, or cut the answer short.
    #[error("failed to get {url}: {reason}")]
    Request {
        /// The address, without credentials.
        url: String,
        /// What went wrong, and why.
        reason: String,
    },

    /// A server answered with an error.
    #[error("failed to get {url}: the server answered {status}")]
    Status {
        /// The address, without credentials.
        url: String,
        /// The status code.
        status: u16,
    },

    /// A server wants credentials, or other ones.
    #[error("failed to get {url}: the server answered {status}{}", tried(sent.as_deref(), looked_in))]
    Unauthorized {
        /// The address, without credentials.
        url: String,
        /// 401 or 403.
        status: u16,
        /// The name of the index, where it has one.
        index: Option<String>,
        /// Where the credentials came from that were sent, be they a user name
        /// alone.
        sent: Option<String>,
        /// Where a password was looked for, if none was sent.
        looked_in: Vec<String>,
    },

    /// A server wants to be left alone for longer than is waited.
    #[error(
        "failed to get {url}: the server answered {status} and asks to try again in {seconds} seconds"
    )]
    Busy {
        /// The address, without credentials.
        url: String,
        /// The status code, 429 or 503 mostly.
        status: u16,
        /// How long, in seconds.
        seconds: u64,
    },

    /// A page for people came in place of a file.
    #[error(
        "{url} answered with a page for people{} instead of {file}",
        titled(title)
    )]
    PageInsteadOfFile {
        /// The file.
        file: String,
        /// Where from, without credentials.
        url: String,
        /// The page's title, empty where it has none.
        title: String,
    },

    /// A file has another length than its index promises, and is not the locked
    /// one.
    #[error("{file} came with {actual} bytes, and its index promises {promised}")]
    Length {
        /// The file.
        file: String,
        /// Where from, without credentials.
        url: String,
        /// Bytes according to the index (PEP 700).
        promised: u64,
        /// Bytes that came.
        actual: u64,
    },

    /// A file goes on beyond what it may have.
    #[error(
        "{file} has {length} bytes or more, {}",
        expected_length(*promised)
    )]
    TooLong {
        /// The file.
        file: String,
        /// Where from, without credentials.
        url: String,
        /// As many bytes came, or were announced.
        length: u64,
        /// Bytes according to the index (PEP 700), where that is what is broken.
        promised: Option<u64>,
    },

    /// A proxy that cannot be used.
    #[error("{named_by} names no proxy that can be used: {reason}")]
    Proxy {
        /// What names it.
        named_by: IndexOrigin,
        /// What is wrong with its address.
        reason: String,
    },

    /// A proxy wants credentials, or other ones.
    #[error(
        "failed to get {url}: the proxy {proxy}, which {named_by} names, {}",
        if *sent { "does not accept the credentials in its address" } else { "wants credentials" }
    )]
    ProxyCredentials {
        /// The address that was asked for, without credentials.
        url: String,
        /// The proxy's, without credentials.
        proxy: String,
        /// What names the proxy.
        named_by: IndexOrigin,
        /// Whether its address has credentials.
        sent: bool,
    },

    /// A folder that is to be emptied and is not known to be a cache.
    #[error("{} is not a cache of layerlock: it has no CACHEDIR.TAG that says so", folder.display())]
    NotACache {
        /// The folder.
        folder: PathBuf,
    },

    /// Something is to be removed from a cache that another process works with.
    #[error("the cache {} is in use", folder.display())]
    CacheInUse {
        /// The folder.
        folder: PathBuf,
    },

    /// A bundle of certificates that cannot be used.
    #[error("the certificates in {}, which {named_by} names, cannot be used: {reason}", path.display())]
    CertificateBundle {
        /// What names it.
        named_by: IndexOrigin,
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },

    /// No index has the file that the lock names.
    #[error("{file} is not among the files of {}", pages.join(" nor of "))]
    NotOnIndex {
        /// The file.
        file: String,
        /// The project's pages, without credentials.
        pages: Vec<String>,
    },

    /// A file is needed and the network is off limits.
    #[error("{file} is not in the cache, and --offline forbids to fetch it")]
    Offline {
        /// The file.
        file: String,
    },

    /// The address of a file is asked for and the network is off limits.
    #[error("only an index knows where the files of {package} are, and --offline forbids to ask")]
    OfflineLookUp {
        /// The first package of those to look up.
        package: String,
    },

    /// A file has other bytes than the lock says.
    #[error("{file} has sha256 {actual}, the lock says {expected}")]
    HashMismatch {
        /// The file.
        file: String,
        /// What the lock says, in hexadecimal.
        expected: String,
        /// What came, in hexadecimal.
        actual: String,
        /// Where from, without credentials.
        url: String,
        /// Where the lock says so.
        place: Place,
    },

    /// A file is no acceptable wheel.
    #[error("{file} {problem}")]
    Wheel {
        /// The file.
        file: String,
        /// Why not.
        problem: WheelProblem,
    },

    /// The packages do not fit together, or a file of the cache could not be
    /// read or written.
    #[error(transparent)]
    Layer(#[from] layerlock_layer::Error),

    /// The network machinery could not start.
    #[error("failed to start the network client: {0}")]
    Client(String),
}

impl Error {
    /// Says of an error of the system what was tried with which file.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let error = layerlock_layer::Error::io(action, path);
        move |source| Self::Layer(error(source))
    }

    /// The place in pyproject.toml or poetry.lock that led here.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::NoWheel(no_wheel) => Some(&no_wheel.package.place),
            Self::Build(build) => Some(&build.package.place),
            Self::Supplied { error, .. } => error.place(),
            Self::WeakHash { place, .. }
            | Self::LockedAddress { place, .. }
            | Self::HashMismatch { place, .. } => Some(place),
            _ => None,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoWheel(no_wheel) => Some(no_wheel.hint()),
            Self::Build(build) => Some(build.hint()),
            Self::Supplied { error, .. } => error.hint(),
            Self::WeakHash { .. } => {
                Some("run `poetry lock` against an index that serves sha256".to_owned())
            }
            Self::Address(error) | Self::LockedAddress { error, .. } => error.hint(),
            Self::DefaultIndex(error) => error.hint(),
            Self::Page(error) => error.hint(),
            Self::FindLinks(_) => Some(
                "--find-links takes a folder, or the http address of a page with links".to_owned(),
            ),
            Self::Unauthorized {
                index,
                sent,
                looked_in,
                ..
            } => Some(match (sent, index) {
                (Some(_), _) if looked_in.is_empty() => {
                    "the credentials may be wrong, or not be enough for this".to_owned()
                }
                (_, Some(name)) => format!(
                    "run `poetry config http-basic.{name} USER PASSWORD`, or set the variables, \
                     or add the host to netrc"
                ),
                (_, None) => "add the host to netrc, or put them into the index's address: \
                                 https://USER:PASSWORD@HOST/simple/"
                    .to_owned(),
            }),
            Self::Busy { .. } | Self::Status { status: 429, .. } => {
                Some("try again later: the server limits how often it is asked".to_owned())
            }
            Self::PageInsteadOfFile { .. } => Some(
                "a login or a proxy may answer in the index's place: check credentials and network"
                    .to_owned(),
            ),
            Self::Length { url, .. } => Some(format!(
                "something on the way to {url} may cut or change files: try again, or by another network"
            )),
            Self::TooLong { url, .. } => Some(format!(
                "what {url} serves is not what was locked: check the index and the network"
            )),
            Self::Proxy { .. } => {
                Some("a proxy's address is http://HOST:PORT, or socks5://HOST:PORT".to_owned())
            }
            Self::ProxyCredentials { .. } => Some(
                "write them into the proxy's address, http://USER:PASSWORD@HOST:PORT; where it wants \
                 NTLM or Kerberos, put a local proxy that speaks it in between"
                    .to_owned(),
            ),
            Self::NotACache { .. } => {
                Some("nothing was removed: name the folder of a cache with --cache-dir".to_owned())
            }
            Self::CacheInUse { .. } => {
                Some("try again when no other layerlock is running".to_owned())
            }
            Self::CertificateBundle { .. } => Some(
                "it has to be certificates in PEM form; where none are named, the system's are used"
                    .to_owned(),
            ),
            Self::Status { status: 404, .. } | Self::NotOnIndex { .. } => Some(
                "the lock may have been made with another index: name it with --index-url"
                    .to_owned(),
            ),
            Self::Request { reason, .. } if reason.contains("certificate") => Some(
                "where a company's proxy signs for others, name its certificates in SSL_CERT_FILE"
                    .to_owned(),
            ),
            Self::Request { .. } | Self::Status { .. } => {
                Some("check the network and the index's address, then try again".to_owned())
            }
            Self::Offline { .. } => Some(
                "run once without --offline, or name a folder that has it with --find-links"
                    .to_owned(),
            ),
            Self::OfflineLookUp { .. } => Some(
                "run without --offline, or export requirements.txt, which has no addresses"
                    .to_owned(),
            ),
            Self::HashMismatch { url, .. } => Some(format!(
                "what {url} serves is not what was locked: do not use it before you know why"
            )),
            Self::Wheel { problem, .. } => Some(problem.hint().to_owned()),
            Self::Layer(error) => error.hint(),
            Self::Client(_) => None,
        }
    }
}

fn tried(sent: Option<&str>, looked_in: &[String]) -> String {
    match (sent, looked_in) {
        (Some(place), []) => format!(" to the credentials from {place}"),
        (Some(place), places) => format!(
            " to the user name from {place}, and no password was found in {}",
            places.join(", ")
        ),
        (None, []) => String::new(),
        (None, places) => format!(
            ", and no credentials for it were found in {}",
            places.join(", ")
        ),
    }
}

fn expected_length(promised: Option<u64>) -> String {
    match promised {
        Some(promised) => format!("and its index promises {promised}"),
        None => "more than any layer can hold".to_owned(),
    }
}

fn titled(title: &str) -> String {
    match title {
        "" => String::new(),
        title => format!(" ({title:?})"),
    }
}
