//! The command line, as clap parses it.

use std::path::PathBuf;

use clap::builder::UnknownArgumentValueParser;
use clap::error::ErrorKind;
use clap::{Args as ClapArgs, ColorChoice, CommandFactory, Parser, Subcommand, ValueEnum};
use layerlock::{Architecture, FrontendKind, Provider, Runtime, UnknownRuntime};

const EXIT_CODES: &str = "\
Exit codes:
  0  success
  1  a check found an error in a layer
  2  usage: an unknown option, runtime, group, extra or layer
  3  project: pyproject.toml or poetry.lock is invalid or out of date
  4  artifact: no file fits the target, a build failed, or files conflict
  5  network: the network or an index failed
  6  provider: the provider refused the request
  7  integrity: a hash or RECORD does not match, or an archive is unsafe
  8  machine: a file could not be read or written";

/// Turn a Poetry project's lock file into serverless layers.
#[derive(Debug, Parser)]
#[command(name = "layerlock", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Args {
    /// Project directory or pyproject.toml [default: the current one or a parent]
    #[arg(long, short = 'P', global = true, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// Run as if started in this directory
    #[arg(long, short = 'C', global = true, value_name = "DIR")]
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
    /// Build layers, then publish those that changed
    Publish(PublishArgs),
    /// Show or clean the cache of verified wheels
    #[command(subcommand)]
    Cache(CacheCommand),
}

impl Command {
    /// Whether standard output is for one JSON object.
    pub(crate) fn prints_json(&self) -> bool {
        match self {
            Self::Init(init) => init.json,
            Self::Build(build) => build.args.common.json,
            Self::Install(install) => install.args.common.json,
            Self::Publish(publish) => publish.common.json,
            Self::Export(export) => {
                matches!(export.format, FormatArg::Json) && export.output.is_none()
            }
            Self::Cache(CacheCommand::Prune { json, .. } | CacheCommand::Clean { json, .. }) => {
                *json
            }
            Self::Cache(CacheCommand::Dir(_)) => false,
        }
    }

    /// What clap cannot know of the options.
    pub(crate) fn check(&self) -> Result<(), clap::Error> {
        match self {
            Self::Publish(publish) => publish.check(),
            Self::Export(export) => export.check(),
            _ => Ok(()),
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InitArgs {
    /// Runtimes to write, e.g. python3.12 [default: the newest that fits]
    #[arg(long, value_name = "RUNTIME", value_delimiter = ',', value_parser = runtime)]
    pub(crate) runtime: Vec<Runtime>,
    /// Architectures to write: x86_64, arm64 [default: x86_64]
    #[arg(long, value_name = "ARCHITECTURE", value_delimiter = ',')]
    pub(crate) architecture: Vec<Architecture>,
    /// Take a poetry.lock that is older than pyproject.toml as it is
    #[arg(long)]
    pub(crate) allow_stale_lock: bool,
    /// Write nothing, and print what would be changed as a diff
    #[arg(long, help_heading = "Output")]
    pub(crate) dry_run: bool,
    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Print the cache directory
    Dir(CacheArgs),
    /// Remove leftovers, and entries in formats of earlier versions
    Prune {
        /// Also remove wheels that no run has used for this many days
        #[arg(long, value_name = "DAYS")]
        older_than: Option<u32>,
        /// Print one JSON object instead of text
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        cache: CacheArgs,
    },
    /// Remove all entries, or the wheels of some packages
    Clean {
        /// Packages whose wheels to remove [default: remove all entries]
        #[arg(value_name = "PACKAGE")]
        packages: Vec<String>,
        /// Print one JSON object instead of text
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        cache: CacheArgs,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CacheArgs {
    /// Cache directory [env: LAYERLOCK_CACHE_DIR] [default: the user's cache directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Print no report and no warnings, only errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Also print each index, download and build
    #[arg(long, short, global = true, overrides_with = "verbose")]
    pub(crate) verbose: bool,
    /// When to use colors
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// The same as `--color never`, as in Poetry
    #[arg(long, global = true, hide = true)]
    pub(crate) no_ansi: bool,
    /// The same as `--color always`, as in Poetry
    #[arg(long, global = true, hide = true, conflicts_with = "no_ansi")]
    pub(crate) ansi: bool,
    /// Show no progress bar
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
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

/// A command that can be tried without writing.
#[derive(Debug, ClapArgs)]
pub(crate) struct Planned<A: ClapArgs> {
    #[command(flatten)]
    pub(crate) args: A,
    /// Write no output; with --offline, plan from the lock alone: fetch and build nothing
    #[arg(long, help_heading = "Output")]
    pub(crate) dry_run: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    #[command(flatten)]
    pub(crate) zip: ZipArgs,
    /// Also write the layer's files into this directory [default: as configured]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) staging: Option<PathBuf>,
}

/// Options of every command that writes zips.
#[derive(Debug, ClapArgs)]
pub(crate) struct ZipArgs {
    /// Directory for the zips [default: as configured, else dist/layers in the project]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Names of the zips, e.g. {layer}.zip [default: as configured, else {layer}-{runtime}-{architecture}.zip]
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
    /// Staging directory [default: as configured, else dist/staging/LAYER in the project]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) to: Option<PathBuf>,
    /// What pip calls it
    #[arg(
        long,
        short = 't',
        hide = true,
        value_name = "DIR",
        value_parser = UnknownArgumentValueParser::suggest_arg("--to"),
    )]
    target: Option<String>,
}

#[derive(Debug, ClapArgs)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub(crate) struct ExportArgs {
    /// Export format
    #[arg(long, short, value_name = "FORMAT", default_value = "requirements.txt")]
    pub(crate) format: FormatArg,
    /// File to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Omit hashes
    #[arg(long)]
    pub(crate) without_hashes: bool,
    /// Omit the URLs of indexes
    #[arg(long)]
    pub(crate) without_urls: bool,
    /// Put the credentials that Poetry stores into the URLs of indexes
    #[arg(long)]
    pub(crate) with_credentials: bool,
    /// The same as `--with dev`, as in Poetry 1
    #[arg(long, hide = true)]
    pub(crate) dev: bool,
    #[command(flatten)]
    pub(crate) layer: LayerArgs,
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FormatArg {
    /// Requirements file for pip, with markers for every platform
    #[value(name = "requirements.txt")]
    Requirements,
    /// Constraints file for pip, without extras and editable packages
    #[value(name = "constraints.txt")]
    Constraints,
    /// PEP 751 lock file with the URLs of files (the only format that asks an index)
    #[value(name = "pylock.toml")]
    Pylock,
    /// Packages of one target and their chosen files (the Layer options are for this format)
    Json,
}

const PROVIDER: &str = "Provider";

#[derive(Debug, ClapArgs)]
pub(crate) struct PublishArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    #[command(flatten)]
    pub(crate) zip: ZipArgs,
    /// What `build` has, and publishing has no use for.
    #[arg(long, value_name = "DIR", hide = true)]
    staging: Option<PathBuf>,
    /// Where to publish [default: as configured, else local]
    #[arg(long, value_name = "PROVIDER", help_heading = PROVIDER)]
    pub(crate) provider: Option<ProviderArg>,
    /// AWS regions, separated by commas [default: as configured, else from the environment or
    /// the AWS profile]
    #[arg(long, value_name = "REGION", value_delimiter = ',', help_heading = PROVIDER)]
    pub(crate) region: Vec<String>,
    /// Profile in AWS's configuration files [default: as configured, else from the
    /// environment]
    #[arg(long, value_name = "PROFILE", help_heading = PROVIDER)]
    pub(crate) profile: Option<String>,
    /// Directory of the local provider [default: dist/published in the project]
    #[arg(long, value_name = "DIR", help_heading = PROVIDER)]
    pub(crate) local_dir: Option<PathBuf>,
    /// Name of the published layers, e.g. {project}-{layer} [default: as configured, else the
    /// layer's name]
    #[arg(long, value_name = "TEMPLATE", help_heading = PROVIDER)]
    pub(crate) name: Option<String>,
    /// Description of the published layers [default: as configured]
    #[arg(long, value_name = "TEXT", help_heading = PROVIDER)]
    pub(crate) description: Option<String>,
    /// License of the published layers [default: as configured]
    #[arg(long, value_name = "TEXT", help_heading = PROVIDER)]
    pub(crate) license: Option<String>,
    /// Take over layers that another project published
    #[arg(long, help_heading = PROVIDER)]
    pub(crate) adopt: bool,
    /// Only print what would be published, and leave the project's directory as it is
    #[arg(long, help_heading = PROVIDER)]
    pub(crate) dry_run: bool,
}

impl ExportArgs {
    /// Refuses a target for formats that cover every target: their export would not
    /// have the layer's own groups, as the user expects.
    fn check(&self) -> Result<(), clap::Error> {
        let LayerArgs {
            runtime,
            architecture,
            layer,
        } = &self.layer;
        let given = [
            ("--layer", !layer.is_empty()),
            ("--runtime", !runtime.is_empty()),
            ("--architecture", !architecture.is_empty()),
        ];
        let is_json = matches!(self.format, FormatArg::Json);
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) if !is_json => Err(misplaced(
                "export",
                &format!("{flag} can only be used with --format json"),
            )),
            _ => Ok(()),
        }
    }
}

impl PublishArgs {
    /// Refuses options of the other provider: with an ignored region, the layer would
    /// not be published where the user thinks.
    fn check(&self) -> Result<(), clap::Error> {
        let for_aws = [
            ("--region", !self.region.is_empty()),
            ("--profile", self.profile.is_some()),
        ];
        let for_aws = for_aws.into_iter().find(|(_, is_given)| *is_given);
        let is_local = self.provider == Some(ProviderArg::Local) || self.local_dir.is_some();
        let message = match (self.provider, for_aws) {
            _ if self.staging.is_some() => {
                "publish writes no staging directory: `layerlock build` and `layerlock install` do"
                    .to_owned()
            }
            (Some(ProviderArg::Aws), _) if self.local_dir.is_some() => {
                "--local-dir can only be used with --provider local".to_owned()
            }
            (_, Some((option, _))) if is_local => {
                format!("{option} can only be used with --provider aws")
            }
            _ => return Ok(()),
        };
        Err(misplaced("publish", &message))
    }
}

/// A runtime of the provider that layers are built for.
fn runtime(identifier: &str) -> Result<Runtime, UnknownRuntime> {
    Provider::Aws.runtime(identifier)
}

/// An error with the usage of the subcommand, as clap itself gives it.
fn misplaced(subcommand: &str, message: &str) -> clap::Error {
    let kind = ErrorKind::ArgumentConflict;
    let mut command = Args::command();
    command.build();
    match command.find_subcommand_mut(subcommand) {
        Some(subcommand) => subcommand.error(kind, message),
        None => command.error(kind, message),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProviderArg {
    /// Numbered versions in a directory on this machine
    Local,
    /// AWS Lambda
    Aws,
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
    #[arg(long, value_name = "FRONTEND", help_heading = "Packages")]
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

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Layer")]
pub(crate) struct LayerArgs {
    /// One layer per runtime, e.g. python3.12 [default: as configured, else the newest that fits]
    #[arg(long, value_name = "RUNTIME", value_delimiter = ',', value_parser = runtime)]
    pub(crate) runtime: Vec<Runtime>,
    /// One layer per architecture: x86_64, arm64 [default: as configured, else x86_64]
    #[arg(long, value_name = "ARCHITECTURE", value_delimiter = ',')]
    pub(crate) architecture: Vec<Architecture>,
    /// Use only these configured layers
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) layer: Vec<String>,
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Packages")]
pub(crate) struct ChoiceArgs {
    /// Include these groups in addition to main
    #[arg(long, value_name = "GROUPS")]
    pub(crate) with: Vec<String>,
    /// Exclude these groups
    #[arg(long, value_name = "GROUPS")]
    pub(crate) without: Vec<String>,
    /// Include only these groups
    #[arg(long, value_name = "GROUPS")]
    pub(crate) only: Vec<String>,
    /// Include every group
    #[arg(long)]
    pub(crate) all_groups: bool,
    /// Include these extras of the project
    #[arg(long, short = 'E', value_name = "EXTRAS")]
    pub(crate) extras: Vec<String>,
    /// Include every extra of the project
    #[arg(long)]
    pub(crate) all_extras: bool,
    /// Take a poetry.lock that is older than pyproject.toml as it is, with a warning
    #[arg(long)]
    pub(crate) allow_stale_lock: bool,
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Packages")]
pub(crate) struct ExcludeArgs {
    /// Exclude these packages, and those that only they need [default: as configured]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) exclude: Vec<String>,
    /// Exclude files that match this pattern, as in .gitignore [default: as configured]
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude_files: Vec<String>,
    /// Where packages bring the same files, keep those of these [default: as configured]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) prefer: Vec<String>,
    /// What becomes of a file that two packages bring [default: as configured, else warn]
    #[arg(long, value_name = "HOW")]
    pub(crate) conflicts: Option<ConflictsArg>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ConflictsArg {
    /// Take the one that pip would leave there, and warn
    Warn,
    /// Fail
    Error,
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Index and cache")]
pub(crate) struct FetchArgs {
    /// Fetch every package from this index [default: the lock's, else the one pip would use]
    #[arg(long, value_name = "URL")]
    pub(crate) index_url: Option<String>,
    /// Look for wheels in this directory, or on this page of links, before any index
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) find_links: Vec<String>,
    /// Use no network, only the cache, the directories of --find-links and Poetry's cache
    #[arg(long)]
    pub(crate) offline: bool,
    /// Neither read nor write the cache, nor read Poetry's
    #[arg(long)]
    pub(crate) no_cache: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
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
