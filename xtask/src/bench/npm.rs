//! A layer of ten thousand files of npm packages, against npm and zip.

use anyhow::{Context, Result};

use super::report::{Row, Table};
use super::setup::Setup;
use super::timing::{interleaved, remove, time};
use crate::files;
use crate::process::Command;
use crate::repository;

const SETTINGS: &str = "runtime = \"nodejs22\"\n[layers.large]\nnpm = \".\"\n";

pub(crate) fn measure(setup: &Setup, runs: usize) -> Result<Table> {
    let fixture = repository::root().join("fixtures/npm/large");
    let [ours, theirs] = ["npm-ours", "npm-theirs"].map(|name| setup.path(name));
    for project in [&ours, &theirs] {
        files::copy(&fixture, project)?;
    }
    fs_err::write(ours.join("layerlock.toml"), SETTINGS)?;
    let report = setup.layerlock.report(&ours, &["build"])?;
    let file_count = report.layers.first().context("a layer")?.file_count;

    let build = |more: &[&str]| {
        let command = setup.layerlock.command(&ours, &["build", "--quiet"]);
        command.args(more)
    };
    let ours_rebuilt = |_| {
        remove(&ours.join("dist"))?;
        time(&[build(&["--rebuild"])])
    };
    let theirs_built = |_| {
        remove(&theirs.join("node_modules"))?;
        remove(&theirs.join("layer.zip"))?;
        let npm = Command::new("npm")
            .args(["ci", "--omit=dev", "--ignore-scripts", "--no-bin-links"])
            .args(["--prefer-offline", "--no-audit", "--no-fund"])
            .directory(&theirs);
        let zip = Command::new("zip")
            .args(["-q", "-r", "layer.zip", "node_modules"])
            .directory(&theirs);
        time(&[npm, zip])
    };
    let few = (runs / 3).max(1);
    let [built, by_npm] = interleaved(few, [&ours_rebuilt, &theirs_built])?;
    let [unchanged] = interleaved(runs, [&|_| time(&[build(&[])])])?;
    Ok(Table {
        title: "Packages of npm",
        about: format!(
            "fixtures/npm/large: {file_count} files, with warm caches on both sides. Each side \
             starts without outputs."
        ),
        rows: vec![
            Row::faster("build, against `npm ci` and `zip -r`", built, by_npm, 40.0),
            Row::within(
                "a build where nothing has changed",
                unchanged.as_secs_f64() * 1000.0,
                15.0,
                "ms",
            ),
        ],
    })
}
