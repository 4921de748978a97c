//! Which packages make which layers, and where they come from.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args as ClapArgs, ValueEnum};
use layerlock::{Architecture, Provider, Runtime, Target, UnknownRuntime};

use super::cache::CacheArgs;
use super::misuse::Misuse;
use super::named::{TargetParser, architecture_parser, provider_parser, runtime_parser};

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Layer")]
pub(crate) struct LayerArgs {
    /// One layer per runtime, e.g. python3.12 [default: as configured, else the newest that fits]
    #[arg(
        long,
        value_name = "RUNTIME",
        value_delimiter = ',',
        value_parser = runtime_parser(RuntimeArg::from_str),
        hide_possible_values = true
    )]
    pub(crate) runtime: Vec<RuntimeArg>,
    /// One layer per architecture: x86_64, arm64 [default: as configured, else x86_64]
    #[arg(
        long,
        value_name = "ARCHITECTURE",
        value_delimiter = ',',
        value_parser = architecture_parser(),
        hide_possible_values = true
    )]
    pub(crate) architecture: Vec<Architecture>,
    /// One layer per target, also of several providers, e.g.
    /// aws:python3.12:arm64,aliyun:python3.10 [default: as configured]
    #[arg(
        long = "target",
        value_name = "TARGET",
        value_delimiter = ',',
        value_parser = TargetParser,
        conflicts_with_all = ["runtime", "architecture"]
    )]
    pub(crate) layer_target: Vec<Target>,
    /// Use only these configured layers
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) layer: Vec<String>,
}

/// A runtime, as it was named. Only what is published as it is can be for one that layers
/// are not built for.
#[derive(Debug, Clone)]
pub(crate) struct RuntimeArg {
    name: String,
    runtime: Result<Runtime, UnknownRuntime>,
}

impl FromStr for RuntimeArg {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(Self {
            name: name.to_owned(),
            runtime: runtime(name),
        })
    }
}

impl RuntimeArg {
    /// The provider's name for it, where it has one.
    pub(crate) fn into_name(self) -> String {
        match self.runtime {
            Ok(runtime) => runtime.to_string(),
            Err(_) => self.name,
        }
    }

    /// The runtime, where layers are built for it.
    pub(crate) fn known(self) -> Option<Runtime> {
        self.runtime.ok()
    }
}

/// A runtime of any provider: which one layers are built for, the library knows.
pub(super) fn runtime(identifier: &str) -> Result<Runtime, UnknownRuntime> {
    let unknown = |_| {
        let all = Provider::ALL.into_iter();
        let mut found = all.filter_map(|provider| provider.runtime(identifier).ok());
        found.next().ok_or_else(|| UnknownRuntime {
            provider: Provider::Aws,
            identifier: identifier.to_owned(),
        })
    };
    Provider::Aws.runtime(identifier).or_else(unknown)
}

/// Whose functions layers are built for: an option of commands that publish nothing.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Layer")]
pub(crate) struct BuiltForArgs {
    /// Provider to build for: aws, aliyun [default: as configured, else aws]
    #[arg(
        long,
        value_name = "PROVIDER",
        value_parser = provider_parser(),
        hide_possible_values = true
    )]
    pub(crate) provider: Option<Provider>,
}

impl LayerArgs {
    /// Whether all runtimes that are named are of other languages than Python.
    pub(super) fn are_other_languages(&self) -> bool {
        let mut names = self.runtime.iter().map(|one| &one.name);
        !self.runtime.is_empty() && names.all(|name| !name.starts_with("python"))
    }

    /// Refuses runtimes that layers are not built for.
    pub(super) fn check(&self) -> Result<(), Misuse> {
        for RuntimeArg { name, runtime } in &self.runtime {
            if let Err(error) = runtime {
                let message = format!("invalid value '{name}' for '--runtime <RUNTIME>': {error}");
                return Err(Misuse::value(message));
            }
        }
        Ok(())
    }
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Packages")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
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
    /// Include the packages of this project of a uv workspace [default: as configured]
    #[arg(long, value_name = "NAME")]
    pub(crate) package: Option<String>,
    /// Read this lock [default: as configured, else poetry.lock, uv.lock or pylock.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) lock: Option<PathBuf>,
    /// Take requirements without hashes as the index has them, with a warning
    #[arg(long)]
    pub(crate) allow_unhashed: bool,
    /// Take a lock that matches the project no more as it is, with a warning
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
