//! Subresource integrity: what a lock says of the bytes of a tarball.

use data_encoding::BASE64;
use layerlock_digest::{Algorithm, Digest, Hasher};

/// The digests that a tarball may have, of the strongest algorithm that is named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Integrity {
    digests: Vec<Digest>,
}

impl Integrity {
    /// Reads `sha512-BASE64`, perhaps several of them. None where there is no digest of an
    /// algorithm that is strong enough.
    pub fn parse(text: &str) -> Option<Self> {
        let digests = text.split_whitespace().filter_map(digest);
        let digests: Vec<Digest> = digests.collect();
        let strongest = digests.iter().map(Digest::algorithm).max()?;
        let is_strongest = |digest: &Digest| digest.algorithm() == strongest;
        Some(Self {
            digests: digests.into_iter().filter(is_strongest).collect(),
        })
    }

    /// Any of the digests will do.
    pub fn digests(&self) -> &[Digest] {
        &self.digests
    }

    /// The digest of bytes, where it is one of these. What is kept of them is kept under this
    /// one alone: of the others nothing is known.
    pub(crate) fn proved(&self, bytes: &[u8]) -> Option<Digest> {
        let mut hasher = Hasher::new(self.digests.first()?.algorithm());
        hasher.update(bytes);
        let digest = hasher.finish();
        self.digests.contains(&digest).then_some(digest)
    }
}

fn digest(text: &str) -> Option<Digest> {
    let (name, rest) = text.split_once('-')?;
    // Options may follow.
    let base64 = rest.split('?').next()?;
    let algorithm = Algorithm::ALL.into_iter().find(|it| it.name() == name)?;
    Digest::from_bytes(algorithm, &BASE64.decode(base64.as_bytes()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sri(algorithm: Algorithm, text: &str) -> String {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(text.as_bytes());
        format!("{}-{}", algorithm.name(), hasher.finish().base64())
    }

    #[test]
    fn the_strongest_algorithm_decides() {
        let [weak, strong, other] = [
            sri(Algorithm::Sha256, "a"),
            sri(Algorithm::Sha512, "a"),
            sri(Algorithm::Sha512, "b"),
        ];
        let integrity = Integrity::parse(&format!("{weak} {strong}  {other}?x=1")).unwrap();
        assert_eq!(integrity.digests().len(), 2);
        for digest in integrity.digests() {
            assert_eq!(digest.algorithm(), Algorithm::Sha512);
        }
        let weak = Integrity::parse(&weak).unwrap();
        assert_eq!(weak.digests()[0].algorithm(), Algorithm::Sha256);
    }

    /// A package was kept under the first digest, whichever it had.
    #[test]
    fn bytes_prove_their_own_digest() {
        let [one, other] = ["a", "b"].map(|text| sri(Algorithm::Sha512, text));
        let integrity = Integrity::parse(&format!("{one} {other}")).unwrap();
        let digests = integrity.digests();
        assert_eq!(integrity.proved(b"a"), Some(digests[0]));
        assert_eq!(integrity.proved(b"b"), Some(digests[1]));
        assert_eq!(integrity.proved(b"c"), None);
    }

    #[test]
    fn weak_and_broken_ones_are_none() {
        let sha1 = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=";
        for text in ["", sha1, "md5-x", "sha512-AAAA", "sha512-!", "sha512"] {
            assert_eq!(Integrity::parse(text), None, "{text}");
        }
    }
}
