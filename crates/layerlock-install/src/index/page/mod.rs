//! A project's page of a simple index: PEP 691 (JSON) and PEP 503 (HTML).
//!
//! Both forms give the same [`ProjectPage`]. A page is foreign input: nothing
//! on it makes the parsers panic, and what is no index page at all (a proxy's
//! login form, a listing of something else) is an error that says what came
//! instead, since "no such file on the index" would send people looking in the
//! wrong place.

mod hostile;
mod html;
mod json;
mod parse;
mod project_page;
#[cfg(test)]
mod tests;

#[doc(hidden)]
pub use hostile::read_hostile_page;
pub use parse::{ACCEPT, MAX_PAGE_BYTES};
pub use project_page::{IndexFile, MAX_FILES, PageError, ProjectPage};
