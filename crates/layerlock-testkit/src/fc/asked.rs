//! Requests and answers in their parts.

use serde_json::{Value, json};

use crate::message::Message;

/// An answer that is made.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        }
    }

    /// An error, as Function Compute tells it.
    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = json!({"RequestId": "1-2-3", "Code": code, "Message": message});
        Self::json(status, &body)
    }

    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

/// A request in its parts.
pub(super) struct Asked<'m> {
    pub(super) message: &'m Message,
    pub(super) method: &'m str,
    /// Encoded.
    pub(super) path: &'m str,
    /// Decoded.
    pub(super) query: Vec<(String, String)>,
}

impl<'m> Asked<'m> {
    pub(super) fn new(message: &'m Message) -> Self {
        let (path, query) = match message.path().split_once('?') {
            Some((path, query)) => (path, query),
            None => (message.path(), ""),
        };
        let query = query.split('&').filter(|part| !part.is_empty());
        let query = query.map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decoded(name), decoded(value))
        });
        Self {
            message,
            method: message.method(),
            path,
            query: query.collect(),
        }
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.message.header(name).unwrap_or_default()
    }
}

/// Percent-encoding undone.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%');
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        rest = if let Some(byte) = byte {
            bytes.push(byte);
            &after[2..]
        } else {
            bytes.push(*first);
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
