//! Verdicts on pairs of exports.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::diff_export::drive::Export;
use crate::diff_export::poetry::Poetry;
use crate::diff_export::run::Run;
use crate::diff_export::verdict::Verdict;
use crate::process::Finished;
use crate::tools::{Tool, Tools};

/// Two exports of one run.
pub(crate) struct Comparison {
    pub(crate) ours: Finished,
    pub(crate) theirs: Export,
}

/// What `compare.py` says of two texts.
#[derive(Deserialize)]
struct Answer {
    differences: Vec<String>,
    changes: Vec<String>,
}

/// The verdict on each comparison. One process compares all that are not the same bytes.
pub(crate) fn verdicts(
    runs: &[Run],
    comparisons: Vec<Comparison>,
    tools: &Tools,
    work: &Path,
) -> Result<Vec<Verdict>> {
    let mut pairs = Vec::new();
    let mut verdicts: Vec<Option<Verdict>> = Vec::new();
    for (run, comparison) in runs.iter().zip(comparisons) {
        let verdict = comparison.at_once();
        if verdict.is_none() {
            // Poetry 1.1 does not print the project's Python range.
            let python = (run.poetry == Poetry::Oldest).then_some(&run.python);
            pairs.push(json!({
                "ours": comparison.ours.stdout,
                "theirs": comparison.theirs.stdout,
                "python": python,
            }));
        }
        verdicts.push(verdict);
    }
    let mut answers = answers(&pairs, tools, work)?.into_iter();
    let verdicts: Option<Vec<Verdict>> = verdicts
        .into_iter()
        .map(|verdict| verdict.or_else(|| Some(answers.next()?.verdict())))
        .collect();
    verdicts.context("compare.py gave too few answers")
}

fn answers(pairs: &[serde_json::Value], tools: &Tools, work: &Path) -> Result<Vec<Answer>> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let (script, file) = (work.join("compare.py"), work.join("pairs.json"));
    fs_err::write(&script, include_str!("compare.py"))?;
    fs_err::write(&file, serde_json::to_vec(pairs)?)?;
    let python = tools.poetry_python(Tool::Poetry).arg(script).arg(file);
    let answers: Vec<Answer> = serde_json::from_str(&python.stdout()?)?;
    ensure!(answers.len() == pairs.len(), "an answer is missing");
    Ok(answers)
}

impl Comparison {
    /// The verdict where it needs no reading of requirements.
    fn at_once(&self) -> Option<Verdict> {
        let (ours, theirs) = (&self.ours, &self.theirs);
        let Some(their_code) = theirs.code else {
            return Some(Verdict::NoAnswer);
        };
        match (ours.code == Some(0), their_code == 0) {
            (true, true) => (ours.stdout == theirs.stdout).then_some(Verdict::SameBytes),
            // A panic is no refusal.
            (false, false) if matches!(ours.code, Some(1..=7)) => Some(Verdict::Refused),
            (false, false) => Some(Verdict::Differs(vec![ours.describe()])),
            (false, true) => Some(Verdict::Differs(vec![
                "Poetry exports, layerlock refuses:".into(),
                first_lines(&ours.stderr),
            ])),
            (true, false) => Some(Verdict::Differs(vec![
                "layerlock exports, Poetry refuses:".into(),
                last_lines(&theirs.stderr),
            ])),
        }
    }
}

impl Answer {
    fn verdict(self) -> Verdict {
        if self.differences.is_empty() {
            Verdict::SameMeaning(self.changes)
        } else {
            Verdict::Differs(self.differences)
        }
    }
}

/// The start of what layerlock says: the error is first, hints follow.
fn first_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().take(4).collect();
    lines.join("\n    ")
}

/// The end of what Poetry says: warnings come before the error.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(4)..].join("\n    ")
}
