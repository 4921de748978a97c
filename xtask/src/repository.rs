//! This checkout: its directories, and the binary that cargo builds from it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::Command;

/// A profile of cargo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

/// The root of the checkout.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// A directory under `target/`, which git ignores.
pub(crate) fn target(name: &str) -> PathBuf {
    root().join("target").join(name)
}

/// The cargo that runs this, in the checkout's root.
pub(crate) fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    // Of the cargo that runs xtask: some build scripts (ring's) run again when
    // they change, and all that depends on them is compiled once more.
    let variables = ["CARGO_MANIFEST_", "CARGO_PKG_"];
    Command::new(cargo)
        .directory(root())
        .without_env(&variables)
}

/// Builds layerlock and returns the path of the binary.
pub(crate) fn build_layerlock(profile: Profile) -> Result<PathBuf> {
    let build = cargo().args(["build", "--locked"]);
    let build = match profile {
        // With the features that `cargo test --workspace --all-features` gives each crate,
        // so that nothing is compiled for the one and again for the other. Those of
        // dev-dependencies count only in a build that selects examples or tests: there is
        // one small example, so that selects little more to build.
        Profile::Dev => build
            .args(["--workspace", "--all-features", "--examples"])
            .args(["--bin", "layerlock"]),
        Profile::Release => build.args(["--package", "layerlock-cli", "--release"]),
    };
    // Once for the person at the terminal, once for the answer where it is.
    build.show()?;
    let messages = build.args(["--quiet", "--message-format=json"]).stdout()?;
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "layerlock")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo built no binary named layerlock")
}
