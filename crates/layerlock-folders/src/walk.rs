//! What lies in a folder, in one order.

use std::fs::FileType;
use std::path::{Path, PathBuf};

use fs_err as fs;
use layerlock_layer::Error as LayerError;

use crate::Error;

/// Names that no layer has a use for: what version control, Python and macOS leave in
/// folders.
const LEFT_OUT: [&str; 3] = [".git", "__pycache__", ".DS_Store"];

/// Something in a folder.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its path from the folder on, with `/` between the parts.
    pub(crate) name: String,
    pub(crate) kind: FileType,
}

/// All that is no folder below `root`, sorted by name. Links are not followed. What lies in
/// `ignored` (paths without links) is no part of it.
pub(crate) fn walk(root: &Path, ignored: &[PathBuf]) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let read = |error| LayerError::io("read", &folder)(error);
        for entry in fs::read_dir(&folder).map_err(read)? {
            let entry = entry.map_err(read)?;
            let path = entry.path();
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                return Err(Error::NotUtf8 { path });
            };
            if LEFT_OUT.contains(&name) || ignored.contains(&path) {
                continue;
            }
            let name = format!("{prefix}{name}");
            let kind = entry.file_type().map_err(read)?;
            if kind.is_dir() {
                folders.push((path, format!("{name}/")));
            } else {
                found.push(Found { path, name, kind });
            }
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// The outputs of a run that lie in a folder, as [`walk`] finds them: they are made of it,
/// and no part of it. One that the folder lies in says nothing.
pub(crate) fn outputs_in(root: &Path, outputs: &[PathBuf]) -> Vec<PathBuf> {
    let Ok(real_root) = fs::canonicalize(root) else {
        return Vec::new();
    };
    let within = outputs.iter().filter_map(|output| {
        let real = fs::canonicalize(output).ok()?;
        let below = real.strip_prefix(&real_root).ok()?;
        (!below.as_os_str().is_empty()).then(|| root.join(below))
    });
    within.collect()
}
