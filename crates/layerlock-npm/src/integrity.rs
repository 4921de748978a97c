//! Subresource integrity: what a lock says of the bytes of a tarball.

use data_encoding::BASE64;
use layerlock_digest::{Algorithm, Digest};

/// The digests that a tarball may have, of the strongest algorithm that is named.
#[derive(Debug, Clone, PartialEq, Eq)]
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

    /// The algorithm that decides.
    pub fn algorithm(&self) -> Algorithm {
        self.digests
            .first()
            .map_or(Algorithm::Sha512, Digest::algorithm)
    }

    /// Any of the digests will do.
    pub fn digests(&self) -> &[Digest] {
        &self.digests
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
    use layerlock_digest::Hasher;

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
        assert_eq!(integrity.algorithm(), Algorithm::Sha512);
        assert_eq!(integrity.digests().len(), 2);
        assert_eq!(
            Integrity::parse(&weak).unwrap().algorithm(),
            Algorithm::Sha256
        );
    }

    #[test]
    fn weak_and_broken_ones_are_none() {
        let sha1 = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=";
        for text in ["", sha1, "md5-x", "sha512-AAAA", "sha512-!", "sha512"] {
            assert_eq!(Integrity::parse(text), None, "{text}");
        }
    }
}
