//! The commands that look after published versions.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::args::{DeleteArgs, ListArgs, PromoteArgs, PruneArgs, StatusArgs};
use crate::console::{Console, arns};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::settings;

pub(crate) fn status(
    project: PathBuf,
    args: StatusArgs,
    progress: &Progress,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let settings = settings::status_settings(project, args);
    let report = layerlock::status(&settings, progress)?;
    progress.end();
    console.failures(report.failures());
    console.done(&report)?;
    Ok(ExitCode::from(report.exit_code()))
}

pub(crate) fn list(
    project: PathBuf,
    args: ListArgs,
    progress: &Progress,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let settings = settings::upkeep_settings(project, args.upkeep);
    if args.functions {
        let list = layerlock::list_functions(&settings.settings, progress)?;
        progress.end();
        console.listed(&list)?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = layerlock::list(&settings, progress)?;
    progress.end();
    console.failures(report.failures());
    console.listed(&report)?;
    Ok(ExitCode::from(report.exit_code()))
}

pub(crate) fn prune(
    project: PathBuf,
    args: PruneArgs,
    progress: &Progress,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let settings = settings::prune_settings(project, args);
    let report = layerlock::prune(&settings, progress)?;
    progress.end();
    console.failures(report.failures());
    console.done(&report)?;
    Ok(ExitCode::from(report.exit_code()))
}

pub(crate) fn delete(
    project: PathBuf,
    args: DeleteArgs,
    progress: &Progress,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let settings = settings::delete_settings(project, args)?;
    let report = layerlock::delete(&settings, progress)?;
    progress.end();
    console.failures(report.failures());
    console.done(&report)?;
    Ok(ExitCode::from(report.exit_code()))
}

pub(crate) fn promote(
    project: PathBuf,
    args: PromoteArgs,
    progress: &Progress,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let settings = settings::promote_settings(project, args);
    let report = layerlock::promote(&settings, progress)?;
    progress.end();
    console.failures(report.failures());
    console.built(&report, std::iter::empty())?;
    if !settings.dry_run {
        console.result(&arns(&report.published))?;
    }
    Ok(ExitCode::from(report.exit_code()))
}
