//! Pages: read into memory as a whole.

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use tokio::sync::OwnedSemaphorePermit;

use super::client::{Client, content_type};
use super::connections::Content;
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
        let attempt = || async {
            let (url, mut response) = self.get(Content::Page, url, site, accept.clone()).await?;
            let mut body = Vec::new();
            let mut permit = None;
            while let Some(piece) = response
                .chunk()
                .await
                .map_err(|error| self.failed(&error, &url))?
            {
                body.extend_from_slice(&piece);
                if body.len() > max_bytes {
                    break;
                }
                if body.len() > SMALL && permit.is_none() {
                    permit = self.large_page_permit().await;
                }
            }
            Ok(Page {
                content_type: content_type(&response),
                url,
                body,
                _large_page_permit: permit,
            })
        };
        with_retries(self.retries(), attempt, |_| {}).await
    }
}
