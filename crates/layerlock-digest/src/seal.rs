//! Content that proves itself: what is kept in a cache, where a bit may flip.

use crate::{Algorithm, Digest, Hasher};

/// A line feed, 64 hexadecimal digits and another line feed.
const SEAL: usize = 66;

/// The content with a digest at its end, of the content itself and of what it is `about`:
/// content that lies in the place of another proves nothing.
pub fn seal(mut content: Vec<u8>, about: &[u8]) -> Vec<u8> {
    let digest = digest(&content, about);
    content.push(b'\n');
    content.extend_from_slice(digest.hex().as_bytes());
    content.push(b'\n');
    content
}

/// The content, where it is what was sealed.
pub fn unseal<'c>(sealed: &'c [u8], about: &[u8]) -> Option<&'c [u8]> {
    let (content, end) = sealed.split_at_checked(sealed.len().checked_sub(SEAL)?)?;
    let hex = end.strip_prefix(b"\n")?.strip_suffix(b"\n")?;
    (digest(content, about).hex().as_bytes() == hex).then_some(content)
}

fn digest(content: &[u8], about: &[u8]) -> Digest {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    // With its length, so that it does not run into the content.
    hasher.update(&(about.len() as u64).to_le_bytes());
    hasher.update(about);
    hasher.update(content);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_given_back_and_nothing_else() {
        for content in [&b""[..], b"text\n", &[0; 300]] {
            let sealed = seal(content.to_vec(), b"here");
            assert_eq!(unseal(&sealed, b"here"), Some(content));
            assert_eq!(unseal(&sealed, b"there"), None);
            assert_eq!(unseal(content, b"here"), None);
            for index in 0..sealed.len() {
                assert_eq!(unseal(&sealed[..index], b"here"), None, "cut at {index}");
                for bit in 0..8 {
                    let mut flipped = sealed.clone();
                    flipped[index] ^= 1 << bit;
                    assert_eq!(unseal(&flipped, b"here"), None, "bit {bit} of {index}");
                }
            }
        }
    }
}
