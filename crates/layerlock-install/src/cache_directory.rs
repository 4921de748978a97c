//! The directory of a cache, before anything is in it.

use std::io::Write;
use std::path::{Path, PathBuf};

use fs_err as fs;
use layerlock_layer::Temporary;
use tempfile::NamedTempFile;

/// What the machine's pip has built in, as it answered.
pub(crate) const PIP_DEFAULT_INDEX: &str = "pip-default-index";
/// What is not finished yet.
pub(crate) const TEMPORARY: &str = "tmp";
pub(crate) const TAG: &str = "CACHEDIR.TAG";
/// What a tag has to begin with (<https://bford.info/cachedir/>), and whose it is.
pub(crate) const TAG_TEXT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
                        # The cache of layerlock. It can be removed at any time.\n";

/// Makes the directory of a cache and marks it as one: nothing else does, so that
/// there is no cache without its mark. Gives the directory in it for what is not
/// finished.
pub(crate) fn make(root: &Path) -> std::io::Result<PathBuf> {
    let directory = root.join(TEMPORARY);
    fs::create_dir_all(&directory)?;
    let tag = root.join(TAG);
    if !tag.exists() {
        let mut whole = temporary_file_in(&directory)?;
        whole.write_all(TAG_TEXT.as_bytes())?;
        // Another process may be as quick, with the same text, and may have removed this
        // file as one that nobody finishes.
        if let Err(error) = whole.persist(&tag)
            && !tag.exists()
        {
            return Err(error.error);
        }
    }
    Ok(directory)
}

/// A temporary file is private by default; the cache may be shared, as far as the
/// umask lets it.
pub(crate) fn temporary_file_in(directory: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    // An interrupted run removes it; once it is in its place nothing has this name.
    let (file, existing) = Temporary::create(|| builder.tempfile_in(directory))?;
    std::mem::forget(existing);
    Ok(file)
}
