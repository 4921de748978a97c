//! What `pip install --report` writes (pip's page "Installation Report").

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct PipReport {
    /// The packages, in the order in which pip installs them.
    pub(crate) install: Vec<Installed>,
}

#[derive(Deserialize)]
pub(crate) struct Installed {
    download_info: Download,
    pub(crate) metadata: Metadata,
}

#[derive(Deserialize)]
struct Download {
    url: String,
    archive_info: Archive,
}

#[derive(Deserialize)]
struct Archive {
    hashes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) requires_dist: Vec<String>,
}

impl PipReport {
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let report = serde_json::from_slice(&fs_err::read(file)?);
        report.with_context(|| format!("{} is no report of pip", file.display()))
    }
}

impl Installed {
    /// The name of the file that was taken.
    pub(crate) fn file(&self) -> &str {
        let url = &self.download_info.url;
        url.rsplit('/').next().unwrap_or(url)
    }

    /// Its SHA-256.
    pub(crate) fn sha256(&self) -> Result<&str> {
        let sha256 = self.download_info.archive_info.hashes.get("sha256");
        let sha256 = sha256.with_context(|| format!("no hash of {}", self.file()))?;
        Ok(sha256)
    }
}
