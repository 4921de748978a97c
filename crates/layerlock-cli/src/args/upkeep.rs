//! What the commands take that look after published versions.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::build::{CommonArgs, ZipArgs};
use super::destination::{DestinationArgs, PROVIDER, StorageArgs};
use super::layer::{BuiltForArgs, ChoiceArgs, FetchArgs, LayerArgs};
use super::misuse::Misuse;
use super::publish::PublishedArgs;

/// The heading of what is deleted.
const VERSIONS: &str = "Versions";

/// Which layers, and where: options of every command that looks after them.
#[derive(Debug, ClapArgs)]
pub(crate) struct UpkeepArgs {
    #[command(flatten)]
    pub(crate) layer: LayerArgs,
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
    #[command(flatten)]
    pub(crate) destination: DestinationArgs,
    /// Name of the published layer, which needs no project, or a template such as
    /// {project}-{layer} [default: as configured, else the layer's name]
    #[arg(long, value_name = "NAME", help_heading = PROVIDER)]
    pub(crate) name: Option<String>,
    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

impl UpkeepArgs {
    pub(super) fn check(&self) -> Result<(), Misuse> {
        self.layer.check()?;
        self.destination.check()
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ListArgs {
    /// List the functions that the project names, with the sizes of their layers, in place of
    /// versions
    #[arg(long)]
    pub(crate) functions: bool,
    #[command(flatten)]
    pub(crate) upkeep: UpkeepArgs,
}

/// What is compared has the options of what is published.
#[derive(Debug, ClapArgs)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    #[command(flatten)]
    pub(crate) zip: ZipArgs,
    #[command(flatten)]
    pub(crate) published: PublishedArgs,
}

impl StatusArgs {
    pub(super) fn check(&self) -> Result<(), Misuse> {
        self.common.layer.check()?;
        self.published.check()
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PromoteArgs {
    /// Where the versions are: a profile, a configured account's number, the ARN of a role, a
    /// region, local or local:DIR [default: the first configured account]
    #[arg(long, value_name = "PROFILE|ACCOUNT", help_heading = PROVIDER)]
    pub(crate) from: Option<String>,
    /// Region in which they are [default: the account's first configured one, else from the
    /// environment or the profile]
    #[arg(long, value_name = "REGION", help_heading = PROVIDER)]
    pub(crate) from_region: Option<String>,
    /// Where to, separated by commas: as in --from; a region is one of the same account
    #[arg(
        long,
        value_name = "PROFILE|ACCOUNT|REGION",
        value_delimiter = ',',
        required_unless_present = "region",
        help_heading = PROVIDER
    )]
    pub(crate) to: Vec<String>,
    /// Regions of the accounts to publish to [default: as configured, else the one that the
    /// versions are in]
    #[arg(
        long,
        visible_alias = "to-region",
        value_name = "REGION",
        value_delimiter = ',',
        help_heading = PROVIDER
    )]
    pub(crate) region: Vec<String>,
    /// Name of the published layer, which needs no project, or a template such as
    /// {project}-{layer} [default: as configured, else the layer's name]
    #[arg(long, value_name = "NAME", help_heading = PROVIDER)]
    pub(crate) name: Option<String>,
    /// Number of the version [default: the newest for each target]
    #[arg(long, value_name = "NUMBER", help_heading = PROVIDER)]
    pub(crate) version: Option<u64>,
    /// Directory of `local` [default: dist/published in the project]
    #[arg(long, value_name = "DIR", help_heading = PROVIDER)]
    pub(crate) local_dir: Option<PathBuf>,
    /// Promote other projects' versions too, and take over their layers
    #[arg(long, help_heading = PROVIDER)]
    pub(crate) adopt: bool,
    /// Only print what would be published
    #[arg(long, help_heading = PROVIDER)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) storage: StorageArgs,
    #[command(flatten)]
    pub(crate) layer: LayerArgs,
    #[command(flatten)]
    pub(crate) built_for: BuiltForArgs,
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

/// Whether to do what is planned.
#[derive(Debug, ClapArgs)]
pub(crate) struct ConsentArgs {
    /// Do it, and not only plan it
    #[arg(long, short, help_heading = VERSIONS)]
    pub(crate) yes: bool,
    /// Only print the plan, as without --yes
    #[arg(long, conflicts_with = "yes", help_heading = VERSIONS)]
    dry_run: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DeleteArgs {
    /// The layer's published name, unless --name or the project tells it, and versions
    #[arg(value_name = "NAME|VERSION")]
    pub(crate) what: Vec<String>,
    /// Numbers of the versions to delete, separated by commas
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', help_heading = VERSIONS)]
    pub(crate) version: Vec<u64>,
    /// Delete all versions, and so the layer
    #[arg(long, conflicts_with = "version", help_heading = VERSIONS)]
    pub(crate) all: bool,
    /// Also delete versions that functions use
    #[arg(long, help_heading = VERSIONS)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
    #[command(flatten)]
    pub(crate) upkeep: UpkeepArgs,
}

impl DeleteArgs {
    /// The name among the arguments, and all versions.
    pub(crate) fn name_and_versions(&self) -> Result<(Option<&str>, Vec<u64>), Misuse> {
        let mut arguments = &self.what[..];
        let mut name = self.upkeep.name.as_deref();
        if let (None, [first, others @ ..]) = (name, arguments)
            && first.parse::<u64>().is_err()
        {
            name = Some(first);
            arguments = others;
        }
        let mut versions = self.version.clone();
        for number in arguments.iter().flat_map(|argument| argument.split(',')) {
            let number = number.parse().map_err(|_| {
                Misuse::conflict(format!("{number:?} is not the number of a version"))
            })?;
            versions.push(number);
        }
        if self.all && !versions.is_empty() {
            let message = "--all cannot be used with numbers of versions";
            return Err(Misuse::conflict(message));
        }
        if versions.is_empty() && !self.all {
            let message = "name the versions to delete: --version 3,4; `layerlock list` lists them";
            return Err(Misuse::conflict(message));
        }
        Ok((name, versions))
    }

    pub(super) fn check(&self) -> Result<(), Misuse> {
        self.name_and_versions()?;
        self.upkeep.check()
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PruneArgs {
    /// How many versions to keep of each layer, for each set of runtimes and architectures
    #[arg(
        long,
        value_name = "COUNT",
        value_parser = clap::value_parser!(u32).range(1..),
        help_heading = VERSIONS
    )]
    pub(crate) keep: u32,
    /// Delete only versions that were published more than this many days ago
    #[arg(long, value_name = "DAYS", help_heading = VERSIONS)]
    pub(crate) older_than: Option<u32>,
    /// Also delete versions that another project published
    #[arg(long, help_heading = VERSIONS)]
    pub(crate) adopt: bool,
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
    #[command(flatten)]
    pub(crate) upkeep: UpkeepArgs,
}
