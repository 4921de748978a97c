//! Tests of what the crate gives, on locks that real uv wrote and on damaged ones.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test that calls them"
)]

mod agreement;
mod asks;
mod hostile;
mod mutated;
mod requirements;
mod stale;
mod support;
