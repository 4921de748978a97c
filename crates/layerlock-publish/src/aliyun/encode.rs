//! What all signatures are made of: percent-encoding, HMAC and times.

use std::time::SystemTime;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::time;

/// A part of a path or a query, as [RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)
/// has it: all but unreserved characters are encoded.
pub(super) fn component(text: &str) -> String {
    encoded(text, |_| false)
}

/// A path, whose slashes stay.
pub(super) fn path(text: &str) -> String {
    encoded(text, |byte| byte == b'/')
}

fn encoded(text: &str, stays: impl Fn(u8) -> bool) -> String {
    use std::fmt::Write as _;

    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || stays(byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// A query, sorted by name; of a parameter without a value the name alone where
/// `is_bare`.
pub(super) fn query(parameters: &[(&str, &str)], is_bare: bool) -> String {
    let mut parts: Vec<_> = parameters
        .iter()
        .map(|(name, value)| (component(name), component(value)))
        .collect();
    parts.sort();
    let parts = parts.iter().map(|(name, value)| {
        if is_bare && value.is_empty() {
            name.clone()
        } else {
            format!("{name}={value}")
        }
    });
    parts.collect::<Vec<_>>().join("&")
}

pub(super) fn hmac_sha256(key: &[u8], text: &str) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// `2026-11-28T04:05:06Z`
pub(super) fn extended_time(time: SystemTime) -> String {
    let [year, month, day, hour, minute, second] = time::parts(time);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `20261128T040506Z`
pub(super) fn basic_time(time: SystemTime) -> String {
    extended_time(time).replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_but_unreserved_characters_are_encoded() {
        assert_eq!(
            component("a/b c+d*e~f=ü&g"),
            "a%2Fb%20c%2Bd%2Ae~f%3D%C3%BC%26g"
        );
        assert_eq!(path("/layers/a b"), "/layers/a%20b");
    }

    #[test]
    fn a_query_is_sorted() {
        let parameters = [("b", "2"), ("a", ""), ("a+", "1")];
        assert_eq!(query(&parameters, false), "a=&a%2B=1&b=2");
        assert_eq!(query(&parameters, true), "a&a%2B=1&b=2");
    }

    #[test]
    fn times_are_in_utc() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_838_706);
        assert_eq!(extended_time(time), "2026-11-28T04:05:06Z");
        assert_eq!(basic_time(time), "20261128T040506Z");
    }
}
