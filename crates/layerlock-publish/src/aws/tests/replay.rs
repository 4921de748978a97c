//! A loopback server that gives the answers it was told, in order, and keeps
//! the requests. The whole client is under test this way, signing and HTTP
//! included, and the SDK needs no test features (which would compile it twice).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// What becomes of a connection instead of a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Closed before the answer.
    Before,
    /// Closed in the middle of it.
    Within,
    /// Open, and nothing comes.
    Hang,
}

/// One answer: status, headers and body.
pub(super) struct Answer {
    cut: Option<Cut>,
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self {
            cut: None,
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string(),
        }
    }

    /// An error as Lambda sends it: the code in a header.
    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({"Type": "User", "Message": message});
        let mut answer = Self::json(status, &body);
        answer.headers.push(("x-amzn-errortype", code.to_owned()));
        answer
    }

    /// The connection ends without an answer.
    pub(super) fn cut() -> Self {
        Self {
            cut: Some(Cut::Before),
            ..Self::html(200)
        }
    }

    /// No answer comes, on a connection that stays open.
    pub(super) fn hang() -> Self {
        Self {
            cut: Some(Cut::Hang),
            ..Self::html(200)
        }
    }

    /// Half of the answer's body.
    pub(super) fn truncated(self) -> Self {
        Self {
            cut: Some(Cut::Within),
            ..self
        }
    }

    /// An error as S3 sends it.
    pub(super) fn xml(status: u16, code: &str, message: &str) -> Self {
        Self::body(
            status,
            format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>"),
        )
    }

    /// An answer of S3 or STS with this body.
    pub(super) fn body(status: u16, body: impl Into<String>) -> Self {
        Self {
            cut: None,
            status,
            headers: vec![("content-type", "application/xml".to_owned())],
            body: body.into(),
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// What a proxy or a sign-in page would send.
    pub(super) fn html(status: u16) -> Self {
        Self {
            cut: None,
            status,
            headers: vec![("content-type", "text/html".to_owned())],
            body: "<html>Who are you?</html>".to_owned(),
        }
    }
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// Method and target: `GET /2018-10-31/layers/web/versions`.
    pub(super) line: String,
    pub(super) authorization: String,
    /// The others, with names in lower case.
    headers: Vec<(String, String)>,
    /// The body, where it is JSON.
    pub(super) body: Value,
    pub(super) bytes: Vec<u8>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }
}

pub(super) struct Replay {
    pub(super) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Replay {
    pub(super) fn start(answers: Vec<Answer>) -> Self {
        Self::start_with(|_| answers)
    }

    /// With answers that tell the server's own address.
    pub(super) fn start_with(answers: impl FnOnce(&str) -> Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers = answers(&url);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        // Ends with the last answer; a request too many is then refused.
        thread::spawn(move || {
            let mut open = Vec::new();
            for answer in answers {
                let (stream, _) = listener.accept().unwrap();
                let request = read(&stream);
                let is_head = request.line.starts_with("HEAD ");
                kept.lock().unwrap().push(request);
                match answer.cut {
                    Some(Cut::Before) => {}
                    Some(Cut::Hang) => open.push(stream),
                    _ => write(stream, &answer, is_head),
                }
            }
            // Who waits for an answer that does not come waits for as long as it likes.
            thread::sleep(Duration::from_secs(if open.is_empty() { 0 } else { 60 }));
        });
        Self { url, requests }
    }

    /// What was asked so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Methods and targets of what was asked so far.
    pub(super) fn lines(&self) -> Vec<String> {
        self.requests()
            .into_iter()
            .map(|request| request.line)
            .collect()
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request {
        line: line.trim_end().trim_end_matches(" HTTP/1.1").to_owned(),
        authorization: String::new(),
        headers,
        body: Value::Null,
        bytes: Vec::new(),
    };
    let length = request.header("content-length").unwrap_or_default();
    let length = length.parse().unwrap_or_default();
    let authorization = request.header("authorization").unwrap_or_default();
    request.authorization = authorization.to_owned();
    // One that is given up ends early.
    reader.take(length).read_to_end(&mut request.bytes).unwrap();
    request.body = serde_json::from_slice(&request.bytes).unwrap_or_default();
    request
}

fn write(mut stream: TcpStream, answer: &Answer, is_head: bool) {
    write!(
        stream,
        "HTTP/1.1 {} Answer\r\nconnection: close\r\n",
        answer.status
    )
    .unwrap();
    for (name, value) in &answer.headers {
        write!(stream, "{name}: {value}\r\n").unwrap();
    }
    // Neither has a body; one says how long that of GET is, the other may not.
    if answer.status == 204 || is_head {
        write!(stream, "\r\n").unwrap();
    } else {
        let host = stream.local_addr().unwrap().to_string();
        // An answer may say where this server is.
        let body = answer.body.replace("HOST", &host);
        write!(stream, "content-length: {}\r\n\r\n", body.len()).unwrap();
        let sent = match answer.cut {
            Some(_) => &body[..body.len() / 2],
            None => &body,
        };
        stream.write_all(sent.as_bytes()).unwrap();
    }
}
