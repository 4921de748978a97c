/*!
A digest with its algorithm.

Locks, indexes, RECORD files, zips and providers all name files by digests, and
each writes them in a way of its own. A [`Digest`] knows its algorithm, so that
two of different algorithms never compare equal, and prints itself in each of the
ways. Only strong algorithms have a place here: what a weak one vouches for is
not verified.
*/

mod algorithm;
mod digest;
mod hasher;

pub use algorithm::Algorithm;
pub use digest::{Digest, DigestError};
pub use hasher::Hasher;

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
