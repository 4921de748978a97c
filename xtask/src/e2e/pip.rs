//! The layer against what pip installs from the same wheels for the same platform.

use anyhow::Result;

use super::subject::Subject;
use crate::checks::{Problems, Proof};
use crate::tools::Tools;
use crate::{files, installed};

/// `python/` holds the files of `pip install --target`, byte for byte.
pub(crate) fn prove(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let directory = subject.new_directory("pip")?;
    let requirements = directory.join("requirements.txt");
    let target = directory.join("target");
    tools
        .poetry()
        .directory(&subject.project)
        .args(["export", "--output"])
        .arg(&requirements)
        .stdout()?;
    let version = subject.target.runtime.trim_start_matches("python");
    installed::for_target(tools.pip(), version, subject.target.architecture)
        .args(["--require-hashes", "--requirement"])
        .arg(&requirements)
        .arg("--target")
        .arg(&target)
        .stdout()?;

    let mut problems = Problems::default();
    let count = installed::compare(&subject.zip, files::tree(&target)?, &mut problems);
    problems.finish()?;
    Ok(Proof::Figure(format!("{count} files")))
}
