//! The URL of an index.

use std::fmt;

use layerlock_client::{Credentials, SafeUrl, Site, UrlError};
use layerlock_diagnostic::LockTool;
use layerlock_lock::normalize_name;
use url::Url;

use super::origin::IndexOrigin;

/// The URL of a simple index (PEP 503), http or https, with a slash at the end of
/// its path. Display and Debug hide its credentials.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IndexUrl(SafeUrl);

/// An index, and the name by which the project or uv knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// The name: credentials are kept under it.
    pub name: Option<String>,
    /// The URL.
    pub url: IndexUrl,
    /// What of this machine names it, where neither an option nor the project does.
    pub named_by: Option<IndexOrigin>,
}

/// Why a text is not the URL of an index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexUrlError {
    /// No URL at all.
    #[error(transparent)]
    NotAUrl(#[from] UrlError),
    /// A directory on this machine.
    #[error("{url} is a directory on this machine, not an index reached over http or https")]
    LocalDirectory {
        /// The URL, without credentials.
        url: String,
    },
    /// Another scheme than http and https.
    #[error("{url} has the scheme {scheme:?}; an index is reached over http or https")]
    Scheme {
        /// The URL, without credentials.
        url: String,
        /// Its scheme.
        scheme: String,
    },
    /// A query or a fragment, to which no project name can be added.
    #[error("{url} has a query or a fragment, so it is no index's URL")]
    Query {
        /// The URL, without credentials.
        url: String,
    },
    /// A file's URL whose last part would name a file elsewhere, or none.
    #[error("{url} does not end in a plain file name")]
    FileName {
        /// The URL, without credentials.
        url: String,
    },
}

impl IndexUrlError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        self.hint_for(LockTool::default())
    }

    /// The same for who has a lock of this tool.
    pub fn hint_for(&self, tool: LockTool) -> Option<String> {
        let hint = match self {
            Self::LocalDirectory { .. } => {
                "serve the directory over http: `python3 -m http.server --directory DIR`"
            }
            Self::FileName { .. } => {
                return Some(format!(
                    "correct the dependency in pyproject.toml, then run {}",
                    tool.lock()
                ));
            }
            Self::NotAUrl(_) | Self::Scheme { .. } | Self::Query { .. } => {
                "give the URL of a simple index, e.g. https://packages.example.com/simple/"
            }
        };
        Some(hint.to_owned())
    }
}

impl IndexUrl {
    /// The index at this URL, which may carry credentials and may lack the slash at
    /// its end.
    pub fn parse(text: &str) -> Result<Self, IndexUrlError> {
        let url = parse_http(text)?;
        if url.url().query().is_some() || url.url().fragment().is_some() {
            let url = url.to_string();
            return Err(IndexUrlError::Query { url });
        }
        let path = url.url().path();
        if path.ends_with('/') {
            return Ok(Self(url));
        }
        let path = format!("{path}/");
        Ok(Self(url.with_path(&path)))
    }

    /// The URL without credentials, a slash at its end.
    pub fn url(&self) -> &Url {
        self.0.url()
    }

    /// The credentials that the URL carried.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.0.credentials()
    }

    /// The page of a project: its name as PEP 503 normalises it, then a slash.
    /// Without credentials.
    pub fn project_page(&self, project: &str) -> SafeUrl {
        let mut url = self.url().clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty();
            segments.push(&normalize_name(project)).push("");
        }
        url.into()
    }
}

/// A URL that is reached over http or https.
pub(crate) fn parse_http(text: &str) -> Result<SafeUrl, IndexUrlError> {
    let url = SafeUrl::parse(text)?;
    match url.url().scheme() {
        "http" | "https" => Ok(url),
        "file" => Err(IndexUrlError::LocalDirectory {
            url: url.to_string(),
        }),
        scheme => Err(IndexUrlError::Scheme {
            url: url.to_string(),
            scheme: scheme.to_owned(),
        }),
    }
}

impl fmt::Display for IndexUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for IndexUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IndexUrl({self})")
    }
}

impl Index {
    /// The index as the site of requests that it leads to.
    pub(crate) fn site(&self) -> Site {
        Site {
            name: self.name.clone(),
            url: self.url.0.clone(),
        }
    }
}

impl From<IndexUrl> for Index {
    fn from(url: IndexUrl) -> Self {
        Self {
            name: None,
            url,
            named_by: None,
        }
    }
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
                index(base).project_page("Foo.-_Bar").url().as_str(),
                "https://packages.example.com/simple/foo-bar/"
            );
        }
        assert_eq!(
            index("http://127.0.0.1:8080")
                .project_page("a")
                .url()
                .as_str(),
            "http://127.0.0.1:8080/a/"
        );
        // No name leaves the index.
        assert_eq!(
            index("https://packages.example.com/simple/")
                .project_page("x/../../y?z#w")
                .url()
                .as_str(),
            "https://packages.example.com/simple/x%2F-%2F-%2Fy%3Fz%23w/"
        );
    }

    #[test]
    fn credentials_are_never_shown() {
        let index = index("https://me:s3cret@packages.example.com/simple");
        assert_eq!(index.credentials().unwrap().user, "me");
        assert_eq!(index.url().as_str(), "https://packages.example.com/simple/");
        let shown = "https://****@packages.example.com/simple/";
        assert_eq!(index.to_string(), shown);
        assert_eq!(format!("{index:?}"), format!("IndexUrl({shown})"));
    }

    #[test]
    fn what_is_no_index_is_refused_without_its_password() {
        for (text, shown) in [
            ("u:hush@packages.example.com/simple", "****@packages"),
            ("https://u:hush@:99999/simple", "****@:99999"),
            ("file:///srv/wheels", "directory on this machine"),
            ("file://u:hush@host/srv/wheels", "****@host/srv/wheels"),
            ("bad host?a=hush", "bad host?****"),
            ("ftp://u:hush@packages.example.com/", "scheme \"ftp\""),
            ("https://u:hush@packages.example.com/?a=hush", "?****"),
            ("packages.example.com/simple", "not a URL"),
            ("", "not a URL"),
        ] {
            let error = IndexUrl::parse(text).unwrap_err();
            let message = format!("{error} {error:?}");
            assert!(message.contains(shown), "{text}: {message}");
            assert!(!message.contains("hush"), "{text}: {message}");
            assert!(error.hint().is_some());
        }
    }
}
