//! Connections: reads requests, and sends responses with their faults.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::answer::{LOGIN_PAGE, Response};
use super::fault::Fault;
use super::request::Request;
use super::state::Shared;
use crate::tls::Identity;

/// No request of a test comes near this many bytes before its body.
const MAX_HEAD: usize = 64 * 1024;

pub(super) fn accept(listener: &TcpListener, shared: &Arc<Shared>, identity: Option<&Identity>) {
    for stream in listener.incoming() {
        if shared.stopping() {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        let identity = identity.cloned();
        // It is no error of the server if a client disconnects.
        std::thread::spawn(move || drop(converse(stream, &shared, identity)));
    }
}

fn converse(stream: TcpStream, shared: &Shared, identity: Option<Identity>) -> std::io::Result<()> {
    // Short, so that a thread with a silent client sees that the index stops.
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
    if let Some(Fault::Endless { piece, gzip }) = fault {
        return send_endlessly(stream, &response, &piece, gzip);
    }
    let mut length = None;
    let mut pause_after = None;
    let mut cut = usize::MAX;
    let mut is_announced = true;
    match fault {
        // The last is sent by now.
        None | Some(Fault::Endless { .. }) => {}
        Some(Fault::Status(status)) => response = Response::text(status, "a fault on demand"),
        Some(Fault::Throttle(status, wait)) => {
            response = Response::text(status, "not so fast");
            response.headers.push(("Retry-After", wait));
        }
        Some(Fault::CutBody(count)) => cut = count,
        Some(Fault::Unannounced(count)) => {
            cut = count;
            is_announced = false;
        }
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
        "HTTP/1.{} {} {}\r\nConnection: close\r\n",
        u8::from(is_announced),
        response.status,
        reason(response.status),
    );
    if is_announced {
        let length = length.unwrap_or(response.body.len());
        let _ = write!(head, "Content-Length: {length}\r\n");
    }
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

/// Ends with an error when the client disconnects.
fn send_endlessly(
    mut stream: impl Write,
    response: &Response,
    piece: &[u8],
    gzip: bool,
) -> std::io::Result<()> {
    let mut head = String::from("HTTP/1.1 200 OK\r\nConnection: close\r\n");
    for (name, value) in &response.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if gzip {
        head.push_str("Content-Encoding: gzip\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    let mut packed;
    let body: &mut dyn Write = if gzip {
        packed = GzEncoder::new(&mut stream, Compression::best());
        &mut packed
    } else {
        &mut stream
    };
    loop {
        body.write_all(piece)?;
    }
}

/// The path of a request's target. A client that uses the index as its proxy
/// sends a whole URL (RFC 9112, 3.2.2): the index answers for every host.
fn origin_form(target: &str) -> &str {
    match target.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    }
}

/// The request's head; `None` if the client disconnects or the index stops first.
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

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        302 => "Found",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Other",
    }
}
