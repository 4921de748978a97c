//! A warm build against what people do without layerlock, and the sizes.

use anyhow::Result;

use super::report::{Row, Table};
use super::setup::{Setup, zip};
use super::timing::{interleaved, remove, time};
use crate::process::Command;

pub(crate) fn measure(setup: &Setup, runs: usize) -> Result<Table> {
    let output = setup.path("build");
    let uv = setup.path("uv");
    let pip = setup.path("pip");
    let build = |more: &[&str]| {
        setup
            .layerlock(&["build", "--rebuild"])
            .args(more)
            .args(["--output".as_ref(), output.as_os_str()])
    };
    let ours = |_| {
        remove(&output)?;
        time(&[build(&[])])
    };
    let with_uv = |_| {
        remove(&uv)?;
        fs_err::create_dir_all(&uv)?;
        let pack = zip("-r", &uv.join("layer.zip"), &uv);
        time(&[setup.uv_install(&uv.join("python")), pack])
    };
    let with_pip = |_| {
        remove(&pip)?;
        fs_err::create_dir_all(&pip)?;
        let pack = zip("-r9", &pip.join("layer.zip"), &pip);
        time(&[
            setup.poetry_export(),
            setup.pip_install(&pip.join("python")),
            pack,
        ])
    };
    let few = (runs / 3).max(1);
    let [against_uv, uv_time] = interleaved(few, [&ours, &with_uv])?;
    let [against_pip, pip_time] = interleaved(few, [&ours, &with_pip])?;

    let layer = setup
        .layerlock
        .report(&setup.project, &["build", "--architecture", "x86_64"])?;
    let (zip, copy) = (&layer.layer()?.zip, setup.path("copy.zip"));
    let copied = |_| {
        remove(&copy)?;
        let cp = Command::new("cp").arg(&zip.path).arg(&copy);
        time(&[cp, Command::new("sha256sum").arg(&copy)])
    };
    let [against_copy, copy_time] = interleaved(runs, [&ours, &copied])?;

    let smallest = || {
        remove(&output)?;
        build(&["--compression", "best"]).stdout()?;
        let mut size = 0;
        for file in fs_err::read_dir(&output)? {
            size = file?.metadata()?.len();
        }
        Ok::<u64, anyhow::Error>(size)
    };
    let started = std::time::Instant::now();
    let best = smallest()?;
    let best_time = started.elapsed();
    let zip_9 = fs_err::metadata(pip.join("layer.zip"))?.len();
    let rows = vec![
        Row::faster(
            "build, against `uv pip install --target` and `zip -r`",
            against_uv,
            uv_time,
            40.0,
        ),
        Row::faster(
            "build, against `poetry export`, `pip install -t` and `zip -r9`",
            against_pip,
            pip_time,
            150.0,
        ),
        Row::faster(
            "build, against `cp` and `sha256sum` of the zip",
            against_copy,
            copy_time,
            1.0,
        ),
        size("the zip, against `zip -r9`", zip.size, zip_9, 1.01),
        size(
            &format!("`--compression best`, in {:.1} s", best_time.as_secs_f64()),
            best,
            zip_9,
            1.0,
        ),
    ];
    Ok(Table {
        title: "Building",
        about: "From pyproject.toml and poetry.lock to the zip. Each side starts without \
                outputs and hashes its input."
            .to_owned(),
        rows,
    })
}

#[expect(clippy::cast_precision_loss, reason = "no layer comes near 2^53 bytes")]
fn size(measure: &str, ours: u64, theirs: u64, limit: f64) -> Row {
    let ratio = ours as f64 / theirs as f64;
    Row {
        measure: measure.to_owned(),
        ours: format!("{ours} bytes"),
        theirs: format!("{theirs} bytes"),
        result: format!("{:+.2} %", (ratio - 1.0) * 100.0),
        goal: match limit {
            1.0 => "smaller".to_owned(),
            _ => format!("{:.0} % more, at most", (limit - 1.0) * 100.0),
        },
        met: ratio <= limit,
    }
}
