//! The simple index: which one it is, where a project's page is on it, and
//! what that page says.
//!
//! A lock names files and hashes; the index maps each name to an address. What
//! is here decides and parses, and runs pip at most; fetching is done
//! elsewhere.

pub mod address;
pub mod default;
pub mod page;
mod pip;
mod sources;

pub(crate) use address::take_credentials;
pub use address::{AddressError, Credentials, IndexUrl, redacted};
pub use default::{DefaultIndex, DefaultIndexError, IndexOrigin, default_index, extra_indexes};
pub(crate) use page::html_title;
pub use page::{ACCEPT, IndexFile, MAX_PAGE_BYTES, PageError, ProjectPage};
pub(crate) use pip::{
    PipSettings, REMEMBERED as PIP_DEFAULT_INDEX, configuration_files as pip_configuration_files,
};
pub(crate) use sources::Order;
pub use sources::{Index, Sources};
