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
    /// Its path from the folder on, with `/` between the parts. What is not UTF-8 is replaced.
    pub(crate) name: String,
    pub(crate) kind: FileType,
}

/// All that is no folder below `root`, sorted by name. Links are not followed. What lies in
/// `ignored` is no part of it, nor what lies in folders that `enters` does not name.
pub(crate) fn walk(
    root: &Path,
    ignored: &[PathBuf],
    enters: &dyn Fn(&str) -> bool,
) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let read = |error| LayerError::io("read", &folder)(error);
        for entry in fs::read_dir(&folder).map_err(read)? {
            let entry = entry.map_err(read)?;
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if LEFT_OUT.contains(&&*name) || ignored.contains(&path) {
                continue;
            }
            let name = format!("{prefix}{name}");
            let kind = entry.file_type().map_err(read)?;
            if kind.is_dir() {
                if enters(&name) {
                    folders.push((path, format!("{name}/")));
                }
            } else {
                found.push(Found { path, name, kind });
            }
        }
    }
    found.sort_by(|one, other| (&one.name, &one.path).cmp(&(&other.name, &other.path)));
    Ok(found)
}

/// The paths of outputs as they are without links; what is not there has none.
pub(crate) fn without_links(outputs: &[PathBuf]) -> Vec<PathBuf> {
    let real = outputs.iter().map(fs::canonicalize);
    real.filter_map(Result::ok).collect()
}

/// The outputs of a run ([`without_links`]) that lie in a folder, as [`walk`] finds them: they
/// are made of it, and no part of it. One that the folder lies in says nothing.
pub(crate) fn outputs_in(root: &Path, outputs: &[PathBuf]) -> Vec<PathBuf> {
    let Ok(real_root) = fs::canonicalize(root) else {
        return Vec::new();
    };
    let within = outputs.iter().filter_map(|output| {
        let below = output.strip_prefix(&real_root).ok()?;
        (!below.as_os_str().is_empty()).then(|| root.join(below))
    });
    within.collect()
}
