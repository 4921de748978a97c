//! A server that keeps what it is asked, to compare clients with each other.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::message::Message;

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Looks like AWS Lambda without any layer: the list of versions is empty, whatever was
/// published, and each publish makes version 1 of the zip in it.
#[derive(Debug)]
pub struct RecordingLambda {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<RecordedRequest>>>,
}

impl RecordingLambda {
    /// On the loopback, at a free port. Its threads end with the process.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let requests: Arc<Mutex<Vec<RecordedRequest>>> = Arc::default();
        let kept = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                // Who goes away gets no answer.
                thread::spawn(move || serve(&stream, &kept));
            }
        });
        Ok(Self { address, requests })
    }

    /// Where it listens: `http://127.0.0.1:5001`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests since this was last asked.
    pub fn take(&self) -> Vec<RecordedRequest> {
        let requests = self.requests.lock();
        std::mem::take(&mut requests.unwrap_or_else(PoisonError::into_inner))
    }
}

fn serve(stream: &TcpStream, kept: &Mutex<Vec<RecordedRequest>>) -> io::Result<()> {
    let Some(request) = Message::read_request(stream)? else {
        return Ok(());
    };
    let request = RecordedRequest {
        method: request.method().to_owned(),
        path: request.path().to_owned(),
        headers: request.headers,
        body: request.body,
    };
    let (status, body) = match &*request.method {
        "GET" => ("200 OK", json!({"LayerVersions": []})),
        _ => ("201 Created", published(&request)),
    };
    let answer = Message {
        first: format!("HTTP/1.1 {status}"),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_string().into_bytes(),
    };
    let mut requests = kept.lock().unwrap_or_else(PoisonError::into_inner);
    requests.push(request);
    drop(requests);
    answer.write(stream, answer.body.len())
}

/// The answer to a publish.
fn published(request: &RecordedRequest) -> Value {
    let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let zip = asked["Content"]["ZipFile"].as_str().unwrap_or_default();
    let zip = data_encoding::BASE64.decode(zip.as_bytes());
    let zip = zip.unwrap_or_default();
    // /2018-10-31/layers/NAME/versions
    let name = request.path.split('/').nth(3).unwrap_or_default();
    let arn = format!("arn:aws:lambda:eu-central-1:123456789012:layer:{name}");
    json!({
        "Content": {
            "CodeSha256": data_encoding::BASE64.encode(&Sha256::digest(&zip)),
            "CodeSize": zip.len(),
        },
        "LayerArn": arn,
        "LayerVersionArn": format!("{arn}:1"),
        "Version": 1,
        "CreatedDate": "2026-11-20T08:00:00.000+0000",
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn requests_are_kept_as_they_came_and_answered_as_lambda_would() {
        let server = RecordingLambda::start().unwrap();
        assert!(server.url().ends_with(&server.address.to_string()));
        let ask = |first: &str, body: &[u8]| {
            let stream = TcpStream::connect(server.address).unwrap();
            let request = Message {
                first: first.to_owned(),
                headers: vec![("x-mine".to_owned(), "1".to_owned())],
                body: body.to_vec(),
            };
            request.write(&stream, body.len()).unwrap();
            let mut answer = String::new();
            (&stream).read_to_string(&mut answer).unwrap();
            answer
        };
        let path = "/2018-10-31/layers/web/versions";
        let answer = ask(&format!("GET {path}?MaxItems=1 HTTP/1.1"), b"");
        assert!(answer.ends_with(r#"{"LayerVersions":[]}"#), "{answer}");
        let body = br#"{"Content":{"ZipFile":"emlw"}}"#;
        let answer = ask(&format!("POST {path} HTTP/1.1"), body);
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        let hash = data_encoding::BASE64.encode(&Sha256::digest(b"zip"));
        assert!(answer.contains(&hash) && answer.contains(":layer:web:1"));

        let [list, publish] = <[_; 2]>::try_from(server.take()).unwrap();
        assert_eq!((&*list.method, &*list.body), ("GET", &[][..]));
        assert_eq!(list.path, format!("{path}?MaxItems=1"));
        assert_eq!((&*publish.method, &*publish.path), ("POST", path));
        assert_eq!(publish.body, body);
        let header = ("x-mine".to_owned(), "1".to_owned());
        assert!(publish.headers.contains(&header));
        assert!(server.take().is_empty());
    }
}
