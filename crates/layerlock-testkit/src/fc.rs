//! A server on the loopback that speaks Function Compute, OSS and STS.
//!
//! It is no friend of its clients: it recomputes every signature from the secret, refuses a
//! nonce that it has seen and a time that is past, and enforces limits and checksums. The
//! official SDKs are run against it too.

mod account;
mod asked;
mod layers;
mod objects;
mod signature;
mod state;
mod sts;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::message::Message;
pub use account::{FcAccount, FcKey};
use asked::{Asked, Reply};
use state::State;
pub use state::{FcFunction, FcVersion};

/// Function Compute, OSS and STS of one account in one region.
#[derive(Debug)]
pub struct FcServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl FcServer {
    /// On the loopback, at a free port. Its threads end with the process.
    pub fn start(account: FcAccount) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State::new(account, address.to_string())));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // Who goes away gets no answer.
                thread::spawn(move || serve(&stream, &state));
            }
        });
        Ok(Self { address, state })
    }

    /// Where it listens: `http://127.0.0.1:5001`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same without the scheme.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The versions of a layer, oldest first.
    pub fn versions(&self, layer: &str) -> Vec<FcVersion> {
        self.state().versions(layer)
    }

    /// Whether everybody may use a layer.
    pub fn is_public(&self, layer: &str) -> bool {
        self.state().is_public(layer)
    }

    /// Makes a function that uses layers, by their ARNs.
    pub fn add_function(&self, name: &str, layers: &[&str]) {
        let layers = layers.iter().map(|arn| (*arn).to_owned()).collect();
        let name = name.to_owned();
        self.state().functions.push(FcFunction { name, layers });
    }

    /// The objects in a bucket, with their sizes.
    pub fn objects(&self, bucket: &str) -> Vec<(String, usize)> {
        self.state().objects_of(bucket)
    }

    /// Puts an object there.
    pub fn add_object(&self, bucket: &str, key: &str, bytes: &[u8]) {
        let at = (bucket.to_owned(), key.to_owned());
        self.state().objects.insert(at, bytes.to_vec());
    }

    /// Methods and paths since this was last asked, and the status of each answer.
    pub fn take_requests(&self) -> Vec<(String, String, u16)> {
        std::mem::take(&mut self.state().requests)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let Some(message) = Message::read_request(stream)? else {
        return Ok(());
    };
    let asked = Asked::new(&message);
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let reply = state.answer(&asked);
    let (method, path) = (asked.method.to_owned(), asked.path.to_owned());
    state.requests.push((method, path, reply.status));
    drop(state);
    let mut answer = Message {
        first: format!("HTTP/1.1 {} Answered", reply.status),
        headers: reply.headers,
        body: reply.body,
    };
    if asked.method == "HEAD" {
        answer.body.clear();
    }
    answer.write(stream, answer.body.len())
}

impl State {
    fn answer(&mut self, asked: &Asked<'_>) -> Reply {
        if asked.path.starts_with("/2023-03-30/") {
            return self.function_compute(asked);
        }
        if asked.path == "/2016-08-15/tempBucketToken" {
            return self.temporary_bucket(asked);
        }
        if let Some(id) = asked.path.strip_prefix("/code/") {
            return self.code(id);
        }
        if asked.path == "/" && !asked.header("x-acs-action").is_empty() {
            return self.sts(asked);
        }
        self.oss(asked)
    }
}

#[cfg(test)]
mod tests;
