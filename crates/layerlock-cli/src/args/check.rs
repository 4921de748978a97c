//! What `check` takes.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum, ValueHint};

use super::build::CommonArgs;
use super::misuse::Misuse;
use super::size::PlannedLayersArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct CheckArgs {
    /// Zips or directories of layers to check, whoever made them [default: the project's layers]
    #[arg(value_name = "ZIP|DIR", value_hint = ValueHint::AnyPath)]
    pub(crate) given: Vec<PathBuf>,
    /// Also import each top-level module, by an interpreter of the runtime's version on this
    /// machine
    #[arg(long)]
    pub(crate) import: bool,
    #[command(flatten)]
    pub(crate) planned: PlannedLayersArgs,
    /// Form of what is printed [default: text]
    #[arg(
        long,
        value_name = "FORMAT",
        conflicts_with = "json",
        help_heading = "Output"
    )]
    pub(crate) format: Option<CheckFormat>,
    /// Also write that object to this file, if the command gives a report
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    report: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people
    Text,
    /// One JSON object
    Json,
    /// Annotations of a workflow on GitHub
    Github,
}

impl CheckArgs {
    pub(crate) fn prints_json(&self) -> bool {
        self.planned.json || self.format == Some(CheckFormat::Json)
    }

    pub(super) fn check(&self) -> Result<(), Misuse> {
        // A misspelled runtime of Python is no other language.
        if !self.given.is_empty() && self.planned.layer.are_other_languages() {
            return Ok(());
        }
        self.planned.check()
    }

    /// What names the project's layers.
    pub(crate) fn into_common(self) -> CommonArgs {
        CommonArgs {
            report: self.report,
            ..self.planned.into()
        }
    }
}
