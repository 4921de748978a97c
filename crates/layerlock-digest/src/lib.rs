/*!
A digest with its algorithm.

Locks, indexes, RECORD files, zips and providers all name files by digests, and
each writes them in a way of its own. A [`Digest`] knows its algorithm, so that
two of different algorithms never compare equal, and prints itself in each of the
ways. Only strong algorithms have a place here: what a weak one vouches for is
not verified.

What a cache keeps is sealed with one ([`seal()`]).
*/

mod algorithm;
mod digest;
mod hasher;
mod seal;

pub use algorithm::Algorithm;
pub use digest::{Digest, DigestError};
pub use hasher::Hasher;
pub use seal::{seal, unseal};

#[cfg(test)]
mod tests {
    use std::io::Write as _;

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
        assert_eq!(format!("{digest:?}"), format!("Digest({ABC})"));
    }

    /// The examples that NIST gives for [FIPS 180-4](https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values).
    #[test]
    fn hashers_give_the_digests_of_the_standard() {
        for (algorithm, expected) in [
            (
                Algorithm::Sha256,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                Algorithm::Sha384,
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
                 8086072ba1e7cc2358baeca134c825a7",
            ),
            (
                Algorithm::Sha512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
        ] {
            let mut hasher = Hasher::new(algorithm);
            hasher.update(b"abc");
            let digest = hasher.finish();
            assert_eq!(
                (digest.algorithm(), digest.hex()),
                (algorithm, expected.into())
            );
            assert_eq!(algorithm.length() * 2, expected.len());
        }
    }

    #[test]
    fn bytes_of_another_length_are_no_digest() {
        for algorithm in Algorithm::ALL {
            let length = algorithm.length();
            for (length, is_digest) in [(length - 1, false), (length, true), (length + 1, false)] {
                let bytes = vec![7; length];
                let digest = Digest::from_bytes(algorithm, &bytes);
                assert_eq!(digest.is_some(), is_digest, "{length}");
                assert!(digest.is_none_or(|digest| digest.bytes() == bytes));
                let written = postcard::to_stdvec(&(algorithm, bytes)).unwrap();
                let read = postcard::from_bytes::<Digest>(&written);
                assert_eq!(read.ok(), digest);
            }
        }
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
        fn pieces_hash_like_the_whole(pieces in any::<Vec<Vec<u8>>>()) {
            let [mut updated, mut written] = [(); 2].map(|()| Hasher::new(Algorithm::Sha256));
            for piece in &pieces {
                updated.update(piece);
                prop_assert_eq!(written.write(piece).unwrap(), piece.len());
            }
            let whole = Digest::sha256_of(&pieces.concat());
            prop_assert_eq!(updated.finish(), whole);
            prop_assert_eq!(written.finish(), whole);
        }

        #[test]
        fn no_text_panics(text in "(sha(256|384|512):)?\\PC{0,140}") {
            let _ = text.parse::<Digest>();
        }
    }
}
