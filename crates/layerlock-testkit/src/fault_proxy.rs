//! A proxy that breaks chosen requests, to see what becomes of who sends them.

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::message::Message;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The connection ends before the backend sees the request.
    Cut,
    /// The backend does it, and the connection ends without an answer.
    CutAfter,
    /// The backend does it, and half of the answer's body comes.
    Truncated,
    /// No answer comes, and the backend does not see the request.
    Hang,
    /// The backend gets it so much later.
    Slow(Duration),
    /// The proxy answers with this status, as AWS Lambda does it, and the backend does not
    /// see the request.
    Status(u16),
    /// The backend does it, and the proxy answers with this status.
    StatusAfter(u16),
    /// As [`Status`](Self::Status), with a `Retry-After` of one second.
    RetryAfter(u16),
    /// A sign-in page, with status 200.
    Page,
}

/// Which request is broken, and how.
#[derive(Debug, Clone, Copy)]
pub struct BrokenRequest {
    /// The method.
    pub method: &'static str,
    /// The how manieth request of this method, from 1; `None` for each.
    pub number: Option<usize>,
    /// What becomes of it.
    pub how: Break,
}

/// Methods and paths of requests.
type Seen = Vec<(String, String)>;

/// A proxy on the loopback, in front of a server there. Each connection has one request.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    open: Arc<AtomicUsize>,
}

impl FaultProxy {
    /// A proxy in front of `backend`, `127.0.0.1:5000`, say. Its threads end with the
    /// process.
    pub fn start(backend: &str, broken: &[BrokenRequest]) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let open: Arc<AtomicUsize> = Arc::default();
        let (backend, broken, kept) = (backend.to_owned(), broken.to_vec(), Arc::clone(&seen));
        let count = Arc::clone(&open);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (backend, broken, seen) = (backend.clone(), broken.clone(), Arc::clone(&kept));
                let count = Arc::clone(&count);
                count.fetch_add(1, Ordering::SeqCst);
                // A client that goes away is what this is for.
                thread::spawn(move || {
                    let _ = serve(&stream, &backend, &broken, &seen);
                    count.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Ok(Self {
            address,
            seen,
            open,
        })
    }

    /// Where it listens: `http://127.0.0.1:5001`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Whether the backend has answered all requests that it got, also those of clients
    /// that are gone.
    pub fn is_idle(&self) -> bool {
        self.open.load(Ordering::SeqCst) == 0
    }

    /// The methods of the requests so far.
    pub fn methods(&self) -> Vec<String> {
        let requests = self.requests().into_iter();
        requests.map(|(method, _)| method).collect()
    }

    /// Methods and paths of the requests so far, the paths with their queries.
    pub fn requests(&self) -> Vec<(String, String)> {
        let seen = self.seen.lock();
        seen.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An error as AWS Lambda sends it.
fn error(status: u16) -> Message {
    let (code, text) = match status {
        403 => ("AccessDeniedException", "not authorized"),
        413 => ("RequestEntityTooLargeException", "the request is too large"),
        429 => ("TooManyRequestsException", "Rate exceeded"),
        503 => ("ServiceUnavailableException", "Service unavailable"),
        _ => ("ServiceException", "An error occurred"),
    };
    Message {
        first: format!("HTTP/1.1 {status} Broken"),
        headers: vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("x-amzn-errortype".to_owned(), code.to_owned()),
        ],
        // Function Compute has the code in the body.
        body: format!(r#"{{"Type":"User","Code":"{code}","message":"{text}"}}"#).into_bytes(),
    }
}

fn serve(
    client: &TcpStream,
    backend: &str,
    broken: &[BrokenRequest],
    seen: &Mutex<Seen>,
) -> std::io::Result<()> {
    let Some(request) = Message::read_request(client)? else {
        return Ok(());
    };
    let method = request.method();
    let number = {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push((method.to_owned(), request.path().to_owned()));
        seen.iter().filter(|(one, _)| one == method).count()
    };
    let how = broken
        .iter()
        .find(|rule| rule.method == method && rule.number.is_none_or(|wanted| wanted == number));
    let pass = || -> std::io::Result<Message> {
        let server = TcpStream::connect(backend)?;
        request.write(&server, request.body.len())?;
        Message::read_answer(&server, method)
    };
    let answer = match how.map(|rule| rule.how) {
        None => pass()?,
        Some(Break::Slow(wait)) => {
            thread::sleep(wait);
            pass()?
        }
        Some(Break::Hang) => {
            thread::sleep(Duration::from_hours(1));
            return Ok(());
        }
        Some(Break::Cut) => return client.shutdown(Shutdown::Both),
        Some(Break::CutAfter) => {
            pass()?;
            return client.shutdown(Shutdown::Both);
        }
        Some(Break::Truncated) => {
            let answer = pass()?;
            answer.write(client, answer.body.len() / 2)?;
            return client.shutdown(Shutdown::Both);
        }
        Some(Break::Status(status)) => error(status),
        Some(Break::StatusAfter(status)) => {
            pass()?;
            error(status)
        }
        Some(Break::RetryAfter(status)) => {
            let mut answer = error(status);
            let header = ("retry-after".to_owned(), "1".to_owned());
            answer.headers.push(header);
            answer
        }
        Some(Break::Page) => Message {
            first: "HTTP/1.1 200 OK".to_owned(),
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            body: b"<html>Who are you?</html>".to_vec(),
        },
    };
    answer.write(client, answer.body.len())
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read as _};

    use super::*;

    /// A server that answers each request with `done`, and counts them.
    fn backend() -> (String, Arc<Mutex<usize>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let count: Arc<Mutex<usize>> = Arc::default();
        let kept = Arc::clone(&count);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                Message::read_request(&stream).unwrap().unwrap();
                *kept.lock().unwrap() += 1;
                let answer = Message {
                    first: "HTTP/1.1 201 Created".to_owned(),
                    headers: Vec::new(),
                    body: b"done".to_vec(),
                };
                answer.write(&stream, 4).unwrap();
            }
        });
        (address, count)
    }

    fn post(proxy: &FaultProxy) -> String {
        let stream = TcpStream::connect(proxy.address).unwrap();
        let request = Message {
            first: "POST / HTTP/1.1".to_owned(),
            headers: Vec::new(),
            body: b"zip".to_vec(),
        };
        request.write(&stream, 3).unwrap();
        let mut text = Vec::new();
        let _ = BufReader::new(&stream).read_to_end(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn chosen_requests_are_broken_as_they_should_be() {
        // How, whether the backend sees it, and how the answer begins and ends.
        for (how, done, begin, end) in [
            (Break::Cut, 0, "", ""),
            (Break::CutAfter, 1, "", ""),
            (Break::Truncated, 1, "HTTP/1.1 201 ", "\r\n\r\ndo"),
            (
                Break::Slow(Duration::from_millis(1)),
                1,
                "HTTP/1.1 201 ",
                "\r\n\r\ndone",
            ),
            (
                Break::Status(429),
                0,
                "HTTP/1.1 429 ",
                r#""Rate exceeded"}"#,
            ),
            (
                Break::RetryAfter(429),
                0,
                "HTTP/1.1 429 ",
                r#""Rate exceeded"}"#,
            ),
            (
                Break::StatusAfter(500),
                1,
                "HTTP/1.1 500 ",
                r#""An error occurred"}"#,
            ),
            (Break::Page, 0, "HTTP/1.1 200 ", "</html>"),
        ] {
            let (address, count) = backend();
            let broken = BrokenRequest {
                method: "POST",
                number: Some(2),
                how,
            };
            let proxy = FaultProxy::start(&address, &[broken]).unwrap();
            assert!(post(&proxy).ends_with("\r\n\r\ndone"), "{how:?}");
            let answer = post(&proxy);
            assert!(
                answer.starts_with(begin) && answer.ends_with(end),
                "{how:?}: {answer}"
            );
            assert_eq!(answer.is_empty(), end.is_empty(), "{how:?}");
            assert_eq!(*count.lock().unwrap(), 1 + done, "{how:?}");
            assert_eq!(proxy.methods(), ["POST", "POST"]);
        }
    }
}
