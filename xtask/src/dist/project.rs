//! The Python project in `python/`, laid out as maturin takes it.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::process::Command;
use crate::{files, repository};

/// The line of pyproject.toml that names the crate, from where `python/` is.
const MANIFEST: &str = "manifest-path = \"../crates/layerlock-cli/Cargo.toml\"";

/// Where installers put what the command writes about itself, below the environment: the
/// name that `layerlock completions` knows for each shell, and the file.
pub(crate) const COMPLETIONS: &[(&str, &str)] = &[
    ("bash", "share/bash-completion/completions/layerlock"),
    ("fish", "share/fish/vendor_completions.d/layerlock.fish"),
    ("zsh", "share/zsh/site-functions/_layerlock"),
];

/// The directory of man pages, below the environment.
pub(crate) const MAN_PAGES: &str = "share/man/man1";

/// The directory of the project whose `data` goes below the environment.
const DATA: &str = "layerlock.data";

/// A copy of the Python project, with what is made for each wheel.
pub(crate) struct Project {
    pub(crate) directory: PathBuf,
}

impl Project {
    /// Lays it out in this directory, in place of what is there, with the completions and
    /// man pages that this command writes, if there is one.
    pub(crate) fn lay_out(directory: &Path, command: Option<&Command>) -> Result<Self> {
        if directory.exists() {
            fs_err::remove_dir_all(directory)?;
        }
        let python = repository::root().join("python");
        files::copy(&python, directory)?;
        // Links, which some checkouts have as text.
        for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
            fs_err::copy(repository::root().join(license), directory.join(license))?;
        }
        let pyproject = directory.join("pyproject.toml");
        let text = fs_err::read_to_string(&pyproject)?;
        ensure!(
            text.contains(MANIFEST),
            "python/pyproject.toml has no line {MANIFEST}"
        );
        let manifest = repository::root().join("crates/layerlock-cli/Cargo.toml");
        let mut manifest = format!("manifest-path = {:?}", manifest.to_string_lossy());
        if let Some(command) = command {
            write_about(command, &directory.join(DATA).join("data"))?;
            manifest = format!("{manifest}\ndata = \"{DATA}\"");
        }
        fs_err::write(&pyproject, text.replace(MANIFEST, &manifest))?;
        Ok(Self {
            directory: directory.to_owned(),
        })
    }
}

/// Lets the command write its completions and man pages below a directory.
pub(super) fn write_about(command: &Command, directory: &Path) -> Result<()> {
    for (shell, path) in COMPLETIONS {
        let path = directory.join(path);
        fs_err::create_dir_all(path.parent().unwrap_or(directory))?;
        let script = command.clone().args(["completions", shell]).stdout()?;
        fs_err::write(path, script)?;
    }
    let pages = directory.join(MAN_PAGES);
    command.clone().arg("man").arg(pages).stdout().map(drop)
}
