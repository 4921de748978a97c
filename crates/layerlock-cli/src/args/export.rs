//! What `layerlock export` takes.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::layer::{BuiltForArgs, ChoiceArgs, FetchArgs, LayerArgs};
use super::misuse::Misuse;

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
    pub(crate) built_for: BuiltForArgs,
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FormatArg {
    /// Requirements file for pip: of poetry.lock for every platform, else for one target
    #[value(name = "requirements.txt")]
    Requirements,
    /// Constraints file for pip, without extras and editable packages
    #[value(name = "constraints.txt")]
    Constraints,
    /// PEP 751 lock file with the URLs of files (asks an index for those that the lock has not)
    #[value(name = "pylock.toml")]
    Pylock,
    /// Packages of one target and their chosen files
    Json,
}

impl ExportArgs {
    /// Refuses what no export can be of.
    pub(super) fn check(&self) -> Result<(), Misuse> {
        self.layer.check()
    }
}
