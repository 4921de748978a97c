//! From the wheel to the first layer, as somebody who tries the command gets there.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use layerlock_fixtures::SHARED_LAYER;

use super::workshop::Workshop;
use crate::checks::{Problems, Proof};
use crate::files;
use crate::layerlock::Layerlock;
use crate::process::Command;

/// What nobody waits for. It should be 10 s with the binary of a release on an idle
/// machine, which tests of debug builds on busy ones do not tell.
const TOO_LONG: Duration = Duration::from_secs(90);

/// Starting takes 5 ms on an idle machine.
const TOO_SLOW: Duration = Duration::from_millis(250);

/// `pip install`, then `layerlock build` with an empty cache: the layer that the binary
/// of this build gives.
pub(super) fn prove(workshop: &Workshop) -> Result<Proof> {
    let started = Instant::now();
    let environment = workshop.installed("first-layer")?;
    let installed = started.elapsed();
    let mut sums = Vec::new();
    let mut times = Vec::new();
    for (name, binary) in [
        ("by-wheel", environment.program("layerlock")),
        ("native", workshop.binary.to_owned()),
    ] {
        let directory = workshop.path(name);
        let project = directory.join(SHARED_LAYER.name);
        files::copy(&SHARED_LAYER.project(), &project)?;
        let layerlock = Layerlock::new(&binary, &directory)?;
        let started = Instant::now();
        let report = layerlock.report(&project, &["build"])?;
        times.push(started.elapsed());
        sums.push(report.layer()?.zip.sha256.clone());
    }
    let mut problems = Problems::default();
    problems.equal("the layer of the wheel's command", &sums[0], &sums[1]);
    problems.finish()?;
    let whole = installed + times[0];
    ensure!(whole < TOO_LONG, "the first layer took {whole:?}");
    Ok(Proof::Figure(format!(
        "{:.1} s (environment and install {:.1} s, first build {:.1} s)",
        whole.as_secs_f32(),
        installed.as_secs_f32(),
        times[0].as_secs_f32()
    )))
}

/// What each hook of an editor or of git waits for.
pub(super) fn starts_at_once(workshop: &Workshop) -> Result<Proof> {
    let environment = workshop.installed("start")?;
    let command = Command::new(environment.program("layerlock")).arg("--version");
    let mut times = (0..21)
        .map(|_| command.time())
        .collect::<Result<Vec<_>>>()?;
    times.sort();
    let median = times[times.len() / 2];
    ensure!(
        times[0] < TOO_SLOW,
        "--version took {:?} at least",
        times[0]
    );
    Ok(Proof::Figure(format!(
        "--version in {:.1} ms",
        median.as_secs_f64() * 1000.0
    )))
}
