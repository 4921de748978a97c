//! Runs of the command, and what they report.

use std::path::Path;

use anyhow::{Result, bail};

use super::server::REGION;
use crate::e2e::subject::Subject;
use crate::layerlock::{Published, Report};
use crate::process::Command;

/// A publish of the subject to AWS under a name, with a report.
pub(super) fn publish(subject: &Subject, name: &str) -> Command {
    to_aws(subject, &subject.project).args(["--json", "--name", name])
}

/// A publish of a project to AWS, for the subject's target.
pub(super) fn to_aws(subject: &Subject, project: &Path) -> Command {
    let command = subject
        .layerlock
        .command(project, &subject.arguments("publish"));
    command.args(["--provider", "aws", "--region", REGION])
}

/// The names of so many layers. Checks that run at the same time have names of their own: a
/// run waits for another one of the same name.
pub(super) fn names(check: &str, count: usize) -> Vec<String> {
    (0..count).map(|index| format!("{check}-{index}")).collect()
}

pub(super) fn one(report: &Report) -> Result<&Published> {
    let [published] = report.published.as_slice() else {
        bail!("{} versions are reported, not one", report.published.len());
    };
    Ok(published)
}
