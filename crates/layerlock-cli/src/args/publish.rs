//! What `layerlock publish` takes.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::build::{CommonArgs, ZipArgs};
use super::destination::{DestinationArgs, PROVIDER, StorageArgs};
use super::format::HandoverArgs;
use super::misuse::Misuse;

/// The options that say what to build and how.
const OF_BUILDS: [&str; 21] = [
    "layer",
    "layer_target",
    "with",
    "without",
    "only",
    "all_groups",
    "extras",
    "all_extras",
    "allow_stale_lock",
    "include_project",
    "build_frontend",
    "exclude",
    "exclude_files",
    "prefer",
    "conflicts",
    "index_url",
    "find_links",
    "output",
    "zip_name",
    "compression",
    "rebuild",
];

/// Where versions are published, and what is said of them.
#[derive(Debug, ClapArgs)]
pub(crate) struct PublishedArgs {
    #[command(flatten)]
    pub(crate) destination: DestinationArgs,
    #[command(flatten)]
    pub(crate) storage: StorageArgs,
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
}

impl PublishedArgs {
    pub(super) fn check(&self) -> Result<(), Misuse> {
        self.destination.check()?;
        self.storage.check(&self.destination)
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PublishArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    #[command(flatten)]
    pub(crate) zip: ZipArgs,
    #[command(flatten)]
    pub(crate) handover: HandoverArgs,
    /// What `build` has, and publishing has no use for.
    #[arg(long, value_name = "DIR", hide = true)]
    staging: Option<PathBuf>,
    /// Publish this zip, or a directory of a layer's files, and build nothing; --runtime and
    /// --architecture are what it is for
    #[arg(
        long,
        value_name = "ZIP|DIR",
        help_heading = PROVIDER,
        conflicts_with_all = OF_BUILDS,
    )]
    pub(crate) from: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) published: PublishedArgs,
    /// Take over layers that another project published
    #[arg(long, help_heading = PROVIDER)]
    pub(crate) adopt: bool,
    /// Only print what would be published, and leave the project's directory as it is
    #[arg(long, help_heading = PROVIDER)]
    pub(crate) dry_run: bool,
}

impl PublishArgs {
    pub(super) fn check(&self) -> Result<(), Misuse> {
        if self.staging.is_some() {
            let message = "publish writes no staging directory: `layerlock build` and \
                           `layerlock install` do";
            return Err(Misuse::conflict(message));
        }
        if self.from.is_none() {
            self.common.layer.check()?;
        }
        self.handover.check("publish", self.common.json)?;
        self.published.check()
    }
}
