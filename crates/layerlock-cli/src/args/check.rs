//! What `check` takes.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum, ValueHint};
use layerlock::FrontendKind;

use super::build::CommonArgs;
use super::layer::{BuiltForArgs, ChoiceArgs, ExcludeArgs, FetchArgs, LayerArgs};
use super::misuse::Misuse;
use super::named::frontend_parser;

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
    pub(crate) layer: LayerArgs,
    #[command(flatten)]
    pub(crate) built_for: BuiltForArgs,
    #[command(flatten)]
    choice: ChoiceArgs,
    /// Include the project itself, built from its directory
    #[arg(long, help_heading = "Packages")]
    include_project: bool,
    /// Tool that builds packages without a wheel [default: as configured, else uv, else pip]
    #[arg(
        long,
        value_name = "FRONTEND",
        value_parser = frontend_parser(),
        hide_possible_values = true,
        help_heading = "Packages"
    )]
    build_frontend: Option<FrontendKind>,
    #[command(flatten)]
    exclude: ExcludeArgs,
    #[command(flatten)]
    fetch: FetchArgs,
    /// Form of what is printed [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<CheckFormat>,
    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output", conflicts_with = "format")]
    json: bool,
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
        self.json || self.format == Some(CheckFormat::Json)
    }

    pub(super) fn check(&self) -> Result<(), Misuse> {
        // A misspelled runtime of Python is no other language.
        if !self.given.is_empty() && self.layer.are_other_languages() {
            return Ok(());
        }
        self.layer.check()
    }

    /// What names the project's layers.
    pub(crate) fn into_common(self) -> CommonArgs {
        CommonArgs {
            layer: self.layer,
            choice: self.choice,
            include_project: self.include_project,
            build_frontend: self.build_frontend,
            exclude: self.exclude,
            fetch: self.fetch,
            json: self.json,
            report: self.report,
            rebuild: false,
        }
    }
}
