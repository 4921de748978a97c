//! From a lock and npm's cache to the files of a layer.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input has failed"
)]

mod faults;
mod layer;
mod shop;
