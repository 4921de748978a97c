/*!
A digest with its algorithm.

Locks, indexes, RECORD files, zips and providers all name files by digests, and
each writes them in a way of its own. A [`Digest`] knows its algorithm, so that
two of different algorithms never compare equal, and prints itself in each of the
ways. Only strong algorithms have a place here: what a weak one vouches for is
not verified.
*/

mod hasher;

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use hasher::Hasher;

/// The bytes of the longest digest.
const LONGEST: usize = 64;

/// A hash function that is strong enough to verify a file by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// All of them, the shortest digest first.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name that Python's `hashlib`, indexes and locks use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The length of its digests in bytes.
    pub const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

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
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(data);
        hasher.finish()
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

    fn filled(algorithm: Algorithm, digest: &[u8]) -> Self {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn digests_print_as_each_format_has_them() {
        let digest = Digest::sha256_of(b"abc");
        assert_eq!(digest.to_string(), ABC);
        assert_eq!(digest.hex(), ABC["sha256:".len()..]);
        assert_eq!(
            digest.base64(),
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
        );
        assert_eq!(
            digest.base64_url(),
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"
        );
    }

    #[test]
    fn algorithms_tell_digests_apart() {
        let of = |algorithm: Algorithm| {
            Digest::from_bytes(algorithm, &vec![7; algorithm.length()]).unwrap()
        };
        for one in Algorithm::ALL {
            assert_eq!(of(one).to_string().parse(), Ok(of(one)));
            for other in Algorithm::ALL {
                assert_eq!(of(one) == of(other), one == other);
            }
        }
    }

    #[test]
    fn only_whole_strong_digests_are_read() {
        let hex = &ABC["sha256:".len()..];
        assert_eq!(hex.parse(), Ok(Digest::sha256_of(b"abc")));
        assert_eq!(
            format!("sha256:{}", hex.to_uppercase()).parse(),
            Ok(Digest::sha256_of(b"abc"))
        );
        for text in [
            "",
            "sha256:",
            "md5:900150983cd24fb0d6963f7d28e17f72",
            &ABC[..ABC.len() - 1],
            &format!("{ABC}0"),
            &format!("sha512:{hex}"),
            &ABC.replace('b', "x"),
        ] {
            assert_eq!(
                text.parse::<Digest>(),
                Err(DigestError(text.to_owned())),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(data in any::<Vec<u8>>(), which in 0..3_usize) {
            let mut hasher = Hasher::new(Algorithm::ALL[which]);
            hasher.update(&data);
            let digest = hasher.finish();
            prop_assert_eq!(digest.to_string().parse(), Ok(digest));
            let json = serde_json::to_string(&digest).unwrap();
            prop_assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
            let bytes = postcard::to_stdvec(&digest).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Digest>(&bytes).unwrap(), digest);
        }

        #[test]
        fn no_text_panics(text in "(sha(256|384|512):)?\\PC{0,140}") {
            let _ = text.parse::<Digest>();
        }
    }
}
