//! The command line, as clap parses it.

mod build;
mod cache;
mod check;
mod completions;
mod destination;
mod diff;
mod export;
mod format;
mod layer;
mod misuse;
mod named;
mod publish;
mod size;
mod upkeep;
mod why;

use std::path::PathBuf;

use clap::{Args as ClapArgs, ColorChoice, CommandFactory, Parser, Subcommand, ValueHint};
use layerlock::{Architecture, Runtime};

pub(crate) use build::{BuildArgs, CommonArgs, CompressionArg, InstallArgs, Planned, ZipArgs};
pub(crate) use cache::{CacheArgs, CacheCommand};
pub(crate) use check::{CheckArgs, CheckFormat};
pub(crate) use completions::{CompletionsArgs, ManArgs};
pub(crate) use destination::{DestinationArgs, ProviderArg, StorageArgs};
pub(crate) use diff::DiffArgs;
pub(crate) use export::{ExportArgs, FormatArg};
pub(crate) use layer::{ChoiceArgs, ConflictsArg, FetchArgs, LayerArgs, RuntimeArg};
pub(crate) use misuse::Misuse;
pub(crate) use publish::{PublishArgs, PublishedArgs};
pub(crate) use size::{PlannedLayersArgs, SizeArgs};

use layer::{BuiltForArgs, runtime};
use named::{architecture_parser, runtime_parser};
pub(crate) use upkeep::{DeleteArgs, ListArgs, PromoteArgs, PruneArgs, StatusArgs, UpkeepArgs};
pub(crate) use why::WhyArgs;

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  success
  1  a check found an error in a layer, or status a difference
  2  usage: an unknown option, runtime, group, extra or layer
  3  project: pyproject.toml or the lock is invalid or out of date
  4  artifact: no file fits the target, a build failed, or files conflict
  5  network: the network or an index failed
  6  provider: the provider refused the request
  7  integrity: a hash or RECORD does not match, or an archive is unsafe
  8  machine: a file could not be read or written";

/// Turn a project's lock file into serverless layers.
#[derive(Debug, Parser)]
#[command(name = "layerlock", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Args {
    /// Project directory or pyproject.toml [default: the current one or a parent]
    #[arg(long, short = 'P', global = true, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// Run as if started in this directory
    #[arg(long, short = 'C', global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    poetry: PoetryArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add [tool.layerlock] to pyproject.toml, with what a build would choose
    Init(InitArgs),
    /// Build each layer as a zip, and as a staging directory where one is configured
    Build(Planned<BuildArgs>),
    /// Build each layer as a staging directory only, without a zip
    Install(Planned<InstallArgs>),
    /// Export the lock as `poetry export` does, without Poetry (takes all of its options)
    Export(ExportArgs),
    /// Tell where the bytes of layers are: the project's, or any zip's or directory's
    Size(Box<SizeArgs>),
    /// Tell why a package is in the layers: how the project comes to need it
    Why(Box<WhyArgs>),
    /// Compare two layers or two locks: packages added, removed and moved, and their bytes
    Diff(Box<DiffArgs>),
    /// Check layers before they are uploaded: the project's, or any zip or directory
    Check(Box<CheckArgs>),
    /// Build layers, then publish those that changed
    Publish(Box<PublishArgs>),
    /// Say whether what is published is what the lock gives (exit code 1 if not)
    Status(Box<StatusArgs>),
    /// List the published versions of the project's layers, or of one by its name
    List(Box<ListArgs>),
    /// Publish versions in another account or region: the same bytes, without a build
    Promote(Box<PromoteArgs>),
    /// Delete old versions: all but the newest, and those that functions use
    Prune(Box<PruneArgs>),
    /// Delete versions by their numbers, unless functions use them
    Delete(Box<DeleteArgs>),
    /// Show or clean the cache of verified wheels
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Print the script with which a shell completes commands, options and their values
    Completions(CompletionsArgs),
    /// Write the man pages, one for each command
    #[command(hide = true)]
    Man(ManArgs),
}

impl Command {
    /// Whether standard output is for one JSON object.
    pub(crate) fn prints_json(&self) -> bool {
        match self {
            Self::Init(init) => init.json,
            Self::Build(build) => build.args.handover.prints_json(build.args.common.json),
            Self::Install(install) => install.args.common.json,
            Self::Check(check) => check.prints_json(),
            Self::Publish(publish) => publish.handover.prints_json(publish.common.json),
            Self::Size(size) => size.planned.json,
            Self::Why(why) => why.planned.json,
            Self::Diff(diff) => diff.upkeep.json,
            Self::Status(status) => status.common.json,
            Self::List(list) => list.upkeep.json,
            Self::Promote(promote) => promote.json,
            Self::Prune(prune) => prune.upkeep.json,
            Self::Delete(delete) => delete.upkeep.json,
            Self::Export(export) => {
                matches!(export.format, FormatArg::Json) && export.output.is_none()
            }
            Self::Cache(CacheCommand::Prune { json, .. } | CacheCommand::Clean { json, .. }) => {
                *json
            }
            Self::Cache(CacheCommand::Dir(_)) | Self::Completions(_) | Self::Man(_) => false,
        }
    }

    /// Whether it may have to wait for somebody.
    pub(crate) fn may_take_long(&self) -> bool {
        !matches!(self, Self::Cache(_) | Self::Completions(_) | Self::Man(_))
    }

    /// What clap cannot know of the options.
    pub(crate) fn check(&self) -> Result<(), clap::Error> {
        let (subcommand, checked) = match self {
            Self::Build(Planned { args, .. }) => {
                let layer = args.common.layer.check();
                let handover = || args.handover.check("build", args.common.json);
                ("build", layer.and_then(|()| handover()))
            }
            Self::Install(install) => ("install", install.args.common.layer.check()),
            Self::Check(check) => ("check", check.check()),
            Self::Publish(publish) => ("publish", publish.check()),
            Self::Size(size) => ("size", size.planned.check()),
            Self::Why(why) => ("why", why.check()),
            Self::Diff(diff) => ("diff", diff.check()),
            Self::Status(status) => ("status", status.check()),
            Self::List(list) => ("list", list.upkeep.check()),
            Self::Promote(promote) => ("promote", promote.layer.check()),
            Self::Prune(prune) => ("prune", prune.upkeep.check()),
            Self::Delete(delete) => ("delete", delete.check()),
            Self::Export(export) => ("export", export.check()),
            Self::Init(_) | Self::Cache(_) | Self::Completions(_) | Self::Man(_) => return Ok(()),
        };
        checked.map_err(|misuse| refused(subcommand, &misuse))
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) built_for: BuiltForArgs,
    /// Runtimes to write, e.g. python3.12 [default: the newest that fits]
    #[arg(
        long,
        value_name = "RUNTIME",
        value_delimiter = ',',
        value_parser = runtime_parser(runtime),
        hide_possible_values = true
    )]
    pub(crate) runtime: Vec<Runtime>,
    /// Architectures to write: x86_64, arm64 [default: x86_64]
    #[arg(
        long,
        value_name = "ARCHITECTURE",
        value_delimiter = ',',
        value_parser = architecture_parser(),
        hide_possible_values = true
    )]
    pub(crate) architecture: Vec<Architecture>,
    /// Take a poetry.lock that matches pyproject.toml no more as it is
    #[arg(long)]
    pub(crate) allow_stale_lock: bool,
    /// Write nothing, and print what would be changed as a diff
    #[arg(long, help_heading = "Output")]
    pub(crate) dry_run: bool,
    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Print no report and no warnings: only errors, and what was asked for
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Also print each index, download and build
    #[arg(long, short, global = true, overrides_with = "verbose")]
    pub(crate) verbose: bool,
    #[command(flatten)]
    colors: ColorArgs,
    /// Show no progress, neither as a line on a terminal nor as lines in a log
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

/// Options that `colors` reads by itself, since help and errors of the command line have
/// colors too.
#[derive(Debug, ClapArgs)]
struct ColorArgs {
    /// When to use colors
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    /// The same as `--color never`, as in Poetry
    #[arg(long, global = true, hide = true)]
    no_ansi: bool,
    /// The same as `--color always`, as in Poetry
    #[arg(long, global = true, hide = true, conflicts_with = "no_ansi")]
    ansi: bool,
}

/// Options of Poetry that change nothing here. Scripts written for Poetry may give
/// them.
#[derive(Debug, ClapArgs)]
struct PoetryArgs {
    /// Ask no questions
    #[arg(long, short = 'n', global = true, hide = true)]
    no_interaction: bool,
    /// Load no plugins
    #[arg(long, global = true, hide = true)]
    no_plugins: bool,
}

/// An error with the usage of the subcommand, as clap itself gives it.
pub(crate) fn refused(subcommand: &str, misuse: &Misuse) -> clap::Error {
    let mut command = Args::command();
    command.build();
    match command.find_subcommand_mut(subcommand) {
        Some(subcommand) => subcommand.error(misuse.kind, &misuse.message),
        None => command.error(misuse.kind, &misuse.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_lists_the_exit_code_of_each_kind_of_error() {
        for kind in layerlock::ErrorKind::ALL {
            let line = format!("\n  {}  {}: ", kind.exit_code(), kind.name());
            assert!(EXIT_CODES.contains(&line), "{line:?}");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
