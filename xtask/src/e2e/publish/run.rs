//! Runs of the command, and what they report.

use anyhow::{Result, bail};

use super::server::REGION;
use crate::e2e::subject::Subject;
use crate::layerlock::{Published, Report};
use crate::process::Command;

/// A publish of the subject to AWS under a name, with a report.
pub(super) fn publish(subject: &Subject, name: &str) -> Command {
    let mut arguments = subject.build_arguments();
    arguments[0] = "publish";
    arguments.extend(["--provider", "aws", "--region", REGION]);
    arguments.extend(["--json", "--name", name]);
    subject.layerlock.command(&subject.project, &arguments)
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
