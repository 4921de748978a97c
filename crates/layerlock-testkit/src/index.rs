//! A simple index on 127.0.0.1, over real HTTP/1.1, with faults on demand; with
//! TLS where a test asks for it.
//!
//! One thread accepts, one thread answers each connection, and each connection
//! carries one request (`Connection: close`): the few dozen requests of a test
//! need no more, and a fault can end a connection without touching another.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use data_encoding::BASE64;

use crate::page::{LinkStyle, PageLink, html_page, json_page};
use crate::tls::Identity;
use crate::{Wheel, normalise_name};

/// The media type of PEP 691 JSON.
const JSON: &str = "application/vnd.pypi.simple.v1+json";
/// No request of a test comes near this many bytes before its body.
const MAX_HEAD: usize = 64 * 1024;

/// A file on the index: a wheel, or anything else by that name.
#[derive(Debug, Clone)]
pub struct ServedFile {
    /// The project whose page lists it, normalised.
    pub project: String,
    /// Its file name.
    pub file_name: String,
    /// What a download gives.
    pub bytes: Vec<u8>,
    /// The hash on the page, true or not; `None`: none.
    pub sha256: Option<String>,
    /// `data-requires-python`.
    pub requires_python: Option<String>,
    /// `data-yanked`; empty: without a reason.
    pub yanked: Option<String>,
    /// `upload-time`, in JSON alone.
    pub upload_time: Option<String>,
}

impl From<&Wheel> for ServedFile {
    fn from(wheel: &Wheel) -> Self {
        Self {
            project: wheel.name.clone(),
            file_name: wheel.file_name.clone(),
            bytes: wheel.bytes.clone(),
            sha256: Some(wheel.sha256.clone()),
            requires_python: None,
            yanked: None,
            upload_time: None,
        }
    }
}

/// How a request goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This status, with a one-line text as its body.
    Status(u16),
    /// This status with this Retry-After: seconds, or a date.
    Throttle(u16, String),
    /// The connection ends after this many bytes of the body, which
    /// Content-Length had promised whole.
    CutBody(usize),
    /// Content-Length says this, whatever the body is.
    ContentLength(usize),
    /// After this many bytes of the body, nothing for that long, then the rest.
    Slow {
        /// Bytes of the body that arrive at once.
        after: usize,
        /// The pause; ends early when the index is dropped.
        pause: Duration,
    },
    /// 302 to this address, absolute or relative.
    Redirect(String),
    /// An HTML page with a form instead of what was asked for, status 200.
    LoginPage,
    /// This body instead of the right one, with the right headers.
    Body(Vec<u8>),
}

/// A request that the index was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `HEAD`.
    pub method: String,
    /// The path with its query, as sent.
    pub path: String,
    /// Header names as sent, and their values.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// The value of the header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// A running index. It stops, and its port refuses connections, when dropped.
#[derive(Debug)]
pub struct LoopbackIndex {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    stopping: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, Vec<ServedFile>>,
    rules: Vec<Rule>,
    requests: Vec<Request>,
    html_only: bool,
    without_ranges: bool,
    without_versions: bool,
    link_style: LinkStyle,
    credentials: Option<String>,
}

#[derive(Debug)]
struct Rule {
    path: String,
    fault: Fault,
    /// How many requests it still hits; `None`: all.
    left: Option<usize>,
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

    fn start_with(identity: Option<Identity>) -> Self {
        let scheme = if identity.is_some() { "https" } else { "http" };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on 127.0.0.1");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared::default());
        let acceptor = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared, identity.as_ref())
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

    /// The address of the simple index, with a slash at its end.
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

    /// The address of a file, as an absolute link on a page has it.
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
        format!("/files/{}", below_files(&file))
    }

    /// Answers in HTML whatever the client accepts, as many indexes do.
    pub fn html_only(&self) {
        self.state().html_only = true;
    }

    /// Sends files whole, whatever part of them is asked for.
    pub fn without_ranges(&self) {
        self.state().without_ranges = true;
    }

    /// Names no version of a file, and sends any part of it that is asked for.
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

    /// No credentials are needed any more.
    pub fn accept_everybody(&self) {
        self.state().credentials = None;
    }

    /// Every request for this path goes wrong.
    pub fn fault(&self, path: &str, fault: Fault) {
        self.rule(path, fault, None);
    }

    /// The first `count` requests for this path go wrong.
    pub fn fault_first(&self, path: &str, count: usize, fault: Fault) {
        self.rule(path, fault, Some(count));
    }

    /// Requests for this path are answered as they should be, from now on.
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

impl From<&ServedFile> for ServedFile {
    fn from(file: &ServedFile) -> Self {
        file.clone()
    }
}

impl Drop for LoopbackIndex {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which then sees the flag.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Waits, unless the index is dropped meanwhile.
    fn pause(&self, pause: Duration) {
        let step = Duration::from_millis(10);
        let mut left = pause;
        while !left.is_zero() && !self.stopping() {
            std::thread::sleep(left.min(step));
            left = left.saturating_sub(step);
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, identity: Option<&Identity>) {
    for stream in listener.incoming() {
        if shared.stopping() {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        let identity = identity.cloned();
        // A client that goes away is the client's affair.
        std::thread::spawn(move || drop(converse(stream, &shared, identity)));
    }
}

fn converse(stream: TcpStream, shared: &Shared, identity: Option<Identity>) -> std::io::Result<()> {
    // Short, so that a thread whose client says nothing sees the end.
    stream.set_read_timeout(Some(Duration::from_millis(100)))?;
    let local = stream.local_addr()?;
    match identity {
        None => serve(stream, &format!("http://{local}"), shared),
        Some(identity) => {
            let mut stream = identity.secure(stream)?;
            serve(&mut stream, &format!("https://{local}"), shared)?;
            stream.conn.send_close_notify();
            stream.flush()
        }
    }
}

/// Answers the one request of a connection. `origin` is the index's own.
fn serve(mut stream: impl Read + Write, origin: &str, shared: &Shared) -> std::io::Result<()> {
    let Some(request) = read_request(&mut stream, shared)? else {
        return Ok(());
    };
    let (mut response, fault) = {
        let mut state = shared.state();
        state.requests.push(request.clone());
        let path = origin_form(&request.path);
        let path = path.split('?').next().unwrap_or_default();
        let fault = state.take_fault(path);
        (state.answer(&request, path, origin), fault)
    };
    let mut length = None;
    let mut pause_after = None;
    let mut cut = usize::MAX;
    match fault {
        None => {}
        Some(Fault::Status(status)) => response = Response::text(status, "a fault on demand"),
        Some(Fault::Throttle(status, wait)) => {
            response = Response::text(status, "not so fast");
            response.headers.push(("Retry-After", wait));
        }
        Some(Fault::CutBody(count)) => cut = count,
        Some(Fault::ContentLength(claim)) => length = Some(claim),
        Some(Fault::Slow { after, pause }) => pause_after = Some((after, pause)),
        Some(Fault::Redirect(target)) => {
            response = Response::text(302, "elsewhere");
            response.headers.push(("Location", target));
        }
        Some(Fault::LoginPage) => response = Response::new(200, "text/html", LOGIN_PAGE),
        Some(Fault::Body(body)) => response.body = body,
    }

    let mut head = format!(
        "HTTP/1.1 {} {}\r\nConnection: close\r\nContent-Length: {}\r\n",
        response.status,
        reason(response.status),
        length.unwrap_or(response.body.len()),
    );
    for (name, value) in &response.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    if request.method == "HEAD" {
        return Ok(());
    }
    let body = &response.body[..response.body.len().min(cut)];
    let (first, rest) = match pause_after {
        None => (body, &[][..]),
        Some((after, _)) => body.split_at(after.min(body.len())),
    };
    stream.write_all(first)?;
    if let Some((_, pause)) = pause_after {
        stream.flush()?;
        shared.pause(pause);
    }
    stream.write_all(rest)
}

/// The path of a request's target. A client that takes the index for its proxy
/// sends a whole address (RFC 9112, 3.2.2): the index answers for every host.
fn origin_form(target: &str) -> &str {
    match target.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    }
}

/// The request's head; `None` where the client or the index went away first.
fn read_request(stream: &mut impl Read, shared: &Shared) -> std::io::Result<Option<Request>> {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if shared.stopping() || head.len() > MAX_HEAD {
            return Ok(None);
        }
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(None),
            Ok(count) => head.extend_from_slice(&buffer[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let path = words.next().unwrap_or_default().to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Ok(Some(Request {
        method,
        path,
        headers,
    }))
}

impl State {
    fn take_fault(&mut self, path: &str) -> Option<Fault> {
        let hit = |rule: &&mut Rule| rule.path == path && rule.left != Some(0);
        let rule = self.rules.iter_mut().find(hit)?;
        if let Some(left) = &mut rule.left {
            *left -= 1;
        }
        Some(rule.fault.clone())
    }

    fn answer(&self, request: &Request, path: &str, origin: &str) -> Response {
        if let Some(expected) = &self.credentials
            && request.header("authorization") != Some(expected)
        {
            let mut response = Response::text(401, "credentials, please");
            let challenge = "Basic realm=\"packages\"".to_owned();
            response.headers.push(("WWW-Authenticate", challenge));
            return response;
        }
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Response::text(405, "this index only gives");
        }
        if let Some(file) = self
            .files()
            .find(|file| path.strip_prefix("/files/") == Some(below_files(file).as_str()))
        {
            return self.file(file, request);
        }
        let page = path
            .strip_prefix("/simple/")
            .and_then(|rest| rest.strip_suffix('/'));
        if let Some((project, files)) = page.and_then(|name| self.files.get_key_value(name)) {
            let accept = request.header("accept").unwrap_or_default();
            let json = accept.contains(JSON) && !self.html_only;
            return self.page(project, files, json, origin);
        }
        Response::text(404, "not on this index")
    }

    /// A file, or the rest of it from where the client asks.
    fn file(&self, file: &ServedFile, request: &Request) -> Response {
        let kind = "application/octet-stream";
        let version = format!("\"{}\"", crate::sha256_hex(&file.bytes));
        let is_same =
            self.without_versions || request.header("if-range").is_none_or(|tag| tag == version);
        let from = request
            .header("range")
            .and_then(|range| {
                range
                    .strip_prefix("bytes=")?
                    .strip_suffix('-')?
                    .parse()
                    .ok()
            })
            .filter(|from: &usize| *from < file.bytes.len() && is_same && !self.without_ranges);
        let mut response = match from {
            None => Response::new(200, kind, file.bytes.as_slice()),
            Some(from) => {
                let mut response = Response::new(206, kind, &file.bytes[from..]);
                let length = file.bytes.len();
                let range = format!("bytes {from}-{}/{length}", length - 1);
                response.headers.push(("Content-Range", range));
                response
            }
        };
        if !self.without_versions {
            response.headers.push(("ETag", version));
        }
        response
    }

    fn page(&self, project: &str, files: &[ServedFile], json: bool, origin: &str) -> Response {
        let prefix = match self.link_style {
            LinkStyle::Absolute => format!("{origin}/files/"),
            LinkStyle::Base if !json => String::new(),
            LinkStyle::Base | LinkStyle::Relative => "../../files/".to_owned(),
        };
        let links: Vec<PageLink> = files
            .iter()
            .map(|file| PageLink {
                file_name: file.file_name.clone(),
                url: format!("{prefix}{}", below_files(file)),
                sha256: file.sha256.clone(),
                requires_python: file.requires_python.clone(),
                yanked: file.yanked.clone(),
                size: u64::try_from(file.bytes.len()).ok(),
                upload_time: file.upload_time.clone(),
            })
            .collect();
        if json {
            return Response::new(200, JSON, json_page(project, &links));
        }
        // Absolute: pip takes no other.
        let base = format!("{origin}/files/");
        let base = (self.link_style == LinkStyle::Base).then_some(base.as_str());
        Response::new(
            200,
            "text/html; charset=utf-8",
            html_page(project, &links, base),
        )
    }

    fn files(&self) -> impl Iterator<Item = &ServedFile> {
        self.files.values().flatten()
    }
}

struct Response {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Response {
    fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", content_type.to_owned())],
            body: body.into(),
        }
    }

    fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain", body)
    }
}

const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>\
    <form action=\"/login\" method=\"post\"><input name=\"user\"><input type=\"password\" \
    name=\"password\"></form><a href=\"/help\">Help</a></body></html>";

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        302 => "Found",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Other",
    }
}

/// Where a file is, below `/files/`, percent-encoded.
fn below_files(file: &ServedFile) -> String {
    let project = normalise_name(&file.project);
    format!("{project}/{}", percent_encode(&file.file_name))
}

/// Everything but RFC 3986's unreserved characters, so `1.0+cpu` is
/// `1.0%2Bcpu`, as indexes write it.
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests;
