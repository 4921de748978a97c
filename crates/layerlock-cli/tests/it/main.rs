//! The command line as its users meet it: what it prints, writes and exits with.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod aliyun;
mod cache;
mod colors;
mod commands;
mod dry_run;
mod errors;
mod export;
mod generated;
mod handover;
mod init;
mod insight;
mod maven;
mod network;
mod npm;
mod output;
mod progress;
mod projects;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod small_machine;
mod support;
mod upkeep;
