use std::io;
use std::path::PathBuf;

use layerlock_diagnostic::{Diagnose, ErrorKind, LockTool};
use layerlock_digest::Digest;

use crate::SettingOrigin;

/// Why something could not be got. URLs in it are without credentials.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A server did not answer, or cut the answer short.
    #[error("failed to get {url}: {reason}")]
    Request {
        /// What was asked for.
        url: String,
        /// What went wrong, and why.
        reason: String,
    },

    /// A server's certificate is not accepted.
    #[error("failed to get {url}: {reason}")]
    Certificate {
        /// What was asked for.
        url: String,
        /// What is wrong with it.
        reason: String,
    },

    /// A server answered with an error.
    #[error("failed to get {url}: the server answered {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// The status code.
        status: u16,
    },

    /// A server wants credentials, or other ones.
    #[error("failed to get {url}: the server answered {status}{}", tried(sent.as_deref(), looked_in))]
    Unauthorized {
        /// What was asked for.
        url: String,
        /// 401 or 403.
        status: u16,
        /// The name of the site, where it has one.
        site: Option<String>,
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
        /// What was asked for.
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
        /// Where from.
        url: String,
        /// The page's title, empty where it has none.
        title: String,
    },

    /// A file has another length than its index promises, and another digest than
    /// it must have.
    #[error("{file} has {actual} bytes, but its index says {promised}")]
    Length {
        /// The file.
        file: String,
        /// Where from.
        url: String,
        /// Bytes according to the index.
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
        /// Where from.
        url: String,
        /// As many bytes came, or were announced.
        length: u64,
        /// Bytes according to the index, where that is what is broken.
        promised: Option<u64>,
    },

    /// A file has other bytes than it must have.
    #[error("{file} has the digest {actual}, but must have {expected}")]
    HashMismatch {
        /// The file.
        file: String,
        /// The digest that it must have.
        expected: Box<Digest>,
        /// The digest of what came.
        actual: Box<Digest>,
        /// Where from.
        url: String,
    },

    /// A proxy that cannot be used.
    #[error("invalid proxy URL in {named_by}: {reason}")]
    Proxy {
        /// What names it.
        named_by: SettingOrigin,
        /// What is wrong with its URL.
        reason: String,
    },

    /// A proxy wants credentials, or other ones.
    #[error(
        "failed to get {url}: the proxy {proxy}, which {named_by} names, {}",
        if *sent { "does not accept the credentials in its URL" } else { "wants credentials" }
    )]
    ProxyCredentials {
        /// What was asked for.
        url: String,
        /// The proxy's URL.
        proxy: String,
        /// What names the proxy.
        named_by: SettingOrigin,
        /// Whether its URL has credentials.
        sent: bool,
    },

    /// A bundle of certificates that cannot be used.
    #[error("the certificates in {}, which {named_by} names, cannot be used: {reason}", path.display())]
    CertificateBundle {
        /// What names it.
        named_by: SettingOrigin,
        /// The file or directory.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },

    /// A configuration file of pip's that pip could not read either.
    #[error("pip's configuration file {} is malformed: {reason}", path.display())]
    PipFile {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },

    /// A configuration file of uv's that uv could not read either.
    #[error("uv's settings in {} are malformed: {reason}", path.display())]
    UvFile {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },

    /// What came could not be written.
    #[error("failed to write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// The network machinery could not start.
    #[error("failed to start the network client: {0}")]
    Start(String),

    /// The system gives no more open files.
    #[error("failed to start the network client: {0}")]
    OpenFiles(String),
}

impl Diagnose for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Request { .. }
            | Self::Certificate { .. }
            | Self::Status { .. }
            | Self::Unauthorized { .. }
            | Self::Busy { .. }
            | Self::PageInsteadOfFile { .. }
            | Self::Length { .. }
            | Self::TooLong { .. }
            | Self::ProxyCredentials { .. }
            | Self::PipFile { .. }
            | Self::UvFile { .. } => ErrorKind::Network,
            Self::HashMismatch { .. } => ErrorKind::Integrity,
            Self::Proxy { .. }
            | Self::CertificateBundle { .. }
            | Self::Write { .. }
            | Self::Start(_)
            | Self::OpenFiles(_) => ErrorKind::Machine,
        }
    }

    fn hint(&self) -> Option<String> {
        self.hint_for(LockTool::default())
    }

    fn hint_for(&self, tool: LockTool) -> Option<String> {
        let hint = match self {
            Self::Unauthorized {
                site,
                sent,
                looked_in,
                ..
            } => {
                return Some(credentials_hint(
                    tool,
                    site.as_deref(),
                    sent.is_some() && looked_in.is_empty(),
                ));
            }
            Self::Length { url, .. } => {
                return Some(format!(
                    "something on the way to {url} may cut or change files: try again, or by \
                     another network"
                ));
            }
            Self::TooLong { promised: None, .. } => {
                "lock a smaller build of the package, or leave it out"
            }
            Self::TooLong { url, .. } => {
                return Some(format!(
                    "what {url} serves is not what was locked: check the index and the network"
                ));
            }
            Self::HashMismatch { url, .. } => {
                return Some(format!(
                    "what {url} serves is not what was locked: do not use it before you know why"
                ));
            }
            Self::Busy { .. } | Self::Status { status: 429, .. } => {
                "try again later: the server limits how often it is asked"
            }
            Self::PageInsteadOfFile { .. } => {
                "a login or a proxy may answer in the index's place: check credentials and network"
            }
            Self::Proxy { .. } => "a proxy's URL is http://HOST:PORT, or socks5://HOST:PORT",
            Self::ProxyCredentials { .. } => {
                "write them into the proxy's URL, http://USER:PASSWORD@HOST:PORT; where it wants \
                 NTLM or Kerberos, put a local proxy that speaks it in between"
            }
            Self::CertificateBundle { .. } => {
                "it has to be certificates in PEM form; where none are named, the system's are used"
            }
            Self::Certificate { .. } => {
                "where a company's proxy signs for others, name its certificates in SSL_CERT_FILE"
            }
            Self::Request { .. } | Self::Status { .. } => {
                "check the network and the index's URL, then try again"
            }
            Self::PipFile { .. } => "`pip config debug` lists its files",
            Self::UvFile { .. } => "correct it, or set UV_NO_CONFIG=1 to read none of uv's files",
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "the disk is full: free some space and try again"
            }
            Self::OpenFiles(_) => "the system refuses files: allow more by `ulimit -n`",
            Self::Start(_) => {
                "the system refuses threads: allow more processes by `ulimit -u`, or by the \
                 container's pids limit"
            }
            Self::Write { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

/// What to do where a server refused. `was_password` says that a password was sent.
fn credentials_hint(tool: LockTool, site: Option<&str>, was_password: bool) -> String {
    match site {
        _ if was_password => "the credentials may be wrong, or not be enough for this".to_owned(),
        Some(name) => {
            let command = tool.password(name);
            let run = command.map_or_else(String::new, |command| format!("run {command}, or "));
            format!("{run}set the variables, or add the host to netrc")
        }
        None => "add the host to netrc, or put them into the index's URL: \
                 https://USER:PASSWORD@HOST/simple/"
            .to_owned(),
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
        Some(promised) => format!("but its index says {promised}"),
        None => "more than any layer can hold".to_owned(),
    }
}

fn titled(title: &str) -> String {
    match title {
        "" => String::new(),
        title => format!(" ({title:?})"),
    }
}
