//! Exports of a lock of 300 packages.

use anyhow::{Result, ensure};

use super::report::{Row, Table};
use super::setup::Setup;
use super::timing::{interleaved, time};
use crate::repository;

pub(crate) fn measure(setup: &Setup, runs: usize) -> Result<Table> {
    let project = repository::root().join("fixtures/export/large-2.1");
    let lock = fs_err::read_to_string(project.join("poetry.lock"))?;
    let packages = lock.matches("[[package]]").count();
    let mut rows = Vec::new();
    for flags in [&["export"] as &[&str], &["export", "--all-groups"]] {
        let ours = setup.layerlock.command(&project, flags);
        let theirs = setup.tools.poetry().directory(&project).args(flags);
        let (our_text, their_text) = (ours.stdout()?, theirs.stdout()?);
        ensure!(our_text == their_text, "the two exports differ");
        let [our_time, their_time] = interleaved(
            runs,
            [&|_| time(std::slice::from_ref(&ours)), &|_| {
                time(std::slice::from_ref(&theirs))
            }],
        )?;
        let lines = our_text.lines().count();
        let what = format!("`{}`, {lines} lines", flags.join(" "));
        rows.push(Row::within(
            &what,
            our_time.as_secs_f64() * 1000.0,
            20.0,
            "ms",
        ));
        rows.push(Row::faster(what, our_time, their_time, 50.0));
    }
    Ok(Table {
        title: "Exporting",
        about: format!("A lock of {packages} packages, against `poetry export`."),
        rows,
    })
}
