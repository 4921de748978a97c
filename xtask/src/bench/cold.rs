//! From a lock to a zip with empty caches, against uv's installation alone.

use std::path::PathBuf;

use anyhow::Result;
use layerlock_testkit::{LoopbackIndex, ServedFile};

use super::report::{Row, Table};
use super::setup::Setup;
use super::timing::{interleaved, remove, time};

/// What names an index or a directory of wheels: here it is the loopback index alone.
const OF_THE_MACHINE: &[&str] = &["PIP_", "UV_"];

pub(crate) fn measure(setup: &Setup, runs: usize) -> Result<Table> {
    let index = serve(setup)?;
    let url = index.url();
    let ours = |run| {
        let cache = setup.path(&format!("cold-cache-{run}"));
        let build = setup
            .layerlock(&["build", "--index-url", &url, "--rebuild"])
            .without_env(OF_THE_MACHINE)
            .env("LAYERLOCK_CACHE_DIR", cache);
        remove(&setup.project.join("dist"))?;
        time(&[build])
    };
    let theirs = |run| {
        let target = setup.path(&format!("cold-uv-{run}"));
        let install = setup
            .uv_install(&target)
            .without_env(OF_THE_MACHINE)
            .env("UV_CACHE_DIR", setup.path(&format!("cold-uv-cache-{run}")))
            .args(["--index-url", &url]);
        time(&[install])
    };
    let [our_time, their_time] = interleaved(runs, [&ours, &theirs])?;
    Ok(Table {
        title: "Cold",
        about: "Empty caches and an index on this machine: `layerlock build`, which writes the \
                zip, against `uv pip install --target`, which does not."
            .to_owned(),
        rows: vec![Row::faster("lock to zip", our_time, their_time, 1.0)],
    })
}

/// An index on this machine with the wheels of the fixture.
fn serve(setup: &Setup) -> Result<LoopbackIndex> {
    let arguments = ["build", "--rebuild", "--architecture", "x86_64"];
    let report = setup.layerlock.report(&setup.project, &arguments)?;
    let index = LoopbackIndex::start();
    for package in &report.layer()?.packages {
        index.add(ServedFile {
            project: package.name.clone(),
            file_name: package.file.clone(),
            bytes: fs_err::read(in_cache(setup, &package.sha256))?,
            sha256: None,
            requires_python: None,
            yanked: None,
            upload_time: None,
        });
    }
    Ok(index)
}

fn in_cache(setup: &Setup, sha256: &str) -> PathBuf {
    let directory = setup.layerlock.cache.join("wheels-v2").join(&sha256[..2]);
    directory.join(format!("{sha256}.whl"))
}
