//! What `layerlock why` takes.

use clap::Args as ClapArgs;

use super::misuse::Misuse;
use super::size::PlannedLayersArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct WhyArgs {
    /// The package's name
    // The choice of a member of a workspace is called `package`.
    #[arg(id = "name", value_name = "PACKAGE")]
    pub(crate) package: String,
    /// How many paths to tell for a layer, the shortest first
    #[arg(
        long,
        value_name = "COUNT",
        default_value_t = 10,
        help_heading = "Output"
    )]
    pub(crate) paths: usize,
    #[command(flatten)]
    pub(crate) planned: PlannedLayersArgs,
}

impl WhyArgs {
    pub(super) fn check(&self) -> Result<(), Misuse> {
        self.planned.check()
    }
}
