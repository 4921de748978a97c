//! `cargo xtask diff-export`: `layerlock export` against the real `poetry export`.
//!
//! Each project is exported with every set of flags that makes sense for it, by the
//! Poetry that is the model for its lock, and by layerlock. A run has one of six
//! verdicts: the bytes are the same; the meaning is the same (each requirement, hash,
//! option and marker, see `compare.py`); both refuse; Poetry comes to no end; or the two
//! differ, which fails the task unless `fixtures/export/explained.toml` says why.

mod compare;
mod drive;
mod explained;
mod poetry;
mod project;
mod pylock;
mod random;
mod run;
mod verdict;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::diff_export::compare::Comparison;
use crate::diff_export::explained::Explanations;
use crate::diff_export::poetry::Poetry;
use crate::diff_export::project::Project;
use crate::diff_export::run::Run;
use crate::diff_export::verdict::{SHOWN, Verdict};
use crate::layerlock::Layerlock;
use crate::repository::{self, Profile};
use crate::tools::{self, Tool, Tools};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Projects: names of directories under fixtures/export, or paths [default: all]
    projects: Vec<String>,
    /// Run only the exports whose flags hold this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Instead of the fixtures, this many random projects
    #[arg(long, value_name = "N", conflicts_with = "projects")]
    random: Option<u64>,
    /// Where the random projects start
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Compare this binary instead of building one
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
}

impl Arguments {
    /// All fixtures, by a binary of this tree.
    pub(crate) fn fixtures() -> Self {
        Self {
            projects: Vec::new(),
            only: None,
            random: None,
            seed: 1,
            binary: None,
        }
    }

    /// This many random projects, the same each time.
    pub(crate) fn random(count: u64) -> Self {
        Self {
            random: Some(count),
            ..Self::fixtures()
        }
    }

    fn compares_everything(&self) -> bool {
        self.projects.is_empty() && self.only.is_none() && self.random.is_none()
    }
}

/// The verdicts of one project with one Poetry.
#[derive(Default)]
struct Row {
    bytes: usize,
    meaning: usize,
    refused: usize,
    no_answer: usize,
    explained: usize,
    differs: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let binary = match &arguments.binary {
        Some(binary) => fs_err::canonicalize(binary)?,
        None => repository::build_layerlock(Profile::Dev)?,
    };
    let mut wanted = vec![Tool::Poetry, Tool::Poetry18];
    let has_oldest = tools::has_poetry_1_1();
    wanted.extend(has_oldest.then_some(Tool::Poetry11));
    let tools = Tools::prepare(&wanted)?;
    let work = tempfile::Builder::new()
        .prefix("layerlock-diff-export-")
        .tempdir()?;
    let layerlock = Layerlock::new(&binary, work.path())?;

    let projects = match arguments.random {
        Some(count) => random::projects(count, arguments.seed, &tools)?,
        None => project::find(&arguments.projects)?,
    };
    let mut runs = Vec::new();
    for project in &projects {
        let stale = project.stale_copy(work.path())?;
        for poetry in Poetry::ALL {
            if poetry.reads(&project.lock_version) && (poetry != Poetry::Oldest || has_oldest) {
                runs.extend(project.runs(poetry, &stale));
            }
        }
    }
    if let Some(text) = &arguments.only {
        runs.retain(|run| run.describe().contains(text));
    }
    if runs.is_empty() {
        bail!("no export to compare");
    }

    let theirs = drive::exports(&runs, &tools, work.path())?;
    let mut comparisons = Vec::new();
    for (run, theirs) in runs.iter().zip(theirs) {
        let flags: Vec<&str> = run.ours.iter().map(String::as_str).collect();
        let ours = layerlock.command(&run.directory, &flags).finish()?;
        comparisons.push(Comparison { ours, theirs });
    }
    let verdicts = compare::verdicts(&runs, comparisons, &tools, work.path())?;
    let mut explanations = Explanations::read()?;
    let verdicts: Vec<Verdict> = runs
        .iter()
        .zip(verdicts)
        .map(|(run, verdict)| explanations.settle(run, verdict))
        .collect();
    let mut differing = report(&projects, &runs, &verdicts);
    differing += pylock::compare(&runs, &layerlock, &tools, work.path())?;
    if !has_oldest {
        println!("\nnot compared with Poetry 1.1: no Python that it runs on was found");
    }
    if differing > 0 {
        bail!("{differing} of {} exports differ in meaning", runs.len());
    }
    if arguments.compares_everything() && has_oldest {
        explanations.refuse_unused()?;
    }
    Ok(())
}

/// Prints the differences, then the table; returns how many runs differ in meaning.
fn report(projects: &[Project], runs: &[Run], verdicts: &[Verdict]) -> usize {
    let mut rows: Vec<(&str, &str, Poetry, Row)> = Vec::new();
    for project in projects {
        for poetry in Poetry::ALL {
            let mut row = Row::default();
            let pairs = runs.iter().zip(verdicts);
            for (run, verdict) in
                pairs.filter(|(run, _)| run.project == project.name && run.poetry == poetry)
            {
                row.add(run, verdict);
            }
            if row.total() > 0 {
                rows.push((&project.name, &project.lock_version, poetry, row));
            }
        }
    }
    println!(
        "\n{:<24} {:>4} {:>7} {:>6} {:>7} {:>8} {:>8} {:>8} {:>9} {:>8}",
        "project",
        "lock",
        "Poetry",
        "runs",
        "bytes",
        "meaning",
        "refused",
        "no end",
        "explained",
        "differ"
    );
    let mut sum = Row::default();
    for (name, lock, poetry, row) in &rows {
        println!(
            "{name:<24} {lock:>4} {:>7} {:>6} {:>7} {:>8} {:>8} {:>8} {:>9} {:>8}",
            poetry.version(),
            row.total(),
            row.bytes,
            row.meaning,
            row.refused,
            row.no_answer,
            row.explained,
            row.differs,
        );
        sum.bytes += row.bytes;
        sum.meaning += row.meaning;
        sum.refused += row.refused;
        sum.no_answer += row.no_answer;
        sum.explained += row.explained;
        sum.differs += row.differs;
    }
    println!(
        "\n{} exports: {} same bytes, {} same meaning in other bytes, {} refused by both, \
         {} without an end in Poetry, {} differ as explained, {} differ",
        sum.total(),
        sum.bytes,
        sum.meaning,
        sum.refused,
        sum.no_answer,
        sum.explained,
        sum.differs
    );
    sum.differs
}

impl Row {
    fn add(&mut self, run: &Run, verdict: &Verdict) {
        let (count, what, lines) = match verdict {
            Verdict::SameBytes => {
                self.bytes += 1;
                return;
            }
            Verdict::Refused => {
                self.refused += 1;
                return;
            }
            Verdict::NoAnswer => {
                self.no_answer += 1;
                return;
            }
            Verdict::Explained => {
                self.explained += 1;
                return;
            }
            Verdict::SameMeaning(lines) => {
                self.meaning += 1;
                (self.meaning, "same meaning", lines)
            }
            Verdict::Differs(lines) => {
                self.differs += 1;
                (self.differs, "DIFFERS", lines)
            }
        };
        if count > SHOWN {
            return;
        }
        println!("\n{what}: {}", run.describe());
        for line in lines.iter().take(SHOWN) {
            println!("    {line}");
        }
        if lines.len() > SHOWN {
            println!("    ... and {} more", lines.len() - SHOWN);
        }
    }

    fn total(&self) -> usize {
        self.bytes + self.meaning + self.refused + self.no_answer + self.explained + self.differs
    }
}
