//! What the commands take that help to install layerlock.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueHint};
use clap_complete::Shell;

/// Where shells look for their scripts.
const PLACES: &str = "\
Where the script goes:
  bash        ~/.local/share/bash-completion/completions/layerlock
  zsh         _layerlock, in a directory of $fpath
  fish        ~/.config/fish/completions/layerlock.fish
  powershell  at the end of $PROFILE
  elvish      at the end of ~/.config/elvish/rc.elv";

#[derive(Debug, ClapArgs)]
#[command(after_help = PLACES)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ManArgs {
    /// Directory to write them to, e.g. share/man/man1
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) pages: PathBuf,
}
