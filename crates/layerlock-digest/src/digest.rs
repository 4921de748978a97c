use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest as _;

use crate::algorithm::Algorithm;

/// The bytes of the longest digest.
const LONGEST: usize = 64;

/// The digest of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    /// Zero behind the algorithm's length.
    bytes: [u8; LONGEST],
}

impl Digest {
    /// The SHA-256 digest of `data`.
    pub fn sha256_of(data: &[u8]) -> Self {
        Self::filled(Algorithm::Sha256, &sha2::Sha256::digest(data))
    }

    /// The digest that has these bytes; `None` where they are too many or too few.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        (bytes.len() == algorithm.length()).then(|| Self::filled(algorithm, bytes))
    }

    /// The digest of this hexadecimal text, in either case.
    pub fn from_hex(algorithm: Algorithm, text: &str) -> Option<Self> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
        Self::from_bytes(algorithm, &bytes)
    }

    /// The SHA-256 of this Base64 text with padding, as AWS Lambda has its `CodeSha256`.
    pub fn from_base64(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text.as_bytes()).ok()?;
        Self::from_bytes(Algorithm::Sha256, &bytes)
    }

    /// The digest of these bytes, which are as many as the algorithm gives.
    pub(crate) fn filled(algorithm: Algorithm, digest: &[u8]) -> Self {
        let mut bytes = [0; LONGEST];
        bytes[..digest.len()].copy_from_slice(digest);
        Self { algorithm, bytes }
    }

    /// The algorithm.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The digest itself.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.algorithm.length()]
    }

    /// In lower-case hexadecimal, as indexes and locks have it.
    pub fn hex(&self) -> String {
        HEXLOWER.encode(self.bytes())
    }

    /// In Base64 with padding, as AWS Lambda has its `CodeSha256`.
    pub fn base64(&self) -> String {
        BASE64.encode(self.bytes())
    }

    /// In URL-safe Base64 without padding, as
    /// [RECORD](https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file)
    /// has it.
    pub fn base64_url(&self) -> String {
        BASE64URL_NOPAD.encode(self.bytes())
    }
}

/// `sha256:` and the digest in hexadecimal.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A text that is not a digest of a strong algorithm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a sha256, sha384 or sha512 digest: {0}")]
pub struct DigestError(pub String);

/// Reads `ALGORITHM:HEX`, as locks have it. A bare digest is one of SHA-256.
impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, hex) = text.split_once(':').unwrap_or(("sha256", text));
        Algorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .and_then(|algorithm| Self::from_hex(algorithm, hex))
            .ok_or_else(|| DigestError(text.to_owned()))
    }
}

/// Text in formats that people read, bytes in the others.
impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            (self.algorithm, self.bytes()).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            return text.parse().map_err(serde::de::Error::custom);
        }
        let (algorithm, bytes) = <(Algorithm, Vec<u8>)>::deserialize(deserializer)?;
        Self::from_bytes(algorithm, &bytes)
            .ok_or_else(|| serde::de::Error::invalid_length(bytes.len(), &"a digest's bytes"))
    }
}
