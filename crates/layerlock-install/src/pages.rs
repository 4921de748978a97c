//! Getting the pages of an index.

use layerlock_client::{Client, SafeUrl, Site};

use crate::Error;
use crate::index::{ACCEPT, Index, MAX_PAGE_BYTES, ProjectPage};

/// A page with links to files.
pub(crate) struct FetchedPage {
    /// Where it came from after all redirects.
    pub(crate) url: SafeUrl,
    pub(crate) links: ProjectPage,
}

/// Gets the page of a project on an index.
pub(crate) async fn fetch_project(
    client: &Client,
    index: &Index,
    project: &str,
) -> Result<FetchedPage, Error> {
    fetch_page(client, &index.url.project_page(project), &index.site()).await
}

/// Gets a page with links; `site` is whose credentials may be sent for it.
pub(crate) async fn fetch_page(
    client: &Client,
    url: &SafeUrl,
    site: &Site,
) -> Result<FetchedPage, Error> {
    let page = client.page(url, site, ACCEPT, MAX_PAGE_BYTES).await?;
    // Relative links are relative to where the page came from at last.
    let links = ProjectPage::parse(&page.url, page.content_type.as_deref(), &page.body)
        .map_err(|error| error.with_title(|title| client.hide_secrets(title)))?;
    Ok(FetchedPage {
        url: page.url,
        links,
    })
}
