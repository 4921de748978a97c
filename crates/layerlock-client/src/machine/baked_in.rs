//! The index that a build of layerlock brings along.

/// The URL in `LAYERLOCK_DEFAULT_INDEX_URL` when this was compiled. A value that is no
/// index's URL ends the compilation: whoever got such a binary could do nothing about it.
pub(super) const INDEX: Option<&str> = checked(option_env!("LAYERLOCK_DEFAULT_INDEX_URL"));

const fn checked(value: Option<&'static str>) -> Option<&'static str> {
    let Some(url) = value else {
        return None;
    };
    // Workflows set variables to nothing where they have no value.
    if url.is_empty() {
        return None;
    }
    if let Some(fault) = fault(url) {
        // The value is not told: it may have a password.
        panic!("{}", fault);
    }
    Some(url)
}

/// What is wrong with the URL. It is read byte by byte, since this runs in the compiler.
const fn fault(url: &str) -> Option<&'static str> {
    let bytes = url.as_bytes();
    let Some(mut at) = end_of_scheme(bytes) else {
        return Some(
            "LAYERLOCK_DEFAULT_INDEX_URL starts with neither https:// nor http://: give the URL of a simple index",
        );
    };
    if at == bytes.len() || matches!(bytes[at], b'/' | b':') {
        return Some("LAYERLOCK_DEFAULT_INDEX_URL names no host: give the URL of a simple index");
    }
    let mut in_host = true;
    while at < bytes.len() {
        match bytes[at] {
            b'/' => in_host = false,
            b'@' if in_host => {
                return Some(
                    "LAYERLOCK_DEFAULT_INDEX_URL has credentials, which everybody could read in the binary: leave them out",
                );
            }
            b'?' | b'#' => {
                return Some(
                    "LAYERLOCK_DEFAULT_INDEX_URL has a query or a fragment, so it is no index's URL",
                );
            }
            0..=b' ' | 0x7f.. => {
                return Some(
                    "LAYERLOCK_DEFAULT_INDEX_URL has blanks or other characters that no URL has",
                );
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where the host starts, if the scheme is one that an index is reached over.
const fn end_of_scheme(url: &[u8]) -> Option<usize> {
    if starts_with(url, b"https://") {
        Some(b"https://".len())
    } else if starts_with(url, b"http://") {
        Some(b"http://".len())
    } else {
        None
    }
}

const fn starts_with(text: &[u8], start: &[u8]) -> bool {
    if text.len() < start.len() {
        return false;
    }
    let mut at = 0;
    while at < start.len() {
        if text[at] != start[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_an_index_is_taken() {
        for url in [
            "https://packages.example.com/simple/",
            "http://127.0.0.1:8080/simple",
            "https://packages.example.com/@scope/simple/",
        ] {
            assert_eq!(checked(Some(url)), Some(url));
        }
        assert_eq!(checked(None), None);
        assert_eq!(checked(Some("")), None);
    }

    #[test]
    fn anything_else_is_refused_with_what_is_wrong() {
        for (url, fault_has) in [
            (
                "packages.example.com/simple/",
                "neither https:// nor http://",
            ),
            ("ftp://packages.example.com/simple/", "neither https://"),
            (
                "mine=https://packages.example.com/simple/",
                "neither https://",
            ),
            ("https://", "no host"),
            ("https:///simple/", "no host"),
            ("https://u:hush@packages.example.com/simple/", "credentials"),
            ("https://packages.example.com/simple/?x=1", "query"),
            ("https://packages.example.com/simple/#x", "fragment"),
            ("https://packages.example.com/simple/\n", "blanks"),
            ("https://packages.example.com/sïmple/", "characters"),
        ] {
            let found = fault(url).unwrap_or_default();
            assert!(found.contains(fault_has), "{url}: {found:?}");
            assert!(!found.contains("hush"), "{found}");
        }
    }
}
