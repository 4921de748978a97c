//! URLs of files, and the names in them.

use std::path::Path;

use memchr::{memchr2, memrchr};
use percent_encoding::percent_decode_str;
use url::Url;

/// The URL of a file on this machine.
pub(crate) fn absolute_file_url(path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    Url::from_file_path(path).ok().map(Into::into)
}

/// The last part of a path or URL, decoded. Hostile: it may be no plain name.
pub(crate) fn file_name_of(location: &str) -> String {
    let end = memchr2(b'?', b'#', location.as_bytes()).unwrap_or(location.len());
    let start = memrchr(b'/', &location.as_bytes()[..end]).map_or(0, |at| at + 1);
    let name = &location[start..end];
    percent_decode_str(name).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_the_last_part_of_its_location() {
        for (location, name) in [
            (
                "https://files.example.com/a/b-1%2Bx.whl#sha256=0",
                "b-1+x.whl",
            ),
            ("links/b-1.whl", "b-1.whl"),
            ("b.whl?x=/y", "b.whl"),
            ("a/", ""),
        ] {
            assert_eq!(file_name_of(location), name, "{location}");
        }
    }
}
