//! Exports by the real Poetry, many in one process: see `drive.py`.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::diff_export::poetry::Poetry;
use crate::diff_export::run::Run;
use crate::tools::Tools;

/// What one export gave.
#[derive(Debug, Deserialize)]
pub(crate) struct Export {
    /// None where it took too long.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// What `poetry export` gives for each of the runs.
pub(crate) fn exports(runs: &[Run], tools: &Tools, work: &Path) -> Result<Vec<Export>> {
    let driver = work.join("drive.py");
    fs_err::write(&driver, include_str!("drive.py"))?;
    let mut exports: Vec<Option<Export>> = runs.iter().map(|_| None).collect();
    for poetry in Poetry::ALL {
        let poetry_runs: Vec<usize> = (0..runs.len())
            .filter(|&index| runs[index].poetry == poetry)
            .collect();
        if poetry_runs.is_empty() {
            continue;
        }
        let jobs: Vec<_> = poetry_runs
            .iter()
            .map(|&index| &runs[index])
            .map(|run| json!({"directory": run.directory, "arguments": run.theirs}))
            .collect();
        let file = work.join("jobs.json");
        fs_err::write(&file, serde_json::to_vec(&jobs)?)?;
        let python = tools.poetry_python(poetry.tool()).arg(&driver).arg(&file);
        let stdout = python.stdout()?;
        let answers: Vec<Export> = serde_json::from_str(&stdout)
            .with_context(|| format!("Poetry {} gave no answers", poetry.version()))?;
        ensure!(answers.len() == poetry_runs.len(), "an answer is missing");
        for (index, answer) in poetry_runs.into_iter().zip(answers) {
            exports[index] = Some(answer);
        }
    }
    let exports: Option<Vec<Export>> = exports.into_iter().collect();
    exports.context("a run belongs to no Poetry")
}
