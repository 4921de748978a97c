//! A request, as the index keeps it for the test.

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
