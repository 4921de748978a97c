//! The commands that tell what layers are made of.

use std::path::PathBuf;
use std::process::ExitCode;

use layerlock::EXIT_CHECK_FAILED;

use crate::args::{DiffArgs, SizeArgs, WhyArgs};
use crate::console::Console;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::settings;

pub(crate) fn size(
    project: PathBuf,
    args: SizeArgs,
    progress: &Progress,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let settings = settings::size_settings(project, args);
    let report = layerlock::size(&settings, progress)?;
    progress.end();
    console.shown(&report, |width| report.text(width))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn why(project: PathBuf, args: WhyArgs, console: &Console) -> Result<ExitCode, Failure> {
    let report = layerlock::why(&settings::why_settings(project, args))?;
    console.listed(&report)?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn diff(
    project: PathBuf,
    args: DiffArgs,
    progress: &Progress,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let is_asked = args.exit_code;
    let settings = settings::diff_settings(project, args);
    let report = layerlock::diff(&settings, progress)?;
    progress.end();
    console.listed(&report)?;
    Ok(if is_asked && report.has_changes() {
        ExitCode::from(EXIT_CHECK_FAILED)
    } else {
        ExitCode::SUCCESS
    })
}
