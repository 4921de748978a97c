//! Pages: read into memory as a whole.

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
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
            if is_cut_json(content_type.as_deref(), &body) {
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

#[cfg(test)]
mod tests {
    use super::is_cut_json;

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
