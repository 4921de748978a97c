//! What the commands take that look after published versions.

use clap::Args as ClapArgs;

use super::destination::{DestinationArgs, PROVIDER};
use super::layer::{ChoiceArgs, FetchArgs, LayerArgs};

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
    pub(super) fn check(&self, command: &str) -> Result<(), clap::Error> {
        self.layer.check(command)?;
        self.destination.check(command)
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) upkeep: UpkeepArgs,
}
