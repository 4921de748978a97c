//! Reading projects and locks as a user of the crate does.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test that calls them"
)]

mod agreement;
mod common;
mod exclude;
mod first_locks;
mod hostile;
mod order;
mod pylock;
mod refusals;
mod selection;
mod stale;
mod verdicts;
mod walks;
