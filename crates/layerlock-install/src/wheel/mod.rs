//! A wheel: read and checked once, then a source of plan entries.
//!
//! [`WheelContents::verify`] is the only door. What it lets in has safe names,
//! honest headers and bytes that agree with RECORD; everything after it copies.

mod contents;
mod entry_points;
mod hostile;
mod layout;
mod limits;
mod problem;
mod record;
mod record_fit;
#[cfg(test)]
mod tests;
mod unpack;
mod verify;

pub use contents::{Wheel, WheelContents};
#[doc(hidden)]
pub use hostile::read_hostile;
pub(crate) use layout::push_wheel;
pub(crate) use limits::MAX_UNPACKED;
pub use problem::WheelProblem;
pub(crate) use record::listed_files;
pub use record_fit::RecordFlaws;
pub(crate) use unpack::{members, members_of_source, metadata_file};
