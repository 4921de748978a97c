//! Files for tests.

use std::path::Path;

use fs_err as fs;

/// Writes a file, and makes the folders that it lies in.
pub(crate) fn write(root: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}
