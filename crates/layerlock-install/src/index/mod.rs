//! The simple index: which one it is, where a project's page is on it, and
//! what that page says.
//!
//! A lock names files and hashes; the index maps each name to a URL.

mod built_in;
mod default;
mod index_url;
mod origin;
mod page;

pub use default::{DefaultIndex, DefaultIndexError, default_index, extra_indexes};
pub(crate) use index_url::parse_http;
pub use index_url::{Index, IndexUrl, IndexUrlError};
pub use origin::IndexOrigin;
#[doc(hidden)]
pub use page::read_hostile_page;
pub use page::{ACCEPT, IndexFile, MAX_FILES, MAX_PAGE_BYTES, PageError, ProjectPage};
