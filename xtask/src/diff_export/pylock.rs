//! Exports as pylock.toml, which ask an index: see `pylock.py`.

use std::path::Path;

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::diff_export::poetry::Poetry;
use crate::diff_export::run::Run;
use crate::diff_export::verdict::SHOWN;
use crate::layerlock::Layerlock;
use crate::tools::{Tool, Tools};

/// How many runs a verdict was given to.
#[derive(Default)]
struct Counts {
    bytes: usize,
    meaning: usize,
    refused: usize,
    differ: usize,
}

#[derive(Deserialize)]
struct Answer {
    verdict: Verdict,
    lines: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Bytes,
    Meaning,
    Refused,
    Differs,
}

/// Makes each of the runs of the newest Poetry once more as pylock.toml, prints what
/// differs, and returns how many runs differ in meaning.
pub(crate) fn compare(
    runs: &[Run],
    layerlock: &Layerlock,
    tools: &Tools,
    work: &Path,
) -> Result<usize> {
    let runs: Vec<&Run> = runs.iter().filter(|run| is_compared(run)).collect();
    if runs.is_empty() {
        return Ok(0);
    }
    let answers = answers(&runs, layerlock, tools, work)?;
    let mut counts = Counts::default();
    for (run, answer) in runs.iter().zip(&answers) {
        let (count, what) = match answer.verdict {
            Verdict::Bytes => (&mut counts.bytes, None),
            Verdict::Refused => (&mut counts.refused, None),
            Verdict::Meaning => (&mut counts.meaning, Some("same meaning")),
            Verdict::Differs => (&mut counts.differ, Some("DIFFERS")),
        };
        *count += 1;
        if let Some(what) = what
            && *count <= SHOWN
        {
            println!("\n{what} as pylock.toml: {}", run.describe());
            for line in answer.lines.iter().take(2 * SHOWN) {
                println!("    {line}");
            }
        }
    }
    println!(
        "\n{} exports as pylock.toml: {} same bytes but for created-by, {} same meaning in other \
         bytes, {} refused by both, {} differ",
        runs.len(),
        counts.bytes,
        counts.meaning,
        counts.refused,
        counts.differ
    );
    Ok(counts.differ)
}

/// Flags that do nothing to a pylock.toml need not be tried.
fn is_compared(run: &Run) -> bool {
    let idle = ["--without-hashes", "--without-urls"];
    run.poetry == Poetry::New && !run.theirs.iter().any(|flag| idle.contains(&flag.as_str()))
}

fn answers(
    runs: &[&Run],
    layerlock: &Layerlock,
    tools: &Tools,
    work: &Path,
) -> Result<Vec<Answer>> {
    let jobs: Vec<_> = runs
        .iter()
        .map(|run| {
            let mut arguments = run.theirs.clone();
            arguments.extend(["--format".to_owned(), "pylock.toml".to_owned()]);
            json!({"directory": run.directory, "arguments": arguments})
        })
        .collect();
    let directory = work.join("pylock");
    fs_err::create_dir_all(&directory)?;
    let (script, file) = (directory.join("pylock.py"), directory.join("task.json"));
    fs_err::write(&script, include_str!("pylock.py"))?;
    let task = json!({"layerlock": layerlock.binary, "work": directory, "jobs": jobs});
    fs_err::write(&file, serde_json::to_vec(&task)?)?;
    // The variables that layerlock needs, then those that Poetry needs.
    let python = tools.poetry_python(Tool::Poetry).arg(script).arg(file);
    let stdout = layerlock.environment(python).stdout()?;
    let answers: Vec<Answer> = serde_json::from_str(&stdout)?;
    ensure!(answers.len() == runs.len(), "an answer is missing");
    Ok(answers)
}
