//! Whose credentials and certificates count for a request.

use crate::SafeUrl;

/// What led to a request: an index or a page that the user named. Credentials and
/// certificates that are kept for it are for its own origin (scheme, host and port)
/// and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The name under which the user keeps credentials for it.
    pub name: Option<String>,
    /// Its URL.
    pub url: SafeUrl,
}
