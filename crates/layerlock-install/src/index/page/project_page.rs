//! What a page says.

use layerlock_client::SafeUrl;
use layerlock_digest::{Algorithm, Digest};

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
    /// Larger than [`MAX_PAGE_BYTES`](super::MAX_PAGE_BYTES).
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
    #[error("{url} is no page of a simple index: it has no link to a file{}", described(title.as_deref()))]
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
    /// The same with another title, where it has one.
    pub(crate) fn with_title(mut self, other: impl Fn(&str) -> String) -> Self {
        if let Self::NotAnIndexPage {
            title: Some(title), ..
        } = &mut self
        {
            *title = other(title);
        }
        self
    }

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
    /// The file of this name.
    pub fn file(&self, name: &str) -> Option<&IndexFile> {
        self.files.iter().find(|file| file.name == name)
    }
}

/// The endings of distribution files: wheels, eggs, and the archives that an
/// sdist may be.
pub(super) const FILE_ENDINGS: &[&str] = &[
    ".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar", ".egg",
];

/// The file at `link`, where that is the URL of a distribution file.
pub(super) fn index_file(base: &SafeUrl, link: &str) -> Option<IndexFile> {
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

pub(super) fn is_file_name(name: &str) -> bool {
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

pub(super) fn sha256(digest: &str) -> Option<Digest> {
    Digest::from_hex(Algorithm::Sha256, digest)
}

pub(super) fn too_many_links(url: &SafeUrl) -> PageError {
    PageError::TooManyLinks {
        url: url.to_string(),
        limit: MAX_FILES,
    }
}

/// PEP 629: what has another major version must not be read.
pub(super) fn check_version(url: &SafeUrl, version: &str) -> Result<(), PageError> {
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
        Some(title) => format!(", and its title is {title:?}"),
        None => String::new(),
    }
}
