//! Peak memory, as the system counts it for the whole process.

use anyhow::Result;
use layerlock_testkit::{LoopbackIndex, ProjectBuilder, WheelBuilder, noise};

use super::report::{Row, Table};
use super::setup::Setup;
use crate::memory;
use crate::process::Command;

pub(crate) fn measure(setup: &Setup) -> Result<Table> {
    let staging = setup.path("memory");
    let arguments = |command: Command| {
        command
            .arg("--rebuild")
            .args(["--staging".as_ref(), staging.as_os_str()])
    };
    let small = peak(setup, &arguments(setup.layerlock(&["build"])))?;

    // 240 MB unpacked, in few files that are large: one in four is stored in its wheel,
    // so that it has to be compressed.
    let wheels: Vec<_> = (0..4_u32)
        .map(|number| {
            let wheel = WheelBuilder::new(&format!("large{number}"), "1.0")
                .file(&format!("large{number}/__init__.py"), "")
                .file(
                    &format!("large{number}/data.bin"),
                    half_noise(60_000_000, number),
                );
            if number == 0 { wheel.stored() } else { wheel }.build()
        })
        .collect();
    let mut project = ProjectBuilder::new("large").requires_python(">=3.12,<3.13");
    for wheel in &wheels {
        project = project.package(wheel);
    }
    let project = project.write();
    let index = LoopbackIndex::with_wheels(&wheels);
    let command = |arguments: &[&str]| {
        let command = setup.layerlock.command(project.path(), arguments);
        command.args(["--quiet", "--index-url", &index.url()])
    };
    // The cache is warm for the measure.
    command(&["build"]).stdout()?;
    drop(wheels);
    let large = peak(setup, &arguments(command(&["build"])))?;
    Ok(Table {
        title: "Memory",
        about: "The largest resident set of `layerlock build` for a zip and a staging directory, \
                with a warm cache."
            .to_owned(),
        rows: vec![
            Row::within("data-layer, 100 MB unpacked", small, 64.0, "MB"),
            Row::within("four files of 60 MB", large, 64.0, "MB"),
        ],
    })
}

fn peak(setup: &Setup, command: &Command) -> Result<f64> {
    memory::peak(setup.tools.python().program(), command)
}

/// Bytes of which deflate can save about half.
fn half_noise(size: usize, seed: u32) -> Vec<u8> {
    noise(seed, size)
        .into_iter()
        .map(|byte| byte & 0x0f)
        .collect()
}
