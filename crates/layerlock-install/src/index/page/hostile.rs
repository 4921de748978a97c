//! What the fuzz target `page` runs.

use layerlock_client::SafeUrl;

use super::project_page::is_file_name;
use super::{MAX_FILES, ProjectPage};

/// The body of the fuzz target, and of the test that stands in for it: reads bytes as a
/// page of an index, of either kind. Gives how many of the two it was.
///
/// # Panics
///
/// Where a page is accepted that later steps could not rely on.
#[doc(hidden)]
#[expect(
    clippy::expect_used,
    reason = "to panic is how a fuzz target tells of what it found"
)]
pub fn read_hostile_page(bytes: &[u8]) -> usize {
    let url = SafeUrl::parse("https://packages.example.com/simple/demo/").expect("a URL");
    let kinds = ["text/html", "application/vnd.pypi.simple.v1+json"];
    let pages = kinds.map(|kind| ProjectPage::parse(&url, Some(kind), bytes));
    let pages: Vec<ProjectPage> = pages.into_iter().flatten().collect();
    for page in &pages {
        assert!(page.files.len() <= MAX_FILES, "{}", page.files.len());
        for file in &page.files {
            assert!(is_file_name(&file.name), "{:?}", file.name);
            let url = file.url.url();
            assert!(matches!(url.scheme(), "http" | "https"), "{url}");
            assert!(url.password().is_none(), "a password is in a URL");
        }
    }
    pages.len()
}
