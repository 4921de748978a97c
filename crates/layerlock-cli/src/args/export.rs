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

impl ExportArgs {
    /// Refuses a target for formats that cover every target: their export would not
    /// have the layer's own groups, as the user expects.
    pub(super) fn check(&self) -> Result<(), Misuse> {
        let LayerArgs {
            runtime,
            architecture,
            layer_target,
            layer,
        } = &self.layer;
        let given = [
            ("--layer", !layer.is_empty()),
            ("--runtime", !runtime.is_empty()),
            ("--architecture", !architecture.is_empty()),
            ("--target", !layer_target.is_empty()),
            ("--provider", self.built_for.provider.is_some()),
        ];
        let is_json = matches!(self.format, FormatArg::Json);
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) if !is_json => Err(Misuse::conflict(format!(
                "{flag} can only be used with --format json"
            ))),
            _ => self.layer.check(),
        }
    }
}
