//! From a lock and a loopback index to the plan of a layer.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input has failed"
)]

mod build;
mod cache;
mod choose;
mod connect;
mod credentials;
mod fetch;
mod git;
mod helpers;
mod layout;
mod limits;
mod local;
mod servers;
#[cfg(unix)]
mod session;
mod sources;
