//! Pages of either form.

use layerlock_client::SafeUrl;

use super::project_page::{PageError, ProjectPage};
use super::{html, json};

/// The Accept header for a page's request, JSON preferred (PEP 691).
pub const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, \
     application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/// A page may have this many bytes (64 MiB): a project with 100,000 files has
/// about half of it.
pub const MAX_PAGE_BYTES: usize = 64 * 1024 * 1024;

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
}
