//! The zip as this program reads it.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::files::{Entry, Tree};

/// Reads every file of a zip.
pub(crate) fn read(zip: &Path) -> Result<Tree> {
    let mut archive = zip::ZipArchive::new(fs_err::File::open(zip)?)?;
    let mut tree = Tree::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index)?;
        if member.is_dir() {
            continue;
        }
        let name = member.name()?.into_owned();
        let mode = member.unix_mode().unwrap_or(0) & 0o7777;
        let mut bytes = Vec::new();
        member
            .read_to_end(&mut bytes)
            .with_context(|| format!("failed to read {name}"))?;
        if tree
            .insert(name.clone(), Entry::new(mode, &bytes))
            .is_some()
        {
            bail!("{name} is in the zip twice");
        }
    }
    Ok(tree)
}

/// Unpacks a zip, with its modes.
pub(crate) fn extract(zip: &Path, directory: &Path) -> Result<()> {
    let mut archive = zip::ZipArchive::new(fs_err::File::open(zip)?)?;
    Ok(archive.extract(directory)?)
}
