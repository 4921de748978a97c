//! What `layerlock size` takes.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueHint};
use layerlock::FrontendKind;

use super::build::{CommonArgs, CompressionArg};
use super::layer::{BuiltForArgs, ChoiceArgs, ExcludeArgs, FetchArgs, LayerArgs};
use super::misuse::Misuse;
use super::named::frontend_parser;

#[derive(Debug, ClapArgs)]
pub(crate) struct SizeArgs {
    /// Zips, directories of a layer's files, or directories of zips, whoever made them
    /// [default: the project's layers, as they would be built]
    #[arg(value_name = "ZIP|DIR", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// How many of the largest files to list
    #[arg(
        long,
        value_name = "COUNT",
        default_value_t = 10,
        help_heading = "Output"
    )]
    pub(crate) top: usize,
    /// Also write a page with a map of every file, which needs no other file and no network
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(crate) html: Option<PathBuf>,
    /// How the zips would be compressed [default: as configured, else copy]
    #[arg(long, value_name = "HOW", help_heading = "Output")]
    pub(crate) compression: Option<CompressionArg>,
    #[command(flatten)]
    pub(crate) planned: PlannedLayersArgs,
}

/// Which layers of the project: options of every command that plans them and writes none.
#[derive(Debug, ClapArgs)]
pub(crate) struct PlannedLayersArgs {
    #[command(flatten)]
    pub(crate) built_for: BuiltForArgs,
    #[command(flatten)]
    pub(crate) layer: LayerArgs,
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
    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

impl PlannedLayersArgs {
    pub(super) fn check(&self) -> Result<(), Misuse> {
        self.layer.check()
    }
}

impl From<PlannedLayersArgs> for CommonArgs {
    fn from(planned: PlannedLayersArgs) -> Self {
        let PlannedLayersArgs {
            built_for: _,
            layer,
            choice,
            include_project,
            build_frontend,
            exclude,
            fetch,
            json,
        } = planned;
        Self {
            layer,
            choice,
            include_project,
            build_frontend,
            exclude,
            fetch,
            json,
            report: None,
            rebuild: false,
        }
    }
}
