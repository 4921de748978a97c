//! Many layers over shared wheels, on one core and on all.

use std::num::NonZero;
use std::thread;

use anyhow::Result;
use layerlock_testkit::{LockedPackage, LoopbackIndex, ProjectBuilder, WheelBuilder, noise};

use super::report::{Row, Table, milliseconds};
use super::setup::Setup;
use super::timing::{interleaved, remove, time};

const COUNT: usize = 50;

pub(crate) fn measure(setup: &Setup, runs: usize) -> Result<Table> {
    let shared = WheelBuilder::new("shared", "1.0")
        .file("shared/__init__.py", "")
        .file("shared/data.bin", noise(1, 4_000_000))
        .build();
    let mut project = ProjectBuilder::new("many")
        .requires_python(">=3.12,<3.13")
        .package(&shared);
    let index = LoopbackIndex::with_wheels([&shared]);
    let mut toml = String::new();
    for number in 0..COUNT {
        let name = format!("own{number:02}");
        let own = WheelBuilder::new(&name, "1.0")
            .file(&format!("{name}.py"), name.clone())
            .build();
        index.add(&own);
        project = project.package(LockedPackage::from(&own).groups(&[&name]));
        let groups = format!("groups = [\"main\", \"{name}\"]");
        toml.extend(["[tool.layerlock.layers.", &name, "]\n", &groups, "\n"]);
    }
    let project = project.pyproject(&toml).write();
    let output = setup.path("layers");
    let build = || {
        setup
            .layerlock
            .command(project.path(), &["build", "--rebuild", "--quiet"])
            .args(["--index-url", &index.url()])
            .args(["--output".as_ref(), output.as_os_str()])
    };
    let all = |_| {
        remove(&output)?;
        time(&[build()])
    };
    let one_core = |_| {
        remove(&output)?;
        time(&[build().started_by("taskset", ["-c", "0"])])
    };
    let single = |_| {
        remove(&output)?;
        time(&[build().args(["--layer", "own00"])])
    };
    let [all, one_core, single] = interleaved(runs, [&all, &one_core, &single])?;
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    #[expect(clippy::cast_precision_loss, reason = "no machine has 2^53 cores")]
    // Some of a run is for one core: reading the project, and the last renames.
    let goal = 1.0 + (cores as f64 - 1.0) * 0.5;
    let row = Row::faster(
        format!("{COUNT} layers, {cores} cores against one"),
        all,
        one_core,
        goal,
    );
    Ok(Table {
        title: "Many layers",
        about: format!(
            "{COUNT} layers of one project, which share a wheel of 4 MB. One of them alone takes \
             {}.",
            milliseconds(single)
        ),
        rows: vec![row],
    })
}
