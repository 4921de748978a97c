//! The command line, as clap parses it.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ColorChoice, CommandFactory, Parser, Subcommand, ValueEnum};
use layerlock::{Architecture, FrontendKind, Provider, Runtime, UnknownRuntime};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  a check found something that will not work
  2  usage: an unknown flag, runtime, group, extra or layer
  3  the project or its lock is invalid or stale
  4  no file fits the target, a build failed, or the files do not fit together
  5  the network or an index
  6  the provider refused
  7  integrity: a hash, a RECORD, a hostile archive
  8  this machine: a file could not be read or written";

/// Turn a Poetry project's lock file into serverless layers.
#[derive(Debug, Parser)]
#[command(name = "layerlock", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Args {
    /// The folder of pyproject.toml and poetry.lock [default: here or above]
    #[arg(long, short = 'P', global = true, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// Work as if started in this folder
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
    /// Build each layer's zip, and its staging directory where one is configured
    Build(BuildArgs),
    /// Write the staging directory alone: DIR/python/...
    Install(InstallArgs),
    /// Print what `poetry export` prints, without Poetry (takes each of its flags)
    Export(ExportArgs),
    /// Build, then publish the layers that changed
    Publish(PublishArgs),
    /// Look after the cache of verified wheels
    #[command(subcommand)]
    Cache(CacheCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Print the folder of the cache
    Dir(CacheArgs),
    /// Remove what is of no use: leftovers, and what earlier versions kept in other forms
    Prune {
        /// Also remove the wheels that no run has used for this many days
        #[arg(long, value_name = "DAYS")]
        older_than: Option<u32>,
        /// Print one JSON object instead of text
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        cache: CacheArgs,
    },
    /// Remove everything, or the wheels of some packages
    Clean {
        /// The packages [default: everything]
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
    /// The folder of the cache [env: LAYERLOCK_CACHE_DIR] [default: the user's]
    #[arg(long, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Print nothing but errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print what is fetched, and from where
    #[arg(long, short, global = true, overrides_with = "verbose")]
    pub(crate) verbose: bool,
    /// When to use colors
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// Poetry's way to say `--color never`
    #[arg(long, global = true, hide = true)]
    pub(crate) no_ansi: bool,
    /// Poetry's way to say `--color always`
    #[arg(long, global = true, hide = true, conflicts_with = "no_ansi")]
    pub(crate) ansi: bool,
    /// Show no progress bars
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

/// Flags of Poetry that say what is so here anyway: a script that called it may
/// give them.
#[derive(Debug, ClapArgs)]
struct PoetryArgs {
    /// Ask no questions
    #[arg(long, short = 'n', global = true, hide = true)]
    no_interaction: bool,
    /// Load no plugins
    #[arg(long, global = true, hide = true)]
    no_plugins: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    /// The folder for zips [default: dist/layers in the project]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Also write the layer as files into this folder
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) staging: Option<PathBuf>,
    /// How to compress zips [default: copy]
    #[arg(long, value_name = "HOW", help_heading = "Output")]
    pub(crate) compression: Option<CompressionArg>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CompressionArg {
    /// Take compressed files out of wheels as they are: the fastest
    Copy,
    /// Compress again, with all cores: the smallest
    Best,
    /// Do not compress
    Store,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InstallArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    /// The folder [default: the configured one, else dist/staging/LAYER in the project]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct ExportArgs {
    /// The form of the export
    #[arg(long, short, value_name = "FORMAT", default_value = "requirements.txt")]
    pub(crate) format: FormatArg,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Leave out the hashes
    #[arg(long)]
    pub(crate) without_hashes: bool,
    /// Leave out the addresses of indexes
    #[arg(long)]
    pub(crate) without_urls: bool,
    /// Put the credentials that Poetry keeps into the addresses of indexes
    #[arg(long)]
    pub(crate) with_credentials: bool,
    /// Does nothing, as in Poetry 2: the group is taken by `--with dev`
    #[arg(long, hide = true)]
    dev: bool,
    #[command(flatten)]
    pub(crate) layer: LayerArgs,
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FormatArg {
    /// pip's requirements file, with markers for every platform
    #[value(name = "requirements.txt")]
    Requirements,
    /// pip's constraints file, without extras and editable packages
    #[value(name = "constraints.txt")]
    Constraints,
    /// PEP 751, with the files' addresses: the one format that asks an index
    #[value(name = "pylock.toml")]
    Pylock,
    /// The packages of one target with their chosen files
    Json,
}

const PROVIDER: &str = "Provider";

#[derive(Debug, ClapArgs)]
pub(crate) struct PublishArgs {
    #[command(flatten)]
    pub(crate) build: BuildArgs,
    /// Where to publish
    #[arg(long, value_name = "PROVIDER", default_value = "local", help_heading = PROVIDER)]
    pub(crate) provider: ProviderArg,
    /// AWS regions [default: the environment's or the profile's]
    #[arg(long, value_name = "REGION", value_delimiter = ',', help_heading = PROVIDER)]
    pub(crate) region: Vec<String>,
    /// The folder of the local provider [default: dist/published in the project]
    #[arg(long, value_name = "DIR", help_heading = PROVIDER)]
    pub(crate) local_dir: Option<PathBuf>,
    /// Say what would be published, and publish nothing
    #[arg(long, help_heading = PROVIDER)]
    pub(crate) dry_run: bool,
}

impl ExportArgs {
    /// Refuses a target for the formats that are for every one: a layer's own groups
    /// would be expected, and not be there.
    pub(crate) fn check(&self) -> Result<(), clap::Error> {
        let LayerArgs {
            runtime,
            architecture,
            layer,
        } = &self.layer;
        let given = [
            ("--layer", layer.is_some()),
            ("--runtime", !runtime.is_empty()),
            ("--architecture", !architecture.is_empty()),
        ];
        let is_json = matches!(self.format, FormatArg::Json);
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) if !is_json => Err(misplaced(&format!("{flag} is for --format json"))),
            _ => Ok(()),
        }
    }
}

impl PublishArgs {
    /// Refuses what the chosen provider has no use for: a region that is not
    /// looked at would publish to another place than the user thinks.
    pub(crate) fn check(&self) -> Result<(), clap::Error> {
        match self.provider {
            ProviderArg::Local if !self.region.is_empty() => {
                Err(misplaced("--region is for --provider aws"))
            }
            ProviderArg::Aws if self.local_dir.is_some() => {
                Err(misplaced("--local-dir is for --provider local"))
            }
            _ => Ok(()),
        }
    }
}

/// A runtime of the provider that layers are built for.
fn runtime(identifier: &str) -> Result<Runtime, UnknownRuntime> {
    Provider::Aws.runtime(identifier)
}

fn misplaced(message: &str) -> clap::Error {
    Args::command().error(clap::error::ErrorKind::ArgumentConflict, message)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProviderArg {
    /// A folder on this machine, with numbered versions
    Local,
    /// AWS Lambda
    Aws,
}

/// What every command that fetches takes.
#[derive(Debug, ClapArgs)]
pub(crate) struct CommonArgs {
    #[command(flatten)]
    pub(crate) layer: LayerArgs,
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    /// Also take the project itself, built from its folder
    #[arg(long, help_heading = "Packages")]
    pub(crate) include_project: bool,
    /// What builds packages that have no wheel: uv or pip [default: the first that is there]
    #[arg(long, value_name = "FRONTEND", help_heading = "Packages")]
    pub(crate) build_frontend: Option<FrontendKind>,
    #[command(flatten)]
    pub(crate) exclude: ExcludeArgs,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    /// Do the work even where nothing has changed since the last run
    #[arg(long, help_heading = "Output")]
    pub(crate) rebuild: bool,
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Layer")]
pub(crate) struct LayerArgs {
    /// The runtime, such as python3.12; several give a layer each [default: the newest that the
    /// project allows]
    #[arg(long, value_name = "RUNTIME", value_delimiter = ',', value_parser = runtime)]
    pub(crate) runtime: Vec<Runtime>,
    /// x86_64 or arm64; both give a layer each [default: x86_64]
    #[arg(long, value_name = "ARCHITECTURE", value_delimiter = ',')]
    pub(crate) architecture: Vec<Architecture>,
    /// The one layer to take, of those that are configured
    #[arg(long, value_name = "NAME")]
    pub(crate) layer: Option<String>,
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Packages")]
pub(crate) struct ChoiceArgs {
    /// Groups to take besides the main one
    #[arg(long, value_name = "GROUPS")]
    pub(crate) with: Vec<String>,
    /// Groups to leave out
    #[arg(long, value_name = "GROUPS")]
    pub(crate) without: Vec<String>,
    /// Groups to take instead of the main one
    #[arg(long, value_name = "GROUPS")]
    pub(crate) only: Vec<String>,
    /// Every group
    #[arg(long)]
    pub(crate) all_groups: bool,
    /// Extras of the project
    #[arg(long, short = 'E', value_name = "EXTRAS")]
    pub(crate) extras: Vec<String>,
    /// Every extra of the project
    #[arg(long)]
    pub(crate) all_extras: bool,
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Packages")]
pub(crate) struct ExcludeArgs {
    /// Packages to leave out, with all that only they need [default: as configured]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) exclude: Vec<String>,
    /// Files to leave out, by patterns as in .gitignore [default: as configured]
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude_files: Vec<String>,
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Index and cache")]
pub(crate) struct FetchArgs {
    /// Take every package from this index [default: the lock's, else the one pip would use]
    #[arg(long, value_name = "URL")]
    pub(crate) index_url: Option<String>,
    /// Look for wheels in this folder, or on this page of links, before any index
    #[arg(long, value_name = "DIR")]
    pub(crate) find_links: Vec<String>,
    /// Use no network: what is in the cache, in folders of --find-links, or in Poetry's cache
    #[arg(long)]
    pub(crate) offline: bool,
    /// Neither read nor keep anything in the cache, nor read Poetry's
    #[arg(long)]
    pub(crate) no_cache: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}
