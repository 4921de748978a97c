//! The Poetry versions that exports are compared with, and their exports.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::diff_export::project::Run;
use crate::tools::{Tool, Tools};

/// A pinned Poetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Poetry {
    /// 1.1: what users of the oldest locks may still run.
    Oldest,
    /// 1.8: the model for locks before 2.1.
    Old,
    /// The newest: the model for locks of 2.1.
    New,
}

/// What one export gave.
#[derive(Debug, Deserialize)]
pub(crate) struct Export {
    /// None where it took too long.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Poetry {
    pub(crate) const ALL: [Self; 3] = [Self::Oldest, Self::Old, Self::New];

    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::Oldest => "1.1.15",
            Self::Old => "1.8.5",
            Self::New => "2.5.1",
        }
    }

    /// Whether an export of such a lock is compared with this Poetry's.
    pub(crate) fn reads(self, lock_version: &str) -> bool {
        match self {
            Self::Oldest => matches!(lock_version, "1.0" | "1.1"),
            Self::Old => matches!(lock_version, "1.0" | "1.1" | "2.0"),
            Self::New => lock_version == "2.1",
        }
    }

    fn tool(self) -> Tool {
        match self {
            Self::Oldest => Tool::Poetry11,
            Self::Old => Tool::Poetry18,
            Self::New => Tool::Poetry,
        }
    }
}

/// What `poetry export` gives for each of the runs.
pub(crate) fn exports(runs: &[Run], tools: &Tools, work: &Path) -> Result<Vec<Export>> {
    let driver = work.join("drive.py");
    fs_err::write(&driver, include_str!("drive.py"))?;
    let mut exports: Vec<Option<Export>> = runs.iter().map(|_| None).collect();
    for poetry in Poetry::ALL {
        let of_poetry: Vec<usize> = (0..runs.len())
            .filter(|&index| runs[index].poetry == poetry)
            .collect();
        if of_poetry.is_empty() {
            continue;
        }
        let jobs: Vec<_> = of_poetry
            .iter()
            .map(|&index| json!({"folder": runs[index].folder, "arguments": runs[index].theirs}))
            .collect();
        let file = work.join("jobs.json");
        fs_err::write(&file, serde_json::to_vec(&jobs)?)?;
        let python = tools.poetry_python(poetry.tool()).arg(&driver).arg(&file);
        let stdout = python.stdout()?;
        let answers: Vec<Export> = serde_json::from_str(&stdout)
            .with_context(|| format!("Poetry {} gave no answers", poetry.version()))?;
        ensure!(answers.len() == of_poetry.len(), "an answer is missing");
        for (index, answer) in of_poetry.into_iter().zip(answers) {
            exports[index] = Some(answer);
        }
    }
    let exports: Option<Vec<Export>> = exports.into_iter().collect();
    exports.context("a run belongs to no Poetry")
}
