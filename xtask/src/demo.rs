//! `cargo xtask demo`: layerlock's main job, without an account.

use anyhow::Result;
use layerlock_fixtures::SHARED_LAYER;

use crate::files;
use crate::process::Command;
use crate::repository::{self, Profile};

/// Builds the layer of `shared-layer` and publishes it to a local directory, twice.
pub(crate) fn run() -> Result<()> {
    let binary = repository::build_layerlock(Profile::Release)?;
    let project = repository::target("demo").join(SHARED_LAYER.name);
    if project.exists() {
        fs_err::remove_dir_all(&project)?;
    }
    files::copy(&SHARED_LAYER.project(), &project)?;
    println!(
        "a copy of fixtures/{} is in {}",
        SHARED_LAYER.name,
        project.display()
    );

    // Everything that the demo writes is in one directory: delete it, and nothing is left.
    let cache = repository::target("demo").join("cache");
    let layerlock = Command::new(&binary)
        .env("LAYERLOCK_CACHE_DIR", cache)
        .directory(&project);
    let build = layerlock.clone().arg("build");
    println!("\nOne layer from pyproject.toml and poetry.lock, for python3.12 on x86_64:");
    println!("$ {}", build.to_string().trim_matches('`'));
    build.show()?;

    let publish = layerlock.args(["publish", "--provider", "local"]);
    for what in [
        "Published to a directory, as version 1:",
        "Published again: nothing changed, so there is no version 2:",
    ] {
        println!("\n{what}");
        println!("$ {}", publish.to_string().trim_matches('`'));
        publish.show()?;
    }
    Ok(())
}
