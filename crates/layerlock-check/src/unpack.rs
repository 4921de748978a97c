//! A layer written into a directory, for an interpreter to import from.

use std::path::Path;

use fs_err as fs;
use layerlock_layer::parallel::{self, Schedule};
use layerlock_layer::{Error, LayerPath};

use crate::layer::{Layer, ReadError};

/// Writes the files of a layer below a directory that is there for nothing else. What has
/// no safe name there is left out: links too, unless they lead to a file beside them.
pub fn unpack(layer: &Layer<'_>, directory: &Path) -> Result<(), ReadError> {
    parallel::with_state::<_, _, _, ReadError>(
        &layer.files,
        Schedule::InParts,
        |_| Ok(layer.reader()),
        |reader, file| {
            let Ok(path) = LayerPath::new(file.path()) else {
                return Ok(());
            };
            let path = directory.join(path.as_str());
            let bytes = reader.bytes(file)?;
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
            }
            if file.is_link {
                return link(&String::from_utf8_lossy(&bytes), &path);
            }
            Ok(fs::write(&path, bytes).map_err(Error::io("write", &path))?)
        },
    )?;
    Ok(())
}

#[cfg(unix)]
fn link(target: &str, path: &Path) -> Result<(), ReadError> {
    let is_beside = !target.contains('/') && target != "..";
    if is_beside {
        fs::os::unix::fs::symlink(target, path).map_err(Error::io("write", path))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn link(_: &str, _: &Path) -> Result<(), ReadError> {
    Ok(())
}
