//! The headers that requests to Function Compute and STS have.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::credentials::Key;
use super::encode;

/// What programs tell of themselves.
pub(super) const USER_AGENT: &str = concat!("layerlock/", env!("CARGO_PKG_VERSION"));

/// All that are signed, but for those of a token and of a body's type.
pub(super) fn acs_headers(
    host: &str,
    action: &str,
    version: &str,
    body: &[u8],
) -> Vec<(String, String)> {
    let time = encode::extended_time(SystemTime::now());
    let hash = encode::sha256_hex(body);
    let nonce = nonce();
    [
        ("accept", "application/json"),
        ("host", host),
        ("user-agent", USER_AGENT),
        ("x-acs-action", action),
        ("x-acs-content-sha256", &hash),
        ("x-acs-date", &time),
        ("x-acs-signature-nonce", &nonce),
        ("x-acs-version", version),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// Those of temporary credentials.
pub(super) fn token_headers(key: &Key) -> Vec<(String, String)> {
    let Some(token) = &key.token else {
        return Vec::new();
    };
    vec![
        ("x-acs-accesskey-id".to_owned(), key.id.clone()),
        ("x-acs-security-token".to_owned(), token.clone()),
    ]
}

/// No two requests have the same: a server refuses one that it has seen.
fn nonce() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let random = || RandomState::new().hash_one(COUNT.fetch_add(1, Ordering::Relaxed));
    format!("{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_requests_have_the_same_nonce() {
        let nonces: std::collections::BTreeSet<_> = (0..1000).map(|_| nonce()).collect();
        assert_eq!(nonces.len(), 1000);
        assert!(nonces.iter().all(|nonce| nonce.len() == 32));
    }
}
