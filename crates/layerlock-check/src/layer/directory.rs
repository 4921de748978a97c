//! A layer that is a directory.

use std::path::{Path, PathBuf};

use fs_err as fs;
use layerlock_layer::Error;

use super::{FileInLayer, Layer, PERMISSIONS, Source};

/// Folders in folders: more are a link that leads back.
const DEEPEST: usize = 64;

impl Layer<'static> {
    /// The files of a directory; a link is what it leads to, as `zip -r` has it, or a link
    /// where it leads to nothing.
    pub fn of_directory(directory: &Path) -> Result<Self, Error> {
        let mut files = Vec::new();
        let mut folders = vec![(directory.to_owned(), String::new(), 0)];
        while let Some((folder, prefix, depth)) = folders.pop() {
            let read = |error| Error::io("read", &folder)(error);
            for entry in fs::read_dir(&folder).map_err(read)? {
                let path = entry.map_err(read)?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let name = format!("{prefix}{name}");
                if path.is_dir() {
                    if depth < DEEPEST {
                        folders.push((path, format!("{name}/"), depth + 1));
                    }
                } else {
                    files.push(file(path, name)?);
                }
            }
        }
        Ok(Self::sorted(files))
    }
}

fn file(path: PathBuf, name: String) -> Result<FileInLayer<'static>, Error> {
    let (metadata, is_link) = match fs::metadata(&path) {
        Ok(metadata) => (metadata, false),
        Err(error) => match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => (metadata, true),
            _ => return Err(Error::io("read", path)(error)),
        },
    };
    Ok(FileInLayer {
        path: name.into(),
        size: metadata.len(),
        mode: mode(&metadata),
        is_link,
        owner: None,
        source: Source::Disk(path),
    })
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "there are systems without modes")]
fn mode(metadata: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;

    Some(metadata.permissions().mode() & PERMISSIONS)
}

#[cfg(not(unix))]
fn mode(_: &std::fs::Metadata) -> Option<u32> {
    let _ = PERMISSIONS;
    None
}
