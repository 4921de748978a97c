//! Addresses of indexes, with their credentials kept apart.
//!
//! People write passwords and tokens into index addresses. [`IndexUrl`] takes
//! them out at once: every address made from it is free of them, so that none
//! can reach a log, an error, a cache key or a link; who sends a request asks
//! for [`IndexUrl::credentials`].

use std::fmt;

use layerlock_lock::normalize_name;
use url::Url;

/// The address of a simple index (PEP 503), http or https.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IndexUrl {
    /// Without user-info, with a slash at the end of its path.
    url: Url,
    credentials: Option<Credentials>,
}

/// A user name and a password, decoded. Debug shows neither.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Credentials {
    /// The user name; often a token on its own.
    pub user: String,
    /// The password, where there is one.
    pub password: Option<String>,
}

/// Why a text is not the address of an index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No URL at all.
    #[error("{text:?} is not an address: {reason}")]
    NotAnAddress {
        /// The text, without what may be a password.
        text: String,
        /// What the URL parser said.
        reason: String,
    },
    /// A folder on this machine.
    #[error("{url} is a folder on this machine, not an index reached over http or https")]
    LocalFolder {
        /// The address.
        url: String,
    },
    /// Another scheme than http and https.
    #[error("{url} has the scheme {scheme:?}; an index is reached over http or https")]
    Scheme {
        /// The address, redacted.
        url: String,
        /// Its scheme.
        scheme: String,
    },
    /// A query or a fragment, to which no project name can be added.
    #[error("{url} has a query or a fragment, so it is no index's address")]
    Query {
        /// The address, redacted.
        url: String,
    },
    /// A file's address whose last part would name a file elsewhere, or none.
    #[error("{url} does not end in a plain file name")]
    FileName {
        /// The address, redacted.
        url: String,
    },
}

impl AddressError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::LocalFolder { .. } => {
                "serve the folder over http: `python3 -m http.server --directory DIR`"
            }
            Self::FileName { .. } => {
                "correct the dependency in pyproject.toml, then run `poetry lock`"
            }
            Self::NotAnAddress { .. } | Self::Scheme { .. } | Self::Query { .. } => {
                "give the address of a simple index, e.g. https://packages.example.com/simple/"
            }
        };
        Some(hint.to_owned())
    }
}

impl IndexUrl {
    /// The index at this address, which may carry credentials and may lack the
    /// slash at its end.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let mut url = Url::parse(text).map_err(|error| AddressError::NotAnAddress {
            text: without_userinfo(text),
            reason: error.to_string(),
        })?;
        // `user:password@host` parses, as an address of the scheme `user`.
        if url.cannot_be_a_base() {
            return Err(AddressError::NotAnAddress {
                text: without_userinfo(text),
                reason: "it does not start with http:// or https://".to_owned(),
            });
        }
        match url.scheme() {
            "http" | "https" => {}
            "file" => {
                let url = redacted(&url);
                return Err(AddressError::LocalFolder { url });
            }
            scheme => {
                let scheme = scheme.to_owned();
                let url = redacted(&url);
                return Err(AddressError::Scheme { url, scheme });
            }
        }
        if url.query().is_some() || url.fragment().is_some() {
            let url = redacted(&url);
            return Err(AddressError::Query { url });
        }
        let credentials = take_credentials(&mut url);
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self { url, credentials })
    }

    /// The address without credentials, a slash at its end.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The credentials that the address carried.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// The page of a project: its name as PEP 503 normalises it, then a slash.
    /// Without credentials.
    pub fn project_page(&self, project: &str) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty();
            segments.push(&normalize_name(project)).push("");
        }
        url
    }

    /// Whether this address has the index's scheme, host and port: only there
    /// its credentials may be sent.
    pub fn same_origin(&self, url: &Url) -> bool {
        self.url.origin() == url.origin()
    }
}

/// For people: `****@` stands where credentials were.
impl fmt::Display for IndexUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.credentials.is_none() {
            return self.url.fmt(f);
        }
        f.write_str(&self.url.as_str().replacen("://", "://****@", 1))
    }
}

impl fmt::Debug for IndexUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IndexUrl({self})")
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(****)")
    }
}

/// Any address for an error or a log: `****` for user-info and for the query,
/// in which signed links carry their secret; no fragment.
pub fn redacted(url: &Url) -> String {
    if url.cannot_be_a_base() {
        return without_userinfo(url.as_str());
    }
    let mut url = url.clone();
    let had_userinfo = take_credentials(&mut url).is_some();
    url.set_fragment(None);
    if url.query().is_some() {
        url.set_query(Some("****"));
    }
    if had_userinfo {
        url.as_str().replacen("://", "://****@", 1)
    } else {
        url.into()
    }
}

/// Removes user-info from `url` and returns it, percent-decoded.
pub(crate) fn take_credentials(url: &mut Url) -> Option<Credentials> {
    let credentials = Credentials {
        user: decoded(url.username()),
        password: url.password().map(decoded),
    };
    if credentials.user.is_empty() && credentials.password.is_none() {
        return None;
    }
    // Fails only for addresses that cannot have user-info, so had none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(credentials)
}

/// A text that no URL parser took for an address with a host, without anything
/// before its last `@` or in a query.
fn without_userinfo(text: &str) -> String {
    let (mark, rest) = match text.rsplit_once('@') {
        Some((_, rest)) => ("****@", rest),
        None => ("", text),
    };
    match rest.split_once('?') {
        Some((path, _)) => format!("{mark}{path}?****"),
        None => format!("{mark}{rest}"),
    }
}

/// `text` with its percent-encoding undone; what is not UTF-8 then becomes
/// U+FFFD.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let pair = (bytes.get(at + 1), bytes.get(at + 2));
        if let (b'%', (Some(&high), Some(&low))) = (byte, pair)
            && let (Some(high), Some(low)) = (hex(high), hex(low))
        {
            out.push(high << 4 | low);
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(text: &str) -> IndexUrl {
        IndexUrl::parse(text).unwrap()
    }

    #[test]
    fn a_project_page_is_the_normalised_name_and_a_slash() {
        for base in [
            "https://packages.example.com/simple",
            "https://packages.example.com/simple/",
            "https://u:p@packages.example.com/simple/",
        ] {
            assert_eq!(
                index(base).project_page("Foo.-_Bar").as_str(),
                "https://packages.example.com/simple/foo-bar/"
            );
        }
        assert_eq!(
            index("http://127.0.0.1:8080").project_page("a").as_str(),
            "http://127.0.0.1:8080/a/"
        );
        // No name leaves the index.
        assert_eq!(
            index("https://packages.example.com/simple/")
                .project_page("x/../../y?z#w")
                .as_str(),
            "https://packages.example.com/simple/x%2F-%2F-%2Fy%3Fz%23w/"
        );
    }

    #[test]
    fn credentials_are_kept_apart_and_never_shown() {
        let index = index("https://me%40work:s3cret%2F@packages.example.com/simple");
        let credentials = index.credentials().unwrap();
        assert_eq!(credentials.user, "me@work");
        assert_eq!(credentials.password.as_deref(), Some("s3cret/"));
        assert_eq!(index.url().as_str(), "https://packages.example.com/simple/");
        assert_eq!(
            index.to_string(),
            "https://****@packages.example.com/simple/"
        );
        for text in [format!("{index:?}"), format!("{credentials:?}")] {
            assert!(!text.contains("s3cret") && !text.contains("me"), "{text}");
        }
    }

    #[test]
    fn redacted_hides_tokens_and_signatures() {
        let url = |text: &str| Url::parse(text).unwrap();
        assert_eq!(
            redacted(&url(
                "https://token@packages.example.com/a.whl?sig=abc#sha256=00"
            )),
            "https://****@packages.example.com/a.whl?****"
        );
        assert_eq!(
            redacted(&url("https://packages.example.com/a.whl")),
            "https://packages.example.com/a.whl"
        );
    }

    #[test]
    fn what_is_no_index_is_refused_without_its_password() {
        for (text, shown) in [
            ("u:hush@packages.example.com/simple", "****@packages"),
            ("https://u:hush@:99999/simple", "****@:99999"),
            ("file:///srv/wheels", "folder on this machine"),
            ("file://u:hush@host/srv/wheels", "****@host/srv/wheels"),
            ("bad host?a=hush", "bad host?****"),
            ("ftp://u:hush@packages.example.com/", "scheme \"ftp\""),
            ("https://u:hush@packages.example.com/?a=hush", "?****"),
            ("packages.example.com/simple", "not an address"),
            ("", "not an address"),
        ] {
            let error = IndexUrl::parse(text).unwrap_err();
            let message = format!("{error} {error:?}");
            assert!(message.contains(shown), "{text}: {message}");
            assert!(!message.contains("hush"), "{text}: {message}");
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn credentials_go_to_the_same_origin_only() {
        let index = index("https://u:p@packages.example.com/simple/");
        let same = |text: &str| index.same_origin(&Url::parse(text).unwrap());
        assert!(same("https://packages.example.com:443/files/a.whl"));
        assert!(!same("http://packages.example.com/files/a.whl"));
        assert!(!same("https://files.example.com/a.whl"));
    }

    #[test]
    fn percent_encoding_is_undone_once() {
        assert_eq!(decoded("a%2Bb%252B%zz%"), "a+b%2B%zz%");
        assert_eq!(decoded("%ff"), "\u{fffd}");
    }
}
