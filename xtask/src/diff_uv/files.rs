//! The file that is taken of each package, against what pip takes from the pylock.toml
//! that `uv export` writes of the same choice.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::json;

use super::targets::targets;
use crate::installed;
use crate::layerlock::Export;
use crate::process::Finished;
use crate::tools::Tools;

/// What pip takes for one target.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Answer {
    /// The file of each package; none of a directory or a repository.
    Files(BTreeMap<String, Option<String>>),
    Error(String),
}

/// What pip takes from a lock, for each target.
pub(super) fn chosen(pylock: &Finished, tools: &Tools, work: &Path) -> Result<Vec<Answer>> {
    let asked: Vec<_> = targets()
        .map(|(python, (architecture, machine))| {
            json!({
                "python": python,
                "machine": machine,
                "platforms": installed::platforms(python, architecture),
            })
        })
        .collect();
    let count = asked.len();
    let file = work.join("asked.json");
    let asked = json!({"pylock": pylock.stdout, "targets": asked});
    fs_err::write(&file, serde_json::to_vec(&asked)?)?;
    fs_err::write(work.join("evaluate.py"), include_str!("evaluate.py"))?;
    let script = work.join("choose.py");
    fs_err::write(&script, include_str!("choose.py"))?;
    let answers = tools.pip_python().arg(script).arg(file).stdout()?;
    let answers: Vec<Answer> = serde_json::from_str(&answers)?;
    ensure!(answers.len() == count, "an answer is missing");
    Ok(answers)
}

fn is_wheel(file: &str) -> bool {
    Path::new(file).extension() == Some("whl".as_ref())
}

impl Answer {
    /// How many files are the same; an error says what is not.
    pub(super) fn compare(&self, ours: &Export) -> Result<usize, String> {
        let files = match self {
            Self::Files(files) => files,
            Self::Error(error) => return Err(format!("pip says {error}")),
        };
        let mut same = 0;
        for package in &ours.packages {
            let theirs = files.get(&package.name).cloned().flatten();
            match (&package.file, theirs) {
                (Some(ours), Some(theirs)) if *ours == theirs => same += 1,
                // It has no file: a directory, or a repository.
                (None, None) => {}
                (ours, theirs) => {
                    let name = &package.name;
                    return Err(format!("{name}: layerlock takes {ours:?}, pip {theirs:?}"));
                }
            }
        }
        Ok(same)
    }

    /// Whether pip has a wheel of each package.
    pub(super) fn has_wheels_alone(&self) -> bool {
        match self {
            Self::Files(files) => files.values().flatten().all(|file| is_wheel(file)),
            Self::Error(_) => false,
        }
    }
}
