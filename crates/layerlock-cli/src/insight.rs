//! The commands that tell what layers are made of.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::args::{SizeArgs, WhyArgs};
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
