//! A simple index on 127.0.0.1, over real HTTP/1.1, with faults on demand, and
//! with TLS where a test asks for it.
//!
//! One thread accepts, one thread answers each connection, and each connection
//! carries one request (`Connection: close`): the few dozen requests of a test
//! need no more, and a fault can end a connection without touching another.

mod answer;
mod fault;
mod request;
mod served_file;
mod server;
mod state;
#[cfg(test)]
mod tests;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use data_encoding::BASE64;

use crate::page::LinkStyle;
use crate::tls::Identity;
use crate::{Wheel, normalise_name};
use served_file::{path_below_files, percent_encode};
use state::{Quota, Rule, Shared, State};

pub use fault::Fault;
pub use request::Request;
pub use served_file::ServedFile;

/// A running index. It stops, and its port refuses connections, when dropped.
#[derive(Debug)]
pub struct LoopbackIndex {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl LoopbackIndex {
    /// An empty index on a free port.
    ///
    /// # Panics
    ///
    /// Where 127.0.0.1 has no free port.
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// An empty index that speaks https, with a certificate of its own.
    pub fn start_with_tls(identity: &Identity) -> Self {
        Self::start_with(Some(identity.clone()))
    }

    /// How many requests were over the quota and answered with 429.
    pub fn over_quota(&self) -> usize {
        self.state().over_quota
    }

    fn start_with(identity: Option<Identity>) -> Self {
        let scheme = if identity.is_some() { "https" } else { "http" };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on 127.0.0.1");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared::default());
        let acceptor = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || server::accept(&listener, &shared, identity.as_ref())
        });
        Self {
            address,
            scheme,
            shared,
            acceptor: Some(acceptor),
        }
    }

    /// An index that serves these wheels.
    pub fn with_wheels<'a>(wheels: impl IntoIterator<Item = &'a Wheel>) -> Self {
        let index = Self::start();
        for wheel in wheels {
            index.add(wheel);
        }
        index
    }

    /// Serves one more file: a `&Wheel`, or a [`ServedFile`] with details.
    pub fn add(&self, file: impl Into<ServedFile>) {
        let file = file.into();
        let project = normalise_name(&file.project);
        self.state().files.entry(project).or_default().push(file);
    }

    /// The URL of the simple index, with a slash at its end.
    pub fn url(&self) -> String {
        format!("{}://{}/simple/", self.scheme, self.address)
    }

    /// [`url`](Self::url) with credentials in it.
    pub fn url_with_credentials(&self, user: &str, password: &str) -> String {
        let (user, password) = (percent_encode(user), percent_encode(password));
        format!(
            "{}://{user}:{password}@{}/simple/",
            self.scheme, self.address
        )
    }

    /// The URL of a file, as in an absolute link on a page.
    pub fn file_url(&self, file: impl Into<ServedFile>) -> String {
        format!("{}://{}{}", self.scheme, self.address, self.file_path(file))
    }

    /// The path of a project's page, for [`fault`](Self::fault) and
    /// [`Request::path`].
    pub fn page_path(&self, project: &str) -> String {
        format!("/simple/{}/", normalise_name(project))
    }

    /// The path of a file, for [`fault`](Self::fault) and [`Request::path`].
    pub fn file_path(&self, file: impl Into<ServedFile>) -> String {
        let file = file.into();
        format!("/files/{}", path_below_files(&file))
    }

    /// Answers in HTML whatever the client accepts, as many indexes do.
    pub fn html_only(&self) {
        self.state().html_only = true;
    }

    /// Ignores Range headers: always sends whole files.
    pub fn without_ranges(&self) {
        self.state().without_ranges = true;
    }

    /// Sends no `ETag`, and ignores If-Range.
    pub fn without_versions(&self) {
        self.state().without_versions = true;
    }

    /// How pages refer to files (default: absolute).
    pub fn link_style(&self, style: LinkStyle) {
        self.state().link_style = style;
    }

    /// 401 for requests without these credentials, pages and files alike.
    pub fn require_basic_auth(&self, user: &str, password: &str) {
        let credentials = BASE64.encode(format!("{user}:{password}").as_bytes());
        self.state().credentials = Some(format!("Basic {credentials}"));
    }

    /// 407 for proxy requests without these credentials.
    pub fn require_proxy_auth(&self, user: &str, password: &str) {
        let credentials = BASE64.encode(format!("{user}:{password}").as_bytes());
        self.state().proxy_credentials = Some(format!("Basic {credentials}"));
    }

    /// 429 for all but this many requests in each span of time.
    pub fn quota(&self, count: usize, span: Duration) {
        self.state().quota = Some(Quota {
            count,
            span,
            since: Instant::now(),
            used: 0,
        });
    }

    /// Requires no credentials from now on.
    pub fn accept_everybody(&self) {
        self.state().credentials = None;
    }

    /// Every request for this path has this fault.
    pub fn fault(&self, path: &str, fault: Fault) {
        self.rule(path, fault, None);
    }

    /// The first `count` requests for this path have this fault.
    pub fn fault_first(&self, path: &str, count: usize, fault: Fault) {
        self.rule(path, fault, Some(count));
    }

    /// Requests for this path have no fault from now on.
    pub fn heal(&self, path: &str) {
        self.state().rules.retain(|rule| rule.path != path);
    }

    /// The requests so far, in order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// How many requests there were for this path.
    pub fn request_count(&self, path: &str) -> usize {
        let state = self.state();
        let hits = state.requests.iter().filter(|request| request.path == path);
        hits.count()
    }

    fn rule(&self, path: &str, fault: Fault, left: Option<usize>) {
        self.state().rules.push(Rule {
            path: path.to_owned(),
            fault,
            left,
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl Drop for LoopbackIndex {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the accepting thread, which then sees the flag.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
    }
}
