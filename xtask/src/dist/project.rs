//! The Python project in `python/`, laid out as maturin takes it.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::{files, repository};

/// The line of pyproject.toml that names the crate, from where `python/` is.
const MANIFEST: &str = "manifest-path = \"../crates/layerlock-cli/Cargo.toml\"";

/// A copy of the Python project, with what is made for each wheel.
pub(crate) struct Project {
    pub(crate) directory: PathBuf,
}

impl Project {
    /// Lays it out in this directory, in place of what is there.
    pub(crate) fn lay_out(directory: &Path) -> Result<Self> {
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
        let manifest = format!("manifest-path = {:?}", manifest.to_string_lossy());
        fs_err::write(&pyproject, text.replace(MANIFEST, &manifest))?;
        Ok(Self {
            directory: directory.to_owned(),
        })
    }
}
