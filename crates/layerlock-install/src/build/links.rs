//! Links in a source that is not the user's own.

use std::path::{Path, PathBuf};

use crate::Error;

/// The first link in a checkout that leads out of it, or to git's own files,
/// relative to the checkout. One that leads to nothing brings nothing.
pub(super) fn leading_out(checkout: &Path) -> Result<Option<PathBuf>, Error> {
    let root = checkout
        .canonicalize()
        .map_err(Error::io("read", checkout))?;
    let git = root.join(".git");
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let failed = || Error::io("read", folder.clone());
        for entry in fs_err::read_dir(&folder).map_err(failed())? {
            let entry = entry.map_err(failed())?;
            let path = entry.path();
            let kind = entry.file_type().map_err(failed())?;
            if kind.is_dir() {
                if path != git {
                    folders.push(path);
                }
            } else if kind.is_symlink()
                && let Ok(target) = path.canonicalize()
                && (!target.starts_with(&root) || target.starts_with(&git))
            {
                let link = path.strip_prefix(&root).unwrap_or(&path);
                return Ok(Some(link.to_owned()));
            }
        }
    }
    Ok(None)
}
