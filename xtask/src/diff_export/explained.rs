//! The differences in meaning that are known and meant.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::diff_export::run::Run;
use crate::diff_export::verdict::Verdict;
use crate::repository;

/// `fixtures/export/explained.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Explanations {
    explained: Vec<Explanation>,
    /// Those that some run needed.
    #[serde(skip)]
    used: BTreeSet<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanation {
    project: String,
    /// The version of Poetry that differs.
    poetry: String,
    /// How the line that tells the difference begins.
    difference: String,
    /// For whoever reads the file.
    #[serde(rename = "why")]
    _why: String,
}

impl Explanations {
    pub(crate) fn read() -> Result<Self> {
        let path = repository::root().join("fixtures/export/explained.toml");
        toml::from_str(&fs_err::read_to_string(&path)?)
            .with_context(|| format!("{} is not what it should be", path.display()))
    }

    /// The verdict on a run whose differences are all explained.
    pub(crate) fn settle(&mut self, run: &Run, verdict: Verdict) -> Verdict {
        let Verdict::Differs(differences) = verdict else {
            return verdict;
        };
        let explanations: Option<Vec<usize>> = differences
            .iter()
            .map(|difference| self.explanation(run, difference))
            .collect();
        match explanations {
            Some(found) => {
                self.used.extend(found);
                Verdict::Explained
            }
            None => Verdict::Differs(differences),
        }
    }

    /// An explanation that no run needs any more hides the next difference.
    pub(crate) fn refuse_unused(&self) -> Result<()> {
        for (
            index,
            Explanation {
                project,
                difference,
                ..
            },
        ) in self.explained.iter().enumerate()
        {
            if !self.used.contains(&index) {
                bail!("explained.toml: `{difference}` of {project} no longer differs");
            }
        }
        Ok(())
    }

    fn explanation(&self, run: &Run, difference: &str) -> Option<usize> {
        self.explained.iter().position(|known| {
            known.project == run.project
                && known.poetry == run.poetry.version()
                && difference.starts_with(&known.difference)
        })
    }
}
