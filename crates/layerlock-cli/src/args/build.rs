//! What the commands that build layers take.

use std::path::PathBuf;

use clap::builder::UnknownArgumentValueParser;
use clap::{Args as ClapArgs, ValueEnum};
use layerlock::{FrontendKind, PackageOrder};

use super::format::HandoverArgs;
use super::layer::{BuiltForArgs, ChoiceArgs, ExcludeArgs, FetchArgs, LayerArgs};
use super::named::frontend_parser;

/// A command that can be tried without writing.
#[derive(Debug, ClapArgs)]
pub(crate) struct Planned<A: ClapArgs> {
    #[command(flatten)]
    pub(crate) args: A,
    /// Write no output; with --offline, plan from the lock alone: fetch and build nothing
    #[arg(long, help_heading = "Output")]
    pub(crate) dry_run: bool,
    /// Order of the packages in the report for people [default: name]
    #[arg(long, value_name = "ORDER", help_heading = "Output")]
    pub(crate) sort: Option<SortArg>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SortArg {
    /// By name
    Name,
    /// The largest first
    Size,
}

impl From<SortArg> for PackageOrder {
    fn from(sort: SortArg) -> Self {
        match sort {
            SortArg::Name => Self::Name,
            SortArg::Size => Self::Size,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    #[command(flatten)]
    pub(crate) built_for: BuiltForArgs,
    #[command(flatten)]
    pub(crate) zip: ZipArgs,
    /// Also write the layer's files into this directory [default: as configured]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) staging: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) handover: HandoverArgs,
}

/// Options of every command that writes zips.
#[derive(Debug, ClapArgs)]
pub(crate) struct ZipArgs {
    /// Directory for the zips [default: as configured, else dist/layers in the project]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Names of the zips, e.g. {layer}.zip; also {provider} [default: as configured, else
    /// {layer}-{runtime}-{architecture}.zip, for aliyun {layer}-aliyun-{runtime}-{architecture}.zip]
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub(crate) zip_name: Option<String>,
    /// How to compress the zips [default: as configured, else copy]
    #[arg(long, value_name = "HOW", help_heading = "Output")]
    pub(crate) compression: Option<CompressionArg>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CompressionArg {
    /// Copy the compressed data of wheels unchanged (fastest)
    Copy,
    /// Compress again, on all cores (smallest)
    Best,
    /// Do not compress
    Store,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InstallArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    #[command(flatten)]
    pub(crate) built_for: BuiltForArgs,
    /// Staging directory [default: as configured, else dist/staging/LAYER in the project]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) to: Option<PathBuf>,
    /// What pip calls it; its long name is of the targets that layers are for
    #[arg(
        short = 't',
        hide = true,
        value_name = "DIR",
        value_parser = UnknownArgumentValueParser::suggest_arg("--to"),
    )]
    target: Option<String>,
}

/// Options of every command that builds layers.
#[derive(Debug, ClapArgs)]
pub(crate) struct CommonArgs {
    #[command(flatten)]
    pub(crate) layer: LayerArgs,
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    /// Include the project itself, built from its directory
    #[arg(long, help_heading = "Packages")]
    pub(crate) include_project: bool,
    /// Tool that builds packages without a wheel [default: as configured, else uv, else pip]
    #[arg(
        long,
        value_name = "FRONTEND",
        value_parser = frontend_parser(),
        hide_possible_values = true,
        help_heading = "Packages"
    )]
    pub(crate) build_frontend: Option<FrontendKind>,
    #[command(flatten)]
    pub(crate) exclude: ExcludeArgs,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    /// Also write that object to this file, if the command gives a report
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) report: Option<PathBuf>,
    /// Build even if nothing changed since the last run
    #[arg(long, help_heading = "Output")]
    pub(crate) rebuild: bool,
}
