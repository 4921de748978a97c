//! What `layerlock cache` takes.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

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
