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
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        let failed = || Error::io("read", directory.clone());
        for entry in fs_err::read_dir(&directory).map_err(failed())? {
            let entry = entry.map_err(failed())?;
            let path = entry.path();
            let kind = entry.file_type().map_err(failed())?;
            if kind.is_dir() {
                if path != git {
                    directories.push(path);
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
