//! The layer's console scripts, started as a function starts a command.

use anyhow::Result;

use super::function::{SEARCH_PATHS, cannot_run, python_prefix};
use super::namespace::{Mounts, Namespace};
use super::subject::Subject;
use crate::checks::{Problems, Proof};
use crate::tools::Tools;

/// Each script is found in /opt/bin by Lambda's PATH, and prints its package's version.
pub(crate) fn prove(subject: &Subject, tools: &Tools) -> Result<Proof> {
    if let Some(why) = cannot_run(subject) {
        return Ok(Proof::Skipped(why));
    }
    let Some(namespace) = Namespace::find() else {
        return Ok(Proof::Skipped(
            "no mount namespace here for /opt/bin".into(),
        ));
    };
    let layer = subject.unzipped("scripts-layer")?;
    let scratch = subject.new_directory("scripts-run")?;
    let [root, task] = ["root", "task"].map(|name| scratch.join(name));
    fs_err::create_dir(&root)?;
    fs_err::create_dir(&task)?;
    let mounts = Mounts {
        root: &root,
        lang: &python_prefix(tools)?,
        opt: &layer,
        task: &task,
        runtime: &tools.runtime_client(),
    };
    let mut problems = Problems::default();
    for script in subject.fixture.scripts {
        let said = namespace
            .command(&mounts)
            .args(SEARCH_PATHS)
            // What Lambda sets for the processes that a function starts.
            .arg("PYTHONPATH=/var/runtime")
            .args([script.name, script.version_argument])
            .finish()?
            .success()?
            .stdout;
        let version = subject
            .fixture
            .version(script.package)
            .unwrap_or("no version");
        problems.hold(said.contains(version), || {
            format!("{} prints {said:?}, and must print {version}", script.name)
        });
    }
    problems.finish()?;
    Ok(Proof::Figure(format!(
        "{} scripts",
        subject.fixture.scripts.len()
    )))
}
