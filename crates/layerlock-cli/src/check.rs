//! The command that checks layers.

use std::path::PathBuf;
use std::process::ExitCode;

use layerlock::{CheckReport, CheckSettings};

use crate::args::{CheckArgs, CheckFormat};
use crate::console::Console;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::settings;

pub(crate) fn check(
    project: PathBuf,
    args: CheckArgs,
    progress: &Progress,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let format = args.format;
    let settings: CheckSettings = settings::check_settings(project, args);
    let report: CheckReport = layerlock::check(&settings, progress)?;
    progress.end();
    if format == Some(CheckFormat::Github) {
        console.result(&report.github())?;
    } else {
        console.checked(&report)?;
    }
    Ok(ExitCode::from(report.exit_code()))
}
