//! The jobs of the library on projects and indexes made for the test.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input has failed"
)]

mod build;
mod check;
mod configuration;
mod default_runtime;
mod diff;
mod exclude;
mod export;
mod failures;
mod file_conflicts;
mod folders;
mod handover;
mod helpers;
mod languages;
mod layers;
mod locks;
mod maven;
mod misfits;
mod npm;
#[cfg(unix)]
mod own;
mod passwords;
mod patch_release;
mod prebuilt;
mod publish;
mod size;
mod sources;
mod targets;
mod two_clouds;
mod unchanged;
mod upkeep;
mod why;
mod zips;
