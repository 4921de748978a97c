//! Credentials in the URLs of indexes, for `--with-credentials`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// A user and a password for each of some sources, by the source's name. Debug
/// shows the names alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SourceCredentials(BTreeMap<String, (String, String)>);

impl SourceCredentials {
    /// Adds those of a source, as they are (not percent-encoded).
    pub fn insert(&mut self, source: &str, user: String, password: String) {
        self.0.insert(source.to_owned(), (user, password));
    }

    /// The URL with the source's credentials. Those that it has itself stay.
    pub(crate) fn put_into<'u>(&self, url: &'u str, source: &str) -> Cow<'u, str> {
        match (self.0.get(source), url.split_once("://")) {
            (Some((user, password)), Some((scheme, rest))) if !has_user_info(rest) => Cow::Owned(
                format!("{scheme}://{}:{}@{rest}", encoded(user), encoded(password)),
            ),
            _ => Cow::Borrowed(url),
        }
    }
}

impl fmt::Debug for SourceCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Of a URL without its scheme.
fn has_user_info(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.contains('@')
}

/// What Python's `quote` leaves as it is, with no exception for the slash.
const QUOTED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~');

fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, QUOTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_put_before_the_host() {
        let mut credentials = SourceCredentials::default();
        credentials.insert("company", "me@work".to_owned(), "a/b:ü~".to_owned());
        let put = |url, source| credentials.put_into(url, source).into_owned();
        assert_eq!(
            put("https://packages.example.com/simple", "company"),
            "https://me%40work:a%2Fb%3A%C3%BC~@packages.example.com/simple"
        );
        for (url, source) in [
            ("https://packages.example.com/simple", "other"),
            ("https://own:one@packages.example.com/simple", "company"),
        ] {
            assert_eq!(put(url, source), url);
        }
        assert_eq!(format!("{credentials:?}"), "{\"company\"}");
    }
}
