//! npm's own cache, which is addressed by content
//! ([cacache](https://github.com/npm/cacache)).

use std::path::{Path, PathBuf};

use layerlock_digest::Digest;

/// Where a cache of npm has the content of a digest, if it has it.
pub(crate) fn content(cache: &Path, digest: &Digest) -> PathBuf {
    let hex = digest.hex();
    cache
        .join("_cacache/content-v2")
        .join(digest.algorithm().name())
        .join(&hex[..2])
        .join(&hex[2..4])
        .join(&hex[4..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_lies_at_its_digest() {
        let path = content(Path::new("c"), &Digest::sha256_of(b""));
        let expected = "c/_cacache/content-v2/sha256/e3/b0/\
                        c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(path, Path::new(expected));
    }
}
