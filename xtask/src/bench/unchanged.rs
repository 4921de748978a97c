//! A run that finds nothing to do.

use anyhow::Result;

use super::report::{Row, Table};
use super::setup::Setup;
use super::timing::{interleaved, time};

pub(crate) fn measure(setup: &Setup, runs: usize) -> Result<Table> {
    // Apart, or each would find the other's outputs.
    let (staging, zips) = (setup.path("unchanged"), setup.path("unchanged-zips"));
    let zip = || setup.layerlock(&["build"]);
    let both = || {
        zip()
            .args(["--staging".as_ref(), staging.as_os_str()])
            .args(["--output".as_ref(), zips.as_os_str()])
    };
    let [zip, both] = interleaved(runs, [&|_| time(&[zip()]), &|_| time(&[both()])])?;
    let limit = |what: &str, time: std::time::Duration| {
        Row::within(what, time.as_secs_f64() * 1000.0, 15.0, "ms")
    };
    Ok(Table {
        title: "Nothing changed",
        about: "`layerlock build` where project, lock and outputs have not changed since the \
                last run."
            .to_owned(),
        rows: vec![
            limit("a zip", zip),
            limit("a zip and a staging directory", both),
        ],
    })
}
