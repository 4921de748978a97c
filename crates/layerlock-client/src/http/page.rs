//! Pages: read into memory as a whole.

use std::sync::{Mutex, PoisonError};

use layerlock_digest::Digest;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use reqwest::{Response, Version};
use tokio::sync::OwnedSemaphorePermit;

use super::client::{Client, content_type};
use super::connections::Content;
use super::failure::{Failure, Retry};
use super::retry::with_retries;
use crate::{Error, SafeUrl, Site};

/// Pages of this many bytes may be in memory side by side. Of what is larger,
/// which few are, only one is.
const SMALL: usize = 4 << 20;

/// What a server answered.
#[derive(Debug)]
pub struct Page {
    /// Where it came from after all redirects.
    pub url: SafeUrl,
    /// The header Content-Type as it came.
    pub content_type: Option<String>,
    /// What came. Longer than the limit where the page is: not all of it then.
    pub body: Vec<u8>,
    /// Held by a large page as long as it lives.
    _large_page_permit: Option<OwnedSemaphorePermit>,
}

impl Client {
    /// Gets a page, and no more of it than a little over `max_bytes`. `site` is
    /// whose credentials may be sent for it, `accept` what is asked for (RFC 9110,
    /// 12.5.1).
    pub async fn page(
        &self,
        url: &SafeUrl,
        site: &Site,
        accept: &'static str,
        max_bytes: usize,
    ) -> Result<Page, Error> {
        let accept = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        let patience = self.patience();
        let doubtful = Doubtful::default();
        let attempt = || async {
            let (url, mut response) = self
                .get(Content::Page, url, site, accept.clone(), &patience)
                .await?;
            let mut body = Vec::new();
            let mut permit = None;
            while let Some(piece) = patience
                .wait(&url, response.chunk())
                .await?
                .map_err(|error| self.failed(&error, &url))?
            {
                patience.received(piece.len());
                body.extend_from_slice(&piece);
                if body.len() > max_bytes {
                    break;
                }
                if body.len() > SMALL && permit.is_none() {
                    permit = self.large_page_permit().await;
                    patience.restart();
                }
            }
            let content_type = content_type(&response);
            let is_cut = is_cut_json(content_type.as_deref(), &body)
                || (!tells_its_end(&response)
                    && body.len() <= max_bytes
                    && is_cut_html(content_type.as_deref(), &body, &doubtful));
            if is_cut {
                return Err(Failure {
                    error: Error::Request {
                        url: url.to_string(),
                        reason: "the page ends in the middle".to_owned(),
                    },
                    retry: Retry::Soon,
                });
            }
            Ok(Page {
                content_type,
                url,
                body,
                _large_page_permit: permit,
            })
        };
        with_retries(self.retries(), &patience, attempt, |_| {}).await
    }
}

/// Whether this is JSON that lacks its end: of an answer without a length nobody else notices
/// that the connection broke.
fn is_cut_json(content_type: Option<&str>, body: &[u8]) -> bool {
    let is_json = content_type.is_some_and(|it| it.to_ascii_lowercase().contains("json"));
    let text = body.trim_ascii();
    is_json && text.starts_with(b"{") && !text.ends_with(b"}")
}

/// Whether the connection would be known to have broken: by a length, by chunks, or by the
/// end that HTTP/2 gives to each answer (RFC 9112, 6.3).
fn tells_its_end(response: &Response) -> bool {
    let headers = response.headers();
    response.version() > Version::HTTP_11
        || headers.contains_key(CONTENT_LENGTH)
        || headers.contains_key(TRANSFER_ENCODING)
}

/// What came last of a page that may be cut.
#[derive(Default)]
struct Doubtful(Mutex<Option<Digest>>);

impl Doubtful {
    /// Whether the same came once more: a connection does not break twice at one place.
    fn came_again(&self, body: &[u8]) -> bool {
        let digest = Digest::sha256_of(body);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.replace(digest) == Some(digest)
    }
}

/// Behind the end of a page there may be a comment, and little more.
const AFTER_END: usize = 1 << 10;

/// Whether this is HTML that lacks its end. Some servers write none: they are asked once
/// more, and what is the same then is all there is, unless it ends within a tag.
fn is_cut_html(content_type: Option<&str>, body: &[u8], doubtful: &Doubtful) -> bool {
    let is_html = content_type.is_some_and(|it| it.to_ascii_lowercase().contains("html"));
    let tail = body[body.len().saturating_sub(AFTER_END)..].to_ascii_lowercase();
    let has_end = tail.windows(7).any(|window| window == b"</html>");
    if !is_html || has_end {
        return false;
    }
    let ends_in_tag = match tail.iter().rposition(|byte| b"<>".contains(byte)) {
        Some(at) => tail[at] == b'<',
        None => false,
    };
    ends_in_tag || !doubtful.came_again(body)
}

#[cfg(test)]
mod tests {
    use super::{Doubtful, is_cut_html, is_cut_json};

    #[test]
    fn html_without_its_end_is_asked_for_again() {
        let cut = |content_type, bodies: &[&str]| -> Vec<bool> {
            let doubtful = Doubtful::default();
            let is_cut = |body: &&str| is_cut_html(content_type, body.as_bytes(), &doubtful);
            bodies.iter().map(is_cut).collect()
        };
        let html = Some("text/html; charset=utf-8");
        let whole = "<a href=a-1.whl>a</a></HTML>\n<!--SERIAL 1-->";
        assert_eq!(cut(html, &[whole]), [false]);
        let bare = "<a href=a-1.whl>a</a>";
        assert_eq!(cut(html, &[bare, bare]), [true, false]);
        assert_eq!(cut(html, &["", ""]), [true, false]);
        // Cut at one place, then at another.
        let less = &bare[..16];
        assert_eq!(cut(html, &[less, bare, bare]), [true, true, false]);
        let in_tag = &bare[..9];
        assert_eq!(cut(html, &[in_tag, in_tag, in_tag]), [true; 3]);
        assert_eq!(cut(Some("application/zip"), &[bare]), [false]);
        assert_eq!(cut(None, &[bare]), [false]);
    }

    #[test]
    fn json_without_its_end_is_cut() {
        let json = Some("application/vnd.pypi.simple.v1+json");
        for (body, is_cut) in [
            (&b"{\"files\": []}\n"[..], false),
            (b" {\"files\": [", true),
            (b"{", true),
            (b"", false),
            (b"Sign in", false),
        ] {
            assert_eq!(is_cut_json(json, body), is_cut);
        }
        assert!(!is_cut_json(Some("text/html"), b"{"));
        assert!(!is_cut_json(None, b"{"));
    }
}
