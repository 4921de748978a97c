//! The runtime API of Lambda for one invocation, on loopback.
//!
//! A runtime client asks for the next invocation, and posts the function's answer, its
//! error, or the error that kept it from starting. [AWS: "Using the Lambda runtime API"]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::Running;

/// From a client's start to its answer; a function here takes a second or two.
const LIMIT: Duration = Duration::from_mins(2);

/// What the client posted.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    /// What the handler returned.
    Answer(Value),
    /// The handler raised this.
    FunctionError(Value),
    /// The handler could not be loaded.
    InitError(Value),
}

/// A server that hands out one event, for as long as this process runs.
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    outcomes: Receiver<Outcome>,
}

impl RuntimeApi {
    pub(crate) fn serve(event: &'static str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (sender, outcomes) = mpsc::channel();
        std::thread::spawn(move || {
            // Clients keep a connection open while they wait: one thread for each.
            for stream in listener.incoming().flatten() {
                let sender = sender.clone();
                std::thread::spawn(move || serve_connection(&stream, event, &sender));
            }
        });
        Ok(Self { address, outcomes })
    }

    /// Lambda's environment of a function, but for its search paths: names and values.
    pub(crate) fn environment(
        &self,
        handler: &str,
        task: &str,
        runtime: &str,
    ) -> [(&'static str, String); 10] {
        [
            ("AWS_LAMBDA_RUNTIME_API", self.address.to_string()),
            ("_HANDLER", handler.into()),
            ("LAMBDA_TASK_ROOT", task.into()),
            ("LAMBDA_RUNTIME_DIR", runtime.into()),
            ("AWS_LAMBDA_FUNCTION_NAME", "fixture".into()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512".into()),
            ("AWS_REGION", "eu-central-1".into()),
            ("LANG", "en_US.UTF-8".into()),
            ("TZ", ":UTC".into()),
        ]
    }

    /// What a client posts, whose streams go to a log: waits for it as long as the client runs.
    pub(crate) fn outcome_of(&self, client: &Running, log: &Path) -> Result<Outcome> {
        let started = Instant::now();
        while client.is_alive() && started.elapsed() < LIMIT {
            if let Some(outcome) = self.outcome(Duration::from_millis(50))? {
                return Ok(outcome);
            }
        }
        // What it posted just before its end may still be on its way.
        if let Some(outcome) = self.outcome(Duration::from_millis(500))? {
            return Ok(outcome);
        }
        bail!(
            "the runtime client gave no answer:\n{}",
            fs_err::read_to_string(log)?
        );
    }

    /// Waits for the client's post; none when the time is over.
    fn outcome(&self, limit: Duration) -> Result<Option<Outcome>> {
        match self.outcomes.recv_timeout(limit) {
            Ok(outcome) => Ok(Some(outcome)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(error) => Err(error).context("the runtime API has stopped"),
        }
    }
}

struct Request {
    method: String,
    path: String,
    body: Vec<u8>,
}

/// Answers requests until the client goes away, which is no error.
fn serve_connection(stream: &TcpStream, event: &str, outcomes: &Sender<Outcome>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut is_handed_out = false;
    loop {
        let request = read_request(&mut reader)?;
        let body = || serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let path = request.path.strip_prefix("/2018-06-01/runtime/")?;
        match (request.method.as_str(), path) {
            ("GET", "invocation/next") if !is_handed_out => {
                is_handed_out = true;
                let headers = "Lambda-Runtime-Aws-Request-Id: 00000000-0000-0000-0000-000000000001\r\n\
                    Lambda-Runtime-Deadline-Ms: 4102444800000\r\n\
                    Lambda-Runtime-Invoked-Function-Arn: \
                    arn:aws:lambda:eu-central-1:000000000000:function:fixture\r\n";
                respond(stream, "200 OK", headers, event)?;
            }
            // There is no second event: the client waits here until it is ended.
            ("GET", "invocation/next") => std::thread::park(),
            ("POST", "init/error") => {
                outcomes.send(Outcome::InitError(body())).ok()?;
                respond(stream, "202 Accepted", "", "")?;
            }
            ("POST", path) if path.ends_with("/response") => {
                outcomes.send(Outcome::Answer(body())).ok()?;
                respond(stream, "202 Accepted", "", "")?;
            }
            ("POST", path) if path.ends_with("/error") => {
                outcomes.send(Outcome::FunctionError(body())).ok()?;
                respond(stream, "202 Accepted", "", "")?;
            }
            _ => respond(stream, "404 Not Found", "", "")?,
        }
    }
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, body })
}

fn respond(mut stream: &TcpStream, status: &str, headers: &str, body: &str) -> Option<()> {
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(response.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Command;

    fn exchange(address: &SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = [0; 1024];
        let length = stream.read(&mut response).unwrap();
        String::from_utf8_lossy(&response[..length]).into_owned()
    }

    #[test]
    fn hands_out_the_event_and_takes_the_answer() {
        let api = RuntimeApi::serve(r#"{"n": 1}"#).unwrap();
        let next = exchange(
            &api.address,
            "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n",
        );
        assert!(next.starts_with("HTTP/1.1 200 OK\r\n"), "{next}");
        assert!(next.ends_with("\r\n\r\n{\"n\": 1}"), "{next}");
        let post = "POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\n\
            Content-Length: 4\r\n\r\ntrue";
        assert!(exchange(&api.address, post).starts_with("HTTP/1.1 202"));
        let outcome = api.outcome(Duration::from_secs(5)).unwrap();
        assert_eq!(outcome, Some(Outcome::Answer(Value::Bool(true))));
    }

    #[test]
    #[cfg(unix)]
    fn what_a_client_posted_before_its_end_is_waited_for() {
        let api = RuntimeApi::serve("{}").unwrap();
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let client = Command::new("echo").arg("no module").start(&log).unwrap();
        client.wait().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(100));
                let post = "POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\n\
                    Content-Length: 4\r\n\r\ntrue";
                exchange(&api.address, post);
            });
            let outcome = api.outcome_of(&client, &log).unwrap();
            assert_eq!(outcome, Outcome::Answer(Value::Bool(true)));
        });
        let error = api.outcome_of(&client, &log).unwrap_err().to_string();
        assert!(error.ends_with("no answer:\nno module\n"), "{error}");
    }

    #[test]
    fn tells_an_init_error_from_one_of_the_function() {
        let api = RuntimeApi::serve("{}").unwrap();
        exchange(
            &api.address,
            "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
        );
        let outcome = api.outcome(Duration::from_secs(5)).unwrap();
        assert!(matches!(outcome, Some(Outcome::InitError(_))));
    }
}
