//! A project's page of a simple index: PEP 691 (JSON) and PEP 503 (HTML).
//!
//! Both forms give the same [`ProjectPage`]. A page is foreign input: nothing
//! on it makes the parsers panic, and what is no index page at all (a proxy's
//! login form, a listing of something else) is an error that says what came
//! instead, since "no such file on the index" would send people looking in the
//! wrong place.

mod html;
mod json;
#[cfg(test)]
mod tests;

use layerlock_client::SafeUrl;
use layerlock_digest::{Algorithm, Digest};

/// The Accept header for a page's request, JSON preferred (PEP 691).
pub const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, \
     application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/// A page may have this many bytes (64 MiB): a project with 100,000 files has
/// about half of it.
pub const MAX_PAGE_BYTES: usize = 64 * 1024 * 1024;

/// A page may list this many files: ten times what the largest projects have. A
/// page of its largest size could list millions, which take far more memory than
/// the page itself.
pub const MAX_FILES: usize = 200_000;

/// The files that an index has of one project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectPage {
    /// The files, in the page's order.
    pub files: Vec<IndexFile>,
}

/// One file of a project on an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexFile {
    /// The file's name: `filename` in JSON; in HTML the last segment of its
    /// URL, percent-decoded, whatever the link's text says.
    pub name: String,
    /// Where it is; no fragment.
    pub url: SafeUrl,
    /// Its SHA-256 according to the index.
    pub digest: Option<Digest>,
    /// The Python versions it is for (PEP 345 syntax, unparsed).
    pub requires_python: Option<String>,
    /// Why it was yanked (PEP 592); empty where no reason is given.
    pub yanked: Option<String>,
    /// Its size in bytes (PEP 700; only in JSON).
    pub size: Option<u64>,
    /// When it was uploaded, as the index writes it (PEP 700; only in JSON).
    pub upload_time: Option<String>,
}

/// Why a page could not be read. URLs in it are without credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Neither HTML nor the JSON of PEP 691.
    #[error("{url} answered with {}, which is no page of a simple index", named(content_type.as_deref()))]
    ContentType {
        /// The page.
        url: String,
        /// The Content-Type that came.
        content_type: Option<String>,
    },
    /// Larger than [`MAX_PAGE_BYTES`].
    #[error("{url} is larger than the {limit} bytes that a page of an index may have")]
    TooLarge {
        /// The page.
        url: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// More links or files than [`MAX_FILES`].
    #[error("{url} has more than the {limit} links that a page of an index may have")]
    TooManyLinks {
        /// The page.
        url: String,
        /// The limit.
        limit: usize,
    },
    /// HTML without any link to a distribution file.
    #[error("{url} is no page of a simple index: {}, without a link to a file", described(title.as_deref()))]
    NotAnIndexPage {
        /// The page.
        url: String,
        /// Its title.
        title: Option<String>,
    },
    /// JSON that is not the JSON of PEP 691.
    #[error("{url} is no project page of a simple index: {reason}")]
    Json {
        /// The page.
        url: String,
        /// What the parser said.
        reason: String,
    },
    /// A version of the interface that is not known here (PEP 629).
    #[error("{url} is in version {version} of the simple index interface; known is 1")]
    Version {
        /// The page.
        url: String,
        /// The version it names.
        version: String,
    },
}

impl PageError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::ContentType { .. } | Self::NotAnIndexPage { .. } | Self::Json { .. } => {
                "check the index's URL (it often ends in /simple/), and whether a login or a \
                 proxy answers in its place"
            }
            Self::TooLarge { .. } | Self::TooManyLinks { .. } => {
                "check the index's URL: this is more than an index lists"
            }
            Self::Version { .. } => "ask for a newer layerlock, or use an index that speaks 1.x",
        };
        Some(hint.to_owned())
    }
}

impl ProjectPage {
    /// Reads a page. `url` is where it came from after redirects, against which
    /// relative links are resolved; `content_type` is the header as it came.
    pub fn parse(
        url: &SafeUrl,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Self, PageError> {
        if body.len() > MAX_PAGE_BYTES {
            return Err(PageError::TooLarge {
                url: url.to_string(),
                limit: MAX_PAGE_BYTES,
            });
        }
        let media_type = content_type.unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/vnd.pypi.simple.v1+json" => json::parse(url, body),
            "application/vnd.pypi.simple.v1+html" | "text/html" => html::parse(url, body),
            _ => Err(PageError::ContentType {
                url: url.to_string(),
                content_type: content_type.map(str::to_owned),
            }),
        }
    }

    /// The file of this name.
    pub fn file(&self, name: &str) -> Option<&IndexFile> {
        self.files.iter().find(|file| file.name == name)
    }
}

/// The endings of distribution files: wheels, eggs, and the archives that an
/// sdist may be.
const FILE_ENDINGS: &[&str] = &[
    ".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar", ".egg",
];

/// The file at `link`, where that is the URL of a distribution file.
fn index_file(base: &SafeUrl, link: &str) -> Option<IndexFile> {
    let url = base.join(link)?;
    if !matches!(url.url().scheme(), "http" | "https") {
        return None;
    }
    Some(IndexFile {
        name: url.file_name(),
        digest: url.url().fragment().and_then(fragment_sha256),
        url: url.without_fragment(),
        requires_python: None,
        yanked: None,
        size: None,
        upload_time: None,
    })
}

fn is_file_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    FILE_ENDINGS.iter().any(|ending| lower.ends_with(ending)) && !name.contains(['/', '\\', '\0'])
}

/// `sha256=...` in a link's fragment, alone or among others joined by `&`.
fn fragment_sha256(fragment: &str) -> Option<Digest> {
    fragment
        .split('&')
        .find_map(|part| part.strip_prefix("sha256="))
        .and_then(sha256)
}

fn sha256(digest: &str) -> Option<Digest> {
    Digest::from_hex(Algorithm::Sha256, digest)
}

fn too_many_links(url: &SafeUrl) -> PageError {
    PageError::TooManyLinks {
        url: url.to_string(),
        limit: MAX_FILES,
    }
}

/// PEP 629: what has another major version must not be read.
fn check_version(url: &SafeUrl, version: &str) -> Result<(), PageError> {
    if version.trim().split('.').next() == Some("1") {
        return Ok(());
    }
    Err(PageError::Version {
        url: url.to_string(),
        version: version.trim().to_owned(),
    })
}

fn named(content_type: Option<&str>) -> String {
    match content_type {
        Some(text) => format!("{text:?}"),
        None => "no content type".to_owned(),
    }
}

fn described(title: Option<&str>) -> String {
    match title {
        Some(title) => format!("it is titled {title:?}"),
        None => "it has no title".to_owned(),
    }
}
